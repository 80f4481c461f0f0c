#include "run.h"

#include <algorithm>
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
  for (int i = 0; i < p.ndim; ++i) taps *= p.kernel == Kernel::nearest ? 1 : p.kernel == Kernel::linear ? 2 : 4;
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

struct Call {
  const Plan* plan;
  const Isa* isa;
};

template <class T>
void run(Plan& plan) {
  std::vector<T> values = outside_values<T>(plan.problem);
  plan.fill = values.data();
  plan.outside_reads = values.data() + plan.problem.channels;
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

}  // namespace

void sample(const Problem& problem) {
  Plan plan = make_plan(problem);
  if (plan.tiles == 0) return;
  if (computed_in_double(problem.dtype))
    run<double>(plan);
  else
    run<float>(plan);
}

}  // namespace gs
