// Stage A of the tiles that a matrix takes wholly inside: indices of points to taps at once, with nothing to look for.
#pragma once

#include "axis.h"
#include "maps.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [tiles inside]
// Where the corners of a tile say that every tap of every point is inside, there is nothing to move, mask or judge, and from the indices of a point to
// its weights and the offset of its first tap all stays in registers. Coordinates are those of maps.h and places those of axis.h, to the bit.
// Offsets are whole numbers below 2^51, so they are summed as they come, in float64.
template <class T, class Place, int Dims, bool Projective>
__attribute__((noinline)) void make_inner_tile(const Problem& p, const TilePlace& place, Tile<T>& tile, T (*fraction)[kTilePoints]) {
  using V = Vec<double>;
  constexpr int lanes = Simd<double>::lanes, rows = Dims + Projective;
  const int last = p.out_ndim - 1, padded = tile.row_groups * kGroup;
  int64_t at[kMaxOutDim];
  first_indices(p, place, at);
  const double* row[rows];
  V step[rows], stride[Dims], shift[Dims];
  for (int r = 0; r < rows; ++r) {
    row[r] = p.matrix + r * (p.out_ndim + 1);
    step[r] = broadcast(row[r][last]);
  }
  double origin = 0;
  for (int a = 0; a < Dims; ++a) {
    stride[a] = broadcast(double(p.axis[a].stride));
    shift[a] = broadcast(p.axis[a].shift);
    origin += double(Place::first * p.axis[a].stride);
  }
  double count[lanes];
  for (int l = 0; l < lanes; ++l) count[l] = double(at[last] + l);
  const V first = load<V>(count), end = broadcast(double(at[last] + place.columns - 1));
  for (int r = 0, to = 0; r < place.rows; ++r, ++at[last - 1]) {
    double start[rows];
    for (int k = 0; k < rows; ++k) start[k] = start_of_row(p, row[k], at);
    V next = first;
    for (int i = 0; i < padded; i += lanes, to += lanes, next += double(lanes)) {
      V column = min(next, end);  // a row is padded with its last point
      V offset = broadcast(origin), divisor{};
      if constexpr (Projective) divisor = broadcast(start[Dims]) + step[Dims] * column;
GS_UNROLL(3)
      for (int a = 0; a < Dims; ++a) {
        V x = broadcast(start[a]) + step[a] * column;
        if constexpr (Projective) x = x / divisor;
        x += shift[a];
        V begin = Place::start(x);
        auto rest = lanes_as<T>(x - begin);
        if constexpr (Place::wide)
          store(fraction[a] + to, rest);
        else
          store_weights<Place>(rest, 0, a, to, tile);
        offset = fma(begin, stride[a], offset);
      }
      store(tile.base + to, to_int(offset));
    }
  }
}

template <class T>
using InnerTile = void (*)(const Problem& p, const TilePlace& place, Tile<T>& tile, T (*fraction)[kTilePoints]);

// For images and volumes computed in float32 and read linearly or in windows of four that do not round, which are most; others, which take longer
// anyway, have none, nor has the baseline: each adds to the size of the library.
template <class T, class Place>
InnerTile<T> choose_inner_tile([[maybe_unused]] const Problem& p) {
  constexpr bool has_one = !kSmall && sizeof(T) == 4 && (Place::taps == 2 || Place::taps == 4) && !Place::rounds;
  if constexpr (has_one) {
    if (p.ndim == 2) return p.projective ? make_inner_tile<T, Place, 2, true> : make_inner_tile<T, Place, 2, false>;
    if (p.ndim == 3 && !p.projective) return make_inner_tile<T, Place, 3, false>;
  }
  return nullptr;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
