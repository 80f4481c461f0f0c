// Weighted sums along one axis and two, without Python: against plain sums, to the bit between ISAs and thread counts, in arrays with not an
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

// A problem with random rows, and what these are in.
template <class T>
struct Rows {
  std::vector<int64_t> start;
  std::vector<T> weight;
  WeightedProblem p{};

  Rows(Random& random, int64_t outer, int64_t length, int64_t inner) {
    p.in_double = sizeof(T) == 8;
    p.outer = outer;
    p.length = length;
    p.inner = inner;
    p.rows = random.of({1, 15, 16, 17, 40, 70});
    p.taps = 1 + random.below(length < 5 ? length : 5);
    int64_t near = random.of({int64_t(2), length});  // starts that follow each other, or are anywhere
    for (int64_t r = 0, at = 0; r < p.rows; ++r) {
      at += random.below(near + 1);
      if (at > length - p.taps) at = random.below(length - p.taps + 1);
      start.push_back(at);
    }
    for (int64_t i = 0; i < p.rows * p.taps; ++i) weight.push_back(random.below(4) ? T(random.uniform(-1, 1)) : T(0));
    p.start = start.data();
    p.weight = weight.data();
  }
};

// Both axes at once are one after the other.
template <class T>
void test_two_axes(uint64_t seed) {
  Random random(seed);
  int64_t outer = random.of({1, 2, 5}), length = random.of({1, 2, 17, 40}), inner = random.of({1, 31, 32, 33, 64, 100});
  Rows<T> first(random, outer, length, inner), second(random, outer * first.p.rows, inner, 1);
  Layout from = plain_layout({outer, length, inner}), between = plain_layout({outer, first.p.rows, inner});
  Layout to = plain_layout({outer, first.p.rows, second.p.rows});
  Buffer<T> input(from, T(0)), rows(between, T(0)), expected(to, T(0));
  for (int64_t i = 0; i < from.count(); ++i) input.origin()[i] = T(random.uniform(-1, 1));
  choose_isa(kIsas[kIsaCount - 1]->name);
  first.p.input = input.origin();
  first.p.out = rows.origin();
  weighted(first.p);
  second.p.input = rows.origin();
  second.p.out = expected.origin();
  weighted(second.p);
  first.p.then = &second.p;
  for (int i = 0; i < kIsaCount; ++i) {
    if (!choose_isa(kIsas[i]->name)) continue;
    for (int threads : {1, 3}) {
      set_num_threads(threads);
      Buffer<T> result(to, T(std::nan("")));
      second.p.out = result.origin();
      weighted(first.p);
      check(same(expected, result), "weighted sums along two axes, %s, seed %llu", kIsas[i]->name, static_cast<unsigned long long>(seed));
    }
  }
}

template <class T>
void test_take(uint64_t seed) {
  Random random(seed);
  Layout from = plain_layout({random.of({7, 20}), random.of({3, 90})});
  Buffer<T> input(from, T(0));
  for (int64_t i = 0; i < from.count(); ++i) input.origin()[i] = T(random.below(100));
  TakeProblem p{};
  p.item = sizeof(T);
  p.rows = random.of({1, 30});
  p.columns = random.of({1, 16, 100});
  std::vector<int64_t> row, column;
  for (int64_t r = 0; r < p.rows; ++r) row.push_back(random.below(from.size[0]) * from.size[1]);
  for (int64_t c = 0; c < p.columns; ++c) column.push_back(random.below(from.size[1]));
  Buffer<T> result(plain_layout({p.rows, p.columns}), T(101));
  p.input = input.origin();
  p.out = result.origin();
  p.row = row.data();
  p.column = column.data();
  take(p);
  bool right = true;
  for (int64_t i = 0; i < p.rows * p.columns; ++i)
    right &= result.origin()[i] == input.origin()[row[size_t(i / p.columns)] + column[size_t(i % p.columns)]];
  check(right, "taken elements of %d bytes, seed %llu", p.item, static_cast<unsigned long long>(seed));
}

}  // namespace

void test_weighted() {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    test_sums<float>(seed);
    test_sums<double>(seed);
    test_two_axes<float>(seed);
    test_two_axes<double>(seed);
    test_take<uint8_t>(seed);
    test_take<uint16_t>(seed);
    test_take<float>(seed);
    test_take<double>(seed);
  }
}

}  // namespace test
}  // namespace gs
