// The coordinates of a tile that is read soon, asked for while another one is.
#pragma once

#include "../plan.h"
#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [coordinates that are read soon]
// Blocks are narrow, so processors do not foresee where the coordinates of the next one lie. Asked for all at once they take all that can be under
// way, and whoever reads samples waits. So of few channels, with every group of points that is read, those of the same place two tiles on are asked
// for, if all components of float32 coordinates lie side by side (Plan::asks_between); others when the coordinates of the tile before them are
// read. They may be past the end of an array, where nothing happens. The baseline does not do so.
struct Soon {
  const float* from;  // or null
  int64_t row_step;
  int ndim;

  Soon(const Plan& plan, const TilePlace& next) : from(nullptr), row_step(plan.problem.coords_stride[plan.problem.out_ndim - 2]), ndim(plan.problem.ndim) {
    if (plan.asks_between) from = static_cast<const float*>(plan.problem.coords) + next.coords + plan.coords_ahead;
  }

  GS_INLINE void ask(int row, int column) const {
    if (kSmall || !from) return;
    constexpr int line = 64 / sizeof(float);
    static_assert(kGroup == line);
    const float* at = from + row * row_step + column * ndim;
    for (int i = 0; i < ndim; ++i) prefetch(at + i * line);
    prefetch(at + ndim * line - 1);  // which mostly begin within a line
  }
  __attribute__((noinline)) void ask_by_call(int row, int column) const { ask(row, column); }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
