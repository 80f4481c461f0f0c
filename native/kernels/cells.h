// Stage B of the adjoint: points times the weights of their taps, summed into the box of a tile.
#pragma once

#include "products.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [cells]
// All points whose first tap is the same sample belong to its cell. A cell holds one sum for every tap and channel, side by side, so
// that a point is one multiplication and one addition of whole vectors to memory that no other cell shares: no two points
// write half of what a third one reads, which the processor would have to wait for. Afterwards the cells are folded into samples,
// axis by axis: sample i is the first tap of cell i, the second one of cell i - 1, and so on. A tile has hardly more cells than points.
template <class T, int Dims, int K, int Channels>
struct Cells {
  using V = Vec<T>;
  static constexpr int lanes = Simd<T>::lanes, taps = kAllTaps<Dims, K>, size = taps * Channels;

  // In memory order: number n of every vector in turn, for vectors of a power of two.
  template <int N>
  static GS_INLINE void interleave(V* v) {
    for (int n = N; n > 1; n /= 2) {
      V next[N];
      for (int i = 0; i < N / 2; ++i) {
        next[2 * i] = zip<0>(v[i], v[i + N / 2], std::make_integer_sequence<int, lanes>{});
        next[2 * i + 1] = zip<1>(v[i], v[i + N / 2], std::make_integer_sequence<int, lanes>{});
      }
      for (int i = 0; i < N; ++i) v[i] = next[i];
    }
  }
  template <int Half, int... L>
  static GS_INLINE V zip(V a, V b, std::integer_sequence<int, L...>) {
    return __builtin_shufflevector(a, b, (Half * lanes / 2 + L / 2 + L % 2 * lanes)...);
  }

  template <int... L>
  static GS_INLINE V repeat_each(V v, std::integer_sequence<int, L...>) {
    return __builtin_shufflevector(v, v, (L / Channels)...);
  }
  template <int... L>
  static GS_INLINE V repeat_all(V v, std::integer_sequence<int, L...>) {
    return __builtin_shufflevector(v, v, (L % Channels)...);
  }

  // cell += weights of the taps * values of the channels
  static GS_INLINE void add_point(T* cell, const T* weight, const T* value) {
    constexpr auto all = std::make_integer_sequence<int, lanes>{};
    if constexpr (size < lanes && Channels == 1) {
      using Small = typename Chunk<T, size * int(sizeof(T))>::type;
      store(cell, load<Small>(cell) + load<Small>(weight) * *value);
    } else if constexpr (size < lanes) {
      using Small = typename Chunk<T, Channels * int(sizeof(T))>::type;
      for (int t = 0; t < taps; ++t)
        store(cell + t * Channels, load<Small>(cell + t * Channels) + load<Small>(value) * weight[t]);
    } else if constexpr (Channels == 1) {
      V g = broadcast(*value);
      for (int j = 0; j < size; j += lanes) store(cell + j, load<V>(cell + j) + load<V>(weight + j) * g);
    } else if constexpr (lanes <= Channels) {
      for (int j = 0; j < size; j += lanes)
        store(cell + j, load<V>(cell + j) + broadcast(weight[j / Channels]) * load<V>(value + j % Channels));
    } else {
      V g = repeat_all(load<V>(value), all);
      for (int j = 0; j < size; j += lanes)
        store(cell + j, load<V>(cell + j) + repeat_each(load<V>(weight + j / Channels), all) * g);
    }
  }

  // One axis of cells to samples: from (outer, n, inner, K, Each) to (outer, n + K - 1, inner, Each).
  template <int Each>
  static void fold_axis(const T* from, int outer, int n, int inner, T* to) {
    int whole = inner * K * Each;  // of all cells at one index of the axis
    for (int o = 0; o < outer; ++o, from += n * whole)
      for (int i = 0; i < n + K - 1; ++i, to += inner * Each) {
        int first = i < n ? 0 : i - n + 1, last = i < K ? i : K - 1;
        const T* cell = from + (i - first) * whole + first * Each;
        for (int r = 0; r < inner; ++r)
          for (int e = 0; e < Each; ++e) to[r * Each + e] = cell[r * K * Each + e];
        for (int k = first + 1; k <= last; ++k) {
          cell += Each - whole;
          for (int r = 0; r < inner; ++r)
            for (int e = 0; e < Each; ++e) to[r * Each + e] += cell[r * K * Each + e];
        }
      }
  }

  // The last axis, from (outer, n, K, Channels) to the first `wanted` channels of (Channels, outer, n + K - 1).
  static void fold_last(const T* from, int outer, int n, int wanted, T* to) {
    int columns = n + K - 1;
    int64_t plane = int64_t(outer) * columns;
    for (int o = 0; o < outer; ++o, from += n * K * Channels, to += columns)
      for (int c = 0; c < wanted; ++c) {
        T* row = to + c * plane;
        const T* cell = from + c;
        for (int i = 0; i < n; ++i) row[i] = cell[i * K * Channels];
        for (int i = n; i < columns; ++i) row[i] = 0;
        for (int k = 1; k < K; ++k)
          for (int i = 0; i < n; ++i) row[i + k] += cell[(i * K + k) * Channels];
      }
  }

  // All axes. `other` has room for as many numbers as `cells`, and both are used up.
  static void fold(T* cells, T* other, const int* n, int wanted, T* to) {
    if constexpr (Dims == 1) {
      fold_last(cells, 1, n[0], wanted, to);
    } else if constexpr (Dims == 2) {
      fold_axis<K * Channels>(cells, 1, n[0], n[1], other);
      fold_last(other, n[0] + K - 1, n[1], wanted, to);
    } else {
      fold_axis<K * K * Channels>(cells, 1, n[0], n[1] * n[2], other);
      fold_axis<K * Channels>(other, n[0] + K - 1, n[1], n[2], cells);
      fold_last(cells, (n[0] + K - 1) * (n[1] + K - 1), n[2], wanted, to);
    }
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
