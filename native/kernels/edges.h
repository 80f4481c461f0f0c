// Stage A, the end of it for groups some of whose taps are outside: from the indices of taps to what stage B reads.
#pragma once

#include "../plan.h"
#include "axis.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [moved windows]
// Where a tap outside is nothing, or another sample near the edge, all samples that a point has weights for are in a window of as many
// samples as the kernel has taps: that whose first is the first of them, or the last one inside. Each sample there gets the weights of
// the taps that fall on it, and the group is read as if it were inside, which takes a fraction of reading it tap by tap. Samples that no tap falls on
// have weight 0, of which a number that is not finite makes NaN: groups of floating-point samples that have some are read again,
// tap by tap, without those (kInWindow), where weights are of samples too, so that the sums are the same; as they are in every layout, side by side or not.
// Which plans do so: Plan::windows.
template <class T, class G>
struct Windows {
  using At = typename Simd<G>::Int;
  using Int = typename Simd<T>::Int;

  // Of the taps along one axis of the points of a group, whose indices are `at`.
  static __attribute__((noinline)) void move(At (*at)[kGroup], int taps, At last, int which, int begin, Tile<T>& tile) {
    alignas(64) Int from_first[kMaxTaps][kGroup];
    for (int i = 0; i < kGroup; i += Simd<G>::lanes) {
      using I = typename Simd<G>::I;
      I first = last - I{};
      for (int k = 0; k < taps; ++k) {
        I index = load<I>(at[k] + i);
        first = index < first ? index : first;
      }
      for (int k = 0; k < taps; ++k) {
        I from = load<I>(at[k] + i) - first;
        from = from < At(taps) ? from : I{} + At(taps - 1);  // beyond the whole numbers of G, neighbours may be two samples apart
        store(from_first[k] + i, __builtin_convertvector(from, typename Ints<Int, Simd<G>::lanes>::type));
        store(at[k] + i, first + At(k));
      }
    }
    for (int i = 0; i < kGroup; i += Simd<T>::lanes) {
      using I = typename Simd<T>::I;
      Vec<T> weight[kMaxTaps];
      I falls_on[kMaxTaps];
      for (int k = 0; k < taps; ++k) {
        weight[k] = load<Vec<T>>(&tile.weight[which][k][begin + i]);
        falls_on[k] = load<I>(&tile.inside[which][k][begin + i]) ? load<I>(from_first[k] + i) : I{} - 1;
      }
      for (int sample = 0; sample < taps; ++sample) {
        Vec<T> sum{};
        I any{};
        for (int k = 0; k < taps; ++k) {
          I on = falls_on[k] == Int(sample);
          sum += on ? weight[k] : Vec<T>{};
          any |= on;
        }
        store(&tile.weight[which][sample][begin + i], sum);
        store(&tile.inside[which][sample][begin + i], any);
      }
    }
  }
};

// The taps of the points of an edge group along one axis: the offset of every tap, and whether it is inside.
template <class T, class G, class Boundary>
struct EdgeTaps {
  using V = Vec<G>;

  // The index of a tap, moved inside; of narrow kernels, that was done to the coordinate.
  static GS_INLINE V index(V index, bool wide, Span<G> span) {
    if (wide) return Boundary::index(index, span);
    if constexpr (Boundary::cyclic) return index > span.last ? index - span.size : index;
    return index;
  }

  // `starts` are what fractions are counted from, `first` the first tap from there.
  static __attribute__((noinline)) void put(const G* starts, const Axis& axis, int first, int taps, bool windows, int which, int group, Tile<T>& tile) {
    Span<G> span = make_span<G>(axis.size);
    alignas(64) typename Simd<G>::Int at[kMaxTaps][kGroup];
    const int begin = group * kGroup;
    bool inside = true;
    for (int i = 0; i < kGroup; i += Simd<G>::lanes) {
      V start = load<V>(starts + begin + i);
      inside &= lanes_within(start, broadcast(G(-first)), broadcast(span.last - G(first + taps - 1))) == Simd<G>::all;
      for (int k = 0; k < taps; ++k) {
        V to = index(start + G(first + k), taps > 2, span);
        store(&tile.inside[which][k][begin + i], lanes_as<typename Simd<T>::Int>((to >= 0) & (to <= span.last)));
        store(&at[k][i], to_int(boundary::clamp(to, G(0), span.last)));
      }
    }
    if (windows && !inside) Windows<T, G>::move(at, taps, typename Simd<G>::Int(axis.size - taps), which, begin, tile);
    for (int k = 0; k < taps; ++k)
      for (int i = 0; i < kGroup; ++i) tile.offset[which][k][begin + i] = at[k][i] * axis.stride;
  }
};

// Where the windows of the points of a group begin. It is read so unless their samples do not lie side by side, or those that are touched after them may
// be past the last one: those after the end of a row are the next row's, which is no harm.
template <class T>
GS_INLINE void place_windows(const Plan& plan, int group, Tile<T>& tile) {
  const Problem& p = plan.problem;
  const int taps = taps_of(p.kernel);
  int64_t last = -plan.spare_samples * p.axis[p.ndim - 1].stride;
  bool inside = true, forward = true;
  for (int a = 0; a < p.ndim; ++a) {
    last += (p.axis[a].size - taps) * p.axis[a].stride;
    forward &= p.axis[a].stride > 0;
  }
  for (int i = group * kGroup; i < (group + 1) * kGroup; ++i) {
    tile.base[i] = 0;
    for (int a = 0; a < p.ndim; ++a) tile.base[i] += tile.offset[a][0][i];
    inside &= tile.base[i] <= last;
  }
  if (!plan.tap_by_tap && (plan.spare_samples == 0 || (inside && forward))) tile.kind[group] = plan.finite ? kInterior : kInWindow;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
