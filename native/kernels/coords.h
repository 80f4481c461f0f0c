// Stage A, first half: the given coordinates of one axis, as index coordinates.
#pragma once

#include "../plan.h"
#include "storage.h"
#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

template <class G>
GS_INLINE Vec<G> unnormalize(Vec<G> given, const Axis& axis) {
  return fma(given + G(axis.pre), broadcast(G(axis.scale)), broadcast(G(axis.shift)));
}

// Element Step * i + Component of three vectors in memory order, for each lane i; what lies past the third is left out.
template <int Step, int Component, class V, int... L>
GS_INLINE V every_nth(const V* v, std::integer_sequence<int, L...>) {
  constexpr int lanes = sizeof...(L);
  V first = __builtin_shufflevector(v[0], v[Step > 1], (Step * L + Component < 2 * lanes ? Step * L + Component : 0)...);
  if constexpr (Step < 3) return first;
  return __builtin_shufflevector(first, v[Step - 1], (Step * L + Component < 2 * lanes ? L : Step * L + Component - lanes)...);
}

// A vector of one component of points that lie `Step` apart.
template <int Step, int Component, class G>
GS_INLINE Vec<G> load_component(const G* points) {
  Vec<G> v[Step];
  for (int k = 0; k < Step; ++k) v[k] = load<Vec<G>>(points + k * Simd<G>::lanes);
  return every_nth<Step, Component>(v, std::make_integer_sequence<int, Simd<G>::lanes>{});
}

template <class G, class C>
GS_INLINE G number(const C& given) {
  if constexpr (sizeof(C) == 2) {
    typename Stored<C>::type bits = {given.bits};
    return G(widen<C>(bits)[0]);
  } else {
    return G(given);
  }
}

template <class C, class G>
GS_INLINE G load_point(const C* from, const Axis& axis) {
  G moved = number<G>(*from) + G(axis.pre);
  if constexpr (sizeof(G) == 4)
    return __builtin_fmaf(moved, G(axis.scale), G(axis.shift));
  else
    return __builtin_fma(moved, G(axis.scale), G(axis.shift));
}

template <int Step, int Component, class C, class G>
void load_rows(const C* from, const int64_t* step, const TilePlace& place, const Axis& axis, G* x) {
  for (int r = 0; r < place.rows; ++r, from += step[0]) {
    int i = 0;
    if constexpr (Step > 0 && sizeof(C) == sizeof(G))
      for (; i + Simd<G>::lanes <= place.columns; i += Simd<G>::lanes)
        store(x + i, unnormalize<G>(load_component<Step, Component>(from + i * Step - Component), axis));
    for (; i < place.columns; ++i) x[i] = load_point<C, G>(from + i * step[1], axis);
    for (; i % kGroup; ++i) x[i] = x[i - 1];
    x += i;
  }
}

// x = fma(given + pre, scale, shift) for one axis of the points of a tile, each row padded to whole groups with its last
// point. `from` is the first point; points whose components lie side by side are loaded whole and taken apart.
template <class C, class G>
GS_INLINE void load_coords(const Problem& p, const C* from, const TilePlace& place, const Axis& axis, G* x) {
  const int64_t* step = &p.coords_stride[p.out_ndim - 2];  // of rows, of columns
  bool packed = p.coords_component == 1 && step[1] == p.ndim;
  from += axis.component * p.coords_component;
  switch (packed ? p.ndim * 4 + axis.component : 0) {
    case 4: return load_rows<1, 0>(from, step, place, axis, x);
    case 8: return load_rows<2, 0>(from, step, place, axis, x);
    case 9: return load_rows<2, 1>(from, step, place, axis, x);
    case 12: return load_rows<3, 0>(from, step, place, axis, x);
    case 13: return load_rows<3, 1>(from, step, place, axis, x);
    case 14: return load_rows<3, 2>(from, step, place, axis, x);
    default: return step[1] == 1 ? load_rows<1, 0>(from, step, place, axis, x) : load_rows<0, 0>(from, step, place, axis, x);
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
