#include "derivatives.h"

#include <algorithm>
#include <atomic>
#include <new>

#include "blocks.h"
#include "chunks.h"
#include "dispatch.h"
#include "outside.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

// Fewer reads than these one thread has made before another is awake.
constexpr int64_t kReadsAlone = 1 << 16;

// Tiles between two looks whether to give up: not so many of many channels.
constexpr int64_t kTilesAtOnce = 32, kMostChannels = 4096;

// Of one batch item.
template <class T>
T* sums_of(const DerivativeProblem& d, int64_t item) {
  return d.sums ? static_cast<T*>(d.sums) + (d.grad_batch ? item % d.sums_items : 0) * d.sums_item : nullptr;
}

// Samples of an image from low to high.
template <class T>
void clear_planes(const DerivativeProblem& d, int64_t item, int64_t low, int64_t high) {
  for (int64_t c = 0; c < d.forward.channels; ++c) {
    T* to = static_cast<T*>(d.grad_input) + item * d.grad_batch + c * d.grad_channel;
    std::fill(to + low, to + high, T(0));
  }
}

// NOTE [parts]
// Where neighbouring points lie far apart, every chunk reaches the whole image, and waits for the one before. But channels of an image do not meet, and what
// comes back to the coordinates meets nothing. So these are parts that are derived by themselves, each by as many threads as it can: some
// channels, as many times as there are threads, if they are enough to be worth finding the points again; and last, the coordinates. No sum
// changes by it.
template <class T>
std::vector<DerivativePlan> parts_of(const DerivativePlan& plan, int threads) {
  constexpr int64_t kLeastChannels = 16;  // a multiple of what any ISA sums side by side
  const DerivativeProblem& d = plan.problem;
  const int64_t channels = d.forward.channels, most = channels / kLeastChannels;
  std::vector<DerivativePlan> parts{plan};
  const int64_t images = !d.grad_batch ? 1 : d.sums ? std::min(d.forward.batch, d.sums_items / 2) : d.forward.batch;  // at a time
  if (images >= threads || !d.grad_input || d.second || !neighbours_are_apart(d.forward)) return parts;
  const int64_t count = std::max<int64_t>(1, std::min<int64_t>(threads, most)), blocks = (channels + kLeastChannels - 1) / kLeastChannels;
  if (count == 1 && !d.grad_coords) return parts;
  parts.clear();
  for (int64_t k = 0; k < count; ++k) {
    const int64_t first = blocks * k / count * kLeastChannels, last = std::min(channels, blocks * (k + 1) / count * kLeastChannels);
    DerivativePlan part = plan;
    part.problem.grad_coords = nullptr;
    Problem& p = part.problem.forward;
    p.channels = last - first;
    p.out = static_cast<T*>(p.out) + first * p.out_channel;
    part.problem.grad_input = static_cast<T*>(d.grad_input) + first * d.grad_channel;
    if (d.sums) part.problem.sums = static_cast<T*>(d.sums) + first * plan.samples;
    part.plan.problem = p;
    parts.push_back(part);
  }
  DerivativePlan part = plan;
  part.problem.grad_input = part.problem.sums = nullptr;
  parts.push_back(part);
  return parts;
}

template <class T>
bool run(DerivativePlan& plan, Interrupted interrupted) {
  std::vector<T> outside = outside_values<T>(plan.problem.forward);
  plan.plan.outside_reads = outside.data() + plan.problem.forward.channels;
  const DerivativeTable& table = *current_isa().derivatives;
  int threads = plan.points * plan.plan.problem.batch * reads_of_point(plan.plan.problem, plan.plan.problem.channels) < kReadsAlone ? 1 : get_num_threads();
  const std::vector<DerivativePlan> parts = parts_of<T>(plan, threads);
  Chunks chunks(plan, table, threads, int(parts.size()));
  int64_t bytes = table.memory_bytes(plan);
  Watch watch(interrupted);
  const int64_t at_once = std::clamp<int64_t>(kMostChannels / std::max<int64_t>(1, plan.problem.forward.channels), 1, kTilesAtOnce);
  const int64_t row = plan.samples / std::max<int64_t>(1, plan.problem.forward.axis[0].size);  // of samples, along axis 0
  auto derive = [&](int64_t chunk) {
    Chunks::Part part = chunks.part(chunk);
    for (int64_t item = part.first_item; item < part.last_item && !watch.given_up(); ++item) {
      const DerivativePlan& derived = parts[std::size_t(chunks.derived_part(chunk))];
      T* sums = sums_of<T>(chunks.work(chunk) == Chunks::kDerive ? derived.problem : plan.problem, item);
      if (chunks.work(chunk) == Chunks::kClear) {
        if (sums)
          table.clear_sums(plan, part.low * row, part.high * row, sums);
        else
          clear_planes<T>(plan.problem, item, part.low * row, part.high * row);
      } else if (chunks.work(chunk) == Chunks::kPut) {
        table.put_sums(plan, item, part.low * row, part.high * row, sums);
      } else {
        std::vector<int64_t> tiles = chunks.tiles(chunk, item);
        for (std::size_t i = 0; i < tiles.size() && !watch.given_up(); i += std::size_t(at_once)) {
          int64_t left = int64_t(tiles.size() - i), count = std::min(at_once, left);
          table.run(derived, &tiles[i], count, left - count, thread_memory(bytes), sums);
          watch.look();
        }
      }
    }
  };
  std::atomic<bool> no_memory{false};
  auto work = [&](int64_t chunk, int64_t) {
    if (watch.given_up() || no_memory) return chunks.done(chunk);  // nobody need know any more how far it would have reached
    chunks.wait(chunk);
    try {
      derive(chunk);
    } catch (const std::bad_alloc&) {
      no_memory = true;  // not thrown from here: every chunk must be done, since others wait for it
    }
    chunks.done(chunk);
  };
  if (threads > 1)
    parallel_for(chunks.count(), 1, work);
  else  // also if there are more by now
    for (int64_t chunk = 0; chunk < chunks.count(); ++chunk) work(chunk, chunk + 1);
  if (no_memory) throw std::bad_alloc();
  return !watch.given_up();
}

}  // namespace

int64_t sums_elements(int64_t channels, int64_t samples, int64_t items) {
  int64_t cell = channels > 8 ? 16 : 4;  // enough for the blocks of every ISA
  return (channels + cell - 1) / cell * cell * samples * items;
}

bool derivatives(const DerivativeProblem& problem, Interrupted interrupted) {
  DerivativePlan plan{};
  plan.plan = make_plan(problem.forward, derivative_columns(problem.forward));
  if (plan.plan.tiles == 0) return true;
  plan.plan.coords_ahead = 0;  // whoever knows the tiles of a chunk asks
  plan.plan.tap_by_tap |= taps_of(problem.forward.kernel) > kPackedTaps;
  plan.plan.gathers = gathers_are_fast();
  if (is_turned_volume(problem.forward)) {
    plan.plan.asked_every = kTurnedAskedEvery;
    plan.plan.asked_plane = asked_plane(problem.forward);
  }
  plan.plan.edge_pairs = reads_edges_as_pairs(plan.plan);
  plan.problem = problem;
  plan.problem.forward = plan.plan.problem;
  const Problem& p = problem.forward;
  plan.points = 1;
  for (int i = 0; i < p.out_ndim; ++i) plan.points *= p.out_size[i];
  plan.samples = 1;
  for (int a = 0; a < p.ndim; ++a) plan.samples *= p.axis[a].size;
  plan.stream_image = plan.samples * p.channels * (problem.grad_batch ? p.batch : 1) * item_size(p.out_dtype) >= kStreamBytes;
  plan.plan.stream = plan.points * p.batch * p.ndim * item_size(p.out_dtype) >= kStreamBytes;
  return computed_in_double(p.dtype) ? run<double>(plan, interrupted) : run<float>(plan, interrupted);
}

}  // namespace gs
