// Stage A of the groups whose taps are all inside, which are most, or pairs that can be moved there: from coordinates to taps along all axes at once.
#pragma once

#include <type_traits>

#include "axis.h"

namespace gs {
namespace GS_ISA {
namespace {

template <int... L>
GS_INLINE void store_offsets(Simd<float>::I offset, int64_t* to, std::integer_sequence<int, L...>) {
  store(to, lengthen_ints(__builtin_shufflevector(offset, offset, L...)));
  store(to + sizeof...(L), lengthen_ints(__builtin_shufflevector(offset, offset, (L + int(sizeof...(L)))...)));
}

// NOTE [groups inside]
// Where every tap of a group is inside, there is nothing to move, mask or judge, so that from the coordinates of a point to its weights and the offset
// of its first tap all stays in registers: weights, places and offsets are what AxisTaps::start would give. It is left the other groups, as bits.
// Of two taps with zeros or a border outside, which are most of what is read at edges, pairs are moved inside here too, as AxisTaps::start does, and
// no group is left. Along axes of samples that 32 bits count (Plan::near), so that products of index and stride are short; of float64
// coordinates, whole numbers in float64. Nearest looks at the coordinate itself: a cyclic boundary rounds ties before the first sample the other
// way. Outside is the boundary of all axes; void where groups are left.
template <class T, class G, class Place, class Outside, int Dims>
struct InnerStart {
  using V = Vec<G>;
  using Number = std::conditional_t<sizeof(G) == 4, uint32_t, double>;
  using Offset = std::conditional_t<sizeof(G) == 4, U32, V>;
  static constexpr int lanes = Simd<G>::lanes;
  static constexpr unsigned all = Simd<G>::all;
  static constexpr bool moves = !std::is_void_v<Outside>;

  V first[Dims], last[Dims];
  Offset stride[Dims], origin{};
  Span<G> span[Dims];

  GS_INLINE explicit InnerStart(const Plan& plan) {
    for (int a = 0; a < Dims; ++a) {
      const Axis& axis = plan.problem.axis[a];
      int spare = a == Dims - 1 ? plan.spare_samples : 0;
      span[a] = make_span<G>(axis.size);
      first[a] = broadcast(G(-Place::first));
      last[a] = broadcast(span[a].last - G(Place::first + Place::taps - 1 + spare));
      stride[a] = Number(axis.stride) - Offset{};
      origin += Number(Place::first * axis.stride);
    }
  }

  static GS_INLINE void put_weights(V rest, int a, int i, Tile<T>& tile, T (*fraction)[kTilePoints]) {
    if constexpr (Place::wide)
      store(fraction[a] + i, lanes_as<T>(rest));
    else
      store_weights<Place>(lanes_as<T>(rest), 0, a, i, tile);
  }

  GS_INLINE Offset add(Offset offset, V index, int a) const {
    if constexpr (sizeof(G) == 4)
      return offset + (Offset)to_int(index) * stride[a];
    else
      return fma(index, stride[a], offset);
  }

  static GS_INLINE void put_offset(Offset offset, int i, Tile<T>& tile) {
    if constexpr (sizeof(G) == 4)
      store_offsets(Simd<float>::I(offset), tile.base + i, std::make_integer_sequence<int, lanes / 2>{});
    else
      store(tile.base + i, to_int(offset));
  }

  // Points of which some have taps outside; whether they read as an interior group after all. Where along an axis no point has a tap inside, that is
  // left of `outside`.
  GS_INLINE bool move(const V* at, int i, Tile<T>& tile, T (*fraction)[kTilePoints], bool* outside) const {
    bool interior = true;
    Offset offset = origin;
    for (int a = 0; a < Dims; ++a) {
      V x = Outside::coordinate(at[a], span[a]), start = Place::start(x);
      V pair = boundary::clamp(start, G(0), span[a].last > 1 ? span[a].last - 1 : G(0));
      interior &= lanes_within(start, first[a], last[a]) == all;
      outside[a] &= Outside::masks && lanes_within(start, V{} - 1, span[a].last - V{}) == 0;
      store(&tile.shift[a][i], lanes_as<typename Simd<T>::Int>(to_int(start - pair)));
      put_weights(x - start, a, i, tile, fraction);
      offset = add(offset, pair, a);
    }
    put_offset(offset, i, tile);
    return interior;
  }

  static __attribute__((noinline)) unsigned run(const Plan& plan, const G (*x)[kTilePoints], Tile<T>& tile, T (*fraction)[kTilePoints]) {
    const InnerStart with(plan);
    unsigned left = 0;
    const int groups = tile.groups;  // nothing stored here can change it
    for (int g = 0; g < groups; ++g) {
      bool inner = true, interior = true, outside[Dims];
      for (int a = 0; a < Dims; ++a) outside[a] = true;
      for (int i = g * kGroup; i < (g + 1) * kGroup; i += lanes) {
        V at[Dims], start[Dims];
        unsigned within = all;
GS_UNROLL(3)
        for (int a = 0; a < Dims; ++a) {
          at[a] = load<V>(x[a] + i);
          start[a] = Place::start(at[a]);
          within &= lanes_within(Place::taps == 1 ? at[a] : start[a], with.first[a], with.last[a]);
        }
        if (within != all) {
          inner = false;
          if (!moves || !plan.edge_pairs) break;
          if constexpr (moves) {
            interior &= with.move(at, i, tile, fraction, outside);
            continue;
          }
        }
        Offset offset = with.origin;
GS_UNROLL(3)
        for (int a = 0; a < Dims; ++a) {
          put_weights(at[a] - start[a], a, i, tile, fraction);
          offset = with.add(offset, start[a], a);
          if constexpr (moves && lanes < kGroup) {  // of a group that others of may be moved
            store(&tile.shift[a][i], lanes_as<typename Simd<T>::Int>(typename Simd<G>::I{}));
            outside[a] = false;
          }
        }
        put_offset(offset, i, tile);
      }
      if (inner) continue;
      tile.inner[g] = false;
      if (!moves || !plan.edge_pairs) {
        left |= 1u << g;
      } else {
        bool none = false;
        for (int a = 0; a < Dims; ++a) none |= outside[a];
        tile.kind[g] |= (interior ? kInterior : kEdge) | (none ? kOutside : 0);
      }
    }
    return left;
  }
};

template <class T, class G>
using InnerGroups = unsigned (*)(const Plan& plan, const G (*x)[kTilePoints], Tile<T>& tile, T (*fraction)[kTilePoints]);

// For images and volumes computed in float32 and read by nearest, linearly or in windows of four that do not round, which are most; others, which
// take longer anyway, have none, nor has the baseline: each adds to the size of the library. Boundary is that of all axes.
template <class T, class G, class Place, class Boundary>
InnerGroups<T, G> choose_inner_groups([[maybe_unused]] int ndim) {
  constexpr bool has_one = !kSmall && sizeof(T) == 4 && (Place::taps <= 2 || (Place::taps == 4 && !Place::rounds));
  constexpr bool moves = Place::taps == 2 && (__is_same(Boundary, boundary::zeros) || __is_same(Boundary, boundary::border));
  using Outside = std::conditional_t<moves, Boundary, void>;
  if constexpr (has_one) {
    if (ndim == 2) return InnerStart<T, G, Place, Outside, 2>::run;
    if (ndim == 3) return InnerStart<T, G, Place, Outside, 3>::run;
  }
  return nullptr;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
