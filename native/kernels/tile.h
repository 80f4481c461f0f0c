// What stage A hands to stage B: the taps of up to kTilePoints points, in the first-level cache.
#pragma once

#include "../tiles.h"
#include "vec.h"

namespace gs {
namespace GS_ISA {

extern const TileTable tiles_table;

namespace {

constexpr int kMaxTaps = 8;

// How stage B may read a group of kGroup points: bits.
enum GroupKind {
  kInterior = 0,  // every tap of every point is inside: read from `base` on, no masks
  kEdge = 1,      // read tap by tap from `offset`, where `inside`; or as pairs (Plan::edge_pairs)
  kOutside = 2,   // no tap of any point is inside: nothing is read
  kInWindow = 4,  // read as an interior group, and what comes out as NaN as an edge group: NOTE [moved windows]
};

// What becomes of a sample, whatever its taps say.
enum Verdict : uint8_t { kAsRead, kFill, kKeep, kNaN };

template <class T>
struct Tile {
  alignas(64) T weight[kMaxDim][kMaxTaps][kTilePoints + kGroup];  // a vector may be loaded from any point on
  // Offset of the first tap along every axis, in interior groups; where edge groups are read as pairs, of a pair inside, in those too.
  alignas(64) int64_t base[kTilePoints];
  // Of edge groups only: the offset along one axis of one tap (always a valid one), and whether the tap is inside (0 or -1).
  alignas(64) int64_t offset[kMaxDim][kMaxTaps][kTilePoints];
  alignas(64) typename Simd<T>::Int inside[kMaxDim][kMaxTaps][kTilePoints];
  alignas(64) typename Simd<T>::Int shift[kMaxDim][kTilePoints];  // or, of two taps: how many samples they are after those of the pair
  int kind[kTilePoints / kGroup];
  bool inner[kTilePoints / kGroup];   // no tap of the group was moved inside: of two and more, every centre is inside then
  bool judged[kTilePoints / kGroup];  // the group has points with a verdict
  bool whole;                         // all groups are kInterior, and none is judged
  bool outside;                       // nothing is read for any point: all groups are kOutside, none is judged
  Verdict verdict[kTilePoints];       // of judged groups only
  bool pairs;  // edge groups are read as pairs
  bool lone[kMaxDim];  // there is one sample along the axis
  int groups;  // of all rows of points, each padded to whole groups by repeating its last point
  int row_groups;  // of one row
  int asked_every, asked_plane;
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
