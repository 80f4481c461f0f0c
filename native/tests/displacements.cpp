// Coordinates that are displacements: to the bit what the sums of them and the points' places give, on every ISA.
#include <vector>

#include "check.h"
#include "dispatch.h"
#include "problems.h"
#include "run.h"
#include "threads.h"

namespace gs {
namespace test {
namespace {

template <class T, class C>
void test_field(uint64_t seed) {
  Random random(seed);
  Shape shape{{}, {}, 1 + random.below(2), 1 + random.below(4), random.chance(0.6)};
  int64_t ndim = 1 + random.below(3), outer = ndim < 3 ? random.below(2) : 0;  // axes of points before those that count
  for (int64_t a = 0; a < ndim; ++a) shape.space.push_back(1 + random.below(40));
  for (int64_t i = 0; i < outer + (ndim == 1); ++i) shape.out.push_back(1 + random.below(4));
  for (int64_t a = 0; a < ndim; ++a) shape.out.push_back(1 + random.below(a + 1 == ndim ? 70 : 20));
  if (shape.out.size() < 2) shape.out.insert(shape.out.begin(), 1);
  Boundary rules[kMaxDim];
  for (Boundary& rule : rules) rule = random.of({Boundary::zeros, Boundary::border, Boundary::wrap, Boundary::reflection_edge});
  Arrays<T, C> arrays(random, shape, random.of({Kernel::nearest, Kernel::linear, Kernel::cubic}), rules, false);
  Problem& p = arrays.p;
  for (int a = 0; a < p.ndim; ++a) p.axis[a].pre = p.axis[a].shift = 0, p.axis[a].scale = 1;

  std::vector<int64_t> sizes{p.batch};
  sizes.insert(sizes.end(), shape.out.begin(), shape.out.end());
  sizes.push_back(p.ndim);
  Layout layout = plain_layout(sizes);
  std::vector<double> sums(size_t(layout.count()));
  for (int64_t i = 0; i < layout.count(); ++i) {
    int64_t component = i % p.ndim, left = i / p.ndim, from = component * p.coords_component;
    for (int axis = p.out_ndim - 1; axis >= 0; --axis) {
      int64_t index = left % p.out_size[axis];
      left /= p.out_size[axis];
      from += index * p.coords_stride[axis];
      for (int a = 0; a < p.ndim; ++a)
        if (p.axis[a].component == component && p.ndim - a == p.out_ndim - axis) sums[size_t(i)] += double(index);
    }
    sums[size_t(i)] += double(static_cast<const C*>(p.coords)[from + left * p.coords_batch]);
  }
  Problem summed = p;
  summed.coords = sums.data();
  summed.coords_dtype = Dtype::float64;
  summed.coords_batch = layout.stride[0];
  summed.coords_component = 1;
  for (int i = 0; i < p.out_ndim; ++i) summed.coords_stride[i] = layout.stride[size_t(i) + 1];
  p.relative = true;
  for (int i = 0; i < kIsaCount; ++i) {
    if (!isa_runs_here(*kIsas[i])) continue;
    choose_isa(kIsas[i]->name);
    set_num_threads(int(1 + seed % 3));
    Buffer<T> expected(arrays.out, T(7)), found(arrays.out, T(7));
    summed.out = expected.origin();
    p.out = found.origin();
    sample(summed);
    sample(p);
    check(same(expected, found), "displacements of %d axes, %s, seed %llu", p.ndim, kIsas[i]->name, static_cast<unsigned long long>(seed));
  }
}

}  // namespace

void test_displacements();
void test_displacements() {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    test_field<float, float>(seed);
    test_field<float, double>(seed);
    test_field<double, float>(seed);
    test_field<double, double>(seed);
  }
}

}  // namespace test
}  // namespace gs
