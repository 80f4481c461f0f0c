// The core without Python: random problems against the naive evaluation, and to the bit between ISAs and thread counts.
//
// Run it under AddressSanitizer too: arrays lie in buffers of exactly their extent.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <type_traits>
#include <vector>

#include "check.h"
#include "dispatch.h"
#include "naive.h"
#include "problems.h"
#include "run.h"
#include "scattered.h"
#include "threads.h"

namespace gs {

#define GS_ISA_LINE(name)  \
  namespace name {         \
  void test_operations();  \
  }
#include "isas.inc"
#undef GS_ISA_LINE

namespace test {

void test_splines();
void test_derivatives();
void test_weighted();
void test_displacements();

namespace {

#define GS_KERNEL(name, ...) Kernel::name,
constexpr Kernel kKernels[] = {GS_KERNELS(GS_KERNEL)};
#undef GS_KERNEL
#define GS_BOUNDARY(name, ...) Boundary::name,
constexpr Boundary kBoundaries[] = {GS_BOUNDARIES(GS_BOUNDARY)};
#undef GS_BOUNDARY
constexpr int64_t kSides[] = {1, 2, 3, 5, 8, 16, 17};
constexpr int64_t kColumns[] = {1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100};

const char* text(Kernel k) {
  switch (k) {
#define GS_CASE(name, ...) \
  case Kernel::name: return #name;
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
  return "?";
}

// Error of a value of input up to 1: roundings of weights and sums, more of them for wide kernels.
double tolerance(const Problem& p) {
  if (p.kernel == Kernel::nearest) return 0;
  bool wide = taps_of(p.kernel) > 2;
  if (p.dtype == Dtype::float64 && p.coords_dtype == Dtype::float64) return wide ? 1e-14 : 4e-15;
  return wide ? 1.5e-6 : 5e-7;
}

std::vector<const Isa*> runnable_isas() {
  std::vector<const Isa*> isas;
  for (int i = 0; i < kIsaCount; ++i)
    if (isa_runs_here(*kIsas[i])) isas.push_back(kIsas[i]);
  return isas;
}

template <class T>
Buffer<T> evaluate(Problem p, const Layout& out) {
  Buffer<T> result(out, T(kUntouched));
  p.out = result.origin();
  sample(p);
  return result;
}

template <class T, class C>
void compare_with_naive(const Problem& p, const Layout& out, Buffer<T>& result, uint64_t seed) {
  double limit = tolerance(p), worst = 0;
  std::vector<bool> written(size_t(result.size), false);
  naive<T, C, std::conditional_t<sizeof(T) == 8, double, C>>(p, [&](int64_t, int64_t, int64_t, int64_t where, double value) {
    double error = std::fabs(double(result.origin()[where]) - double(T(value)));
    worst = error <= worst ? worst : error;  // NaN stays
    written[size_t(where - out.low)] = true;
  });
  check(worst <= limit, "%s, %d axes, %d-byte values, %d-byte coordinates, seed %llu: error %g", text(p.kernel), p.ndim,
        int(sizeof(T)), int(sizeof(C)), static_cast<unsigned long long>(seed), worst);
  bool clean = true;
  for (int64_t i = 0; i < result.size; ++i) clean &= written[size_t(i)] || result.memory[size_t(i)] == T(kUntouched);
  check(clean, "seed %llu: written outside the result", static_cast<unsigned long long>(seed));
}

template <class T, class C>
void test_problem(uint64_t seed, Kernel kernel, const Shape& shape, bool odd) {
  Random random(seed);
  Boundary boundary[kMaxDim];
  bool alike = random.chance(0.5);
  for (int a = 0; a < kMaxDim; ++a) boundary[a] = alike && a ? boundary[0] : random.of(kBoundaries);
  Arrays<T, C> arrays(random, shape, kernel, boundary, odd);
  Buffer<T> first;
  for (const Isa* isa : runnable_isas()) {
    check(choose_isa(isa->name) && &current_isa() == isa, "choosing %s", isa->name);
    for (int threads : {1, 2, 7}) {
      set_num_threads(threads);
      use_gathers(threads != 2);
      Buffer<T> result = evaluate<T>(arrays.p, arrays.out);
      if (!first.memory) {
        compare_with_naive<T, C>(arrays.p, arrays.out, result, seed);
        first = std::move(result);
      } else {
        check(same(first, result), "%s with %d threads differs, %s, %d axes, seed %llu", isa->name, threads, text(kernel),
              arrays.p.ndim, static_cast<unsigned long long>(seed));
      }
    }
  }
}

template <class T, class C>
void test_random_problems(int repeats) {
  for (Kernel kernel : kKernels) {
    for (int ndim = 1; ndim <= kMaxDim; ++ndim) {
      // After their weights, the other kernels run the code of cubic, or that of their number of taps, which is slow to check.
      bool basic = int(kernel) <= int(Kernel::cubic);
      int few = basic ? repeats : (repeats + 9) / (ndim == 1 ? 2 : 10);
      for (int repeat = 0; repeat < few; ++repeat) {
        uint64_t seed = uint64_t(((repeat * 4 + ndim) * 16 + int(kernel)) * 4 + int(sizeof(T) + sizeof(C)) / 4 - 2);
        Random random(seed ^ 0xabcdef);
        Shape shape{{}, {}, 1 + random.below(3), 1 + random.below(4), random.chance(0.5)};
        for (int a = 0; a < ndim; ++a) shape.space.push_back(random.of(kSides));
        for (int64_t left = random.below(4); left > 0; --left) shape.out.push_back(1 + random.below(left == 1 ? 9 : 3));
        if (random.chance(0.95)) shape.out.push_back(random.of(kColumns));
        test_problem<T, C>(seed, kernel, shape, random.chance(0.5));
      }
      if (!basic && ndim != 2) continue;
      // One that keeps several threads busy.
      int64_t taps = int64_t(std::pow(taps_of(kernel), ndim));
      Shape shape{{}, {(1 << 19) / (2 * taps + 8) / 130, 130}, 1, 2, true};
      for (int a = 0; a < ndim; ++a) shape.space.push_back(20);
      test_problem<T, C>(uint64_t(ndim), kernel, shape, true);
    }
  }
}

// So many channels that they are cut into blocks, side by side too, where the last ones of the last pixel end the array.
template <class T>
void test_many_channels() {
  for (Kernel kernel : {Kernel::nearest, Kernel::linear, Kernel::cubic})
    for (int64_t channels : {129, 193, 194, 195, 196, 259})
      for (uint64_t seed = 1; seed <= 6; ++seed)
        test_problem<T, float>(seed * 1000 + uint64_t(channels), kernel, {{3, 4}, {2, 5}, 1, channels, false}, false);
}

// Planes so large, and points so many and so far apart, that they are read from a copy whose channels lie side by side.
void test_scattered() {
  const Shape shape{{182, 181}, {33000}, 2, 16, true};
  for (Kernel kernel : {Kernel::nearest, Kernel::linear, Kernel::cubic}) {
    Random random(9);
    const Boundary boundary[kMaxDim] = {Boundary::zeros, Boundary::zeros, Boundary::zeros};
    Arrays<float, float> arrays(random, shape, kernel, boundary, false);
    check(is_scattered(arrays.p), "points are not scattered enough for the test");
    test_problem<float, float>(9, kernel, shape, true);
  }
}

// Outputs so large that they are written past the caches, from an aligned address and from others.
template <class T>
void test_large_output(Kernel kernel) {
  Random random(5);
  const Boundary boundary[kMaxDim] = {Boundary::zeros, Boundary::zeros, Boundary::zeros};
  Arrays<T, T> arrays(random, {{30, 40}, {1100, 1003}, 1, 1, true}, kernel, boundary, false);
  int64_t size = arrays.out.count();
  Buffer<T> first;
  for (const Isa* isa : runnable_isas()) {
    choose_isa(isa->name);
    std::vector<T> memory(size_t(size) + 64, T(kUntouched));
    for (int64_t shift : {0, 1}) {
      int64_t begin = int64_t(-reinterpret_cast<uintptr_t>(memory.data()) % 64 / sizeof(T)) + shift;
      Problem p = arrays.p;
      p.out = memory.data() + begin;
      sample(p);
      if (!first.memory) {
        first = Buffer<T>(arrays.out, T(0));
        std::memcpy(first.memory.get(), p.out, size_t(size) * sizeof(T));
        naive<T, T, T>(arrays.p, [&](int64_t, int64_t, int64_t point, int64_t where, double value) {
          if (point % 1003 < 20 || point % 1003 > 980)
            check(std::fabs(double(first.origin()[where]) - double(T(value))) <= tolerance(p), "large, %s", text(kernel));
        });
      }
      check(!std::memcmp(first.memory.get(), p.out, size_t(size) * sizeof(T)), "large, %s, %s", isa->name, text(kernel));
      check(memory[size_t(begin + size)] == T(kUntouched), "large, %s: written past the end", isa->name);
      check(begin == 0 || memory[size_t(begin - 1)] == T(kUntouched) || shift, "large, %s: written before", isa->name);
    }
  }
}

void test_empty() {
  Random random(6);
  const Boundary boundary[kMaxDim] = {Boundary::border, Boundary::border, Boundary::border};
  for (const Shape& shape : {Shape{{4, 5}, {3, 0}, 2, 3, true}, Shape{{4, 5}, {3, 7}, 2, 0, true}, Shape{{4, 5}, {0}, 1, 1, true}}) {
    Arrays<float, float> arrays(random, {shape.space, {3, 7}, 2, 3, true}, Kernel::linear, boundary, false);
    Problem p = arrays.p;
    p.channels = shape.channels;
    p.out_ndim = int(shape.out.size());
    for (int i = 0; i < p.out_ndim; ++i) p.out_size[i] = shape.out[size_t(i)];
    float untouched = float(kUntouched);
    p.out = &untouched;
    sample(p);
    check(untouched == float(kUntouched), "an empty problem writes");
  }
}

void test_concurrent_calls() {
  Random random(7);
  const Boundary boundary[kMaxDim] = {Boundary::reflection_edge, Boundary::border, Boundary::zeros};
  Arrays<float, float> arrays(random, {{20, 30}, {200, 130}, 1, 3, true}, Kernel::linear, boundary, false);
  set_num_threads(1);
  Buffer<float> expected = evaluate<float>(arrays.p, arrays.out);
  set_num_threads(4);
  int wrong[8] = {};
  std::vector<std::thread> callers;
  for (int& mine : wrong)
    callers.emplace_back([&mine, &arrays, &expected] {
      for (int i = 0; i < 10; ++i) mine += !same(expected, evaluate<float>(arrays.p, arrays.out));
    });
  for (int i = 0; i < 50; ++i) set_num_threads(1 + i % 7);
  for (std::thread& caller : callers) caller.join();
  for (int count : wrong) check(count == 0, "%d wrong results of concurrent calls", count);
}

// A call from within the work of another one, by the caller's thread and by the pool's.
void test_nested_calls() {
  Random random(8);
  const Boundary boundary[kMaxDim] = {Boundary::wrap, Boundary::border, Boundary::zeros};
  Arrays<float, float> arrays(random, {{20, 30}, {200, 130}, 1, 2, true}, Kernel::cubic, boundary, false);
  set_num_threads(1);
  Buffer<float> expected = evaluate<float>(arrays.p, arrays.out);
  set_num_threads(4);
  struct Work {
    const Arrays<float, float>& arrays;
    const Buffer<float>& expected;
    int wrong[16];
  } work{arrays, expected, {}};
  parallel_for(
      16, 1,
      [](void* context, int64_t first, int64_t last) {
        Work& mine = *static_cast<Work*>(context);
        for (int64_t i = first; i < last; ++i)
          mine.wrong[i] = 1 + !same(mine.expected, evaluate<float>(mine.arrays.p, mine.arrays.out));
      },
      &work);
  for (int count : work.wrong) check(count == 1, "a nested call was %s", count ? "wrong" : "not made");
}

void test_isa_names() {
  const Isa& before = current_isa();
  check(!choose_isa("none"), "an unknown ISA was chosen");
  check(&current_isa() == &before, "an unknown ISA changed the choice");
  check(!std::strcmp(kIsas[kIsaCount - 1]->name, "scalar"), "the last ISA is %s", kIsas[kIsaCount - 1]->name);
  for (const Isa* isa : runnable_isas()) std::printf("%s: %d bytes\n", isa->name, isa->vector_bytes);
}

}  // namespace
}  // namespace test
}  // namespace gs

int main(int argc, char** argv) {
  using namespace gs;
  int repeats = argc > 1 ? std::atoi(argv[1]) : 60;
  test::test_isa_names();
#define GS_ISA_LINE(name) \
  if (isa_runs_here(*kIsas[line])) name::test_operations(); \
  ++line;
  int line = 0;
#include "isas.inc"
  test::test_empty();
  test::test_random_problems<float, float>(repeats);
  test::test_random_problems<float, double>(repeats);
  test::test_random_problems<double, float>(repeats);
  test::test_random_problems<double, double>(repeats);
  for (gs::Kernel kernel : {gs::Kernel::nearest, gs::Kernel::linear, gs::Kernel::cubic}) {
    test::test_large_output<float>(kernel);
    test::test_large_output<double>(kernel);
  }
  test::test_many_channels<float>();
  test::test_many_channels<double>();
  test::test_scattered();
  test::test_splines();
  test::test_derivatives();
  test::test_weighted();
  test::test_displacements();
  test::test_concurrent_calls();
  test::test_nested_calls();
  return test::finish();
}
