// Stage A of derivatives: index coordinates of one axis to the derivatives of the weights, and to the samples that taps touch.
#pragma once

#include <algorithm>

#include "edges.h"

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
};

template <class G, class Place, class Boundary>
struct AxisJets {
  using V = Vec<G>;
  static constexpr int lanes = Simd<G>::lanes;

  using Taps = AxisTaps<float, G, Place, Boundary>;

  // The fractions of the points, and the factors slope * scale.
  static void slopes(const G* x, const Axis& axis, int groups, G* fraction, G* factor) {
    Span<G> span = make_span<G>(axis.size);
    for (int i = 0; i < groups * kGroup; i += lanes) {
      V given = load<V>(x + i), at = Taps::inside(given, span), slope;
      if constexpr (Taps::folds)
        slope = Boundary::same_slope(given, span);
      else if constexpr (Place::wide)
        slope = boundary::finite_slope(given);
      else
        slope = Boundary::slope(given, span);
      store(fraction + i, at - Taps::start_of(given, at, span));
      store(factor + i, slope * G(axis.scale));
    }
  }

  // Widen low to high to the indices of all samples that the taps of the points may touch, or the pairs that are read in place of taps.
  static void reach(const G* x, const Axis& axis, int groups, int64_t& low, int64_t& high) {
    Span<G> span = make_span<G>(axis.size);
    V lowest = load<V>(x), highest = lowest, finite{};
    for (int i = 0; i < groups * kGroup; i += lanes) {
      V at = load<V>(x + i);
      lowest = min(lowest, at);
      highest = max(highest, at);
      finite = fma(at, V{}, finite);
    }
    V first = G(-Place::first) - V{}, last = span.last - G(Place::first + Place::taps - 1) - V{};
    bool interior = lanes_within(lowest, first, last) == all && lanes_within(highest, first, last) == all && lanes_within(finite, V{}, V{}) == all;
    if (interior) {
      lowest = Place::start(lowest) + G(Place::first);
      highest = Place::start(highest) + G(Place::first + Place::taps - 1);
    } else {
      find_edges(x, span, groups, lowest, highest);
    }
    V now_low = G(low) - V{}, now_high = G(high) - V{};  // mostly this far already
    if (lanes_within(lowest, now_low, now_high) == all && lanes_within(highest, now_low, now_high) == all) return;
    for (int l = 0; l < lanes; ++l) {
      low = std::min(low, int64_t(lowest[l]));
      high = std::max(high, int64_t(highest[l]));
    }
  }

 private:
  static constexpr unsigned all = Simd<G>::all;

  // The same for points of which some are not inside.
  static __attribute__((noinline)) void find_edges(const G* x, Span<G> span, int groups, V& lowest, V& highest) {
    lowest = span.last - V{};
    highest = V{};
    for (int i = 0; i < groups * kGroup; i += lanes) {
      V given = load<V>(x + i), start = Taps::start_of(given, Taps::inside(given, span), span) + G(Place::first), end = start + G(Place::taps - 1);
      if (lanes_within(start, V{}, span.last - G(Place::taps - 1) - V{}) == all) {
        lowest = min(lowest, start);
        highest = max(highest, end);
        continue;
      }
      if constexpr (Taps::is_pair) {
        V pair = boundary::clamp(start, G(0), span.last > 1 ? span.last - 1 : G(0));
        lowest = min(lowest, pair);
        highest = max(highest, min(pair + 1, span.last - V{}));
        continue;
      }
      for (int k = 0; k < Place::taps; ++k) {
        V index = boundary::clamp(EdgeTaps<float, G, Boundary>::index(start + G(k), Place::wide, span), G(0), span.last);
        lowest = min(lowest, index);
        highest = max(highest, index);
      }
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
    for (int k = 0; k < Kernel::taps; ++k) store(&to[k][i], lanes_as<T>(w[k] * power));
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
