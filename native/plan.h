// A problem cut into tiles: boxes of points, at most kTilePoints with the padding of each row to whole groups.
#pragma once

#include "api.h"

namespace gs {

// Rows of fewer points are merged: a run of them is a block already.
constexpr int64_t kShortRow = 64;

// An output of this many bytes is not in the caches when its reader comes, and lines that are wholly overwritten need not
// be read first: such outputs are streamed.
constexpr int64_t kStreamBytes = int64_t{4} << 20;

constexpr int kAllPlanes = -1;

struct Plan {
  Problem problem;               // short rows of its points merged
  int64_t column_tiles, row_tiles, outer;  // tiles along the last axis, the one before it, and boxes of those two
  int64_t tiles;                 // of all batch items
  int tile_columns, tile_rows;
  int64_t deep;                  // so many boxes, one behind the other, are cut into tiles together: NOTE [tiles are blocks]
  int64_t coords_ahead;          // from the coordinates of a tile to those of the next, in elements; 0: not asked for
  bool asks_between;             // those of the next but one, while a tile is read: NOTE [coordinates that are read soon]
  int asked_every;               // how many points one is for whose samples are asked for ahead: fewer where neighbours are in different rows
  int asked_plane;               // of the planes of a point's taps in a volume, the only one that is asked for ahead; or kAllPlanes
  int out_item;                  // bytes
  bool wide_coords;              // compute coordinates in float64
  bool stream;                   // write the output past the caches
  bool judges;                   // some samples are not what their taps say, or the mask is asked for
  bool gathers;                  // by gather instructions, where there are
  bool without_tiles;            // few channels, or what they read lies apart: without tiles of taps, if there is code for that (kernels/direct.h)
  bool level;                    // ... and most points that follow each other read rows of samples that do
  bool tap_by_tap;               // taps do not lie side by side
  bool near;                     // they do, and no sample is further from the first than 32 bits count
  bool edge_pairs;               // the two taps of edge groups along each axis are read as a pair of samples that are inside
  bool windows;                  // or all taps of such groups, where there are so many samples, as windows of these: NOTE [moved windows]
  bool fills;                    // a tap outside is not nothing, and points that have no others are what it reads, to the bit
  bool finite;                   // all samples are finite, as integers are
  int spare_samples;             // along the last axis, that reading the taps of a point may touch after the last of them
  int64_t channels_at_once;      // all of them if they lie side by side, or 1
  // For each channel, in the type that it is computed in: the fill value, and what a tap outside the array reads. Whoever
  // runs the plan points these to memory of that size.
  const void *fill, *outside_reads;
};

// Where a tile begins: batch item, element offsets of its first point, and its extent.
struct TilePlace {
  int64_t batch, coords, out, mask;
  int64_t at[kMaxDim];  // indices of the first point along the last axes of points, as far as there are
  int columns, rows;
};

// Whole groups of points: a row of a tile is padded to them.
inline int padded_columns(const TilePlace& place) { return (place.columns + kGroup - 1) / kGroup * kGroup; }

int item_size(Dtype dtype);

// Whether the result is written past the caches.
bool is_streamed(const Problem& problem);

// Whether there is code that reads channels that lie side by side: not for every volume and signal of small integers or halves, nor for
// wide kernels, since each such case adds to the size of the library. Planes can be read of everything.
constexpr bool reads_channels(int ndim, int taps, int stored, int computed) {
  return taps <= kMaxTapsConverted && (ndim == 2 || stored == computed);
}

constexpr int taps_of(Kernel kernel) {  // in the window that is read
  switch (kernel) {
#define GS_CASE(name, code, taps) \
  case Kernel::name:              \
    return taps;
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
  return 0;
}

// Those of derivatives do not.
inline bool weights_sum_to_1(const Problem& p) {
  bool sums_to_1 = true;
  for (int a = 0; a < p.ndim; ++a) sums_to_1 &= p.axis[a].order == 0;
  return sums_to_1;
}

// What a point takes, in so many channels, in reads: finding its taps counts as a few.
int64_t reads_of_point(const Problem& problem, int64_t channels);

bool computed_in_double(Dtype dtype);
bool is_floating(Dtype dtype);
Plan make_plan(const Problem& problem, int block_columns);

// Boundaries whose taps near an edge are samples near it, or nothing, and as many samples as taps along every axis.
bool reads_edges_in_windows(const Plan& plan, bool outside_is_0);

// Two taps that lie side by side, also where the boundary moves them, and a last axis to move a pair along.
bool reads_edges_as_pairs(const Plan& plan);

TilePlace place_tile(const Plan& plan, int64_t tile);

// The same of a tile, from the place of the one before it: mostly without divisions.
TilePlace place_next_tile(const Plan& plan, const TilePlace& before, int64_t tile);

}  // namespace gs
