// Stage B, planes of float32 read linearly where the map is level: groups whose taps lie in short pieces of two rows of samples.
#pragma once

#include "sink.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [windows of level groups]
// The points of a group of a level map mostly lie in one row of samples, side by side. Then all their taps are in two vectors of that row and
// two of the next, and picking them from there is three times as fast as loading them from as many addresses as there are points. Such a
// group is found once for all channels, by its offsets. Its values are what others' are, to the bit: the same taps, weights and order.
// Groups in two rows were tried too: they read what none of their points needs, and had to wait for it.
struct LevelGroup {
  alignas(64) int32_t place[kGroup];  // of a point's first tap, in the window
  GroupPlace group;
  int64_t first;       // offset of the window's first sample
  unsigned low, high;  // bits of the samples that are read, in its two vectors
};

// Whether there is code for that.
template <class S, int Dims, int K>
constexpr bool kReadsWindows =
#ifdef GS_WINDOWS
    __is_same(S, float) && Dims == 2 && K == 2;
#else
    false;
#endif

#ifdef GS_WINDOWS
constexpr int kWindow = 2 * kGroup;            // samples
constexpr int64_t kLeastStride = 2 * kWindow;  // rows so far apart that no point of another row is taken for one of the window

inline bool may_have_windows(const Problem& p) {
  return p.ndim == 2 && p.kernel == gs::Kernel::linear && p.axis[0].stride >= kLeastStride && p.axis[1].stride == 1 &&
         p.axis[0].size * p.axis[0].stride <= INT32_MAX;
}

// Whether a group may be one; most of maps that are not level are none.
GS_INLINE bool may_be_window(const int64_t* base) {
  int64_t across = base[kGroup - 1] - base[0];
  return across < kWindow && across > -kWindow;
}

// Whether such a group can be read so; offsets differ by what 32 bits hold.
GS_INLINE bool find_window(const int64_t* base, LevelGroup& window) {
  using I = Simd<float>::I;
  using Long = Simd<double>::I;
  constexpr int half = Simd<double>::lanes;
  static_assert(Simd<float>::lanes == kGroup);
  Long origin = base[0] - Long{};
  auto low = __builtin_convertvector(load<Long>(base) - origin, Ints<int32_t, half>::type);
  auto high = __builtin_convertvector(load<Long>(base + half) - origin, Ints<int32_t, half>::type);
  I at = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  int32_t lowest = lowest_of(at);
  int64_t span = int64_t(highest_of(at)) - lowest;  // to the last of the first taps
  if (span > kWindow - 2) return false;
  store(window.place, at - lowest);
  window.first = base[0] + lowest;
  uint64_t bits = (uint64_t{4} << span) - 1;
  window.low = unsigned(bits & Simd<float>::all);
  window.high = unsigned(bits >> kGroup & Simd<float>::all);
  return true;
}

// The values of such a group, in the plane from `plane` on.
GS_INLINE Vec<float> read_window(const float* plane, int64_t stride, const LevelGroup& window, const Vec<float> (*weight)[2]) {
  Vec<float> row[2][2], sum[2];
  each<2>([&](auto r) GS_ALWAYS {
    row[r][0] = load_some(plane + window.first + r * stride, window.low);
    row[r][1] = load_some(plane + window.first + r * stride + kGroup, window.high);
  });
  each<2>([&](auto k) GS_ALWAYS {
    auto place = load<Simd<float>::I>(window.place) + int32_t(k);
    sum[k] = fma(pick(row[1][0], row[1][1], place), weight[0][1], pick(row[0][0], row[0][1], place) * weight[0][0]);
  });
  return fma(sum[1], weight[1][1], sum[0] * weight[1][0]);
}
#endif

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
