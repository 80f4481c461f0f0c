#include "prefilter.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "dispatch.h"
#include "plan.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

// A block of lines should stay in a second-level cache; if lines are so long that one vector's worth of them does not fit
// kMostBytes, no buffer is worth its memory.
constexpr int64_t kBlockBytes = 1 << 18, kMostBytes = 1 << 20;
constexpr int64_t kNumbersPerChunk = 1 << 15;

struct Zeros {
  int order, count;
  double z[kMaxPoles];
};
constexpr Zeros kZeros[] = {
    {2, 1, {-0.171572875253809902396}},
    {3, 1, {-0.267949192431122706472}},
    {4, 2, {-0.361341225900220177092, -0.013725429297339121360}},
    {5, 2, {-0.430575347099973791851, -0.043096288203264653822}},
    {7, 3, {-0.535280430796438165542, -0.122554615192326690515, -0.009148694809608276928}},
};

struct Starts {
  std::vector<StartTerm> first, last;
};

// The weights of NOTE [spline coefficients]; terms below `least` do not change the sum.
Starts make_starts(double z, int64_t n, Boundary boundary, double least) {
  Starts starts;
  int64_t count = std::min(n, int64_t(std::log(least) / std::log(-z)) + 2);
  auto power = [z](int64_t exponent) { return std::pow(z, double(exponent)); };
  switch (boundary) {
    case Boundary::wrap:
      for (int64_t i = 0; i < count; ++i) {
        double weight = power(i) / (1 - power(n));
        starts.first.push_back({(n - i) % n, weight});
        starts.last.push_back({(n - 1 + i) % n, -z * weight});
      }
      break;
    case Boundary::border:
    case Boundary::reflection_edge:
      for (int64_t i = 0; i < count; ++i)
        starts.first.push_back({i, (i == 0) + z * (power(i) + power(2 * n - 1 - i)) / (1 - power(2 * n))});
      starts.last.push_back({n - 1, z / (z - 1)});
      break;
    default:
      for (int64_t i = 0; i < count; ++i) {
        bool end = i == 0 || i == n - 1;
        starts.first.push_back({i, (power(i) + (end ? 0 : power(2 * n - 2 - i))) / (1 - power(2 * n - 2))});
      }
      starts.last.push_back({n - 1, z / (z * z - 1)});
      starts.last.push_back({n - 2, z * z / (z * z - 1)});
  }
  return starts;
}

// The other axes from the largest stride to the smallest, without those of one line, and merged where they lie like one.
void merge_axes(PrefilterProblem& p) {
  int order[kMaxOutDim], count = 0;
  for (int i = 0; i < p.axes; ++i)
    if (p.size[i] != 1) order[count++] = i;
  std::stable_sort(order, order + count, [&](int a, int b) { return std::abs(p.out_stride[a]) > std::abs(p.out_stride[b]); });
  PrefilterProblem merged = p;
  merged.axes = 0;
  for (int i = 0; i < count; ++i) {
    int axis = order[i], outer = merged.axes - 1;
    if (outer >= 0 && merged.input_stride[outer] == p.input_stride[axis] * p.size[axis] &&
        merged.out_stride[outer] == p.out_stride[axis] * p.size[axis])
      merged.size[outer] *= p.size[axis];
    else
      merged.size[++outer] = p.size[axis], merged.axes = outer + 1;
    merged.input_stride[outer] = p.input_stride[axis];
    merged.out_stride[outer] = p.out_stride[axis];
  }
  p = merged;
}

PrefilterPlan make_prefilter_plan(const PrefilterProblem& problem, int vector_bytes) {
  PrefilterPlan plan{};
  plan.problem = problem;
  PrefilterProblem& p = plan.problem;
  merge_axes(p);
  int64_t lines = 1, inner = p.axes ? p.size[p.axes - 1] : 1, item = item_size(p.dtype), lanes = vector_bytes / item;
  for (int i = 0; i < p.axes; ++i) lines *= p.size[i];
  bool unit = p.axes && p.input_stride[p.axes - 1] == 1 && p.out_stride[p.axes - 1] == 1;
  plan.lines = unit && inner >= lanes / 2                  ? Lines::neighbours
               : p.input_step == 1 && p.out_step == 1 ? Lines::along
                                                      : Lines::scattered;
  plan.buffered = p.length * vector_bytes <= kMostBytes;
  plan.block_lines = int(lanes * (p.length * vector_bytes * 4 <= kBlockBytes ? 4 : 1));
  plan.run_length = plan.lines == Lines::neighbours ? inner : lines;
  plan.run_blocks = (plan.run_length + plan.block_lines - 1) / plan.block_lines;
  plan.blocks = lines ? lines / plan.run_length * plan.run_blocks : 0;
  return plan;
}

// Memory for one chunk of work; null where there is none, and then blocks are not buffered.
struct Buffer {
  explicit Buffer(size_t bytes) : memory(bytes ? std::malloc(bytes + 63) : nullptr) {}
  ~Buffer() { std::free(memory); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  void* aligned() const {
    return memory ? reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(memory) + 63) / 64 * 64) : nullptr;
  }
  void* memory;
};

}  // namespace

bool is_spline_order(int order) {
  return std::any_of(std::begin(kZeros), std::end(kZeros), [&](const Zeros& zeros) { return zeros.order == order; });
}

bool prefilter(const PrefilterProblem& problem, Interrupted interrupted) {
  const Isa& isa = current_isa();
  PrefilterPlan plan = make_prefilter_plan(problem, isa.vector_bytes);
  plan.gain = 1;
  Starts starts[kMaxPoles];
  if (problem.length > 1)  // one sample is its own coefficient
    for (const Zeros& zeros : kZeros)
      if (zeros.order == problem.order)
        for (; plan.poles < zeros.count; ++plan.poles) {
          double z = zeros.z[plan.poles];
          Starts& s = starts[plan.poles];
          s = make_starts(z, problem.length, problem.boundary, problem.dtype == Dtype::float64 ? 1e-18 : 1e-9);
          plan.pole[plan.poles] = {z, s.first.data(), s.last.data(), int(s.first.size()), int(s.last.size())};
          plan.gain *= (1 - z) * (1 - 1 / z);
        }
  int64_t numbers = problem.length * plan.block_lines;
  size_t buffer_bytes = plan.buffered ? size_t(numbers * item_size(problem.dtype)) : 0;
  Watch watch(interrupted);
  parallel_for(plan.blocks, std::max<int64_t>(1, kNumbersPerChunk / numbers), [&](int64_t first, int64_t last) {
    if (watch.given_up()) return;
    Buffer buffer(buffer_bytes);
    isa.prefilter->run(plan, first, last, buffer.aligned());
    watch.look();
  });
  return !watch.given_up();
}

}  // namespace gs
