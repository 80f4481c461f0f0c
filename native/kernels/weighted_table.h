// Weighted sums along one axis: ../weighted.h. The end of every ISA file that is compiled for it.
#pragma once

#include <algorithm>

#include "../weighted.h"
#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

template <class T>
struct Weighted {
  using V = Vec<T>;
  static constexpr int lanes = Simd<T>::lanes;

  const WeightedProblem& p;
  const T* input = static_cast<const T*>(p.input);
  const T* weights = static_cast<const T*>(p.weight);
  T* out = static_cast<T*>(p.out);

  // The neighbours of one result, without the weights of 0 at both ends that fill a short row up: a NaN there is nobody's.
  struct Row {
    int64_t start, taps;
    const T* weight;
  };
  GS_INLINE Row row_of(int64_t number) const {
    Row row{p.start[number], p.taps, weights + number * p.taps};
    while (row.taps > 1 && row.weight[row.taps - 1] == 0) --row.taps;
    for (; row.taps > 1 && row.weight[0] == 0; --row.taps) ++row.weight, ++row.start;
    return row;
  }

  // N vectors of neighbours, whose taps lie `step` apart.
  template <class X, int N>
  GS_INLINE void sum(const T* from, int64_t step, const Row& row, X* total) const {
    constexpr int wide = int(sizeof(X) / sizeof(T));
    each<N>([&](auto n) GS_ALWAYS { total[n] = load<X>(from + n * wide) * row.weight[0]; });
    for (int64_t k = 1; k < row.taps; ++k) {
      from += step;
      each<N>([&](auto n) GS_ALWAYS { total[n] = fma(load<X>(from + n * wide), row.weight[k] - X{}, total[n]); });
    }
  }

  template <class X, int N>
  GS_INLINE void put(const T* from, const Row& row, T* to) const {
    X total[N];
    sum<X, N>(from, p.inner, row, total);
    each<N>([&](auto n) GS_ALWAYS { store(to + n * int(sizeof(X) / sizeof(T)), total[n]); });
  }

  void across(int64_t first, int64_t last, T* to) const {
    for (int64_t number = first; number < last; ++number, to += p.inner) {
      Row row = row_of(number % p.rows);
      int64_t i = 0;
      const T* from = input + (number / p.rows * p.length + row.start) * p.inner;
      for (; i + 4 * lanes <= p.inner; i += 4 * lanes) put<V, 4>(from + i, row, to + i);
      for (; i + lanes <= p.inner; i += lanes) put<V, 1>(from + i, row, to + i);
      for (; i < p.inner; ++i) put<T, 1>(from + i, row, to + i);
    }
  }

  // NOTE [windows of lines]
  // Results that follow each other along a line are sums of samples from a short piece of it. Where the samples of a vector of results are in two
  // vectors of samples, these are loaded, and each tap is picked from them; which and with what weight is the same for all lines. It
  // takes a third of the time of lines that are turned, so that each has a lane. False if they are not.
  bool sum_window(int64_t first, int64_t last, int64_t row) const {
    constexpr int64_t most_taps = 8;
    if constexpr (kPicks && sizeof(T) == 4) {
      using Int = Simd<float>::I;
      if (p.taps > most_taps || p.length < 2 * lanes) return false;
      int64_t low = p.length - 2 * lanes, high = 0;
      for (int l = 0; l < lanes; ++l) {
        low = std::min(low, p.start[row + l]);
        high = std::max(high, p.start[row + l] + p.taps);
      }
      if (high - low > 2 * lanes) return false;
      alignas(64) T weight[most_taps][lanes];
      alignas(64) int32_t used[most_taps][lanes], place[lanes];
      for (int l = 0; l < lanes; ++l) {
        Row of = row_of(row + l);
        int64_t skipped = of.start - p.start[row + l];
        place[l] = int32_t(p.start[row + l] - low);
        for (int64_t k = 0; k < p.taps; ++k) {
          used[k][l] = k >= skipped && k < skipped + of.taps ? -1 : 0;
          weight[k][l] = used[k][l] ? weights[(row + l) * p.taps + k] : T(0);
        }
      }
      const V none = broadcast(T(-0.0));  // what leaves every sum as it is, with its sign
      for (; first < last; ++first) {
        V a = load<V>(input + first * p.length + low), b = load<V>(input + first * p.length + low + lanes), total = none;
        for (int64_t k = 0; k < p.taps; ++k) {
          V tap = pick(a, b, load<Int>(place) + int32_t(k));
          total = fma(load<Int>(used[k]) ? tap : none, load<V>(weight[k]), total);
        }
        store(out + first * p.rows + row, total);
      }
      return true;
    }
    return false;
  }

  void along(int64_t first, int64_t last, T* buffer) const {
    int64_t done = 0;
    while (done + lanes <= p.rows && sum_window(first, last, done)) done += lanes;
    const bool rest = done > 0 && p.rows - done < lanes;  // then some are summed again
    if (done == p.rows || (rest && sum_window(first, last, p.rows - lanes))) return;
    turned(first, last, buffer);
  }

  void turned(int64_t first, int64_t last, T* buffer) const {
    for (; first < last; first += lanes) {
      int count = last - first < lanes ? int(last - first) : lanes;
      const T* line[lanes];
      for (int l = 0; l < lanes; ++l) line[l] = input + (first + (l < count ? l : count - 1)) * p.length;  // the last one again
      int64_t i = 0;
      for (; i + lanes <= p.length; i += lanes) {
        V v[lanes];
        for (int l = 0; l < lanes; ++l) v[l] = load<V>(line[l] + i);
        transpose(v);
        for (int l = 0; l < lanes; ++l) store(buffer + (i + l) * lanes, v[l]);
      }
      for (; i < p.length; ++i)
        for (int l = 0; l < lanes; ++l) buffer[i * lanes + l] = line[l][i];
      auto value = [&](int64_t number) GS_ALWAYS {
        V total;
        Row row = row_of(number);
        sum<V, 1>(buffer + row.start * lanes, lanes, row, &total);
        return total;
      };
      T* to = out + first * p.rows;
      int64_t row = 0;
      for (; row + lanes <= p.rows; row += lanes) {
        V v[lanes];
        for (int l = 0; l < lanes; ++l) v[l] = value(row + l);
        transpose(v);
        for (int l = 0; l < count; ++l) store(to + l * p.rows + row, v[l]);
      }
      for (; row < p.rows; ++row) {
        V v = value(row);
        for (int l = 0; l < count; ++l) to[l * p.rows + row] = v[l];
      }
    }
  }
};

void across(const WeightedProblem& p, int64_t first, int64_t last, void* out) {
  p.in_double ? Weighted<double>{p}.across(first, last, static_cast<double*>(out))
              : Weighted<float>{p}.across(first, last, static_cast<float*>(out));
}

void along(const WeightedProblem& p, int64_t first, int64_t last, void* buffer) {
  p.in_double ? Weighted<double>{p}.along(first, last, static_cast<double*>(buffer))
              : Weighted<float>{p}.along(first, last, static_cast<float*>(buffer));
}

}  // namespace

extern const WeightedTable weighted_table;
const WeightedTable weighted_table = {across, along};

}  // namespace GS_ISA
}  // namespace gs
