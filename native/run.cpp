#include "run.h"

#include <algorithm>

#include "dispatch.h"
#include "threads.h"

namespace gs {
namespace {

// A chunk should hold some tens of microseconds of work, and each thread should get several chunks.
constexpr int64_t kReadsPerChunk = 1 << 17;

int64_t reads_per_tile(const Plan& plan) {
  const Problem& p = plan.problem;
  int64_t taps = 1;
  for (int i = 0; i < p.ndim; ++i) taps *= p.kernel == Kernel::nearest ? 1 : p.kernel == Kernel::linear ? 2 : 4;
  return plan.tile_columns * plan.tile_rows * (p.channels * taps + 8);
}

struct Call {
  const Plan* plan;
  const Isa* isa;
};

}  // namespace

void sample(const Problem& problem) {
  Plan plan = make_plan(problem);
  if (plan.tiles == 0) return;
  Call call{&plan, &current_isa()};
  int64_t grain = std::max<int64_t>(1, kReadsPerChunk / reads_per_tile(plan));
  parallel_for(
      plan.tiles, grain,
      [](void* context, int64_t first, int64_t last) {
        Call* c = static_cast<Call*>(context);
        c->isa->sample(*c->plan, first, last);
      },
      &call);
}

}  // namespace gs
