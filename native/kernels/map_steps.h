// The maps that a matrix may be followed by: each takes the points of a tile to others, in index units. They are those of _maps.py.
#pragma once

#include <cmath>

#include "../plan.h"
#include "boundaries.h"
#include "trigonometry.h"

namespace gs {
namespace GS_ISA {
namespace {

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

// The lens distortion of Brown and Conrady, of points (y, x): a factor, and what is added.
struct Distortion {
  Vec<double> radial, to_y, to_x;
  GS_INLINE Distortion(const double* k, Vec<double> y, Vec<double> x) {  // k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4
    auto r2 = x * x + y * y;
    radial = (1 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]))) / (1 + r2 * (k[5] + r2 * (k[6] + r2 * k[7])));
    to_y = k[2] * (r2 + 2 * y * y) + 2 * k[3] * x * y + r2 * (k[10] + r2 * k[11]);
    to_x = 2 * k[2] * x * y + k[3] * (r2 + 2 * x * x) + r2 * (k[8] + r2 * k[9]);
  }
};

static __attribute__((noinline)) void distort(const MapStep& step, int points, double* rows, double* columns) {
  using V = Vec<double>;
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    V y = load<V>(rows + i), x = load<V>(columns + i);
    Distortion by(step.numbers, y, x);
    store(rows + i, y * by.radial + by.to_y);
    store(columns + i, x * by.radial + by.to_x);
  }
}

// The point that is distorted to a given one, by iteration until nothing moves; NaN where that finds none.
static __attribute__((noinline)) void undistort(const MapStep& step, int points, double* rows, double* columns) {
  using V = Vec<double>;
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    const V given_y = load<V>(rows + i), given_x = load<V>(columns + i);
    V y = given_y, x = given_x, moved{};
    for (int round = 0; round < 100; ++round) {
      Distortion by(step.numbers, y, x);
      V next_y = (given_y - by.to_y) / by.radial, next_x = (given_x - by.to_x) / by.radial;
      moved = absolute(next_y - y) + absolute(next_x - x);
      y = next_y;
      x = next_x;
      if (!any(moved > 1e-14)) break;
    }
    const V nan = broadcast(__builtin_nan(""));
    store(rows + i, moved <= 1e-9 ? y : nan);
    store(columns + i, moved <= 1e-9 ? x : nan);
  }
}

// As many as a vector of doubles has lanes.
template <class F>
struct Few {
  typedef F type __attribute__((vector_size(Simd<double>::lanes * sizeof(F))));
};

// A field of displacements or positions, linear between the points of its lattice, beyond them that of the border; `numbers` are for
// each axis the unit's factor and offset, and the factor and offset from points to the lattice. The sums are in the order of gather.h.
template <class F, int Dims>
__attribute__((noinline)) void displace(const MapStep& step, int points, double (*x)[kTilePoints]) {
  using V = Vec<double>;
  constexpr int taps = 1 << (Dims - 1), lanes = Simd<double>::lanes;  // taps of a column, of which there are two
  alignas(64) double fraction[Dims][kTilePoints];
  alignas(64) int64_t index[Dims][kTilePoints];
  for (int a = 0; a < Dims; ++a) {
    const double* to_lattice = step.numbers + 4 * a + 2;
    for (int i = 0; i < points; i += lanes) {
      V at = boundary::border::coordinate(load<V>(&x[a][i]) * to_lattice[0] + to_lattice[1], make_span<double>(step.size[a]));
      V start = floor(at);
      store(&fraction[a][i], at - start);
      store(&index[a][i], to_int(start));
    }
  }
  constexpr int block = 64;  // whole vectors, so that none waits for what was stored into it element by element
  static_assert(kTilePoints % block == 0 && block % lanes == 0);
  for (int begin = 0; begin < points; begin += block) {
    const int count = points - begin < block ? points - begin : block;
    alignas(64) F tap[Dims][2 * taps][block];  // of each component; those that differ along axis 0 are neighbours, the last axis comes first
    for (int l = 0; l < count; ++l) {
      const F* from = static_cast<const F*>(step.field);
      int64_t next[Dims];  // 0 where the point is on the lattice: what is behind it is not read then
      for (int a = 0; a < Dims; ++a) {
        from += index[a][begin + l] * step.stride[a];
        next[a] = fraction[a][begin + l] > 0 ? step.stride[a] : 0;
      }
GS_UNROLL(8)
      for (int t = 0; t < 2 * taps; ++t) {
        const F* at = from + t / taps * next[Dims - 1];
        for (int a = 0; a < Dims - 1; ++a) at += (t >> a & 1) * next[a];
GS_UNROLL(3)
        for (int c = 0; c < Dims; ++c) tap[c][t][l] = at[c * step.stride[Dims]];
      }
    }
    for (int i = 0; i < count; i += lanes) {
      V f[Dims];
      Simd<double>::I between{};
      for (int a = 0; a < Dims; ++a) {
        f[a] = load<V>(&fraction[a][begin + i]);
        if (step.stride[a] != 0) between |= f[a] > 0;
      }
      for (int c = 0; c < Dims; ++c) {
        auto given = [&](int t) GS_ALWAYS { return __builtin_convertvector(load<typename Few<F>::type>(&tap[c][t][i]), V); };
        V column[2];
        for (int k = 0; k < 2; ++k) {
          V of[taps];
          for (int t = 0; t < taps; ++t) of[t] = given(k * taps + t);
          for (int a = Dims - 2, left = taps / 2; a >= 0; --a, left /= 2)
            for (int t = 0; t < left; ++t) of[t] = fma(of[t + left], f[a], of[t] * (1 - f[a]));
          column[k] = of[0];
        }
        V mixed = fma(column[1], f[Dims - 1], column[0] * (1 - f[Dims - 1])), value = between ? mixed : given(0);
        V moved = value * step.numbers[4 * c] + step.numbers[4 * c + 1];
        double* to = &x[c][begin + i];
        store(to, step.relative ? load<V>(to) + moved : moved);
      }
    }
  }
}

template <class F>
void displace(const MapStep& step, int ndim, int points, double (*x)[kTilePoints]) {
  ndim == 1 ? displace<F, 1>(step, points, x) : ndim == 2 ? displace<F, 2>(step, points, x) : displace<F, 3>(step, points, x);
}

// (angle, radius) of an unrolled picture to (y, x), or the other way. Numbers: the centre, rows for each radian, columns for each pixel of
// radius or factor of e, whether that is so, whether it is the other way.
static __attribute__((noinline)) void roll(const MapStep& step, int points, double* rows, double* columns) {
  using V = Vec<double>;
  const double *n = step.numbers, per_radian = n[2], per_pixel = n[3];
  const bool log = n[4] != 0, unroll = n[5] != 0;
  alignas(64) double other[kTilePoints];
  if (unroll) {
    for (int i = 0; i < points; i += Simd<double>::lanes) {
      V y = load<V>(rows + i) - n[0], x = load<V>(columns + i) - n[1];
      store(rows + i, y);
      store(other + i, x);
      store(columns + i, square_root(x * x + y * y));
    }
    find_angles(rows, other, points, rows);
    for (int i = 0; log && i < points; ++i) columns[i] = std::log(columns[i]);
    for (int i = 0; i < points; i += Simd<double>::lanes) {
      V angle = load<V>(rows + i);
      store(rows + i, (angle < 0 ? angle + 2 * kPi : angle) * per_radian);
      store(columns + i, load<V>(columns + i) * per_pixel);
    }
    return;
  }
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    store(rows + i, load<V>(rows + i) / per_radian);
    store(columns + i, load<V>(columns + i) / per_pixel);
  }
  if (log) raise(points, columns);
  find_sines(rows, points, rows, other);
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    V radius = load<V>(columns + i);
    store(rows + i, radius * load<V>(rows + i) + n[0]);
    store(columns + i, radius * load<V>(other + i) + n[1]);
  }
}

// (y, x) of a flat view to those of an equirectangular panorama, or the other way. Numbers: the matrix to the direction of a pixel (x, y, 1) or from
// there, the panorama's height and width, whether it is the other way.
static __attribute__((noinline)) void look_around(const MapStep& step, int points, double* rows, double* columns) {
  using V = Vec<double>;
  const double *matrix = step.numbers, height = matrix[9], width = matrix[10];
  const bool back = matrix[11] != 0;
  alignas(64) double part[4][kTilePoints];
  auto turn = [&](const V* from, V* to) GS_ALWAYS {
    for (int r = 0; r < 3; ++r) to[r] = matrix[3 * r] * from[0] + matrix[3 * r + 1] * from[1] + matrix[3 * r + 2] * from[2];
  };
  if (back) {
    for (int i = 0; i < points; i += Simd<double>::lanes) {
      store(columns + i, ((load<V>(columns + i) + 0.5) / width - 0.5) * (2 * kPi));  // longitude
      store(rows + i, ((load<V>(rows + i) + 0.5) / height - 0.5) * kPi);             // latitude
    }
    find_sines(columns, points, part[0], part[1]);
    find_sines(rows, points, part[2], part[3]);
    for (int i = 0; i < points; i += Simd<double>::lanes) {
      V level = load<V>(part[3] + i), direction[3] = {load<V>(part[0] + i) * level, load<V>(part[2] + i), load<V>(part[1] + i) * level}, seen[3];
      turn(direction, seen);
      V ahead = seen[2] > 0 ? seen[2] : broadcast(__builtin_nan(""));  // what is behind the view is nowhere in it
      store(rows + i, seen[1] / ahead);
      store(columns + i, seen[0] / ahead);
    }
    return;
  }
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    V pixel[3] = {load<V>(columns + i), load<V>(rows + i), V{} + 1}, direction[3];
    turn(pixel, direction);
    for (int r = 0; r < 3; ++r) store(part[r] + i, direction[r]);
    store(part[3] + i, square_root(direction[0] * direction[0] + direction[2] * direction[2]));
  }
  find_angles(part[0], part[2], points, columns);
  find_angles(part[1], part[3], points, rows);
  for (int i = 0; i < points; i += Simd<double>::lanes) {
    store(rows + i, (load<V>(rows + i) / kPi + 0.5) * height - 0.5);
    store(columns + i, (load<V>(columns + i) / (2 * kPi) + 0.5) * width - 0.5);
  }
}

static __attribute__((noinline)) void take_step(const MapStep& step, int ndim, int points, double (*x)[kTilePoints]) {
  switch (step.kind) {
    case MapStep::kProjective: return project(step, ndim, points, x);
    case MapStep::kBrown: return distort(step, points, x[0], x[1]);
    case MapStep::kUndoneBrown: return undistort(step, points, x[0], x[1]);
    case MapStep::kPolar: return roll(step, points, x[0], x[1]);
    case MapStep::kPanorama: return look_around(step, points, x[0], x[1]);
    default: return step.dtype == Dtype::float32 ? displace<float>(step, ndim, points, x) : displace<double>(step, ndim, points, x);
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
