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
__attribute__((noinline)) void make_inner_tile(const Plan& plan, const TilePlace& place, Tile<T>& tile, T (*fraction)[kTilePoints]) {
  using V = Vec<double>;
  constexpr int lanes = Simd<double>::lanes;
  MatrixCoords<Dims, Projective> coords(plan, place);
  const int padded = tile.row_groups * kGroup;
  V stride[Dims], origin{};
  for (int a = 0; a < Dims; ++a) {
    const double along = double(plan.problem.axis[a].stride);
    stride[a] = broadcast(along);
    origin += Place::first * along;
  }
  for (int r = 0, to = 0; r < place.rows; ++r) {
    coords.start_row();
    for (int i = 0; i < padded; i += lanes, to += lanes) {
      V x[Dims], offset = origin;
      coords.read(i, to, x);
GS_UNROLL(3)
      for (int a = 0; a < Dims; ++a) {
        V begin = Place::start(x[a]);
        auto rest = lanes_as<T>(x[a] - begin);
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
using InnerTile = void (*)(const Plan& plan, const TilePlace& place, Tile<T>& tile, T (*fraction)[kTilePoints]);

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
