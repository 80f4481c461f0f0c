// Stage B, sampling: taps to values, one channel at a time. Dimensions, taps and dtype meet here and nowhere else.
#pragma once

#include "packed.h"
#include "sink.h"
#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [the order of sums]
// Every output is sum over axis 0 of w0 (sum over axis 1 of w1 (sum over the last axis ...)) with the last axis summed last, each
// sum from the first tap to the last, the first product rounded and the others fused. Interior and edge groups and all
// ISAs compute exactly this, so a result does not depend on which of them computed it.

// first + sum of term(k) for k from 1 on; as a loop in the machine code where writing every term out would make too much of it.
template <int K, bool Rolled, class Sum, class Add>
GS_INLINE Sum add_terms(Sum sum, const Add& add) {
  if constexpr (Rolled) {
#pragma GCC unroll 1
    for (int k = 1; k < K; ++k) sum = add(sum, k);
  } else {
#pragma GCC unroll 4
    for (int k = 1; k < K; ++k) sum = add(sum, k);
  }
  return sum;
}

// The weighted sum of the rows of taps over all axes but the last: row(r) gives the values of row r, weight(axis, k) the weight of
// tap k of an axis, both in the same form. Leading is the number of axes to sum over.
template <int Leading, int K, bool Rolled = ((Leading > 1 && K > 2) || K > 4), int Axis = 0, class Row, class Weight>
GS_INLINE auto sum_rows(const Row& row, const Weight& weight, int r = 0) {
  if constexpr (Axis == Leading || K == 1) {  // the one tap of nearest has no weight
    return row(r);
  } else {
    auto term = [&](int k) GS_ALWAYS { return sum_rows<Leading, K, Rolled, Axis + 1>(row, weight, r * K + k); };
    return add_terms<K, Rolled>(term(0) * weight(Axis, 0), [&](auto sum, int k) GS_ALWAYS { return fma(term(k), weight(Axis, k), sum); });
  }
}

template <int K, class T, int Packed>
GS_INLINE Vec<T> sum_last(const Taps<T, Packed>& taps, const Tile<T>& tile, int axis, int i) {
  if constexpr (K == 1) return taps.at[0];
  Vec<T> sum = taps.at[0] * load<Vec<T>>(&tile.weight[axis][0][i]);
  for (int k = 1; k < K; ++k) sum = fma(taps.at[k], load<Vec<T>>(&tile.weight[axis][k][i]), sum);
  return sum;
}

// Lanes are points, one channel at a time. Instruction: by the processor's gather instruction.
template <class S, int Dims, int K, bool Instruction>
struct Gather {
  using T = typename Computed<S>::type;
  static constexpr int lanes = Simd<T>::lanes, packed = packed_taps(K);
  static constexpr int rows = Dims == 3 ? K * K : Dims == 2 ? K : 1;

  template <int J>
  static GS_INLINE Vec<T> part(const S* const* row_at, const Tile<T>& tile, int i) {
    auto row = [&](int r) GS_ALWAYS { return gather_part<S, packed, J, Instruction>(row_at[r], tile.base + i); };
    auto weight = [&](int axis, int k) GS_ALWAYS {
      return spread_part<T, packed, J>(load<Vec<T>>(&tile.weight[axis][k][i]), std::make_integer_sequence<int, lanes>{});
    };
    return sum_rows<Dims - 1, K>(row, weight);
  }

  // One vector of points of an interior group. Part by part, so that a point's offset is loaded once for all rows.
  template <int... J>
  static GS_INLINE Vec<T> interior(const S* const* row_at, const Tile<T>& tile, int i, std::integer_sequence<int, J...>) {
    Taps<T, packed> parts{{part<J>(row_at, tile, i)...}}, taps;
    unpack<T, packed>(parts.at, taps.at);
    return sum_last<K>(taps, tile, Dims - 1, i);
  }

  // One vector of points of an edge group: tap by tap, and what is outside is the fill value, whatever was read in its place.
  static __attribute__((noinline)) Vec<T> edge(const S* plane, T fill, const Tile<T>& tile, int i) {
    using Int = typename Simd<T>::I;
    using Offsets = typename Simd<double>::I;
    constexpr int step = Simd<double>::lanes;
    Taps<T, K> taps;
#pragma GCC unroll 1
    for (int k = 0; k < K; ++k) {
      auto row = [&](int r) GS_ALWAYS {
        alignas(64) int64_t offset[lanes];
        const int64_t* along[kMaxDim] = {&tile.offset[Dims - 1][k][i]};
        Int inside = load<Int>(&tile.inside[Dims - 1][k][i]);
        for (int axis = Dims - 2; axis >= 0; --axis, r /= K) {
          along[Dims - 1 - axis] = &tile.offset[axis][r % K][i];
          inside &= load<Int>(&tile.inside[axis][r % K][i]);
        }
        for (int l = 0; l < lanes; l += step) {
          Offsets sum = load<Offsets>(along[0] + l);
          for (int axis = 1; axis < Dims; ++axis) sum += load<Offsets>(along[axis] + l);
          store(offset + l, sum);
        }
        return inside ? gather_part<S, 1, 0, Instruction && can_gather<S, 1>()>(plane, offset) : broadcast(fill);
      };
      auto weight = [&](int axis, int w) GS_ALWAYS { return load<Vec<T>>(&tile.weight[axis][w][i]); };
      taps.at[k] = sum_rows<Dims - 1, K, true>(row, weight);
    }
    return sum_last<K>(taps, tile, Dims - 1, i);
  }

  // The same, from pairs of samples that are all inside: a tap that is outside is none of its pair.
  static __attribute__((noinline)) Vec<T> edge_pairs(const S* const* row_at, T fill, const Tile<T>& tile, int i) {
    Vec<T> tap[rows * K], outside = broadcast(fill);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
      Vec<T> parts[] = {gather_part<S, 2, 0, Instruction>(row_at[r], tile.base + i), gather_part<S, 2, 1, Instruction>(row_at[r], tile.base + i)};
      unpack<T, 2>(parts, tap + r * K);
    }
#pragma GCC unroll 3
    for (int axis = Dims - 1, apart = 1; axis >= 0; --axis, apart *= 2) {
      auto shift = load<typename Simd<T>::I>(&tile.shift[axis][i]);
#pragma GCC unroll 8
      for (int t = 0; t < rows * K; ++t)
        if (!(t & apart)) {
          Vec<T> low = tap[t], high = tile.lone[axis] ? outside : tap[t + apart];
          tap[t] = shift == 0 ? low : shift == 1 ? high : outside;
          tap[t + apart] = shift == 0 ? high : shift == -1 ? low : outside;
        }
    }
    auto weight = [&](int axis, int w) GS_ALWAYS { return load<Vec<T>>(&tile.weight[axis][w][i]); };
    Taps<T, K> taps;
#pragma GCC unroll 2
    for (int k = 0; k < K; ++k)
      taps.at[k] = sum_rows<Dims - 1, K>([&](int r) GS_ALWAYS { return tap[r * K + k]; }, weight);
    return sum_last<K>(taps, tile, Dims - 1, i);
  }

  template <class Put>
  static GS_INLINE void group(const S* plane, const S* const* row_at, T fill, const Tile<T>& tile, int g, const Put& put) {
    int begin = g * kGroup;
    if (tile.kind[g] == kInterior) {
      for (int i = 0; i < kGroup; i += lanes) put(i, interior(row_at, tile, begin + i, std::make_integer_sequence<int, packed>{}));
    } else if (tile.kind[g] & kOutside) {
      for (int i = 0; i < kGroup; i += lanes) put(i, broadcast(fill));
    } else if (K == 2 && tile.pairs) {
      if constexpr (K == 2)
        for (int i = 0; i < kGroup; i += lanes) put(i, edge_pairs(row_at, fill, tile, begin + i));
    } else {
      for (int i = 0; i < kGroup; i += lanes) put(i, edge(plane, fill, tile, begin + i));
    }
  }

  // Ask for the samples that run() will read. Every fourth point will do, since its neighbours mostly share its cache line, and
  // only the first of the rows along the last axis but one: the others are first rows of points nearby.
  static void prefetch(const S* plane, const int64_t* stride, const Tile<T>& tile) {
    for (int k = 0; k < (Dims == 3 ? K : 1); ++k, plane += stride[0])
      for (int g = 0; g < tile.groups; ++g)
        if (tile.kind[g] == kInterior || (tile.pairs && tile.kind[g] == kEdge))
          for (int i = g * kGroup; i < (g + 1) * kGroup; i += 4) __builtin_prefetch(plane + tile.base[i]);
  }

  // All points of a tile in channel `channel`; what is outside reads fill[channel].
  static void run(const S* image, const int64_t* stride, int64_t channel_stride, int64_t channel, int64_t, const T* fills,
                  const Tile<T>& tile, const Sink<T>& sink) {
    const S* plane = image + channel * channel_stride;
    T fill = fills[channel];
    const S* row_at[rows];
    for (int r = 0; r < rows; ++r) {
      row_at[r] = plane;
      for (int axis = Dims - 2, left = r; axis >= 0; --axis, left /= K) row_at[r] += left % K * stride[axis];
    }
    for (int g = 0, row = 0; g < tile.groups; ++row) {
      T* to = reinterpret_cast<T*>(sink.at(row, 0, channel));
      bool stream_row = sink.stream && reinterpret_cast<uintptr_t>(to) % GS_VECTOR_BYTES == 0;
      for (int column = 0; column < sink.columns; column += kGroup, ++g) {
        if (sink.direct && column + kGroup <= sink.columns && !tile.judged[g]) {
          T* at = to + column;
          group(plane, row_at, fill, tile, g, [=](int i, Vec<T> v) GS_ALWAYS { stream_row ? stream(at + i, v) : store(at + i, v); });
        } else {
          alignas(64) T values[kGroup];
          group(plane, row_at, fill, tile, g, [&](int i, Vec<T> v) GS_ALWAYS { store(values + i, v); });
          sink.put(tile, g, row, column, values, channel, 1);
        }
      }
    }
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
