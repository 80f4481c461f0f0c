// The kernels: where the first tap is, and the weight of each tap.
//
// A kernel's window says which taps it reads: `start(x)` is the whole number that the fraction f = x - start(x) is counted from; the
// taps are start + first, start + first + 1, ... A narrow kernel reads only the neighbours of x, so the boundary may map x
// itself; a wide one must map every tap. `weights(f, a, w)` fills w; a is the parameter of the cubic kernel. `derivative(order, f, a, w)`
// fills w with the weights' derivative of an order from 1 on (to 3 for Lanczos), with respect to f. `Place` is what stage A
// is compiled for: the kernel itself if it is narrow and its weights cost next to nothing, the window that it shares with
// others if it is wide.
#pragma once

#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

template <int Taps, bool Rounds>
struct Window {
  static constexpr int taps = Taps, first = -((Taps - 1) / 2);
  static constexpr bool wide = Taps > 2, rounds = Rounds;
  template <class V>
  static GS_INLINE V start(V x) {
    if constexpr (Rounds)
      return rint(x);
    else
      return floor(x);
  }
};

namespace kernel {

struct nearest : Window<1, true> {
  using Place = nearest;
  template <class V>
  static GS_INLINE void weights(V, double, V w[]) {
    w[0] = V{} + 1;
  }
  template <class V>
  static GS_INLINE void derivative(int, V, double, V w[]) {
    w[0] = V{};
  }
};

struct linear : Window<2, false> {
  using Place = linear;
  template <class V>
  static GS_INLINE void weights(V f, double, V w[]) {
    w[0] = 1 - f;
    w[1] = f;
  }
  template <class V>
  static GS_INLINE void derivative(int order, V, double, V w[]) {
    w[1] = order == 1 ? V{} + 1 : V{};
    w[0] = -w[1];
  }
};

// Keys' cubic convolution. The outer weights are a f (1 - f)^2 and a (1 - f) f^2: the textbook's polynomial in the distance
// 1 + f or 2 - f, multiplied out in f, where it does not cancel.
struct cubic : Window<4, false> {
  using Place = Window;
  template <class V>
  static GS_INLINE V inner(V t, V a) {  // |t| <= 1: ((a + 2) t - (a + 3)) t^2 + 1
    return fma(fma(a + 2, t, -(a + 3)) * t, t, V{} + 1);
  }
  template <class V>
  static GS_INLINE void weights(V f, double parameter, V w[]) {
    V a = decltype(f[0] + 0)(parameter) - V{};
    V g = 1 - f;
    V h = a * f * g;
    w[0] = h * g;
    w[1] = inner(f, a);
    w[2] = inner(g, a);
    w[3] = h * f;
  }
  template <class V>
  static GS_INLINE V outer_derivative(int order, V t, V a) {  // of a t (1 - t)^2
    if (order == 1) return a * fma(fma(V{} + 3, t, V{} - 4), t, V{} + 1);
    return order == 2 ? a * fma(V{} + 6, t, V{} - 4) : order == 3 ? 6 * a : V{};
  }
  template <class V>
  static GS_INLINE V inner_derivative(int order, V t, V a) {
    if (order == 1) return fma(3 * (a + 2), t, -2 * (a + 3)) * t;
    return order == 2 ? fma(6 * (a + 2), t, -2 * (a + 3)) : order == 3 ? 6 * (a + 2) : V{};
  }
  template <class V>
  static GS_INLINE void derivative(int order, V f, double parameter, V w[]) {
    V a = decltype(f[0] + 0)(parameter) - V{};
    V g = 1 - f;  // the other side's fraction, which runs backwards
    w[0] = outer_derivative(order, f, a);
    w[1] = inner_derivative(order, f, a);
    w[2] = inner_derivative(order, g, a);
    w[3] = outer_derivative(order, g, a);
    if (order % 2) w[2] = -w[2], w[3] = -w[3];
  }
};

}  // namespace kernel

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
