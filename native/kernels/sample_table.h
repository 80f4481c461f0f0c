// The end of every ISA file: the loop over tiles, the choice of the functions, and the exported table.
#pragma once

#include <algorithm>

#include "../dispatch.h"
#include "direct.h"
#include "gather.h"
#include "gather_channels.h"
#include "transpose.h"

namespace gs {
namespace GS_ISA {
namespace {

// So many channels of a tile are read in the time that a cache line takes to come from memory.
constexpr int64_t kPrefetchAhead = 4;

// The channels first to first + count of a tile, all at once.
template <class S>
struct StageB {
  using T = typename Computed<S>::type;
  void (*run)(const S* image, const int64_t* stride, int64_t channel_stride, int64_t first, int64_t count, const T* fill,
              const Tile<T>& tile, const Sink<T>& sink);
  void (*prefetch)(const S* image, const int64_t* stride, int64_t channel_stride, int64_t count, const Tile<T>& tile);
  int64_t most;  // so many at most
};

template <class S, int Dims, int K>
StageB<S> choose_layout(const Plan& plan) {
  using Loads = Gather<S, Dims, K, false>;
  if constexpr (reads_channels(Dims, K, sizeof(S), sizeof(typename Computed<S>::type)))
    if (plan.channels_at_once > 1) return {GatherChannels<S, Dims, K>::run, Loads::prefetch, INT64_MAX};
  if constexpr (can_gather<S, K>())
    if (plan.gathers) return {Gather<S, Dims, K, true>::run, Loads::prefetch, Loads::planes};
  return {Loads::run, Loads::prefetch, Loads::planes};
}

template <class S, int K>
StageB<S> choose_dimensions(const Plan& plan) {
  int ndim = plan.problem.ndim;
  if constexpr (K > kMaxTapsConverted && sizeof(S) < sizeof(typename Computed<S>::type)) {
    return {};  // whoever made the plan refused this
  } else {
    return ndim == 1   ? choose_layout<S, 1, K>(plan)
           : ndim == 2 ? choose_layout<S, 2, K>(plan)
                       : choose_layout<S, 3, K>(plan);
  }
}

template <class S>
StageB<S> choose_stage_b(const Plan& plan) {
  switch (plan.problem.kernel) {
#define GS_CASE(name, ...) \
  case gs::Kernel::name:   \
    return choose_dimensions<S, taps_of(gs::Kernel::name)>(plan);
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
  return {};
}

template <class T>
auto choose_write(Dtype dtype) {
  switch (dtype) {
#define GS_CASE(name, code, stored, ...) \
  case Dtype::name:                      \
    return &write<T, stored>;
    GS_DTYPES(GS_CASE)
#undef GS_CASE
  }
  return &write<T, float>;
}

template <class S>
void sample_tiles(const Plan& plan, int64_t first, int64_t last, int64_t first_channel, int64_t last_channel, void* memory) {
  using T = typename Computed<S>::type;
  const Problem& p = plan.problem;
  TileTable::Make make = tiles_table.choose(plan, sizeof(T) == 8);
  StageB<S> reader = choose_stage_b<S>(plan);
  int64_t stride[kMaxDim];
  for (int a = 0; a < p.ndim; ++a) stride[a] = p.axis[a].size > 1 ? p.axis[a].stride : 0;  // there is nothing after the only one
  auto image = [&](const TilePlace& place) { return static_cast<const S*>(p.input) + place.batch * p.input_batch; };

  if constexpr (kGathers && __is_same(S, float))
    if (sample_directly<S>(plan, first, last, first_channel, last_channel - first_channel, stride, memory)) return;

  const int64_t* step = &p.out_stride[p.out_ndim - 2];  // of rows, of columns
  Sink<T> sink{};
  sink.row_step = step[0];
  sink.column_step = step[1];
  sink.channel_step = p.out_channel;
  sink.item = plan.out_item;
  sink.stored = p.out_dtype == p.dtype;
  sink.direct = sink.stored && step[1] == 1 && narrows<S, T>;
  sink.stream = plan.stream;
  sink.fill = static_cast<const T*>(plan.fill);
  sink.write = choose_write<T>(p.out_dtype);

#ifdef GS_WINDOWS
  LevelGroup windows[kTilePoints / kGroup];
  sink.windows = windows;
  const bool level = kReadsWindows<S, 2, 2> && may_have_windows(p);
#endif
  auto may_take = [&]([[maybe_unused]] const Tile<T>& tile, [[maybe_unused]] int group) GS_ALWAYS {
#ifdef GS_WINDOWS
    return level && may_be_window(tile.base + group * kGroup);
#else
    return false;
#endif
  };
  auto take = [&]([[maybe_unused]] const Tile<T>& tile, [[maybe_unused]] GroupPlace group) GS_ALWAYS {
#ifdef GS_WINDOWS
    LevelGroup& window = windows[sink.window_count];
    if (!find_window(tile.base + group.group * kGroup, window)) return false;
    window.group = group;
    ++sink.window_count;
    return true;
#else
    return false;
#endif
  };
  const int64_t ahead = std::min(last_channel - first_channel, kPrefetchAhead);
  Tile<T>* tiles = static_cast<Tile<T>*>(memory);  // two: the one being read, and the next one, whose samples are on their way from memory meanwhile
  const int64_t at_once = std::min(reader.most, last_channel - first_channel);
  TilePlace place = place_tile(plan, first);
  make(plan, place, &tiles[first & 1], nullptr);
  auto ask = [&](const TilePlace& place, int64_t channel, int64_t count, const Tile<T>& tile) {
    reader.prefetch(image(place) + channel * p.input_channel, stride, p.input_channel, count, tile);
  };
  for (int64_t t = first; t < last; ++t) {
    const Tile<T>& tile = tiles[t & 1];
    TilePlace next = place;
    if (t + 1 < last) {
      next = place_next_tile(plan, place, t + 1);
      make(plan, next, &tiles[(t + 1) & 1], nullptr);
    }
    const S* from = image(place);
    sink.to = static_cast<char*>(p.out) + place.out * plan.out_item;
    sink.columns = place.columns;
    if (plan.channels_at_once == 1)
      sink.sort_groups(tile, [&](int group) GS_ALWAYS { return may_take(tile, group); },
                       [&](GroupPlace group) GS_ALWAYS { return take(tile, group); });
    bool filled = tile.outside && p.outside == Outside::fill, kept = tile.outside && p.outside == Outside::keep;
    const T* outside = static_cast<const T*>(filled ? plan.fill : plan.outside_reads);
    const Soon coords_soon(plan, next);
    for (int64_t c = first_channel; c < last_channel; c += at_once) {
      sink.soon = coords_soon.from && c == first_channel ? &coords_soon : nullptr;
      int64_t count = std::min(at_once, last_channel - c);
      if (plan.channels_at_once == 1) {
        int64_t soon = std::clamp<int64_t>(last_channel - c - ahead, 0, count);  // of this tile; the others are of the next
        ask(place, c + ahead, soon, tile);
        if (t + 1 < last) ask(next, first_channel + std::max<int64_t>(0, c + ahead - last_channel), count - soon, tiles[(t + 1) & 1]);
      } else if (t + 1 < last) {
        ask(next, first_channel, 1, tiles[(t + 1) & 1]);
      }
      if (!kept) reader.run(from, stride, p.input_channel, c, count, outside, tile, sink);
    }
    place = next;
  }
  end_streams();
}

void sample(const Plan& plan, int64_t first, int64_t last, int64_t first_channel, int64_t last_channel, void* memory) {
  switch (plan.problem.dtype) {
#define GS_CASE(name, code, stored, ...) \
  case Dtype::name:                      \
    return sample_tiles<stored>(plan, first, last, first_channel, last_channel, memory);
    GS_DTYPES(GS_CASE)
#undef GS_CASE
  }
}

int64_t sample_bytes(const Plan& plan) { return 2 * int64_t(computed_in_double(plan.problem.dtype) ? sizeof(Tile<double>) : sizeof(Tile<float>)); }

}  // namespace

extern const DerivativeTable derivatives_table;
extern const PrefilterTable prefilter_table;
extern const WeightedTable weighted_table;
extern const Isa isa;
const Isa isa = {GS_NAME(GS_ISA), GS_VECTOR_BYTES, sample, sample_bytes, transpose_matrix, &derivatives_table, &prefilter_table, &weighted_table};

}  // namespace GS_ISA
}  // namespace gs
