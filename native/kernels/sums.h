// Stage B of the adjoint, several channels at once: where they are summed, and how planes are made of that.
#pragma once

#include <algorithm>

#include "points.h"
#include "scatter.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [channels side by side]
// Adding a point to a plane takes a load, an addition and a store for each row of taps, and most of a vector is empty. So what comes back to
// an image of several channels is summed in memory of its own, where some channels of a sample, a cell, lie side by side: each tap
// is one vector, and offsets and weights serve all its channels. Cells are read and written whole, so that a load never has to wait
// for half of it to leave for the cache. Points follow each other as for a plane, so each channel's sums are those it would have alone. In the end
// planes are made of cells.
//
// A block is an image of such cells. As many blocks as there can be hold a vector of channels, the others kFewChannels. How many
// channels a cell has changes no sum.

// Calls call(channels of a cell, first channel, how many of them there are, where the block begins: in cells of one channel).
template <class T, class Call>
void each_block(int64_t channels, const Call& call) {
  constexpr int lanes = Simd<T>::lanes;
  for (int64_t first = 0, place = 0; first < channels;) {
    int64_t left = channels - first;
    if (lanes > kFewChannels && 2 * left > lanes) {
      call(std::integral_constant<int, kMostChannels<T>>{}, first, int(std::min<int64_t>(lanes, left)), place);
      first += lanes;
      place += lanes;
    } else {
      call(std::integral_constant<int, kFewChannels>{}, first, int(std::min<int64_t>(kFewChannels, left)), place);
      first += kFewChannels;
      place += kFewChannels;
    }
  }
}

template <class T, int Channels>
using Cell = typename Chunk<T, Channels * int(sizeof(T))>::type;

template <class T, int Dims, int K>
struct Sums {
  static constexpr int taps = kAllTaps<Dims, K>, rows = taps / K;

  template <int Channels>
  static GS_INLINE void add_cell(T* to, Cell<T, Channels> value, T weight) {
    store(to, load<Cell<T, Channels>>(to) + value * weight);
  }

  // Add the points of a tile, whose gradients are `cells`, to a block; `weight` is (points, taps).
  template <int Channels>
  static GS_HOT void add(const Tile<T>& tile, const Scatter<T, Dims, K>& scatter, const T* weight, const T* cells,
                                            const int64_t* stride, T* block) {
    if constexpr (K <= kPackedTaps) {  // others have no whole groups
      int64_t row_at[rows];
      Scatter<T, Dims, K>::find_rows(stride, Channels, row_at);
      scatter.each_whole([&](int64_t i) GS_ALWAYS {
        auto v = load<Cell<T, Channels>>(cells + i * Channels);
        T* at = block + tile.base[i] * Channels;
        each<rows>([&](auto r) GS_ALWAYS {
          T* row = at + row_at[r];
GS_UNROLL(4)
          for (int k = 0; k < K; ++k) add_cell<Channels>(row + k * Channels, v, weight[i * taps + r * K + k]);
        });
      });
    }
    for (int t = 0; t < scatter.count; ++t)
      add_cell<Channels>(block + scatter.offset[t] * Channels, load<Cell<T, Channels>>(cells + scatter.point[t] * Channels), scatter.tap_weight[t]);
  }

  // The same of one channel, whose gradients the weights are multiplied by; there are pairs of taps only.
  static __attribute__((noinline)) void add_channel(const Tile<T>& tile, const Scatter<T, Dims, K>& scatter, const T* weight,
                                                    const int64_t* stride, int channels, T* block) {
    if constexpr (K == 2) {
      int64_t row_at[rows];
      Scatter<T, Dims, K>::find_rows(stride, channels, row_at);
      scatter.each_whole([&](int64_t i) {
        for (int t = 0; t < taps; ++t) block[tile.base[i] * channels + row_at[t / K] + t % K * channels] += weight[i * taps + t];
      });
    }
  }

  // Ask for the cells of a tile's points: see NOTE [what is asked for].
  static __attribute__((noinline)) void prefetch_cells(const Tile<T>& tile, const int64_t* stride, int channels, const T* block) {
    const int step = std::max<int>(1, 32 / (channels * int(sizeof(T))));
    int64_t row_at[rows];
    Scatter<T, Dims, K>::find_rows(stride, channels, row_at);
    for (int g = 0; g < tile.groups; ++g) {
      if (!Scatter<T, Dims, K>::is_whole(tile, g)) continue;
      bool last = g + tile.row_groups >= tile.groups || g < tile.row_groups;
      for (int i = g * kGroup; i < (g + 1) * kGroup; i += step)
        for (int r = 0; r < rows; r += last ? 1 : std::min(K, rows)) prefetch(block + tile.base[i] * channels + row_at[r]);
    }
  }
};

// Make of a block planes of an image from `to` on, or add it to them: samples from `low` to `high`.
template <class T, int Channels>
void put_block(const T* block, int count, int64_t low, int64_t high, bool add, bool past, T* to, int64_t channel_stride) {
  constexpr int lanes = Simd<T>::lanes;
  for (int64_t s = low; s < high; s += lanes) {
    Vec<T> part[Channels], sum[Channels];
    const T* from = block + s * Channels;
    alignas(64) T rest[Channels * lanes];
    if (s + lanes > high) from = std::copy_n(from, (high - s) * Channels, rest) - (high - s) * Channels;  // somebody may be at those behind
    each<Channels>([&](auto c) GS_ALWAYS { part[c] = load<Vec<T>>(from + c * lanes); });
    unpack<T, Channels>(part, sum);
    for (int c = 0; c < count; ++c) {
      T* at = to + c * channel_stride + s;
      if (s + lanes <= high) {
        Vec<T> v = add ? load<Vec<T>>(at) + sum[c] : sum[c];
        past && reinterpret_cast<uintptr_t>(at) % GS_VECTOR_BYTES == 0 ? stream(at, v) : store(at, v);
      } else {
        for (int i = 0; i < high - s; ++i) at[i] = add ? at[i] + sum[c][i] : sum[c][i];
      }
    }
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
