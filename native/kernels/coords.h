// Stage A, first half: the given coordinates of one axis, as index coordinates.
#pragma once

#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

template <int Stride, class C, class G>
GS_INLINE void load_strided(const C* from, int64_t stride, int count, G pre, G scale, G shift, G* x) {
  for (int i = 0; i < count; ++i) {
    G moved = G(from[Stride ? i * Stride : i * stride]) + pre;
    if constexpr (sizeof(G) == 4)
      x[i] = __builtin_fmaf(moved, scale, shift);
    else
      x[i] = __builtin_fma(moved, scale, shift);
  }
}

// x[i] = fma(from[i * stride] + pre, scale, shift), padded to whole groups with the last point.
template <class C, class G>
void load_coords(const C* from, int64_t stride, int count, const Axis& axis, G* x) {
  G pre = G(axis.pre), scale = G(axis.scale), shift = G(axis.shift);
  switch (stride) {  // the strides of grids, spelled out for the compiler to vectorise
    case 1: load_strided<1>(from, stride, count, pre, scale, shift, x); break;
    case 2: load_strided<2>(from, stride, count, pre, scale, shift, x); break;
    case 3: load_strided<3>(from, stride, count, pre, scale, shift, x); break;
    default: load_strided<0>(from, stride, count, pre, scale, shift, x);
  }
  for (int i = count; i % kGroup; ++i) x[i] = x[count - 1];
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
