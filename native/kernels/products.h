// Stage B of derivatives, reading: the taps of points, and what weights and their derivatives make of them.
#pragma once

#include "../derivatives.h"
#include "gather.h"
#include "jets.h"

namespace gs {
namespace GS_ISA {
namespace {

template <int Dims, int K>
constexpr int kAllTaps = K * kAllTaps<Dims - 1, K>;
template <int K>
constexpr int kAllTaps<0, K> = 1;

// A number and how it changes along the direction of a second derivative.
template <class V>
struct Dual {
  V value, change;
};

// NOTE [products of taps]
// All derivatives of a sample are sums of the same taps with other weights: products over the axes of w, w' or w''. So for each point
// the sum over channels of gradient times tap is formed once for every tap, one multiplication each, and whatever is wanted
// of the coordinates comes from these few numbers, however many channels there were. Taps are numbered with the last axis fastest.
template <class T, int Dims, int K>
struct Products {
  using V = Vec<T>;
  static constexpr int lanes = Simd<T>::lanes, taps = kAllTaps<Dims, K>, rows = taps / K;

  struct Source {
    const T* plane;
    const T* row_at[rows];
    T outside;
    bool gathers;  // by gather instructions, where there are

    Source(const T* from, const int64_t* stride, T fill, bool gathers) : plane(from), outside(fill), gathers(gathers) {
      for (int r = 0; r < rows; ++r) {
        row_at[r] = plane;
        for (int axis = Dims - 2, left = r; axis >= 0; --axis, left /= K) row_at[r] += left % K * stride[axis];
      }
    }
  };

  template <bool Instruction, int... J>
  static GS_INLINE void interior(const Source& from, const Tile<T>& tile, int i, V* tap, std::integer_sequence<int, J...>) {
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      V part[] = {gather_part<T, K, J, Instruction>(from.row_at[r], tile.base + i)...};
      unpack<T, K>(part, tap + r * K);
    }
  }

  static __attribute__((noinline)) void edge(const Source& from, const Tile<T>& tile, int i, V* tap) {
    for (int t = 0; t < taps; ++t) {
      alignas(64) int64_t offset[lanes] = {};
      typename Simd<T>::I inside = ~typename Simd<T>::I{};
      for (int axis = Dims - 1, left = t; axis >= 0; --axis, left /= K) {
        for (int l = 0; l < lanes; ++l) offset[l] += tile.offset[axis][left % K][i + l];
        inside &= load<typename Simd<T>::I>(&tile.inside[axis][left % K][i]);
      }
      tap[t] = inside ? gather_part<T, 1, 0>(from.plane, offset) : broadcast(from.outside);
    }
  }

  // The taps of the points of a vector, of a group that is not outside.
  static GS_INLINE void read(const Source& from, const Tile<T>& tile, int i, V* tap) {
    constexpr auto parts = std::make_integer_sequence<int, K>{};
    if constexpr (K <= kPackedTaps)
      if (tile.kind[i / kGroup] == kInterior) {
        if constexpr (can_gather<T, K>())
          if (from.gathers) return interior<true>(from, tile, i, tap, parts);
        return interior<false>(from, tile, i, tap, parts);
      }
    edge(from, tile, i, tap);
  }

  // The sum of taps times weight(axis, k), the last axis first; `tap` is overwritten.
  template <class Weight>
  static GS_INLINE V weigh(V* tap, const Weight& weight) {
    for (int axis = Dims - 1, left = rows; axis >= 0; --axis, left /= K)
      for (int r = 0; r < left; ++r) {
        V sum = tap[r * K] * weight(axis, 0);
        for (int k = 1; k < K; ++k) sum = fma(tap[r * K + k], weight(axis, k), sum);
        tap[r] = sum;
      }
    return tap[0];
  }

  // How that sum changes, for weights that change.
  template <class Weight>
  static GS_INLINE V weigh_change(const V* tap, const Weight& weight) {
    Dual<V> sum[rows];
    for (int axis = Dims - 1, left = rows; axis >= 0; --axis, left /= K)
      for (int r = 0; r < left; ++r) {
        Dual<V> total{V{}, V{}};
        for (int k = 0; k < K; ++k) {
          Dual<V> w = weight(axis, k);
          if (axis == Dims - 1) {
            total.value = fma(tap[r * K + k], w.value, total.value);
            total.change = fma(tap[r * K + k], w.change, total.change);
          } else {
            Dual<V> x = sum[r * K + k];
            total.value = fma(x.value, w.value, total.value);
            total.change = fma(x.value, w.change, fma(x.change, w.value, total.change));
          }
        }
        sum[r] = total;
      }
    return sum[0].change;
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
