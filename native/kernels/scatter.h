// Stage B of the adjoint: points times the weights of their taps, added to the image.
#pragma once

#include "products.h"
#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

// to[k] += weight[k] * value, for k < N
template <class T, int N>
GS_INLINE void add_row(T* to, const T* weight, T value) {
  constexpr int bytes = N * int(sizeof(T));
  if constexpr (N == 1) {
    *to += *weight * value;
  } else if constexpr ((N & (N - 1)) == 0 && bytes <= GS_VECTOR_BYTES) {
    using Row = typename Chunk<T, bytes>::type;
    store(to, load<Row>(to) + load<Row>(weight) * value);
  } else {
    constexpr int half = N == 6 ? 4 : N / 2;
    add_row<T, half>(to, weight, value);
    add_row<T, N - half>(to + half, weight + half, value);
  }
}

// NOTE [neighbours in time]
// Neighbouring points read and write samples that overlap in part, and a load of half of what was just stored must wait until that has
// left for the cache. So points follow each other that are kApart apart, along rows and across them: between a point and
// its neighbours there are then as many others as it takes for stores to leave. Their order is fixed, and with it the sum.
constexpr int kApart = 4;

template <class T, int Dims, int K>
struct Scatter {
  static constexpr int taps = kAllTaps<Dims, K>, rows = taps / K;

  int interior[kTilePoints / kGroup];  // the first points of interior groups, rows that are kApart apart together
  int end[kApart];                     // of those together
  // The taps of edge groups that are inside, one by one.
  int count;
  int16_t point[kTilePoints * taps];
  int64_t offset[kTilePoints * taps];
  T tap_weight[kTilePoints * taps];

  // `weight` is (points, taps).
  void collect(const Tile<T>& tile, int groups_per_row, const T* weight) {
    int interiors = 0;
    for (int together = 0; together < kApart; ++together) {
      for (int g = together * groups_per_row; g < tile.groups; g += kApart * groups_per_row)
        for (int k = g; k < g + groups_per_row; ++k)
          if (tile.kind[k] == kInterior) interior[interiors++] = k * kGroup;
      end[together] = interiors;
    }
    count = 0;
    for (int g = 0; g < tile.groups; ++g)
      if (tile.kind[g] == kEdge)
        for (int t = 0; t < taps; ++t) collect_edge(tile, weight, g * kGroup, t);
  }

  // Tap t of the points of a group.
  void collect_edge(const Tile<T>& tile, const T* weight, int begin, int t) {
    int64_t at[kGroup] = {};
    typename Simd<T>::Int inside[kGroup];
    for (int i = 0; i < kGroup; ++i) inside[i] = 1;
    for (int axis = Dims - 1, left = t; axis >= 0; --axis, left /= K)
      for (int i = 0; i < kGroup; ++i) {
        at[i] += tile.offset[axis][left % K][begin + i];
        inside[i] &= tile.inside[axis][left % K][begin + i];
      }
    for (int i = 0; i < kGroup; ++i) {
      point[count] = int16_t(begin + i);
      offset[count] = at[i];
      tap_weight[count] = weight[(begin + i) * taps + t];
      count += int(inside[i]);
    }
  }

  // Add the values of all points to a plane of the image.
  void add(const Tile<T>& tile, const T* weight, const T* values, T* plane, const int64_t* stride) const {
    T* row_at[rows];
    for (int r = 0; r < rows; ++r) {
      row_at[r] = plane;
      for (int axis = Dims - 2, left = r; axis >= 0; --axis, left /= K) row_at[r] += left % K * stride[axis];
    }
    for (int together = 0, begin = 0; together < kApart; begin = end[together++])
      for (int first = 0, last = end[together]; first < kApart; ++first)
        for (int g = begin; g < last; ++g) {
          int start = interior[g] + first;
#pragma GCC unroll 4
          for (int k = 0; k < kGroup; k += kApart) {
            T value = values[start + k];
            int64_t base = tile.base[start + k];
            const T* of_point = weight + (start + k) * taps;
#pragma GCC unroll 4
            for (int r = 0; r < rows; ++r) add_row<T, K>(row_at[r] + base, of_point + r * K, value);
          }
        }
    for (int t = 0; t < count; ++t) plane[offset[t]] += tap_weight[t] * values[point[t]];
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
