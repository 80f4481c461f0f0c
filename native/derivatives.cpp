#include "derivatives.h"

#include <algorithm>
#include <memory>

#include "chunks.h"
#include "dispatch.h"
#include "outside.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

constexpr int kTilesAtOnce = 16;  // between two looks whether to give up

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

template <class T>
bool run(DerivativePlan& plan, Interrupted interrupted) {
  std::vector<T> outside = outside_values<T>(plan.problem.forward);
  plan.plan.outside_reads = outside.data() + plan.problem.forward.channels;
  const DerivativeTable& table = *current_isa().derivatives;
  int threads = get_num_threads();
  Chunks chunks(plan, table, threads == 1);
  Scratch scratch(threads, table.memory_bytes(plan));
  Watch watch(interrupted);
  auto work = [&](int64_t chunk, int64_t) {
    chunks.wait(chunk);
    struct Done {
      Chunks& chunks;
      int64_t chunk;
      ~Done() { chunks.done(chunk); }  // also where there is no memory: others wait for this
    } done{chunks, chunk};
    if (!watch.given_up()) {  // nobody waits for a chunk who has memory that this one might need
      Scratch::Lease lease = scratch.lease();
      std::vector<int64_t> tiles = chunks.tiles(chunk);
      for (std::size_t i = 0; i < tiles.size() && !watch.given_up(); i += kTilesAtOnce) {
        table.run(plan, &tiles[i], std::min<int64_t>(kTilesAtOnce, int64_t(tiles.size() - i)), lease.memory);
        watch.look();
      }
    }
  };
  if (threads > 1)
    parallel_for(chunks.count(), 1, work);
  else  // also if there are more by now
    for (int64_t chunk = 0; chunk < chunks.count(); ++chunk) work(chunk, chunk + 1);
  return !watch.given_up();
}

}  // namespace

bool derivatives(const DerivativeProblem& problem, Interrupted interrupted) {
  DerivativePlan plan{};
  plan.plan = make_plan(problem.forward, kDerivativeColumns);
  if (plan.plan.tiles == 0) return true;
  plan.plan.tap_by_tap |= taps_of(problem.forward.kernel) > kPackedTaps;
  plan.plan.gathers = gathers_are_fast();
  plan.problem = problem;
  plan.problem.forward = plan.plan.problem;
  const Problem& p = problem.forward;
  plan.points = 1;
  for (int i = 0; i < p.out_ndim; ++i) plan.points *= p.out_size[i];
  return computed_in_double(p.dtype) ? run<double>(plan, interrupted) : run<float>(plan, interrupted);
}

}  // namespace gs
