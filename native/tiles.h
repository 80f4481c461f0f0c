// Stage A, which sampling and its derivatives share: each ISA compiles it once, into an object of its own.
#pragma once

#include "plan.h"

namespace gs {

// Indices along every axis, from low to high.
struct Reach {
  int64_t low[kMaxDim], high[kMaxDim];
};

struct TileTable {
  // How the tiles of a plan are made, for an image computed in float64 or in float32. The types of `tile` and `jets` are each ISA's own
  // (kernels/tile.h, kernels/jets.h); jets are null unless derivatives are wanted.
  using Make = void (*)(const Plan& plan, const TilePlace& place, void* tile, void* jets);
  Make (*choose)(const Plan& plan, bool in_double);

  // The same for few planes of float32, if there is code for that (kernels/find_points.h); or null.
  using FindPoints = void (*)(const Plan& plan, const TilePlace& place, void* points);
  FindPoints (*choose_points)(const Plan& plan);

  // The samples that the taps of a tile may touch: `reach` is widened to them.
  using FindReach = void (*)(const Plan& plan, const TilePlace& place, Reach& reach);
  FindReach (*choose_reach)(const Plan& plan, bool in_double);
};

}  // namespace gs
