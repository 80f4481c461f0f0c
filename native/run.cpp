#include "run.h"

#include <algorithm>

#include "dispatch.h"
#include "outside.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

// Two taps that lie side by side, also where the boundary moves them, and an axis to move a pair along.
bool reads_edges_as_pairs(const Plan& plan) {
  const Problem& p = plan.problem;
  bool pairs = taps_of(p.kernel) == 2 && plan.channels_at_once == 1 && !plan.tap_by_tap;
  for (int a = 0; a < p.ndim; ++a) pairs &= p.axis[a].size > 1 && p.axis[a].boundary != Boundary::wrap;
  return pairs;
}

// A chunk should hold some tens of microseconds of work, and each thread should get several chunks.
constexpr int64_t kReadsPerChunk = 1 << 17;

int64_t reads_per_tile(const Plan& plan) {
  const Problem& p = plan.problem;
  int64_t taps = 1;
  for (int i = 0; i < p.ndim; ++i) taps *= taps_of(p.kernel);
  return plan.tile_columns * plan.tile_rows * (p.channels * taps + 8);
}

template <class T>
bool run(Plan& plan, Interrupted interrupted) {
  std::vector<T> values = outside_values<T>(plan.problem);
  plan.fill = values.data();
  plan.outside_reads = values.data() + plan.problem.channels;
  plan.gathers = gathers_are_fast();
  plan.edge_pairs = reads_edges_as_pairs(plan);
  Watch watch(interrupted);
  const Isa& isa = current_isa();
  int64_t grain = std::max<int64_t>(1, kReadsPerChunk / reads_per_tile(plan));
  parallel_for(plan.tiles, grain, [&](int64_t first, int64_t last) {
    if (watch.given_up()) return;
    isa.sample(plan, first, last);
    watch.look();
  });
  return !watch.given_up();
}

}  // namespace

bool sample(const Problem& problem, Interrupted interrupted) {
  Plan plan = make_plan(problem);
  if (plan.tiles == 0) return true;
  return computed_in_double(problem.dtype) ? run<double>(plan, interrupted) : run<float>(plan, interrupted);
}

}  // namespace gs
