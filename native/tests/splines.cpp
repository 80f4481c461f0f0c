// Spline coefficients of random arrays, without Python: sampled at the samples, they give the samples back.
#include <cmath>
#include <cstring>
#include <vector>

#include "check.h"
#include "dispatch.h"
#include "naive.h"
#include "prefilter.h"
#include "problems.h"
#include "threads.h"

namespace gs {
namespace test {

void test_splines();

namespace {

constexpr int kOrders[] = {2, 3, 4, 5, 7};
constexpr int64_t kLengths[] = {1, 2, 3, 7, 16, 17, 33, 70};

// What the coefficients of one line say at sample i.
template <class T>
double spline_at(const T* line, int64_t step, int64_t size, int64_t i, int order, Boundary boundary) {
  Axis axis{};
  axis.size = size;
  axis.boundary = boundary;
  double sum = 0;
  for (int k = -order / 2 - 1; k <= order / 2 + 1; ++k)
    sum += bspline(k, order) * double(line[int64_t(move_inside(double(i + k), axis)) * step]);
  return sum;
}

// As the coefficients of an array that goes on with a constant do: as in SciPy.
Boundary goes_on_as(Boundary boundary) {
  if (boundary == Boundary::zeros || boundary == Boundary::constant) return Boundary::reflection_center;
  return boundary == Boundary::border ? Boundary::reflection_edge : boundary;
}

template <class T>
void test_array(uint64_t seed, int order, Boundary boundary, bool in_place) {
  Random random(seed);
  std::vector<int64_t> size;
  int axes = int(1 + random.below(4)), axis = int(random.below(axes));
  for (int i = 0; i < axes; ++i) size.push_back(i == axis ? random.of(kLengths) : random.of({1, 2, 5, 19}));
  if (axes <= 2 && random.chance(0.1)) size[size_t(axis)] = 17000;  // too long for a buffer
  bool plain = random.chance(0.5);
  Layout from = make_layout(random, size, plain, !in_place), to = in_place ? from : make_layout(random, size, plain, false);
  Buffer<T> input(from, T(std::nan("")));
  for (int64_t i = 0; i < from.count(); ++i) input.origin()[from.offset(i)] = T(random.uniform(-1, 1));

  PrefilterProblem p{};
  p.dtype = sizeof(T) == 8 ? Dtype::float64 : Dtype::float32;
  p.order = order;
  p.boundary = boundary;
  p.length = size[size_t(axis)];
  p.input_step = from.stride[size_t(axis)];
  p.out_step = to.stride[size_t(axis)];
  for (int i = 0; i < axes; ++i)
    if (i != axis) {
      p.size[p.axes] = size[size_t(i)];
      p.input_stride[p.axes] = from.stride[size_t(i)];
      p.out_stride[p.axes++] = to.stride[size_t(i)];
    }
  Buffer<T> first;
  for (int i = 0; i < kIsaCount; ++i) {
    if (!choose_isa(kIsas[i]->name)) continue;
    for (int threads : {1, 3}) {
      set_num_threads(threads);
      Buffer<T> result(to, T(kUntouched));
      if (in_place) std::memcpy(result.memory.get(), input.memory.get(), size_t(input.size) * sizeof(T));
      p.input = in_place ? result.origin() : input.origin();
      p.out = result.origin();
      prefilter(p);
      if (!first.memory)
        first = std::move(result);
      else
        check(same(first, result), "prefilter, %s, seed %llu", kIsas[i]->name, static_cast<unsigned long long>(seed));
    }
  }
  double worst = 0;
  int64_t stride = 1;  // of the filtered axis, in elements counted in C order
  for (int i = axis + 1; i < axes; ++i) stride *= size[size_t(i)];
  for (int64_t i = 0; i < to.count(); ++i) {
    int64_t at = i / stride % p.length, line = to.offset(i) - at * p.out_step;
    double value = spline_at(first.origin() + line, p.out_step, p.length, at, order, goes_on_as(boundary));
    double error = std::fabs(value - double(input.origin()[from.offset(i)]));
    worst = error <= worst ? worst : error;  // NaN stays
  }
  double limit = sizeof(T) == 8 ? 1e-13 : 2e-5;
  check(worst <= limit, "prefilter of order %d, %d-byte numbers, seed %llu: error %g", order, int(sizeof(T)),
        static_cast<unsigned long long>(seed), worst);
}

}  // namespace

void test_splines() {
#define GS_BOUNDARY(name, ...) Boundary::name,
  const Boundary boundaries[] = {GS_BOUNDARIES(GS_BOUNDARY)};
#undef GS_BOUNDARY
  uint64_t seed = 0;
  for (Boundary boundary : boundaries)
    for (int order : kOrders)
      for (int repeat = 0; repeat < 4; ++repeat) {
        test_array<float>(++seed, order, boundary, repeat % 2);
        test_array<double>(++seed, order, boundary, repeat % 2);
      }
}

}  // namespace test
}  // namespace gs
