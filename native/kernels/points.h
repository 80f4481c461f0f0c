// Stage B of derivatives, what does not depend on the kernel: what a tile's points are given, and what is written for them.
#pragma once

#include <algorithm>

#include "../derivatives.h"
#include "jets.h"
#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

constexpr int kFewChannels = 4;
template <class T>
constexpr int kMostChannels = std::max(Simd<T>::lanes, kFewChannels);  // at once
constexpr int64_t kAhead = 4;  // channels, in the time that a cache line takes to come from memory

// What stage A says of a tile.
template <class T>
struct Made {
  TilePlace place;
  Tile<T> tile;
  Jets<T> jets;
};

// Chunks are narrow, so the tile after the next one lies elsewhere than a processor foresees.
void prefetch_coords(const DerivativePlan& plan, int64_t tile) {
  const Problem& p = plan.problem.forward;
  const int item = item_size(p.coords_dtype);
  TilePlace place = place_tile(plan.plan, tile);
  const char* from = static_cast<const char*>(p.coords) + place.coords * item;
  const int64_t* step = &p.coords_stride[p.out_ndim - 2];
  for (int row = 0; row < place.rows; ++row, from += step[0] * item) prefetch_bytes(from, place.columns * step[1] * item);
}

template <class T>
struct PointsMemory {
  Made<T> made[2];  // of the tile that is worked at, and of the next one, whose samples are on their way from memory meanwhile
  alignas(64) T direction[kMaxDim][kTilePoints + kGroup];          // of a second derivative
  alignas(64) T copied[kMostChannels<T>][kTilePoints + kGroup];    // the gradient of the output, where it is not read as it lies
  alignas(64) T cells[kTilePoints * kMostChannels<T>];             // ... with some channels of a point side by side
  const T* lies[kTilePoints / kGroup];                             // where it is read, in the first channel; or null
  bool all_lie;
};

template <class T>
struct TilePoints {
  using V = Vec<T>;
  static constexpr int lanes = Simd<T>::lanes;

  const DerivativePlan& plan;
  const DerivativeProblem& d = plan.problem;
  const Problem& p = d.forward;
  PointsMemory<T>& points_memory;
  const Made<T>&now, &next;
  const Tile<T>& tile = now.tile;
  const Jets<T>& jets = now.jets;
  const TilePlace& place = now.place;
  const int64_t ahead = std::min(p.channels, std::max<int64_t>(kAhead, kMostChannels<T>));
  const int points = tile.groups * kGroup;
  int64_t stride[kMaxDim];

  __attribute__((noinline)) TilePoints(const DerivativePlan& plan, PointsMemory<T>& memory, const Made<T>& now, const Made<T>& next)
      : plan(plan), points_memory(memory), now(now), next(next) {
    for (int a = 0; a < p.ndim; ++a) stride[a] = p.axis[a].size > 1 ? p.axis[a].stride : 0;  // there is nothing after the only one
    find_gradient();
    if (d.second) load_direction();
  }

  static void make(const DerivativePlan& plan, int64_t tile, Made<T>& made) {
    made.place = place_tile(plan.plan, tile);
    made.jets.count = plan.problem.second ? 2 : 1;
    const bool derives = plan.problem.second || plan.problem.grad_coords;  // the weights too, not the image only
    tiles_table.choose(plan.plan, sizeof(T) == 8)(plan.plan, made.place, &made.tile, derives ? &made.jets : nullptr);
  }

  bool counts(int i) const { return !tile.judged[i / kGroup] || tile.verdict[i] == kAsRead; }

  // Calls visit(i, row, column) for every point of the tile; i counts the padded ones too.
  template <class Visit>
  void each_point(const Visit& visit) const {
    int padded = points / place.rows;
    for (int row = 0; row < place.rows; ++row)
      for (int column = 0; column < place.columns; ++column) visit(row * padded + column, row, column);
  }

  int64_t number(int row, int column) const {  // of a point, in all batch items
    const int64_t* step = &p.mask_stride[p.out_ndim - 2];
    return place.mask + row * step[0] + column * step[1];
  }

  void load_direction() {
    for (int a = 0; a < p.ndim; ++a) {
      T* to = points_memory.direction[a];
      std::fill_n(to, points, T(0));
      if (!d.direction) continue;
      const T* from = static_cast<const T*>(d.direction) + place.batch * (d.direction_batch - plan.points * p.ndim);
      each_point([&](int i, int row, int column) {
        if (counts(i)) to[i] = from[number(row, column) * p.ndim + p.axis[a].component];
      });
    }
  }

  // Ask for what will be read some channels after this one; behind the last channel begins the next tile.
  __attribute__((noinline)) void prefetch_gradient(int64_t channel) const {
    bool here = channel + ahead < p.channels;
    if (p.out_channel == 1 && channel + ahead != p.channels) return;  // pixels are asked for whole
    const TilePlace& of = here ? place : next.place;
    const T* from = static_cast<const T*>(p.out) + of.out + (channel + ahead - (here ? 0 : p.channels)) * p.out_channel;
    const int64_t* step = &p.out_stride[p.out_ndim - 2];
    for (int row = 0; row < of.rows; ++row, from += step[0]) prefetch_bytes(from, of.columns * step[1] * int64_t(sizeof(T)));
  }

  void find_gradient() {
    const int64_t* step = &p.out_stride[p.out_ndim - 2];
    points_memory.all_lie = true;
    for (int g = 0, row = 0; row < place.rows; ++row)
      for (int column = 0; column < place.columns; column += kGroup, ++g) {
        bool whole = step[1] == 1 && column + kGroup <= place.columns && !tile.judged[g];
        points_memory.lies[g] = whole ? static_cast<const T*>(p.out) + place.out + row * step[0] + column : nullptr;
        points_memory.all_lie &= whole;
      }
  }

  // Copy the gradients of some channels that cannot be read as they lie to places one after the other; 0 for padding, and for samples that do
  // not depend on the image. Channels that lie side by side in squares of a vector's lanes.
  __attribute__((noinline)) void copy_gradients(int64_t first, int count) const {
    if (points_memory.all_lie) return;
    int c = 0;
    for (; p.out_channel == 1 && c + lanes <= count; c += lanes) copy_pixels(first + c, c);
    for (; c < count; ++c) copy_gradient(first + c, c);
  }

  void copy_pixels(int64_t first, int copy) const {
    const int64_t* step = &p.out_stride[p.out_ndim - 2];
    for (int g = 0, row = 0; row < place.rows; ++row)
      for (int column = 0; column < place.columns; column += kGroup, ++g)
        for (int i = 0; i < kGroup; i += lanes) {
          V square[lanes];
          for (int l = 0; l < lanes; ++l) {
            bool there = column + i + l < place.columns && counts(g * kGroup + i + l);
            square[l] = there ? load<V>(static_cast<const T*>(p.out) + place.out + first + row * step[0] + (column + i + l) * step[1]) : V{};
          }
          transpose(square);
          for (int l = 0; l < lanes; ++l) store(&points_memory.copied[copy + l][g * kGroup + i], square[l]);
        }
  }

  void copy_gradient(int64_t channel, int copy) const {
    T* to = points_memory.copied[copy];
    const T* from = static_cast<const T*>(p.out) + place.out + channel * p.out_channel;
    const int64_t* step = &p.out_stride[p.out_ndim - 2];
    for (int g = 0, row = 0; row < place.rows; ++row)
      for (int column = 0; column < place.columns; column += kGroup, ++g, to += kGroup) {
        if (points_memory.lies[g]) continue;
        const T* at = from + row * step[0] + column * step[1];
        int count = std::min(kGroup, place.columns - column);
        for (int i = 0; i < kGroup; ++i) to[i] = i < count && counts(g * kGroup + i) ? at[i * step[1]] : T(0);
      }
  }

  // Of a vector of points, in a channel that is copied to the given place.
  GS_INLINE V gradient(int64_t channel, int copy, int i) const {
    const T* lies = points_memory.lies[i / kGroup];
    if (lies) return load<V>(lies + channel * p.out_channel + i % kGroup);
    return load<V>(&points_memory.copied[copy][i]);
  }

  // Copy some channels of all points to `cells`, side by side; 0 where there are not so many.
  template <int Channels>
  GS_HOT void fill_cells(int64_t first, int count) const {
    for (int i = 0; i < points; i += lanes) {
      V v[Channels];
      each<Channels>([&](auto c) GS_ALWAYS { v[c] = c < count ? gradient(first + c, c, i) : V{}; });
      interleave<Channels>(v);
      each<Channels>([&](auto c) GS_ALWAYS { store(points_memory.cells + i * Channels + c * lanes, v[c]); });
    }
  }

  // Whether the weights of the points of a vector are moved from taps to the samples of pairs.
  bool is_moved(int i) const { return tile.pairs && tile.kind[i / kGroup] == kEdge; }

  // Samples of a pair that are no taps have weight 0, which leaves nothing of a finite number only.
  __attribute__((noinline)) bool edges_are_finite(int64_t channel, int count) const {
    V sum{};
    for (int i = 0; i < points; i += lanes) {
      if (!is_moved(i)) continue;
      for (int k = 0; k < count; ++k) {
        V value = gradient(channel + k, k, i);
        sum += value - value;
      }
    }
    for (int l = 0; l < lanes; ++l)
      if (sum[l] != 0) return false;
    return true;
  }

  // Write what came back to the coordinates, which stands where the direction was.
  template <int Dims>
  __attribute__((noinline)) void put_coordinates() {
    T* to = static_cast<T*>(d.grad_coords);
    const T* from[Dims];
    for (int a = 0; a < Dims; ++a) {
      T* of_axis = points_memory.direction[a];
      from[p.axis[a].component] = of_axis;
      for (int i = 0; plan.plan.judges && i < points; ++i)
        if (!counts(i)) of_axis[i] = 0;
    }
    const int64_t* step = &p.mask_stride[p.out_ndim - 2];
    int padded = points / place.rows;
    for (int row = 0; row < place.rows; ++row) {
      T* __restrict at = to + number(row, 0) * Dims;
      int i = 0;
      for (; step[1] == 1 && i + lanes <= place.columns; i += lanes) {
        V v[Dims];
        each<Dims>([&](auto k) GS_ALWAYS { v[k] = load<V>(from[k] + row * padded + i); });
        if constexpr (Dims == 3)
          interleave_three(v);
        else
          interleave<Dims>(v);
        T* put = at + i * Dims;
        bool past = plan.plan.stream && reinterpret_cast<uintptr_t>(put) % GS_VECTOR_BYTES == 0;
        each<Dims>([&](auto k) GS_ALWAYS { past ? stream(put + k * lanes, v[k]) : store(put + k * lanes, v[k]); });
      }
      for (; i < place.columns; ++i)
        for (int k = 0; k < Dims; ++k) at[i * step[1] * Dims + k] = from[k][row * padded + i];
    }
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
