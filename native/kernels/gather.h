// Stage B, sampling: taps to values, one channel at a time. Dimensions, taps and dtype meet here and nowhere else.
#pragma once

#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

template <class T, int K>
GS_INLINE Packed<T, K> times(const Packed<T, K>& a, const Packed<T, K>& w) {
  Packed<T, K> r;
  for (int j = 0; j < K; ++j) r.part[j] = a.part[j] * w.part[j];
  return r;
}

template <class T, int K>
GS_INLINE Packed<T, K> add_times(const Packed<T, K>& sum, const Packed<T, K>& a, const Packed<T, K>& w) {
  Packed<T, K> r;
  for (int j = 0; j < K; ++j) r.part[j] = fma(a.part[j], w.part[j], sum.part[j]);
  return r;
}

// NOTE [the order of sums]
// Every output is sum over axis 0 of w0 (sum over axis 1 of w1 (sum over the last axis ...)) with the last axis summed last, each
// sum from the first tap to the last, the first product rounded and the others fused. Interior and edge groups and all
// ISAs compute exactly this, so a result does not depend on which of them computed it.

// The weighted sum of the rows of taps over all axes but the last; row(r) gives the taps of row r along the last axis, weight(axis,
// k) the weight of tap k, both in the same form. Leading is the number of axes to sum over.
template <int Leading, int K, int Axis = 0, class Row, class Weight>
GS_INLINE auto sum_rows(const Row& row, const Weight& weight, int r = 0) {
  if constexpr (Axis == Leading) {
    return row(r);
  } else {
    auto sum = times(sum_rows<Leading, K, Axis + 1>(row, weight, r * K), weight(Axis, 0));
    for (int k = 1; k < K; ++k)
      sum = add_times(sum, sum_rows<Leading, K, Axis + 1>(row, weight, r * K + k), weight(Axis, k));
    return sum;
  }
}

template <class T, int K>
GS_INLINE Vec<T> sum_last(const Packed<T, K>& taps, const Tile<T>& tile, int axis, int i) {
  if constexpr (K == 1) return taps.part[0];
  Vec<T> sum = taps.part[0] * load<Vec<T>>(&tile.weight[axis][0][i]);
  for (int k = 1; k < K; ++k) sum = fma(taps.part[k], load<Vec<T>>(&tile.weight[axis][k][i]), sum);
  return sum;
}

template <class T, int Dims, int K>
struct Gather {
  static constexpr int lanes = Simd<T>::lanes;
  static constexpr int leading = K == 1 ? 0 : Dims - 1;  // nearest has one row and no weights

  // One vector of points of an interior group.
  static GS_INLINE Vec<T> interior(const T* plane, const int64_t* stride, const Tile<T>& tile, int i) {
    auto row = [&](int r) {
      const T* from = plane;
      for (int axis = leading - 1; axis >= 0; --axis, r /= K) from += r % K * stride[axis];
      return gather_packed<T, K>(from, tile.base + i);
    };
    auto weight = [&](int axis, int k) { return spread<T, K>(load<Vec<T>>(&tile.weight[axis][k][i])); };
    return sum_last(unpack(sum_rows<leading, K>(row, weight)), tile, Dims - 1, i);
  }

  // One vector of points of an edge group: tap by tap, and what is outside is the fill value, unread.
  static Vec<T> edge(const T* plane, T fill, const Tile<T>& tile, int i) {
    auto row = [&](int r) {
      int64_t offset[lanes] = {};
      uint8_t inside[lanes];
      for (int l = 0; l < lanes; ++l) inside[l] = 1;
      for (int axis = Dims - 2; axis >= 0; --axis, r /= K)
        for (int l = 0; l < lanes; ++l) {
          offset[l] += tile.offset[axis][r % K][i + l];
          inside[l] &= tile.inside[axis][r % K][i + l];
        }
      Packed<T, K> taps;
      for (int k = 0; k < K; ++k) {
        alignas(64) T value[lanes];
        for (int l = 0; l < lanes; ++l) {
          T read = plane[offset[l] + tile.offset[Dims - 1][k][i + l]];
          value[l] = inside[l] & tile.inside[Dims - 1][k][i + l] ? read : fill;
        }
        taps.part[k] = load<Vec<T>>(value);
      }
      return taps;
    };
    auto weight = [&](int axis, int k) {
      Packed<T, K> w;
      for (int j = 0; j < K; ++j) w.part[j] = load<Vec<T>>(&tile.weight[axis][k][i]);
      return w;
    };
    return sum_last(sum_rows<leading, K>(row, weight), tile, Dims - 1, i);
  }

  // All points of a tile in one channel, to consecutive places of `to`, which has room for whole groups.
  static void run(const T* plane, const int64_t* stride, T fill, const Tile<T>& tile, T* to) {
    for (int g = 0; g < tile.groups; ++g) {
      int begin = g * kGroup, end = begin + kGroup;
      if (tile.kind[g] == kInterior) {
        for (int i = begin; i < end; i += lanes) store(to + i, interior(plane, stride, tile, i));
      } else if (tile.kind[g] & kOutside) {
        for (int i = begin; i < end; i += lanes) store(to + i, broadcast(fill));
      } else {
        for (int i = begin; i < end; i += lanes) store(to + i, edge(plane, fill, tile, i));
      }
    }
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
