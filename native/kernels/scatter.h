// Stage B of the adjoint: points times the weights of their taps, added to the image.
#pragma once

#include "products.h"
#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

// to[k] += from[k], for k < N
template <class T, int N>
GS_INLINE void add_row(T* to, const T* from) {
  if constexpr (N == 1) {
    *to += *from;
  } else if constexpr (N * int(sizeof(T)) <= GS_VECTOR_BYTES) {
    using Row = typename Chunk<T, N * int(sizeof(T))>::type;
    store(to, load<Row>(to) + load<Row>(from));
  } else {
    add_row<T, N / 2>(to, from);
    add_row<T, N / 2>(to + N / 2, from + N / 2);
  }
}

// Add two pairs of products, which lie side by side, to two pairs of samples. If these are the same, since there is one row, the second pair
// of products is 0, so that the first is written last.
GS_INLINE void add_two_rows(float* first, float* second, const float* products) {
  using Pair = Piece<8>::type;
  typedef double Pairs __attribute__((vector_size(16)));
  using Sum = Chunk<float, 16>::type;
  Pairs sum = {*reinterpret_cast<const Pair*>(first), *reinterpret_cast<const Pair*>(second)};
  sum = bits_as<Pairs>(bits_as<Sum>(sum) + load<Sum>(products));
  *reinterpret_cast<Pair*>(second) = sum[1];
  *reinterpret_cast<Pair*>(first) = sum[0];
}

// NOTE [neighbours in time]
// Neighbouring points read and write samples that overlap in part, and a load of half of what was just stored must wait until that has
// left for the cache. So points follow each other that are kApart apart, along rows and across them: between a point and
// its neighbours there are then as many others as it takes for stores to leave. Their order is fixed, and with it the sum.
constexpr int kApart = 4;

template <class T, int Dims, int K>
struct Scatter {
  static constexpr int taps = kAllTaps<Dims, K>, rows = taps / K;

  // The first points of groups that are added a row of taps at a time: interior ones, and those that are read as pairs. Rows
  // that are kApart apart together.
  int64_t whole[kTilePoints / kGroup];
  int end[kApart];  // of those together
  // The taps of other groups that are inside, one by one.
  int count;
  int16_t point[kTilePoints * taps];
  int64_t offset[kTilePoints * taps];
  T tap_weight[kTilePoints * taps];

  // Where the rows of taps begin, for so many elements to a sample.
  static void find_rows(const int64_t* stride, int64_t elements, int64_t* row_at) {
    for (int r = 0; r < rows; ++r) {
      row_at[r] = 0;
      for (int axis = Dims - 2, left = r; axis >= 0; --axis, left /= K) row_at[r] += left % K * stride[axis] * elements;
    }
  }

  static bool is_whole(const Tile<T>& tile, int group) {
    return tile.kind[group] == kInterior || (tile.pairs && tile.kind[group] == kEdge);
  }

  // `weight` is (points, taps).
  GS_HOT void collect(const Tile<T>& tile, const T* weight) {
    int wholes = 0;
    for (int together = 0; together < kApart; ++together) {
      for (int g = together * tile.row_groups; g < tile.groups; g += kApart * tile.row_groups)
        for (int k = g; k < g + tile.row_groups; ++k)
          if (is_whole(tile, k)) whole[wholes++] = k * kGroup;
      end[together] = wholes;
    }
    count = 0;
    for (int g = 0; g < tile.groups; ++g)
      if (!tile.pairs && tile.kind[g] == kEdge)
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

  // visit(point) for every point of the whole groups.
  template <class Visit>
  GS_INLINE void each_whole(const Visit& visit) const {
    for (int together = 0, begin = 0; together < kApart; begin = end[together++])
      for (int first = 0, last = end[together]; first < kApart; ++first)
        for (int g = begin; g < last; ++g) {
          int64_t start = whole[g] + first;
GS_UNROLL(4)
          for (int k = 0; k < kGroup; k += kApart) visit(start + k);
        }
  }

  // Add points to a plane of the image; `products` are the weights of their taps, multiplied by their values, as they are collected.
  void add(const Tile<T>& tile, const T* products, T* plane, const int64_t* stride) const {
    if constexpr (K <= kPackedTaps) {  // others have no whole groups
      int64_t row_at[rows];
      find_rows(stride, 1, row_at);
      each_whole([&](int64_t i) GS_ALWAYS {
        T* at = plane + tile.base[i];
        const T* of_point = products + i * taps;
        if constexpr (K == 2 && Dims > 1 && sizeof(T) == 4)
          each<rows / 2>([&](auto r) GS_ALWAYS { add_two_rows(at + row_at[2 * r], at + row_at[2 * r + 1], of_point + r * 4); });
        else
          each<rows>([&](auto r) GS_ALWAYS { add_row<T, K>(at + row_at[r], of_point + r * K); });
      });
    }
    for (int t = 0; t < count; ++t) plane[offset[t]] += tap_weight[t];
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
