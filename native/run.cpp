#include "run.h"

#include <algorithm>

#include "blocks.h"
#include "dispatch.h"
#include "outside.h"
#include "scattered.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

// A chunk should hold some tens of microseconds of work, and each thread should get several chunks.
constexpr int64_t kReadsPerChunk = 1 << 17;

// More reads of one tile than this take too long between two looks whether to give up.
constexpr int64_t kMostReads = 1 << 22;

// So many channels at least, so that finding the taps for each block again costs little.
constexpr int64_t kLeastChannels = 64;

int64_t reads_per_tile(const Plan& plan, int64_t channels) {
  return plan.tile_columns * plan.tile_rows * reads_of_point(plan.problem, channels);
}

// How many of the channels are read at once: fewer than all, if they are many and take long, or there are too few tiles for all
// threads. Whole vectors, so that the last block ends as all of them would: `spare_samples` counts on that.
int64_t channels_per_block(const Plan& plan) {
  int64_t channels = plan.problem.channels, threads = get_num_threads();
  int64_t blocks = std::max(reads_per_tile(plan, channels) / kMostReads, threads > 1 ? 4 * threads / plan.tiles : 0);
  blocks = std::max<int64_t>(1, std::min(blocks, channels / kLeastChannels));
  return ((channels + blocks - 1) / blocks + kGroup - 1) / kGroup * kGroup;
}

// With many channels a tile takes so long that what was asked for is gone from the cache, with wide kernels of pixels nearly so.
bool asks_for_coordinates_between(const Plan& plan) {
  const Problem& p = plan.problem;
  const bool packed = p.coords_component == 1 && p.coords_stride[p.out_ndim - 1] == p.ndim;
  const bool soon = p.channels <= 4 && (plan.channels_at_once == 1 || taps_of(p.kernel) <= 2);
  return !p.matrix && p.coords_dtype == Dtype::float32 && packed && soon;
}

template <class T>
bool run(Plan& plan, Interrupted interrupted) {
  std::vector<T> values = outside_values<T>(plan.problem);
  plan.fill = values.data();
  plan.outside_reads = values.data() + plan.problem.channels;
  plan.gathers = gathers_are_fast();
  plan.asks_between = asks_for_coordinates_between(plan);
  plan.edge_pairs = reads_edges_as_pairs(plan);
  const bool nothing = std::all_of(values.begin() + plan.problem.channels, values.end(), [](T x) { return x == 0; });
  plan.windows = reads_edges_in_windows(plan, nothing);
  plan.fills = !nothing && taps_of(plan.problem.kernel) > 1 && weights_sum_to_1(plan.problem);
  const Problem& p = plan.problem;
  plan.without_tiles = needs_no_tiles(p);
  plan.level = plan.without_tiles && is_level_plane(p);
  if (plan.without_tiles && !plan.gathers && is_turned_plane(p)) plan.asked_every = kTurnedAskedEvery;
  Watch watch(interrupted);
  const Isa& isa = current_isa();
  int64_t channels = plan.problem.channels, block = channels_per_block(plan);
  int64_t blocks = std::max<int64_t>(1, (channels + block - 1) / std::max<int64_t>(1, block));
  int64_t grain = std::max<int64_t>(1, kReadsPerChunk / reads_per_tile(plan, std::min(block, channels)));
  Plan unmasked = plan;  // for all blocks of channels but the first
  unmasked.problem.mask = nullptr;
  parallel_for(plan.tiles * blocks, grain, [&](int64_t first, int64_t last) {
    while (first < last && !watch.given_up()) {
      int64_t from = first / plan.tiles * block, tile = first % plan.tiles, count = std::min(last - first, plan.tiles - tile);
      void* memory = thread_memory(isa.sample_bytes(plan));  // again each time: whoever looks may sample too
      isa.sample(from ? unmasked : plan, tile, tile + count, from, std::min(from + block, channels), memory);
      watch.look();
      first += count;
    }
  });
  return !watch.given_up();
}

bool sample_as_given(const Problem& problem, Interrupted interrupted) {
  Plan plan = make_plan(problem, block_columns(problem));
  if (plan.tiles == 0) return true;
  if (is_turned_volume(plan.problem)) {
    plan.deep = kPlanesTogether;
    plan.asked_every = kTurnedAskedEvery;
    plan.asked_plane = asked_plane(plan.problem);
    plan.coords_ahead = plan.problem.coords_stride[plan.problem.out_ndim - 3];
  }
  return computed_in_double(problem.dtype) ? run<double>(plan, interrupted) : run<float>(plan, interrupted);
}

}  // namespace

bool sample(const Problem& problem, Interrupted interrupted) {
  return is_scattered(problem) ? sample_scattered(problem, interrupted, sample_as_given) : sample_as_given(problem, interrupted);
}

}  // namespace gs
