// Stage A, which sampling and its derivatives share: each ISA compiles it once, into an object of its own.
#pragma once

#include "plan.h"

namespace gs {

struct TileTable {
  // How the tiles of a plan are made, for an image computed in float64 or in float32. The types of `tile` and `jets` are each ISA's own
  // (kernels/tile.h, kernels/jets.h); jets are null unless derivatives are wanted.
  using Make = void (*)(const Plan& plan, const TilePlace& place, void* tile, void* jets);
  Make (*choose)(const Plan& plan, bool in_double);

  // Where the taps of indices low, low + 1, ... along an axis are read, or -1.
  void (*places)(Kernel kernel, const Axis& axis, int low, int count, int32_t* place);
};

}  // namespace gs
