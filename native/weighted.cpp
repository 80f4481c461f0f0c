#include "weighted.h"

#include <algorithm>
#include <memory>

#include "dispatch.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

constexpr int64_t kNumbersPerChunk = 1 << 15;
constexpr int64_t kMostBytes = 4 << 20;  // of turned lines; longer ones are summed as they lie

}  // namespace

bool weighted(const WeightedProblem& p, Interrupted interrupted) {
  const Isa& isa = current_isa();
  Watch watch(interrupted);
  if (p.outer == 0 || p.rows == 0 || p.inner == 0) return true;
  int64_t buffer_bytes = p.length * isa.vector_bytes;
  if (p.inner > 1 || buffer_bytes > kMostBytes) {
    int64_t grain = std::max<int64_t>(1, kNumbersPerChunk / (p.inner * p.taps));
    parallel_for(p.outer * p.rows, grain, [&](int64_t first, int64_t last) {
      if (!watch.given_up()) isa.weighted->across(p, first, last);
      watch.look();
    });
  } else {
    int64_t lanes = isa.vector_bytes / (p.in_double ? 8 : 4);
    int64_t grain = std::max<int64_t>(1, kNumbersPerChunk / ((p.length + p.rows * p.taps) * lanes)) * lanes;
    parallel_for(p.outer, grain, [&](int64_t first, int64_t last) {
      if (watch.given_up()) return;
      std::unique_ptr<char[]> memory(new char[size_t(buffer_bytes) + 64]);
      isa.weighted->along(p, first, last, memory.get() + -reinterpret_cast<uintptr_t>(memory.get()) % 64);
      watch.look();
    });
  }
  return !watch.given_up();
}

}  // namespace gs
