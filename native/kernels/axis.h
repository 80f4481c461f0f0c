// Stage A, second half: index coordinates of one axis to taps. Kernel and boundary meet here and nowhere else.
#pragma once

#include "boundaries.h"
#include "lanczos.h"
#include "splines.h"
#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

// A vector's lanes as numbers of type To.
template <class To, class V>
GS_INLINE auto lanes_as(V x) {
  return __builtin_convertvector(x, typename Ints<To, int(sizeof x / sizeof x[0])>::type);
}

GS_INLINE Simd<double>::I load_offsets(const int32_t* index) {
  return lengthen_ints(load<typename Ints<int32_t, Simd<double>::lanes>::type>(index));
}
GS_INLINE Simd<double>::I load_offsets(const int64_t* index) { return load<Simd<double>::I>(index); }

// base += index * stride for points begin to end, or = for the first axis. What is far outside may overflow: nothing is read there.
template <class Int>
void add_offsets(const Int* index, const Axis& axis, bool first, int begin, int end, int64_t* base) {
  using Signed = Simd<double>::I;
  constexpr int lanes = Simd<double>::lanes;
  using Offsets = typename Ints<uint64_t, lanes>::type;  // unsigned: far outside, where nothing is read from `base`, this may overflow
  Signed stride = axis.stride - Signed{};
  auto add = [&](auto product) GS_ALWAYS {
    for (int i = begin; i < end; i += lanes) {
      Offsets offset = product(load_offsets(index + i));
      store(base + i, first ? offset : load<Offsets>(base + i) + offset);
    }
  };
  if (axis.stride == 1)
    add([](Signed at) GS_ALWAYS { return (Offsets)at; });
  else if (axis.size <= INT32_MAX && axis.stride == int32_t(axis.stride))
    add([=](Signed at) GS_ALWAYS { return (Offsets)multiply_ints(at, stride); });
  else
    add([=](Signed at) GS_ALWAYS { return (Offsets)at * (Offsets)stride; });
}

template <class Kernel, class T, class V>
GS_INLINE void store_weights(V fraction, double cubic_a, int which, int i, Tile<T>& tile) {
  V w[Kernel::taps];
  Kernel::weights(fraction, cubic_a, w);
GS_UNROLL(8)
  for (int k = 0; k < Kernel::taps; ++k) store(&tile.weight[which][k][i], w[k]);
}

// Taps along one axis: where they are.
template <class T, class G, class Place, class Boundary>
struct AxisTaps {
  using V = Vec<G>;
  static constexpr int lanes = Simd<G>::lanes;
  static constexpr unsigned all = Simd<G>::all;
  static constexpr bool is_pair = Place::taps == 2 && !Boundary::cyclic;

  // NOTE [mirrored windows]
  // Kernels are even, so that a wide one reads the same at a point and at the place of the array that the point is the mirror image of, where most taps
  // are inside and lie side by side. Its window is mirrored with it: where it is turned round, the fraction is counted from the sample before the
  // point, and is 1 on a sample; taps and derivatives there are those of the unfolded array. A window about the nearest sample is not folded: its
  // last tap, of weight 0, would be another.
  static constexpr bool folds = Place::wide && Boundary::mirrors && !Place::rounds;

  static GS_INLINE V inside(V x, Span<G> span) {
    if constexpr (folds)
      return Boundary::same(x, span);
    else if constexpr (Place::wide)
      return Boundary::finite(x, span);
    else
      return Boundary::coordinate(x, span);
  }

  // What the fraction of a point is counted from that was moved inside.
  static GS_INLINE V start_of([[maybe_unused]] V given, V at, [[maybe_unused]] Span<G> span) {
    if constexpr (folds)
      return Boundary::same_slope(given, span) < 0 ? -floor(-at) - 1 : floor(at);
    else
      return Place::start(at);
  }

  // For every point: its fraction, or its weights if the kernel is narrow, and the offset of the first tap added to `base`; of two taps, if one
  // is outside, that of the nearest pair inside, and how far they are from it. Along an axis of one sample, it is that one and nothing.
  // Then how the groups may be read: in an interior group there are `spare` samples after the last tap of every point; and what the fractions are
  // counted from. All that of the groups from `begin` to `end`.
  static void start(const G* x, const Axis& axis, int spare, int which, int begin, int end, Tile<T>& tile, T* fraction, G* starts) {
    Span<G> span = make_span<G>(axis.size);
    V first = G(-Place::first) - V{};                                        // starts from here ...
    V last = span.last - G(Place::first + Place::taps - 1 + spare) - V{};   // to here have all their taps inside,
    V none_low = G(-Place::first - Place::taps) - V{};                      // and outside of these none
    V none_high = span.size - G(Place::first) - V{};
    G last_pair = span.last > 1 ? span.last - 1 : G(0);
    alignas(64) typename Simd<G>::Int index[kTilePoints];
    for (int g = begin; g < end; ++g) {
      bool interior = true, inner = true, outside = Boundary::masks;
      for (int i = g * kGroup; i < (g + 1) * kGroup; i += lanes) {
        V at = load<V>(x + i);
        V start = Place::start(at);
        // A cyclic boundary moves what is just below 0 to the other end, where nearest rounds a tie the other way.
        V place = Boundary::cyclic && !Place::wide ? at : start, pair = start;
        typename Simd<G>::I shift{};
        if (lanes_within(place, first, last) != all) {
          inner = false;
          V given = at;
          at = inside(given, span);
          pair = start = start_of(given, at, span);
          if constexpr (is_pair) {
            pair = boundary::clamp(start, G(0), last_pair);
            shift = to_int(start - pair);
          }
          interior &= lanes_within(start, first, last) == all;
          if constexpr (Boundary::masks)
            outside &= (lanes_within(start, none_low + 1, none_high - 1)) == 0;
        } else {
          outside = false;
        }
        store(starts + i, start);
        auto rest = lanes_as<T>(at - start);
        if constexpr (Place::wide)
          store(fraction + i, rest);
        else
          store_weights<Place>(rest, 0, which, i, tile);
        if constexpr (is_pair) store(&tile.shift[which][i], lanes_as<typename Simd<T>::Int>(shift));
        store(index + i, to_int(pair + G(Place::first)));
      }
      tile.kind[g] |= (interior ? kInterior : kEdge) | (outside ? kOutside : 0);
      tile.inner[g] &= inner;
    }
    add_offsets(index, axis, which == 0, begin * kGroup, end * kGroup, tile.base);
  }
};

// The weights of a wide kernel, from the fractions of the points.
template <class T, class Kernel>
void fill_weights(const T* fraction, double cubic_a, int which, Tile<T>& tile) {
  if constexpr (Kernel::wide)
    for (int i = 0; i < tile.groups * kGroup; i += Simd<T>::lanes)
      store_weights<Kernel>(load<Vec<T>>(fraction + i), cubic_a, which, i, tile);
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
