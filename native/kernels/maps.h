// Stage A, where coordinates are made of the points' indices: what a matrix and the maps after it make of them.
#pragma once

#include <cmath>

#include "../plan.h"
#include "boundaries.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [coordinates without a grid]
// A matrix takes the indices of a point to its coordinates: the constant first, then axis after axis, each product and each sum
// rounded, then the division. Further maps may follow. These are the operations of the maps of _maps.py in the same order, so the result is
// that of the grid to the bit. It is in index units: of an axis, only the shift is added. The strides of such coordinates are those
// of an array of out_size, and place.coords is the place in it.
static __attribute__((noinline)) void first_indices(const Problem& p, const TilePlace& place, int64_t* at) {
  int64_t rest = place.coords;
  for (int k = p.out_ndim - 1; k >= 0; rest /= p.out_size[k--]) at[k] = rest % p.out_size[k];
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
    double start = row[p.out_ndim];
    for (int k = 0; k < last; ++k) start += row[k] * double(at[k]);
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

// A matrix (ndim, ndim + 1), constants last, or with a row more, what to divide by. Factors of 0 are left out: of infinity, too.
static __attribute__((noinline)) void project(const MapStep& step, int ndim, int points, double (*x)[kTilePoints]) {
  using V = Vec<double>;
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    V total[kMaxDim + 1];
    for (int r = 0; r < ndim + step.divides; ++r) {
      const double* row = step.numbers + r * (ndim + 1);
      total[r] = broadcast(row[ndim]);
      for (int a = 0; a < ndim; ++a)
        if (row[a] != 0) total[r] += load<V>(&x[a][i]) * row[a];
    }
    for (int a = 0; a < ndim; ++a) store(&x[a][i], step.divides ? total[a] / total[ndim] : total[a]);
  }
}

// The lens distortion of Brown and Conrady, of points (y, x).
static __attribute__((noinline)) void distort(const MapStep& step, int points, double* rows, double* columns) {
  using V = Vec<double>;
  auto k = [&](int number) GS_ALWAYS { return step.numbers[number]; };  // k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    V y = load<V>(rows + i), x = load<V>(columns + i), r2 = x * x + y * y;
    V radial = (1 + r2 * (k(0) + r2 * (k(1) + r2 * k(4)))) / (1 + r2 * (k(5) + r2 * (k(6) + r2 * k(7))));
    V to_y = k(2) * (r2 + 2 * y * y) + 2 * k(3) * x * y + r2 * (k(10) + r2 * k(11));
    V to_x = 2 * k(2) * x * y + k(3) * (r2 + 2 * x * x) + r2 * (k(8) + r2 * k(9));
    store(rows + i, y * radial + to_y);
    store(columns + i, x * radial + to_x);
  }
}

// A field of displacements or positions, linear between the points of its lattice, beyond them that of the border; `numbers` are for
// each axis the unit's factor and offset, and the factor and offset from points to the lattice. The sums are in the order of gather.h.
template <class F, int Dims>
__attribute__((noinline)) void displace(const MapStep& step, int points, double (*x)[kTilePoints]) {
  using V = Vec<double>;
  constexpr int taps = 1 << (Dims - 1);
  alignas(64) double fraction[Dims][kTilePoints];
  alignas(64) int64_t index[Dims][kTilePoints];
  for (int a = 0; a < Dims; ++a) {
    const double* to_lattice = step.numbers + 4 * a + 2;
    for (int i = 0; i < points; i += Simd<double>::lanes) {
      V at = boundary::border::coordinate(load<V>(&x[a][i]) * to_lattice[0] + to_lattice[1], make_span<double>(step.size[a]));
      V start = floor(at);
      store(&fraction[a][i], at - start);
      store(&index[a][i], to_int(start));
    }
  }
  for (int i = 0; i < points; ++i) {
    const F* from = static_cast<const F*>(step.field);
    int64_t next[Dims];  // 0 where the point is on the lattice: what is behind it is not read then
    bool between = false;
    for (int a = 0; a < Dims; ++a) {
      from += index[a][i] * step.stride[a];
      next[a] = fraction[a][i] > 0 ? step.stride[a] : 0;
      between |= next[a] != 0;
    }
    for (int c = 0; c < Dims; ++c, from += step.stride[Dims]) {
      double value = double(*from);
      if (between) {
        double column[2];
        for (int k = 0; k < 2; ++k) {
          double tap[taps];
          for (int t = 0; t < taps; ++t) {
            const F* at = from + k * next[Dims - 1];
            for (int a = 0; a < Dims - 1; ++a) at += (t >> a & 1) * next[a];
            tap[t] = double(*at);
          }
          for (int a = Dims - 2, left = taps / 2; a >= 0; --a, left /= 2)
            for (int t = 0; t < left; ++t) {
              double f = fraction[a][i], &low = tap[t], high = tap[t + left];
              low = fma(high, f, low * (1 - f));
            }
          column[k] = tap[0];
        }
        double f = fraction[Dims - 1][i];
        value = fma(column[1], f, column[0] * (1 - f));
      }
      double moved = value * step.numbers[4 * c] + step.numbers[4 * c + 1];
      x[c][i] = step.relative ? x[c][i] + moved : moved;
    }
  }
}

template <class F>
void displace(const MapStep& step, int ndim, int points, double (*x)[kTilePoints]) {
  ndim == 1 ? displace<F, 1>(step, points, x) : ndim == 2 ? displace<F, 2>(step, points, x) : displace<F, 3>(step, points, x);
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
  for (const MapStep* step = p.steps; step < p.steps + p.step_count; ++step) {
    if (step->kind == MapStep::kProjective)
      project(*step, p.ndim, points, x);
    else if (step->kind == MapStep::kBrown)
      distort(*step, points, x[0], x[1]);
    else if (step->dtype == Dtype::float32)
      displace<float>(*step, p.ndim, points, x);
    else
      displace<double>(*step, p.ndim, points, x);
  }
  for (int a = 0; a < p.ndim; ++a)
    for (int i = 0; p.axis[a].shift != 0 && i < points; i += lanes) store(&x[a][i], load<V>(&x[a][i]) + p.axis[a].shift);
}

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
    low = first + std::fmin(down, 0) + std::fmin(along, 0) - slack;
    high = first + std::fmax(down, 0) + std::fmax(along, 0) + slack;
  }
};

// Where a matrix alone takes the points of a tile: all of them to one side of an axis, so far that nothing is read; or all centres inside.
enum class MappedTo { anywhere, outside, inside };

static __attribute__((noinline)) MappedTo mapped_to(const Problem& p, const TilePlace& place) {
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
  bool inside = true;
  for (int a = 0; a < p.ndim; ++a) {
    const Axis& axis = p.axis[a];
    MappedRange row(p, p.matrix + a * (p.out_ndim + 1), at, place);
    double low = row.low / (row.low < 0 ? least : most) + axis.shift, high = row.high / (row.high < 0 ? most : least) + axis.shift;
    double slack = 1e-12 * (std::fabs(axis.shift) + std::fabs(low) + std::fabs(high));  // of the last two roundings
    double end = double(axis.size - 1), beyond = reach + std::fmax(axis.margin, 0);
    inside &= low - slack >= -axis.margin && high + slack <= end + axis.margin;
    bool reads_nothing = p.outside != Outside::boundary || axis.boundary == Boundary::zeros || axis.boundary == Boundary::constant;
    if (reads_nothing && (high < -beyond || low > end + beyond)) return MappedTo::outside;
  }
  return inside ? MappedTo::inside : MappedTo::anywhere;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
