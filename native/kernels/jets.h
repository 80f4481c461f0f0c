// Stage A of derivatives: index coordinates of one axis to the derivatives of the weights, and to the first tap before the boundary
// moves it.
#pragma once

#include "axis.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [jets]
// With respect to the given coordinate, a weight w(f) has the derivative w'(f) * slope * scale: slope is that of the boundary, scale
// that of the axis map. Boundaries are pieces of straight lines, so the second derivative is w''(f) * (slope * scale)^2, and so on.
// Where a coordinate is not finite, slope is 0.
template <class T>
struct Jets {
  int count;  // of derivatives that are wanted, beyond axis.order
  alignas(64) T derivative[2][kMaxDim][kMaxTaps][kTilePoints + kGroup];
  alignas(64) int32_t start[kMaxDim][kTilePoints];  // kNowhere if it is no place for a box
};

// Boxes reach at most this far outside, where every boundary still tells indices apart that float32 can count.
constexpr int kBeyond = 16;
constexpr int32_t kNowhere = -(1 << 30);

template <class G, class Place, class Boundary>
struct AxisJets {
  using V = Vec<G>;
  static constexpr int lanes = Simd<G>::lanes;

  static GS_INLINE V inside(V x, Span<G> span) { return AxisTaps<float, G, Place, Boundary>::inside(x, span); }

  // The fractions of the points, and the factors slope * scale.
  static void slopes(const G* x, const Axis& axis, int groups, G* fraction, G* factor) {
    Span<G> span = make_span<G>(axis.size);
    for (int i = 0; i < groups * kGroup; i += lanes) {
      V given = load<V>(x + i), at = inside(given, span), slope;
      if constexpr (Place::wide)
        slope = boundary::finite_slope(given);
      else
        slope = Boundary::slope(given, span);
      store(fraction + i, at - Place::start(at));
      store(factor + i, slope * G(axis.scale));
    }
  }

  // Points none of whose taps is inside go to the nearest place where that is so: they only must not make a box larger.
  static void starts(const G* x, const Axis& axis, int groups, int32_t* start) {
    Span<G> span = make_span<G>(axis.size);
    bool countable = axis.size < (1 << 24);
    for (int i = 0; i < groups * kGroup; i += lanes) {
      V at = Place::start(inside(load<V>(x + i), span)) + G(Place::first);
      if constexpr (Boundary::masks) at = boundary::clamp(at, G(-Place::taps), span.size);
      alignas(64) typename Simd<G>::Int index[lanes];
      store(index, to_int(boundary::clamp(at, G(-kBeyond - 1), span.size + kBeyond + 1)));
      for (int l = 0; l < lanes; ++l)
        start[i + l] = countable && index[l] >= -kBeyond && index[l] <= axis.size + kBeyond ? int32_t(index[l]) : kNowhere;
    }
  }

  // Where the taps of indices low, low + 1, ... are read, or -1.
  static void places(const Axis& axis, int low, int count, int32_t* place) {
    Span<double> span = make_span<double>(axis.size);
    for (int i = 0; i < count; ++i) {
      Vec<double> index = broadcast(double(low + i));
      if constexpr (Place::wide)
        index = Boundary::index(index, span);
      else if constexpr (Boundary::cyclic)
        index = index > span.last ? index - span.size : index;
      place[i] = index[0] >= 0 && index[0] <= span.last ? int32_t(index[0]) : -1;
    }
  }
};

// `to` = the derivative of the weights, of an order from 1 on.
template <class T, class G, class Kernel>
void derive(const G* fraction, const G* factor, double cubic_a, int order, int groups, T (*to)[kTilePoints + kGroup]) {
  for (int i = 0; i < groups * kGroup; i += Simd<G>::lanes) {
    Vec<G> w[Kernel::taps], once = load<Vec<G>>(factor + i), power = once;
    Kernel::derivative(order, load<Vec<G>>(fraction + i), cubic_a, w);
    for (int k = 1; k < order; ++k) power *= once;
    for (int k = 0; k < Kernel::taps; ++k) store_as(&to[k][i], w[k] * power);
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
