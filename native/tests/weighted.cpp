// Weighted sums along one axis, without Python: against plain sums, to the bit between ISAs and thread counts, in arrays with not an
// element to spare.
#include <cmath>
#include <vector>

#include "check.h"
#include "dispatch.h"
#include "problems.h"
#include "threads.h"
#include "weighted.h"

namespace gs {
namespace test {

void test_weighted();

namespace {

template <class T>
void test_sums(uint64_t seed) {
  Random random(seed);
  WeightedProblem p{};
  p.in_double = sizeof(T) == 8;
  p.outer = random.of({1, 2, 15, 16, 17, 40});
  p.inner = random.of({1, 1, 2, 16, 33, 130});
  p.length = random.of({1, 2, 15, 16, 17, 64, 100});
  p.rows = random.of({1, 3, 16, 17, 70});
  p.taps = 1 + random.below(p.length < 5 ? p.length : 5);
  Layout from = plain_layout({p.outer, p.length, p.inner}), to = plain_layout({p.outer, p.rows, p.inner});
  Buffer<T> input(from, T(0));
  for (int64_t i = 0; i < from.count(); ++i) input.origin()[i] = T(random.uniform(-1, 1));
  std::vector<int64_t> start(static_cast<size_t>(p.rows));
  for (int64_t& first : start) first = random.below(p.length - p.taps + 1);
  std::vector<T> weight(static_cast<size_t>(p.rows * p.taps));
  for (T& w : weight) w = T(random.uniform(-1, 1));
  p.input = input.origin();
  p.start = start.data();
  p.weight = weight.data();

  Buffer<T> first;
  for (int i = 0; i < kIsaCount; ++i) {
    if (!choose_isa(kIsas[i]->name)) continue;
    for (int threads : {1, 3}) {
      set_num_threads(threads);
      Buffer<T> result(to, T(std::nan("")));
      p.out = result.origin();
      weighted(p);
      if (!first.memory)
        first = std::move(result);
      else
        check(same(first, result), "weighted sums, %s, seed %llu", kIsas[i]->name, static_cast<unsigned long long>(seed));
    }
  }
  double worst = 0;
  for (int64_t i = 0; i < to.count(); ++i) {
    int64_t inner = i % p.inner, row = i / p.inner % p.rows, outer = i / p.inner / p.rows;
    double sum = 0;
    for (int64_t k = 0; k < p.taps; ++k)
      sum += double(weight[size_t(row * p.taps + k)]) *
             double(input.origin()[(outer * p.length + start[size_t(row)] + k) * p.inner + inner]);
    double error = std::fabs(sum - double(first.origin()[i]));
    worst = error <= worst ? worst : error;  // NaN stays
  }
  check(worst <= (p.in_double ? 2e-15 : 1e-6), "weighted sums, seed %llu: error %g", static_cast<unsigned long long>(seed), worst);
}

}  // namespace

void test_weighted() {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    test_sums<float>(seed);
    test_sums<double>(seed);
  }
}

}  // namespace test
}  // namespace gs
