// A Problem evaluated the slow way, one tap at a time: coordinates as the core has them, weights and sums in double.
#pragma once

#include <cmath>
#include <vector>

#include "api.h"
#include "plan.h"

namespace gs {
namespace test {

struct NaiveTaps {
  int count;
  bool inside[8];
  int64_t index[8];
  double weight[8];
};

template <class G>
G clamp(G x, G low, G high) {  // NaN to low
  if (!(x > low)) return low;
  return x < high ? x : high;
}

// What x is the mirror image of, and whether the mirrored array is read backwards there.
template <class G>
G fold(G x, G low, G span, bool* turned = nullptr) {
  if (span == 0) return 0;
  G period = 2 * span, moved = std::nearbyint((x - low) / period) * period;
  bool backwards = x - moved < low;
  if (turned) *turned = backwards;
  return backwards ? 2 * low + moved - x : x - moved;
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

inline double bspline(double t, int order) {  // by truncated powers
  double sum = 0, binomial = 1, factorial = 1;
  for (int k = 0; k <= order; ++k) {
    sum += binomial * std::pow(std::fmax((order + 1) / 2.0 - std::fabs(t) - k, 0), order);
    binomial *= -double(order + 1 - k) / (k + 1);
    factorial *= k ? k : 1;
  }
  return sum / factorial;
}

inline double mitchell(double t) {
  t = std::fabs(t);
  if (t <= 1) return ((7 * t - 12) * t * t + 16.0 / 3) / 6;
  return t < 2 ? (((-7.0 / 3 * t + 12) * t - 20) * t + 32.0 / 3) / 6 : 0;
}

inline double lanczos(double t, int lobes) {  // not yet divided by the sum
  if (t == 0) return 1;
  if (t == std::nearbyint(t) || std::fabs(t) >= lobes) return 0;
  double angle = 3.14159265358979323846 * t;
  return lobes * std::sin(angle) * std::sin(angle / lobes) / (angle * angle);
}

// The kernel at distance t.
inline double kernel_at(Kernel kernel, double t, double a) {
  switch (kernel) {
    case Kernel::nearest: return 1;
    case Kernel::linear: return 1 - std::fabs(t);
    case Kernel::cubic: return keys(t, a);
    case Kernel::bspline2: return bspline(t, 2);
    case Kernel::bspline3: return bspline(t, 3);
    case Kernel::bspline4: return bspline(t, 4);
    case Kernel::bspline5: return bspline(t, 5);
    case Kernel::bspline7: return bspline(t, 7);
    case Kernel::lanczos2: return lanczos(t, 2);
    case Kernel::lanczos3: return lanczos(t, 3);
    case Kernel::lanczos4: return lanczos(t, 4);
    case Kernel::mitchell: return mitchell(t);
  }
  return 0;
}

// The coordinate is computed in C, everything after it in G.
template <class G, class C>
NaiveTaps taps_along(C given, const Axis& axis, Kernel kernel, double a) {
  NaiveTaps taps{};
  G x = std::fma(C(given + C(axis.pre)), C(axis.scale), C(axis.shift));
  bool masks = axis.boundary == Boundary::zeros || axis.boundary == Boundary::constant;
  taps.count = taps_of(kernel);
  bool wide = taps.count > 2, turned = false;
  bool rounds = kernel == Kernel::nearest || kernel == Kernel::bspline2 || kernel == Kernel::bspline4;
  if (wide && !rounds && axis.boundary == Boundary::reflection_edge) x = fold<G>(x, G(-0.5), G(axis.size), &turned);
  if (wide && !rounds && axis.boundary == Boundary::reflection_center) x = fold<G>(x, 0, G(axis.size - 1), &turned);
  if (!wide)
    x = move_inside(x, axis);
  else if (masks || axis.boundary == Boundary::border)
    x = clamp<G>(x, -8, G(axis.size) + 8);
  else if (!std::isfinite(x))
    x = 0;
  G start = rounds ? std::nearbyint(x) : turned ? std::ceil(x) - 1 : std::floor(x);
  double f = double(x - start), sum = 0;
  for (int k = 0; k < taps.count; ++k) {
    int step = k - (taps.count - 1) / 2;
    G index = start + G(step);
    if ((wide && !masks) || axis.boundary == Boundary::wrap) index = move_inside(index, axis);
    taps.inside[k] = index >= 0 && index <= G(axis.size - 1);
    taps.index[k] = taps.inside[k] ? to_index(index) : 0;
    taps.weight[k] = kernel_at(kernel, f - step, a);
    sum += taps.weight[k];
  }
  if (kernel == Kernel::lanczos2 || kernel == Kernel::lanczos3 || kernel == Kernel::lanczos4)
    for (double& weight : taps.weight) weight /= sum;
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
