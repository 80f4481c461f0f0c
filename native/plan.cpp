#include "plan.h"

#include <algorithm>
#include <cmath>

namespace gs {
namespace {

// Drop axes of one point, and merge short rows with the axis before them where both lie in memory like one axis. Leaves two
// axes or more. True if rows were merged: then a run of points is a block.
bool merge_short_rows(Problem& p) {
  int64_t size[kMaxOutDim + 2], coords[kMaxOutDim + 2], out[kMaxOutDim + 2], mask[kMaxOutDim + 2];  // the last axis first
  int axes = 0;
  bool merged = false;
  for (int i = p.out_ndim - 1; i >= 0; --i) {
    if (p.out_size[i] == 1) continue;
    int in = axes - 1;
    if (axes > 0 && size[in] < kShortRow && p.coords_stride[i] == coords[in] * size[in] &&
        p.out_stride[i] == out[in] * size[in] && p.mask_stride[i] == mask[in] * size[in]) {
      size[in] *= p.out_size[i];
      merged |= in == 0;
      continue;
    }
    size[axes] = p.out_size[i];
    coords[axes] = p.coords_stride[i];
    mask[axes] = p.mask_stride[i];
    out[axes++] = p.out_stride[i];
  }
  for (; axes < 2; ++axes) {
    size[axes] = 1;
    coords[axes] = out[axes] = mask[axes] = 0;
  }
  p.out_ndim = axes;
  for (int i = 0; i < axes; ++i) {
    p.out_size[axes - 1 - i] = size[i];
    p.coords_stride[axes - 1 - i] = coords[i];
    p.out_stride[axes - 1 - i] = out[i];
    p.mask_stride[axes - 1 - i] = mask[i];
  }
  return merged;
}

int64_t tiles_of(int64_t size, int64_t tile) { return (size + tile - 1) / tile; }

// Of the result, channels and batch items counted.
int64_t values_of(const Problem& p) {
  int64_t values = p.batch * (p.mask ? std::max<int64_t>(p.channels, 1) : p.channels);
  for (int i = 0; i < p.out_ndim; ++i) values *= p.out_size[i];
  return values;
}

}  // namespace

bool is_streamed(const Problem& p) { return values_of(p) * item_size(p.out_dtype) >= kStreamBytes; }

int item_size(Dtype dtype) {
  switch (dtype) {
#define GS_CASE(name, code, stored, ...) \
  case Dtype::name:                      \
    return sizeof(stored);
    GS_DTYPES(GS_CASE)
#undef GS_CASE
  }
  return 0;
}

int64_t reads_of_point(const Problem& problem, int64_t channels) {
  int64_t taps = 1;
  for (int i = 0; i < problem.ndim; ++i) taps *= taps_of(problem.kernel);
  return channels * taps + 8;
}

bool is_floating(Dtype dtype) {
  return dtype == Dtype::float32 || dtype == Dtype::float64 || dtype == Dtype::float16 || dtype == Dtype::bfloat16;
}

bool computed_in_double(Dtype dtype) {
  switch (dtype) {
#define GS_CASE(name, code, stored, computed) \
  case Dtype::name:                           \
    return sizeof(computed) == 8;
    GS_DTYPES(GS_CASE)
#undef GS_CASE
  }
  return false;
}

Plan make_plan(const Problem& problem, int block_columns) {
  Plan plan{};
  plan.problem = problem;
  Problem& p = plan.problem;
  if (values_of(p) == 0) return plan;  // no tiles
  plan.stream = is_streamed(p);
  if (!p.matrix && !p.relative && merge_short_rows(p)) block_columns = kTilePoints;
  int64_t columns = p.out_size[p.out_ndim - 1], rows = p.out_size[p.out_ndim - 2];

  int64_t padded = tiles_of(columns, kGroup) * kGroup;
  plan.tile_columns = int(std::min<int64_t>(padded, std::max<int64_t>(block_columns, kTilePoints / rows / kGroup * kGroup)));
  plan.tile_rows = int(std::min<int64_t>(rows, kTilePoints / plan.tile_columns));
  plan.column_tiles = tiles_of(columns, plan.tile_columns);
  plan.row_tiles = tiles_of(rows, plan.tile_rows);
  plan.outer = 1;
  for (int i = 0; i < p.out_ndim - 2; ++i) plan.outer *= p.out_size[i];
  plan.tiles = plan.column_tiles * plan.row_tiles * plan.outer * p.batch;
  plan.deep = 1;
  plan.asked_every = 4;
  plan.asked_plane = kAllPlanes;
  plan.coords_ahead = plan.tile_columns * p.coords_stride[p.out_ndim - 1];

  plan.out_item = item_size(p.out_dtype);
  plan.judges = p.outside != Outside::boundary || p.nan_propagates || p.mask;
  int64_t last = p.axis[p.ndim - 1].stride;
  bool side_by_side = p.channels > 1 && p.input_channel == 1 && last >= p.channels &&
                      reads_channels(p.ndim, taps_of(p.kernel), item_size(p.dtype), computed_in_double(p.dtype) ? 8 : 4);
  plan.channels_at_once = side_by_side ? p.channels : 1;
  if (side_by_side)
    plan.spare_samples = p.channels % 4 == 3 ? std::max(1, taps_of(p.kernel) / 2) : 0;  // a pixel, or a row of them, is loaded as if it had four channels
  else
    plan.spare_samples = taps_of(p.kernel) == 6 ? 2 : 0;  // loaded as eight
  plan.tap_by_tap = !side_by_side && last != 1 && p.kernel != Kernel::nearest;
  double far = 0;
  for (int i = 0; i < p.ndim; ++i) far += std::abs(double(p.axis[i].size) * double(p.axis[i].stride));
  plan.near = !plan.tap_by_tap && far <= INT32_MAX;
  plan.finite = !is_floating(p.dtype);
  plan.wide_coords = p.coords_dtype == Dtype::float64 || p.relative;
  for (int i = 0; i < p.ndim; ++i)  // float32 cannot count past 2^24
    if (p.axis[i].size > (int64_t{1} << 24)) plan.wide_coords = true;
  return plan;
}

bool reads_edges_as_pairs(const Plan& plan) {
  const Problem& p = plan.problem;
  bool pairs = taps_of(p.kernel) == 2 && plan.channels_at_once == 1 && !plan.tap_by_tap;
  for (int a = 0; a < p.ndim; ++a) pairs &= p.axis[a].boundary != Boundary::wrap;
  return pairs && p.axis[p.ndim - 1].size > 1;
}

bool reads_edges_in_windows(const Plan& plan, bool outside_is_0) {
  const Problem& p = plan.problem;
  bool windows = outside_is_0 && taps_of(p.kernel) > 1 && !plan.edge_pairs;
  for (int a = 0; a < p.ndim; ++a) windows &= p.axis[a].boundary != Boundary::wrap && p.axis[a].size >= taps_of(p.kernel) && p.axis[a].order == 0;
  return windows;
}

TilePlace place_tile(const Plan& plan, int64_t tile) {
  const Problem& p = plan.problem;
  int last = p.out_ndim - 1;
  int64_t of_item = plan.column_tiles * plan.row_tiles * plan.outer, of_boxes = plan.column_tiles * plan.row_tiles * plan.deep;
  TilePlace place;
  place.batch = tile / of_item;
  tile %= of_item;
  int64_t outer = tile / of_boxes * plan.deep, boxes = std::min(plan.deep, plan.outer - outer);
  tile %= of_boxes;
  outer += tile % boxes;
  tile /= boxes;
  int64_t column = tile % plan.column_tiles * plan.tile_columns;
  int64_t row = tile / plan.column_tiles * plan.tile_rows;
  place.coords = place.batch * p.coords_batch + column * p.coords_stride[last] + row * p.coords_stride[last - 1];
  place.out = place.batch * p.out_batch + column * p.out_stride[last] + row * p.out_stride[last - 1];
  place.mask = place.batch * p.mask_batch + column * p.mask_stride[last] + row * p.mask_stride[last - 1];
  auto set_index = [&](int axis, int64_t index) {
    if (last - axis < kMaxDim) place.at[kMaxDim - 1 - (last - axis)] = index;
  };
  set_index(last, column);
  set_index(last - 1, row);
  for (int i = last - 2; i >= 0; --i) {
    int64_t index = outer % p.out_size[i];
    outer /= p.out_size[i];
    set_index(i, index);
    place.coords += index * p.coords_stride[i];
    place.out += index * p.out_stride[i];
    place.mask += index * p.mask_stride[i];
  }
  place.columns = int(std::min<int64_t>(plan.tile_columns, p.out_size[last] - column));
  place.rows = int(std::min<int64_t>(plan.tile_rows, p.out_size[last - 1] - row));
  return place;
}

TilePlace place_next_tile(const Plan& plan, const TilePlace& before, int64_t tile) {
  const Problem& p = plan.problem;
  const int last = p.out_ndim - 1;
  const int64_t column = before.at[kMaxDim - 1] + plan.tile_columns;
  if (plan.deep > 1 || column >= p.out_size[last]) return place_tile(plan, tile);
  TilePlace place = before;
  place.at[kMaxDim - 1] = column;
  place.coords += plan.tile_columns * p.coords_stride[last];
  place.out += plan.tile_columns * p.out_stride[last];
  place.mask += plan.tile_columns * p.mask_stride[last];
  place.columns = int(std::min<int64_t>(plan.tile_columns, p.out_size[last] - column));
  return place;
}

}  // namespace gs
