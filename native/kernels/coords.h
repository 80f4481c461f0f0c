// Stage A, first half: the given coordinates of one axis, as index coordinates.
#pragma once

#include "../plan.h"
#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

template <int Step, class C, class G>
GS_INLINE void load_rows(const C* from, const int64_t* step, const TilePlace& place, const Axis& axis, G* x) {
  G pre = G(axis.pre), scale = G(axis.scale), shift = G(axis.shift);
  for (int r = 0; r < place.rows; ++r, from += step[0]) {
    int i = 0;
    for (; i < place.columns; ++i) {
      G moved = G(from[Step ? i * Step : i * step[1]]) + pre;
      if constexpr (sizeof(G) == 4)
        x[i] = __builtin_fmaf(moved, scale, shift);
      else
        x[i] = __builtin_fma(moved, scale, shift);
    }
    for (; i % kGroup; ++i) x[i] = x[i - 1];
    x += i;
  }
}

// x = fma(given + pre, scale, shift) for the points of a tile, each row padded to whole groups with its last point. `step` is from
// row to row and from column to column of points.
template <class C, class G>
GS_INLINE void load_coords(const C* from, const int64_t* step, const TilePlace& place, const Axis& axis, G* x) {
  switch (step[1]) {  // the strides of grids, spelled out for the compiler to vectorise
    case 1: return load_rows<1>(from, step, place, axis, x);
    case 2: return load_rows<2>(from, step, place, axis, x);
    case 3: return load_rows<3>(from, step, place, axis, x);
    default: return load_rows<0>(from, step, place, axis, x);
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
