// Stage A, second half: index coordinates of one axis to taps. Kernel and boundary meet here and nowhere else.
#pragma once

#include "boundaries.h"
#include "tile.h"
#include "weights.h"

namespace gs {
namespace GS_ISA {
namespace {

// Store a vector's lanes as numbers of type To.
template <class To, class V>
GS_INLINE void store_as(To* to, V x) {
  if constexpr (sizeof(To) == sizeof x[0]) {
    store(to, x);
  } else {
    alignas(64) decltype(+x[0]) values[sizeof x / sizeof x[0]];
    store(values, x);
    for (unsigned i = 0; i < sizeof x / sizeof x[0]; ++i) to[i] = To(values[i]);
  }
}

template <class T, class G, class Kernel, class Boundary>
struct AxisTaps {
  using V = Vec<G>;
  static constexpr int lanes = Simd<G>::lanes;
  static constexpr unsigned all = Simd<G>::all;

  static GS_INLINE V inside(V x, Span<G> span) {
    if constexpr (Kernel::wide)
      return Boundary::finite(x, span);
    else
      return Boundary::coordinate(x, span);
  }

  // For every point: weights, and the offset of the first tap added to `base`. Then how the groups may be read: in an interior
  // group there are `spare` samples after the last tap of every point.
  static void start(const G* x, const Axis& axis, double cubic_a, int spare, int which, Tile<T>& tile) {
    Span<G> span = make_span<G>(axis.size);
    V first = G(-Kernel::first) - V{};                                        // starts from here ...
    V last = span.last - G(Kernel::first + Kernel::taps - 1 + spare) - V{};   // to here have all their taps inside,
    V none_low = G(-Kernel::first - Kernel::taps) - V{};                      // and outside of these none
    V none_high = span.size - G(Kernel::first) - V{};
    alignas(64) typename Simd<G>::Int index[kTilePoints];
    for (int g = 0; g < tile.groups; ++g) {
      bool interior = true, outside = Boundary::masks;
      for (int i = g * kGroup; i < (g + 1) * kGroup; i += lanes) {
        V at = load<V>(x + i);
        V start = Kernel::start(at);
        // A cyclic boundary moves what is just below 0 to the other end, where nearest rounds a tie the other way.
        V inner = Boundary::cyclic && !Kernel::wide ? at : start;
        if (lanes_within(inner, first, last) != all) {
          at = inside(at, span);
          start = Kernel::start(at);
          interior &= lanes_within(start, first, last) == all;
          if constexpr (Boundary::masks)
            outside &= (lanes_within(start, none_low + 1, none_high - 1)) == 0;
        } else {
          outside = false;
        }
        V w[Kernel::taps];
        Kernel::weights(at - start, cubic_a, w);
        for (int k = 0; k < Kernel::taps; ++k) store_as(&tile.weight[which][k][i], w[k]);
        store(index + i, to_int(start + G(Kernel::first)));
      }
      tile.kind[g] |= outside ? kEdge | kOutside : interior ? kInterior : kEdge;
    }
    int points = tile.groups * kGroup;
    uint64_t stride = uint64_t(axis.stride);  // unsigned: far outside, where nothing is read from `base`, this may overflow
    if (which == 0)
      for (int i = 0; i < points; ++i) tile.base[i] = index[i] * stride;
    else
      for (int i = 0; i < points; ++i) tile.base[i] += index[i] * stride;
  }

  // For the points of one edge group: the offset of every tap, and whether it is inside.
  static void taps(const G* x, const Axis& axis, int which, int group, Tile<T>& tile) {
    Span<G> span = make_span<G>(axis.size);
    alignas(64) typename Simd<G>::Int at[Kernel::taps][kGroup];
    x += group * kGroup;
    for (int i = 0; i < kGroup; i += lanes) {
      V start = Kernel::start(inside(load<V>(x + i), span));
      for (int k = 0; k < Kernel::taps; ++k) {
        V index = start + G(Kernel::first + k);
        if constexpr (Kernel::wide)
          index = Boundary::index(index, span);
        else if constexpr (Boundary::cyclic)
          index = index > span.last ? index - span.size : index;
        store_as(&tile.inside[which][k][group * kGroup + i], (index >= 0) & (index <= span.last));
        store(&at[k][i], to_int(boundary::clamp(index, G(0), span.last)));
      }
    }
    for (int k = 0; k < Kernel::taps; ++k)
      for (int i = 0; i < kGroup; ++i) tile.offset[which][k][group * kGroup + i] = at[k][i] * axis.stride;
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
