// Stage A, where coordinates are made of the points' indices: what a matrix and the maps after it make of them.
#pragma once

#include <cmath>

#include "map_steps.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [coordinates without a grid]
// A matrix takes the indices of a point to its coordinates: the constant first, then axis after axis, each product and each sum
// rounded, then the division. Further maps may follow (map_steps.h). These are the operations of the maps of _maps.py in the same order, so the
// result is that of the grid to the bit, but of angles, logarithms and exponentials to rounding. It is in index units: of an axis, only the shift is added. The strides of such coordinates are those
// of an array of out_size, and place.coords is the place in it.
static GS_INLINE void first_indices(const Problem& p, const TilePlace& place, int64_t* at) {
  const int before = p.out_ndim - kMaxDim;  // axes that the tile's place says nothing of
  for (int k = before > 0 ? before : 0; k < p.out_ndim; ++k) at[k] = place.at[k - before];
  if (before <= 0) return;
  int64_t rest = place.coords;
  for (int k = p.out_ndim - 1; k >= 0; rest /= p.out_size[k--])
    if (k < before) at[k] = rest % p.out_size[k];
}

// What a row of the matrix gives at the first point of a row of points, but for the last axis.
static GS_INLINE double start_of_row(const Problem& p, const double* row, const int64_t* at) {
  double start = row[p.out_ndim];
  for (int k = 0; k < p.out_ndim - 1; ++k) start += row[k] * double(at[k]);
  return start;
}

static __attribute__((noinline)) void map_component(const Problem& p, const double* row, const TilePlace& place, double* x) {
  constexpr int lanes = Simd<double>::lanes;
  int last = p.out_ndim - 1;
  int64_t at[kMaxOutDim];
  first_indices(p, place, at);
  double count[lanes];
  for (int l = 0; l < lanes; ++l) count[l] = double(at[last] + l);
  const auto step = broadcast(row[last]), first = load<Vec<double>>(count);
  constexpr int both = 2 * lanes;  // vectors that do not wait for each other; a group has that many points or more
  static_assert(kGroup % both == 0);
  for (int r = 0; r < place.rows; ++r, ++at[last - 1]) {
    const double start = start_of_row(p, row, at);
    auto column = first, second = first + double(lanes);
    int i = 0;
    for (; i < place.columns; i += both, column += double(both), second += double(both)) {
      store(x + i, broadcast(start) + step * column);
      store(x + i + lanes, broadcast(start) + step * second);
    }
    for (i = place.columns; i % kGroup; ++i) x[i] = x[i - 1];
    x += i;
  }
}

static __attribute__((noinline)) void map_coords(const Problem& p, const TilePlace& place, int points, double (*x)[kTilePoints]) {
  using V = Vec<double>;
  constexpr int lanes = Simd<double>::lanes;
  alignas(64) double divisor[kTilePoints];
  if (p.projective) map_component(p, p.matrix + p.ndim * (p.out_ndim + 1), place, divisor);
  for (int a = 0; a < p.ndim; ++a) {
    map_component(p, p.matrix + a * (p.out_ndim + 1), place, x[a]);
    for (int i = 0; p.projective && i < points; i += lanes) store(&x[a][i], load<V>(&x[a][i]) / load<V>(divisor + i));
  }
  for (const MapStep* step = p.steps; step < p.steps + p.step_count; ++step) take_step(*step, p.ndim, points, x);
  for (int a = 0; a < p.ndim; ++a)
    for (int i = 0; p.axis[a].shift != 0 && i < points; i += lanes) store(&x[a][i], load<V>(&x[a][i]) + p.axis[a].shift);
}

// The coordinates that a matrix alone makes, in registers, row of points after row: as map_coords() makes them, to the bit.
template <int Dims, bool Projective>
struct MatrixCoords {
  using G = double;
  using V = Vec<double>;
  static constexpr bool has_interior = true;  // tiles of which that is known
  static constexpr int rows = Dims + Projective;
  const Problem& p;
  const int last = p.out_ndim - 1;
  double before[rows], row_step[rows], row_index;  // what a row of the matrix gives before the last two axes of points
  V first, end, step[rows], shift[Dims], start[rows];

  MatrixCoords(const Plan& plan, const TilePlace& place) : p(plan.problem) {
    int64_t at[kMaxOutDim];
    first_indices(p, place, at);
    double count[Simd<double>::lanes];
    for (int l = 0; l < Simd<double>::lanes; ++l) count[l] = double(at[last] + l);
    first = load<V>(count);
    end = broadcast(double(at[last] + place.columns - 1));
    row_index = double(at[last - 1]);
    for (int r = 0; r < rows; ++r) {
      const double* row = p.matrix + r * (p.out_ndim + 1);
      before[r] = row[p.out_ndim];
      for (int k = 0; k < last - 1; ++k) before[r] += row[k] * double(at[k]);
      row_step[r] = row[last - 1];
      step[r] = broadcast(row[last]);
    }
    for (int a = 0; a < Dims; ++a) shift[a] = broadcast(p.axis[a].shift);
  }
  GS_INLINE void start_row() {
GS_UNROLL(4)
    for (int r = 0; r < rows; ++r) start[r] = broadcast(before[r] + row_step[r] * row_index);
    row_index += 1;
  }
  // Of a vector of points from `column` on, the i-th of the tile.
  GS_INLINE void read(int column, int, V* x) const {
    const V index = min(first + double(column), end);  // a row is padded with its last point
    V divisor{};
    if constexpr (Projective) divisor = start[Dims] + step[Dims] * index;
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) {
      x[a] = start[a] + step[a] * index;
      if constexpr (Projective) x[a] = x[a] / divisor;
      x[a] += shift[a];
    }
  }
};

// What a row of the matrix gives at the points of a tile, from low to high: it is extreme in corners.
struct MappedRange {
  double low, high;
  MappedRange(const Problem& p, const double* row, const int64_t* at, const TilePlace& place) {
    constexpr double rounding = 1e-12;  // of the largest term, with room to spare
    int last = p.out_ndim - 1;
    double first = row[p.out_ndim], most = std::fabs(first);
    for (int k = 0; k <= last; ++k) {
      first += row[k] * double(at[k]);
      most += std::fabs(row[k]) * double(at[k]);
    }
    double down = row[last - 1] * (place.rows - 1), along = row[last] * (place.columns - 1);
    double slack = rounding * (most + std::fabs(down) + std::fabs(along));
    low = first + (down < 0 ? down : 0) + (along < 0 ? along : 0) - slack;  // not fmin and fmax, which are calls
    high = first + (down > 0 ? down : 0) + (along > 0 ? along : 0) + slack;
  }
};

// Where a matrix alone takes the points of a tile: all of them to one side of an axis, so far that nothing is read; or all centres inside; or all
// that reading them as an interior group touches.
enum class MappedTo { anywhere, outside, inside, interior };

static __attribute__((noinline)) MappedTo mapped_to(const Plan& plan, const TilePlace& place) {
  const Problem& p = plan.problem;
  constexpr double reach = kMaxTaps / 2 + 1;
  if (p.step_count) return MappedTo::anywhere;
  int64_t at[kMaxOutDim];
  first_indices(p, place, at);
  double least = 1, most = 1;
  if (p.projective) {
    MappedRange divisor(p, p.matrix + p.ndim * (p.out_ndim + 1), at, place);
    least = divisor.low;
    most = divisor.high;
    if (!(least > 0)) return MappedTo::anywhere;  // the horizon may be among them
  }
  const int taps = taps_of(p.kernel), before = (taps - 1) / 2;
  bool inside = true, interior = !plan.tap_by_tap;
  for (int a = 0; a < p.ndim; ++a) {
    const Axis& axis = p.axis[a];
    MappedRange row(p, p.matrix + a * (p.out_ndim + 1), at, place);
    double low = row.low / (row.low < 0 ? least : most) + axis.shift, high = row.high / (row.high < 0 ? most : least) + axis.shift;
    double slack = 1e-12 * (std::fabs(axis.shift) + std::fabs(low) + std::fabs(high));  // of the last two roundings
    double end = double(axis.size - 1), beyond = reach + (axis.margin > 0 ? axis.margin : 0);
    inside &= low - slack >= -axis.margin && high + slack <= end + axis.margin;
    int after = taps - 1 - before + (a == p.ndim - 1 ? plan.spare_samples : 0);
    interior &= low - slack >= before && high + slack <= end - after;
    bool reads_nothing = p.outside != Outside::boundary || axis.boundary == Boundary::zeros || axis.boundary == Boundary::constant;
    if (reads_nothing && (high < -beyond || low > end + beyond)) return MappedTo::outside;
  }
  return !inside ? MappedTo::anywhere : interior ? MappedTo::interior : MappedTo::inside;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
