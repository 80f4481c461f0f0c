#include "derivatives.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "dispatch.h"
#include "outside.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

constexpr int64_t kArenaBytes = 1 << 20;    // of the boxes of a chunk, in the second-level cache
constexpr int64_t kScratchBytes = 1 << 20;  // of cells
constexpr int64_t kChunkTiles = 16;
constexpr int kMostParts = 8;

// Room for a box: 8 samples for each point of a tile, since a map that shrinks by more is as good as scattered; fewer where there
// are many channels.
int64_t box_values(int64_t channels) { return std::min<int64_t>(2048, std::max<int64_t>(512, 65536 / channels)); }

// As many pieces of memory as threads; whoever works takes one meanwhile.
class Scratch {
 public:
  Scratch(int count, int64_t bytes) : bytes_(bytes), memory_(new char[size_t(count) * size_t(bytes) + 64]), taken_(size_t(count)) {}

  struct Lease {
    std::atomic<bool>* taken;
    char* memory;
    ~Lease() { taken->store(false, std::memory_order_release); }
  };

  Lease lease() {  // the number of threads may be raised meanwhile: then some wait for others
    for (size_t i = 0;; i = (i + 1) % taken_.size())
      if (!taken_[i].exchange(true, std::memory_order_acquire)) return {&taken_[i], start() + i * size_t(bytes_)};
  }

 private:
  char* start() { return memory_.get() + -reinterpret_cast<uintptr_t>(memory_.get()) % 64; }
  int64_t bytes_;
  std::unique_ptr<char[]> memory_;
  std::vector<std::atomic<bool>> taken_;
};

// NOTE [turns]
// Chunks of tiles are summed into boxes by whoever is free, and added to the image in their order: each part of the image counts
// the chunks that were added to it, and a chunk waits for its turn, part by part, so that the next chunk can follow one part behind.
// Chunks are taken in order, so the one whose turn it is has always been taken and never waits.
class Turns {
 public:
  explicit Turns(int parts) : done_(size_t(parts)) {}

  void wait(int part, int64_t chunk) {
    for (int spins = 0; done_[size_t(part)].load(std::memory_order_acquire) != chunk; ++spins)
      if (spins > 1000) std::this_thread::yield();
  }
  void pass(int part) { done_[size_t(part)].fetch_add(1, std::memory_order_release); }

 private:
  std::vector<std::atomic<int64_t>> done_;
};

template <class T>
bool run(DerivativePlan& plan, Interrupted interrupted) {
  const Problem& p = plan.problem.forward;
  std::vector<T> outside = outside_values<T>(p);
  plan.plan.outside_reads = outside.data() + p.channels;
  const DerivativeTable& table = *current_isa().derivatives;
  bool adds = plan.problem.grad_input;
  int64_t box_bytes = plan.box_values * p.channels * int64_t(sizeof(T));
  int64_t arena_bytes = adds ? std::max(kArenaBytes, box_bytes) : 0, tile_bytes = plan.scratch_bytes + table.memory_bytes(plan);
  int64_t grain = std::max<int64_t>(1, std::min(kChunkTiles, 2 * arena_bytes / box_bytes));
  if (!adds) grain = std::max<int64_t>(1, kChunkTiles / p.channels);
  int threads = get_num_threads(), parts = std::min(threads, kMostParts);
  Scratch scratch(threads, tile_bytes + arena_bytes);
  Turns turns(parts);
  Watch watch(interrupted);
  parallel_for(plan.plan.tiles, grain, [&](int64_t first, int64_t last) {
    Scratch::Lease lease = scratch.lease();
    Box boxes[kChunkTiles];
    int count = 0;
    char *free = lease.memory + tile_bytes, *end = free + arena_bytes;
    for (int64_t tile = first; tile < last && !watch.given_up(); ++tile) {
      Box& box = boxes[count++] = {tile, false, {}, {}, free, end - free};
      table.tile(plan, box, lease.memory);
      if (!box.direct) free += box.bytes;
    }
    for (int part = 0; adds && part < parts; ++part) {
      turns.wait(part, first / grain);
      for (int i = 0; i < count && !watch.given_up(); ++i) table.flush(plan, boxes[i], part, parts, lease.memory);
      turns.pass(part);
    }
    watch.look();
  });
  return !watch.given_up();
}

}  // namespace

bool derivatives(const DerivativeProblem& problem, Interrupted interrupted) {
  DerivativePlan plan{};
  plan.plan = make_plan(problem.forward);
  if (plan.plan.tiles == 0) return true;
  plan.problem = problem;
  plan.problem.forward = plan.plan.problem;
  const Problem& p = problem.forward;
  plan.points = 1;
  for (int i = 0; i < p.out_ndim; ++i) plan.points *= p.out_size[i];
  plan.box_values = box_values(p.channels);
  plan.scratch_bytes = kScratchBytes;
  return computed_in_double(p.dtype) ? run<double>(plan, interrupted) : run<float>(plan, interrupted);
}

}  // namespace gs
