#include "run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "dispatch.h"
#include "threads.h"

namespace gs {
namespace {

// A chunk should hold some tens of microseconds of work, and each thread should get several chunks.
constexpr int64_t kReadsPerChunk = 1 << 17;

int64_t reads_per_tile(const Plan& plan) {
  const Problem& p = plan.problem;
  int64_t taps = 1;
  for (int i = 0; i < p.ndim; ++i) taps *= taps_of(p.kernel);
  return plan.tile_columns * plan.tile_rows * (p.channels * taps + 8);
}

// The fill value, and what a tap outside the array reads, in the type that is computed with.
template <class T>
std::vector<T> outside_values(const Problem& p) {
  bool constant = false;
  for (int i = 0; i < p.ndim; ++i) constant |= p.axis[i].boundary == Boundary::constant;
  std::vector<T> values(2 * size_t(p.channels));
  for (int64_t c = 0; c < p.channels; ++c) {
    values[c] = T(p.fill[c]);
    values[p.channels + c] = constant ? values[c] : T(0);
  }
  return values;
}

constexpr std::chrono::milliseconds kAskEvery{50};

struct Call {
  const Plan* plan;
  const Isa* isa;
  Interrupted interrupted;
  std::thread::id caller = std::this_thread::get_id();
  std::chrono::steady_clock::time_point asked = std::chrono::steady_clock::now();
  std::atomic<bool> given_up{false};

  void work(int64_t first, int64_t last) {
    if (given_up.load(std::memory_order_relaxed)) return;
    isa->sample(*plan, first, last);
    if (!interrupted || std::this_thread::get_id() != caller) return;
    auto now = std::chrono::steady_clock::now();
    if (now - asked < kAskEvery) return;
    asked = now;
    if (interrupted()) given_up.store(true, std::memory_order_relaxed);
  }
};

template <class T>
bool run(Plan& plan, Interrupted interrupted) {
  std::vector<T> values = outside_values<T>(plan.problem);
  plan.fill = values.data();
  plan.outside_reads = values.data() + plan.problem.channels;
  plan.gathers = gathers_are_fast();
  Call call{&plan, &current_isa(), interrupted};
  int64_t grain = std::max<int64_t>(1, kReadsPerChunk / reads_per_tile(plan));
  parallel_for(
      plan.tiles, grain,
      [](void* context, int64_t first, int64_t last) { static_cast<Call*>(context)->work(first, last); }, &call);
  return !call.given_up;
}

}  // namespace

bool sample(const Problem& problem, Interrupted interrupted) {
  Plan plan = make_plan(problem);
  if (plan.tiles == 0) return true;
  return computed_in_double(problem.dtype) ? run<double>(plan, interrupted) : run<float>(plan, interrupted);
}

}  // namespace gs
