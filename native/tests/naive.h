// A Problem evaluated the slow way, one tap at a time: coordinates as the core has them, weights and sums in double.
#pragma once

#include <cmath>
#include <vector>

#include "api.h"

namespace gs {
namespace test {

struct NaiveTaps {
  int count;
  bool inside[4];
  int64_t index[4];
  double weight[4];
};

template <class G>
G clamp(G x, G low, G high) {  // NaN to low
  if (!(x > low)) return low;
  return x < high ? x : high;
}

template <class G>
G fold(G x, G low, G span) {
  if (span == 0) return 0;
  if (!(x < low || x > low + span)) return x;
  G distance = std::fabs(x - low), period = 2 * span;
  distance = std::fabs(distance - std::floor(distance / period) * period);
  return (distance < period - distance ? distance : period - distance) + low;
}

template <class G>
G move_inside(G x, const Axis& axis) {
  G size = G(axis.size), last = size - 1;
  switch (axis.boundary) {
    case Boundary::zeros:
    case Boundary::constant: return clamp<G>(x, -8, size + 8);
    case Boundary::border: return clamp<G>(x, 0, last);
    case Boundary::reflection_edge: return clamp<G>(fold<G>(x, G(-0.5), size), 0, last);
    case Boundary::reflection_center: return clamp<G>(fold<G>(x, 0, last), 0, last);
    case Boundary::wrap:
      x = x - std::floor(x / size) * size;
      return clamp<G>(x < size ? x : 0, 0, size);
  }
  return 0;
}

// As the core has it: so far outside that whole numbers are all there is, a folded index may come out halfway.
inline int64_t to_index(float x) { return int64_t(x); }
inline int64_t to_index(double x) { return int64_t(std::nearbyint(x)); }

inline double keys(double t, double a) {  // Keys' kernel at distance t
  t = std::fabs(t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return 0;
}

// The coordinate is computed in C, everything after it in G.
template <class G, class C>
NaiveTaps taps_along(C given, const Axis& axis, Kernel kernel, double a) {
  NaiveTaps taps{};
  G x = std::fma(C(given + C(axis.pre)), C(axis.scale), C(axis.shift));
  bool masks = axis.boundary == Boundary::zeros || axis.boundary == Boundary::constant;
  if (kernel != Kernel::cubic)
    x = move_inside(x, axis);
  else if (masks || axis.boundary == Boundary::border)
    x = clamp<G>(x, -8, G(axis.size) + 8);
  else if (!std::isfinite(x))
    x = 0;
  G start = kernel == Kernel::nearest ? std::nearbyint(x) : std::floor(x);
  double f = double(x - start);
  taps.count = kernel == Kernel::nearest ? 1 : kernel == Kernel::linear ? 2 : 4;
  for (int k = 0; k < taps.count; ++k) {
    int step = kernel == Kernel::cubic ? k - 1 : k;
    G index = start + G(step);
    if ((kernel == Kernel::cubic && !masks) || axis.boundary == Boundary::wrap) index = move_inside(index, axis);
    taps.inside[k] = index >= 0 && index <= G(axis.size - 1);
    taps.index[k] = taps.inside[k] ? to_index(index) : 0;
    taps.weight[k] = kernel == Kernel::nearest ? 1 : kernel == Kernel::linear ? (k ? f : 1 - f) : keys(f - step, a);
  }
  return taps;
}

// Calls visit(batch, channel, point, where in out, value) for every value; points are counted in the order of their axes.
template <class T, class C, class G, class Visit>
void naive(const Problem& p, const Visit& visit) {
  int64_t points = 1;
  for (int i = 0; i < p.out_ndim; ++i) points *= p.out_size[i];
  bool constant = false;
  for (int a = 0; a < p.ndim; ++a) constant |= p.axis[a].boundary == Boundary::constant;
  for (int64_t n = 0; n < p.batch; ++n) {
    for (int64_t point = 0; point < points; ++point) {
      const C* at = static_cast<const C*>(p.coords) + n * p.coords_batch;
      int64_t where = n * p.out_batch, left = point;
      for (int i = p.out_ndim - 1; i >= 0; --i) {
        at += left % p.out_size[i] * p.coords_stride[i];
        where += left % p.out_size[i] * p.out_stride[i];
        left /= p.out_size[i];
      }
      NaiveTaps taps[kMaxDim];
      int total = 1;
      for (int a = 0; a < p.ndim; ++a) {
        taps[a] = taps_along<G>(at[p.axis[a].component * p.coords_component], p.axis[a], p.kernel, p.cubic_a);
        total *= taps[a].count;
      }
      for (int64_t c = 0; c < p.channels; ++c) {
        const T* plane = static_cast<const T*>(p.input) + n * p.input_batch + c * p.input_channel;
        double sum = 0;
        for (int t = 0; t < total; ++t) {
          int64_t offset = 0;
          double weight = 1;
          bool inside = true;
          for (int a = 0, k = t; a < p.ndim; k /= taps[a++].count) {
            const NaiveTaps& along = taps[a];
            int tap = k % along.count;
            inside &= along.inside[tap];
            weight *= along.weight[tap];
            offset += along.index[tap] * p.axis[a].stride;
          }
          if (inside)
            sum += weight * double(plane[offset]);
          else if (constant)
            sum += weight * double(T(p.fill[c]));
        }
        visit(n, c, point, where + c * p.out_channel, sum);
      }
    }
  }
}

}  // namespace test
}  // namespace gs
