// A problem cut into tiles: runs of at most kTilePoints points along one (collapsed) axis of the points.
#pragma once

#include "api.h"

namespace gs {

struct Plan {
  Problem problem;       // its axes of points collapsed; the last one is `row` long
  int64_t row;           // points along the last axis
  int64_t rows;          // rows of one batch item
  int64_t tiles_per_row;
  int64_t tiles;         // of all batch items
  bool wide_coords;      // compute coordinates in float64
};

// Where a tile begins: batch item, element offsets of its first point, and how many points it has.
struct TilePlace {
  int64_t batch, coords, out;
  int count;
};

Plan make_plan(const Problem& problem);
TilePlace place_tile(const Plan& plan, int64_t tile);

}  // namespace gs
