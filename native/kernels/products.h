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

  static constexpr int planes = K <= 2 && Dims == 2 && sizeof(T) == 4 ? 4 : 1;  // at once, at most

  // Some channels of an image.
  template <int Planes>
  struct Source {
    const T* row_at[Planes][rows];
    T outside[Planes];
  };

  template <int Planes, bool Instruction, int... J>
  static GS_INLINE void interior(const Source<Planes>& from, const Tile<T>& tile, int i, V (*tap)[taps], std::integer_sequence<int, J...>) {
    constexpr int bytes = K * int(sizeof(T));
    V part[Planes][rows][K];
    auto read = [&](auto j) GS_ALWAYS {
      if constexpr (!Instruction && bytes < GS_VECTOR_BYTES) {
        V row[Planes * rows];
        gather_places<bytes, GS_VECTOR_BYTES, Planes * rows>(*from.row_at, tile.base + i + j * lanes / K, row);
GS_UNROLL(16)
        for (int r = 0; r < Planes * rows; ++r) part[r / rows][r % rows][j] = row[r];
      } else {
GS_UNROLL(16)
        for (int r = 0; r < Planes * rows; ++r) part[r / rows][r % rows][j] = gather_part<T, K, j, Instruction>(from.row_at[r / rows][r % rows], tile.base + i);
      }
    };
    (read(std::integral_constant<int, J>{}), ...);
GS_UNROLL(16)
    for (int r = 0; r < Planes * rows; ++r) unpack<T, K>(part[r / rows][r % rows], tap[r / rows] + r % rows * K);
  }

  static __attribute__((noinline)) void edge(const T* plane, T outside, const Tile<T>& tile, int i, V* tap) {
    for (int t = 0; t < taps; ++t) {
      alignas(64) int64_t offset[lanes] = {};
      typename Simd<T>::I inside = ~typename Simd<T>::I{};
      for (int axis = Dims - 1, left = t; axis >= 0; --axis, left /= K) {
        for (int l = 0; l < lanes; ++l) offset[l] += tile.offset[axis][left % K][i + l];
        inside &= load<typename Simd<T>::I>(&tile.inside[axis][left % K][i]);
      }
      tap[t] = inside ? gather_part<T, 1, 0>(plane, offset) : broadcast(outside);
    }
  }

  static __attribute__((noinline)) void edge_pairs(const T* const* row_at, T outside, const Tile<T>& tile, int i, V* tap) {
    if constexpr (K == 2) Gather<T, Dims, K, false>::pair_taps(row_at, outside, tile, i, tap);
  }

  // The taps of the points of a vector, of a group that is not outside; by gather instructions, where there are, if they are fast.
  template <int Planes>
  static GS_INLINE void read(const Source<Planes>& from, bool gathers, const Tile<T>& tile, int i, V (*tap)[taps]) {
    constexpr auto parts = std::make_integer_sequence<int, K>{};
    if constexpr (K <= kPackedTaps)
      if (tile.kind[i / kGroup] == kInterior) {
        if constexpr (can_gather<T, K>())
          if (gathers) return interior<Planes, true>(from, tile, i, tap, parts);
        return interior<Planes, false>(from, tile, i, tap, parts);
      }
    for (int p = 0; p < Planes; ++p)
      tile.pairs ? edge_pairs(from.row_at[p], from.outside[p], tile, i, tap[p]) : edge(from.row_at[p][0], from.outside[p], tile, i, tap[p]);
  }

  // The sum of taps times weight(axis, k), the last axis first.
  template <int Axis = Dims - 1, class Weight>
  static GS_INLINE V weigh(const V* tap, const Weight& weight) {
    if constexpr (Axis < 0) {
      return *tap;
    } else {
      constexpr int left = kAllTaps<Axis, K>;
      V sum[left];
      each<left>([&](auto r) GS_ALWAYS {
        sum[r] = tap[r * K] * weight(Axis, 0);
GS_UNROLL(8)
        for (int k = 1; k < K; ++k) sum[r] = fma(tap[r * K + k], weight(Axis, k), sum[r]);
      });
      return weigh<Axis - 1>(sum, weight);
    }
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
