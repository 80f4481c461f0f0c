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

constexpr int kTilesAtOnce = 16;  // between two looks whether to give up

template <class T>
bool run(DerivativePlan& plan, Interrupted interrupted) {
  std::vector<T> outside = outside_values<T>(plan.problem.forward);
  plan.plan.outside_reads = outside.data() + plan.problem.forward.channels;
  const DerivativeTable& table = *current_isa().derivatives;
  int threads = get_num_threads();
  Chunks chunks(plan, table, threads == 1);
  int64_t bytes = table.memory_bytes(plan);
  Watch watch(interrupted);
  auto derive = [&](int64_t chunk) {
    std::vector<int64_t> tiles = chunks.tiles(chunk);
    for (std::size_t i = 0; i < tiles.size() && !watch.given_up(); i += kTilesAtOnce) {
      table.run(plan, &tiles[i], std::min<int64_t>(kTilesAtOnce, int64_t(tiles.size() - i)), thread_memory(bytes));
      watch.look();
    }
  };
  std::atomic<bool> no_memory{false};
  auto work = [&](int64_t chunk, int64_t) {
    chunks.wait(chunk);
    try {
      if (!watch.given_up() && !no_memory) derive(chunk);
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
