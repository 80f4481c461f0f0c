// Stage A of the groups whose taps are all inside, which are most: from coordinates to taps along all axes at once.
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
// Along axes of samples that 32 bits count (Plan::near), so that products of index and stride are short; of float64 coordinates, whole numbers
// in float64. Nearest looks at the coordinate itself: a cyclic boundary rounds ties before the first sample the other way.
template <class T, class G, class Place, int Dims>
__attribute__((noinline)) unsigned start_inner_groups(const Plan& plan, const G (*x)[kTilePoints], Tile<T>& tile, T (*fraction)[kTilePoints]) {
  using V = Vec<G>;
  using Number = std::conditional_t<sizeof(G) == 4, uint32_t, double>;
  using Offset = std::conditional_t<sizeof(G) == 4, U32, V>;
  constexpr int lanes = Simd<G>::lanes;
  const Problem& p = plan.problem;
  V first[Dims], last[Dims];
  Offset stride[Dims], origin{};
  for (int a = 0; a < Dims; ++a) {
    const Axis& axis = p.axis[a];
    int spare = a == Dims - 1 ? plan.spare_samples : 0;
    first[a] = broadcast(G(-Place::first));
    last[a] = broadcast(make_span<G>(axis.size).last - G(Place::first + Place::taps - 1 + spare));
    stride[a] = Number(axis.stride) - Offset{};
    origin += Number(Place::first * axis.stride);
  }
  unsigned left = 0;
  const int groups = tile.groups;  // nothing stored here can change it
  for (int g = 0; g < groups; ++g)
    for (int i = g * kGroup; i < (g + 1) * kGroup; i += lanes) {
      V at[Dims], start[Dims];
      unsigned within = Simd<G>::all;
GS_UNROLL(3)
      for (int a = 0; a < Dims; ++a) {
        at[a] = load<V>(x[a] + i);
        start[a] = Place::start(at[a]);
        within &= lanes_within(Place::taps == 1 ? at[a] : start[a], first[a], last[a]);
      }
      if (within != Simd<G>::all) {
        left |= 1u << g;
        break;
      }
      Offset offset = origin;
GS_UNROLL(3)
      for (int a = 0; a < Dims; ++a) {
        auto rest = lanes_as<T>(at[a] - start[a]);
        if constexpr (Place::wide)
          store(fraction[a] + i, rest);
        else
          store_weights<Place>(rest, 0, a, i, tile);
        if constexpr (sizeof(G) == 4)
          offset += (Offset)to_int(start[a]) * stride[a];
        else
          offset = fma(start[a], stride[a], offset);
      }
      if constexpr (sizeof(G) == 4)
        store_offsets(Simd<float>::I(offset), tile.base + i, std::make_integer_sequence<int, lanes / 2>{});
      else
        store(tile.base + i, to_int(offset));
    }
  return left;
}

template <class T, class G>
using InnerGroups = unsigned (*)(const Plan& plan, const G (*x)[kTilePoints], Tile<T>& tile, T (*fraction)[kTilePoints]);

// For images and volumes computed in float32 and read by nearest, linearly or in windows of four that do not round, which are most; others, which
// take longer anyway, have none, nor has the baseline: each adds to the size of the library.
template <class T, class G, class Place>
InnerGroups<T, G> choose_inner_groups([[maybe_unused]] int ndim) {
  constexpr bool has_one = !kSmall && sizeof(T) == 4 && (Place::taps <= 2 || (Place::taps == 4 && !Place::rounds));
  if constexpr (has_one) {
    if (ndim == 2) return start_inner_groups<T, G, Place, 2>;
    if (ndim == 3) return start_inner_groups<T, G, Place, 3>;
  }
  return nullptr;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
