#include "plan.h"

namespace gs {
namespace {

// Merge neighbouring axes of points that lie in memory like one, in the coordinates and in the output alike.
void collapse(Problem& p) {
  int last = -1;
  for (int i = 0; i < p.out_ndim; ++i) {
    if (p.out_size[i] == 1) continue;
    bool merges = last >= 0 && p.coords_stride[last] == p.coords_stride[i] * p.out_size[i] &&
                  p.out_stride[last] == p.out_stride[i] * p.out_size[i];
    if (merges) {
      p.out_size[last] *= p.out_size[i];
    } else {
      p.out_size[++last] = p.out_size[i];
    }
    p.coords_stride[last] = p.coords_stride[i];
    p.out_stride[last] = p.out_stride[i];
  }
  p.out_ndim = last + 1;
  if (p.out_ndim == 0) {
    p.out_ndim = 1;
    p.out_size[0] = 1;
    p.coords_stride[0] = p.out_stride[0] = 0;
  }
}

}  // namespace

Plan make_plan(const Problem& problem) {
  Plan plan{};
  plan.problem = problem;
  Problem& p = plan.problem;
  int64_t points = 1;
  for (int i = 0; i < p.out_ndim; ++i) points *= p.out_size[i];
  if (points == 0 || p.batch == 0 || p.channels == 0) return plan;  // no tiles
  collapse(p);
  plan.row = p.out_size[p.out_ndim - 1];
  plan.rows = points / plan.row;
  plan.tiles_per_row = (plan.row + kTilePoints - 1) / kTilePoints;
  plan.tiles = plan.tiles_per_row * plan.rows * p.batch;
  plan.wide_coords = p.coords_dtype == Dtype::float64;
  for (int i = 0; i < p.ndim; ++i)  // float32 cannot count past 2^24
    if (p.axis[i].size > (int64_t{1} << 24)) plan.wide_coords = true;
  return plan;
}

TilePlace place_tile(const Plan& plan, int64_t tile) {
  const Problem& p = plan.problem;
  int64_t start = tile % plan.tiles_per_row * kTilePoints;
  int64_t row = tile / plan.tiles_per_row;
  TilePlace place{row / plan.rows, 0, 0, 0};
  row %= plan.rows;
  int last = p.out_ndim - 1;
  place.coords = place.batch * p.coords_batch + start * p.coords_stride[last];
  place.out = place.batch * p.out_batch + start * p.out_stride[last];
  for (int i = last - 1; i >= 0; --i) {
    int64_t index = row % p.out_size[i];
    row /= p.out_size[i];
    place.coords += index * p.coords_stride[i];
    place.out += index * p.out_stride[i];
  }
  int64_t left = plan.row - start;
  place.count = left < kTilePoints ? int(left) : kTilePoints;
  return place;
}

}  // namespace gs
