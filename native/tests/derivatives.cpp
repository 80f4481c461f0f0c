// What comes back to the image and to the coordinates, without Python: the same bits for every number of threads and every ISA, the
// transpose of sampling, the differences of samples. Second derivatives of weights are compared with nothing but themselves.
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "blocks.h"
#include "check.h"
#include "derivative_problems.h"
#include "dispatch.h"
#include "threads.h"

namespace gs {
namespace test {

void test_derivatives();

namespace {

#define GS_NAME(name, ...) Kernel::name,
constexpr Kernel kKernels[] = {GS_KERNELS(GS_NAME)};
#undef GS_NAME
#define GS_NAME(name, ...) Boundary::name,
constexpr Boundary kBoundaries[] = {GS_BOUNDARIES(GS_NAME)};
#undef GS_NAME

// The sum of products of two arrays, of which the second may be one item for all of the first; to `size`, that of their magnitudes.
template <class T>
double dot(Array<T>& a, Array<T>& b, double& size) {
  double sum = 0;
  for (int64_t i = 0, each = b.layout.count(); i < a.layout.count(); ++i) {
    double term = double(a.at(i)) * double(b.at(i % each));
    sum += term;
    size += std::fabs(term);
  }
  return sum;
}

// With what is checked of it.
template <class T, class C>
struct Case : DerivativeCase<T, C> {
  using Base = DerivativeCase<T, C>;
  using Base::Base, Base::seed, Base::random, Base::p, Base::points, Base::linear, Base::gradient, Base::input, Base::tangent;
  using Base::direction, Base::grads, Base::of_grad_input, Base::given, Base::problem, Base::run, Base::samples;

  void holds(bool fact, const char* what, double error = 0) {
    check(fact, "%s, %s: kernel %d, %d axes, %d-byte values, %d-byte coordinates, seed %llu, error %g", what, current_isa().name,
          int(p.kernel), p.ndim, int(sizeof(T)), int(sizeof(C)), static_cast<unsigned long long>(seed), error);
  }

  Results<T> compare(bool second, std::initializer_list<int> thread_counts) {
    set_num_threads(1);
    choose_isa("scalar");
    Results<T> first = run(second, 0);
    holds(first.grad_input.written() && first.grad_coords.written() && first.grad_out.written(), "not written, or outside");
    for (int i = 0; i < kIsaCount; ++i)
      for (int threads : thread_counts) {
        if (!choose_isa(kIsas[i]->name)) continue;
        set_num_threads(threads);
        use_gathers(threads != 2);
        Results<T> again = run(second, int(random.below(4)));
        holds(same(first.grad_input.buffer, again.grad_input.buffer), "grad_input differs");
        holds(same(first.grad_coords.buffer, again.grad_coords.buffer), "grad_coords differs");
        holds(same(first.grad_out.buffer, again.grad_out.buffer), "grad_out differs");
      }
    return first;
  }

  // With x the image, S x its samples and t the tangent: <A g, x> = <g, S x>, and how that changes along the direction.
  void check_transpose(Results<T>& once, Results<T>* twice) {
    double size = 0;  // of the terms
    for (int a = 0; a < p.ndim; ++a) size += p.axis[a].order * p.axis[a].scale * double(gradient.layout.count());  // as taps cancel
    auto equal = [&](double a, double b) {
      holds(std::fabs(a - b) <= (sizeof(T) == 8 ? 1e-14 : 1e-6) * size, "not the transpose", std::fabs(a - b) / size);
    };
    Array<T> read = samples(p);
    double back = dot(once.grad_input, input, size);
    equal(back, dot(gradient, read, size));
    if (!twice) return;
    double along = dot(twice->grad_input, input, size), of_tangent = dot(once.grad_input, tangent, size);
    equal(along, dot(once.grad_coords, direction, size));
    equal(along + of_tangent, dot(gradient, twice->grad_out, size));
  }

  // The gradient of the coordinates, where no kink of a narrow kernel is near.
  void check_differences(Array<T>& grad_coords) {
    constexpr double step = 1e-6;
    double worst = 0;
    for (int a = 0; a < p.ndim; ++a) {
      const Axis& axis = p.axis[a];
      Problem above = p, below = p;
      above.axis[a].shift += step;
      below.axis[a].shift -= step;
      Array<T> high = samples(above), low = samples(below);
      for (int64_t i = 0; i < p.batch * points; ++i) {
        double sum = 0, x = std::fma(double(given(i / points, i % points, a)) + axis.pre, axis.scale, axis.shift);
        if (taps_of(p.kernel) <= 2 && std::fabs(2 * x - std::nearbyint(2 * x)) < 1e-3) continue;
        if (std::isfinite(x) && std::fabs(x) > 1e5) continue;  // a step is lost there
        for (int64_t c = 0; c < p.channels; ++c) {
          int64_t k = (i / points * p.channels + c) * points + i % points;
          sum += gradient.at(k) * (high.at(k) - low.at(k)) / (2 * step) * axis.scale;
        }
        double error = std::fabs(sum - grad_coords.at(i * p.ndim + axis.component)) / (1 + axis.scale);
        worst = error <= worst ? worst : error;  // NaN stays
      }
    }
    holds(worst <= 2e-5, "not the difference of samples", worst);
  }

  // What a tile adds to, be it 0, is within the reach that it names. NaN shows where, and -0, of which the sum with 0 is 0.
  void check_reach() {
    const DerivativeTable& table = *current_isa().derivatives;
    Array<T> nan(gradient.layout, T(NAN));
    bool within = true;
    for (int64_t tile = 0, tiles = 1; tile < tiles; ++tile) {
      Array<T> image(of_grad_input, T(-0.0));
      DerivativePlan plan{make_plan(p, kDerivativeColumns), problem(image), points, of_grad_input.count() / grads / p.channels};
      plan.plan.tap_by_tap |= taps_of(p.kernel) > kPackedTaps;
      plan.plan.edge_pairs = reads_edges_as_pairs(plan.plan);
      plan.problem.forward = plan.plan.problem;
      plan.problem.forward.out = nan.buffer.origin();
      std::vector<char> memory(size_t(table.memory_bytes(plan)) + 64);
      table.run(plan, &tile, 1, 0, memory.data() + -reinterpret_cast<uintptr_t>(memory.data()) % 64, nullptr);
      Reach reach;
      std::fill_n(reach.low, kMaxDim, int64_t{1} << 40);
      std::fill_n(reach.high, kMaxDim, -1);
      table.reach(plan, tile, tile, reach);
      for (int64_t i = 0, left = 0; i < of_grad_input.count(); left = ++i)
        for (int a = p.ndim - 1; a >= 0 && !(image.at(i) == 0 && std::signbit(image.at(i))); left /= p.axis[a--].size)
          within &= left % p.axis[a].size >= reach.low[a] && left % p.axis[a].size <= reach.high[a];
      tiles = plan.plan.tiles;
    }
    holds(within, "beyond the reach of a tile");
  }

  void check_all(bool large) {
    Results<T> once = compare(false, {1, 2, 4});
    if (large || random.chance(0.5)) {
      if (linear) check_transpose(once, nullptr);
    } else {
      Results<T> twice = compare(true, {4});
      if (linear) check_transpose(once, &twice);
    }
    if (large) return;
    bool plain = p.outside == Outside::boundary;
    for (int a = 0; a < p.ndim; ++a) plain &= p.axis[a].order == 0;
    if (plain && sizeof(T) == 8 && sizeof(C) == 8) check_differences(once.grad_coords);
    for (int i = 0; i < kIsaCount; ++i)
      if (choose_isa(kIsas[i]->name)) check_reach();
  }
};

// Stage A is all there along one axis. More of them, and many taps, take turns, as they are slow to check.
template <class T, class C>
void test_type(int type) {
  const std::vector<int64_t> outs[] = {{300}, {70, 6}, {3, 135}, {34, 3, 5}, {2, 2, 130}}, few[] = {{17}, {5, 4}, {2, 3, 4}, {33}};
  const int64_t sides[] = {1, 2, 5, 12, 17, 40};
  uint64_t seed = uint64_t(type) << 32;
  for (Kernel kernel : kKernels)
    for (Boundary boundary : kBoundaries)
      for (int ndim = 1; ndim <= kMaxDim; ++ndim) {
        int64_t taps = int64_t(std::pow(taps_of(kernel), ndim));
        if ((int(kernel) + int(boundary) + type) % (taps <= 8 ? 1 : taps <= 16 ? 2 : 4)) continue;
        Random random(~++seed);
        bool narrow = taps_of(kernel) <= 2;
        Shape shape{{}, taps <= 16 ? random.of(outs) : random.of(few), 1 + random.below(narrow ? 3 : 2),
                    random.chance(narrow ? 0.1 : 0) ? 19 : 1 + random.below(narrow ? 5 : 2), random.chance(0.5)};
        for (int a = 0; a < ndim; ++a) shape.space.push_back(random.of(sides));
        const Boundary boundaries[] = {boundary, random.of(kBoundaries), random.of(kBoundaries)};
        Case<T, C>(seed, shape, kernel, boundaries).check_all(false);
      }
}

// Many chunks, several tiles each.
template <class T>
void test_large(Kernel kernel, const Shape& shape) {
  const Boundary boundaries[] = {Boundary::zeros, Boundary::reflection_edge, Boundary::wrap};
  for (uint64_t seed = 1; seed <= 2; ++seed) Case<T, T>(seed, shape, kernel, boundaries).check_all(true);
}

}  // namespace

void test_derivatives() {
  test_type<float, float>(0);
  test_type<float, double>(1);
  test_type<double, float>(2);
  test_type<double, double>(3);
  test_large<float>(Kernel::linear, {{80, 200}, {130, 300}, 1, 1, true});
  test_large<double>(Kernel::nearest, {{130, 300}, {130, 300}, 1, 2, false});
  test_large<float>(Kernel::linear, {{30, 40, 50}, {40, 40, 70}, 1, 1, true});
  test_large<float>(Kernel::linear, {{90, 200}, {130, 300}, 1, 5, true});
  test_large<float>(Kernel::linear, {{20, 30}, {40, 50}, 70, 3, true});
  test_large<float>(Kernel::cubic, {{5000}, {20000}, 2, 1, true});
}

}  // namespace test
}  // namespace gs
