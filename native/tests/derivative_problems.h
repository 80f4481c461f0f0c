// Random problems of derivatives: an image, gradients, a tangent and a direction beside the arrays of problems.h; maps of every kind.
#pragma once

#include <algorithm>
#include <cmath>

#include "derivatives.h"
#include "problems.h"

namespace gs {
namespace test {

constexpr double kNoFill[32] = {};

// (items, channels, *space), whose spatial axes lie in C order, the others anyhow.
inline Layout image_layout(Random& random, int64_t items, const Shape& shape, bool repeats) {
  Layout layout = plain_layout(shape.space), outer = make_layout(random, {items, shape.channels}, shape.plain, repeats);
  int64_t plane = layout.count() + (shape.plain ? 0 : random.below(3));
  layout.size.insert(layout.size.begin(), outer.size.begin(), outer.size.end());
  layout.stride.insert(layout.stride.begin(), {outer.stride[0] * plane, outer.stride[1] * plane});
  layout.low = outer.low * plane;
  layout.high += outer.high * plane;
  return layout;
}

// An array with its layout.
template <class T>
struct Array {
  Layout layout;
  Buffer<T> buffer;

  Array(const Layout& layout, T fill) : layout(layout), buffer(layout, T(kUntouched)) {  // `fill` at the elements only
    for (int64_t i = 0; i < layout.count(); ++i) at(i) = fill;
  }
  Array(Random& random, const Layout& layout) : Array(layout, 0) {
    for (int64_t i = 0; i < layout.count(); ++i) at(i) = T(random.uniform(-1, 1));
  }
  T& at(int64_t element) { return buffer.origin()[layout.offset(element)]; }
  int64_t batch() const { return layout.size[0] == 1 ? 0 : layout.stride[0]; }
  bool written() const {  // all elements, and nothing else
    return std::count(buffer.memory.get(), buffer.memory.get() + buffer.size, T(kUntouched)) == buffer.size - layout.count();
  }
};

template <class T>
struct Results {
  Array<T> grad_input, grad_coords, grad_out;
};

template <class T, class C>
struct DerivativeCase {
  uint64_t seed;
  Random random{seed};
  Arrays<T, C> arrays;
  Problem p = arrays.p;
  int64_t points = number_points(), items = random.chance(0.4) ? 1 : p.batch;
  int64_t grads = items == 1 && random.chance(0.8) ? 1 : p.batch;  // one image gets the sum over the batch, or each item its own
  Array<T> gradient{random, arrays.out}, input, tangent, direction;
  Layout of_grad_input;
  bool linear = random.chance(0.7);  // samples are linear in the image

  DerivativeCase(uint64_t seed, const Shape& shape, Kernel kernel, const Boundary (&boundary)[kMaxDim])
      : seed(seed),
        arrays(random, shape, kernel, boundary, random.chance(0.3)),
        input(random, image_layout(random, items, shape, true)),
        tangent(random, image_layout(random, grads == 1 || random.chance(0.5) ? 1 : p.batch, shape, true)),
        direction(random, plain_layout({random.chance(0.3) ? 1 : p.batch, points, p.ndim})),
        of_grad_input(image_layout(random, grads, shape, false)) {
    p.input = input.buffer.origin();
    p.input_batch = input.batch();
    p.input_channel = input.layout.stride[1];
    for (int a = 0; a < p.ndim; ++a) p.axis[a].stride = input.layout.stride[size_t(a) + 2];
    if (random.chance(0.2) && kernel != Kernel::nearest) p.axis[random.below(p.ndim)].order = 1;
    if (random.chance(0.2)) p.outside = Outside::fill;
    if (linear) p.fill = kNoFill;
    if (random.chance(0.8)) map_points();
  }

  int64_t number_points() {
    int64_t count = 1;
    for (int i = p.out_ndim - 1; i >= 0; count *= p.out_size[i--]) p.mask_stride[i] = count;
    return p.mask_batch = count;
  }

  C& given(int64_t item, int64_t point, int axis) {
    int64_t at = item * p.coords_batch + p.axis[axis].component * p.coords_component;
    for (int i = p.out_ndim - 1; i >= 0; point /= p.out_size[i--]) at += point % p.out_size[i] * p.coords_stride[i];
    return arrays.coords.origin()[at];
  }

  // Points that are not scattered: turned, magnified or shrunk or neither, bent, some of them or all far outside.
  void map_points() {
    double angle = random.chance(0.5) ? 0 : random.uniform(-3.2, 3.2), zoom = random.of({1.0, 1.0, 1.0, 0.1, 8.0});
    double bend = random.of({0.0, 0.2}), move = random.of({0.0, 0.0, 0.0, 0.3, 60.0});
    bool odd = random.chance(0.3), level = random.chance(0.5);  // level: neighbours are as far apart as samples
    for (int64_t number = 0; number < p.batch * points; ++number) {
      double u[kMaxDim] = {};  // from -1 to 1
      for (int64_t i = p.out_ndim - 1, left = number % points; i >= 0; left /= p.out_size[i--])
        u[i % p.ndim] = double(2 * (left % p.out_size[i]) + 1) / double(p.out_size[i]) - 1;
      for (int a = 0; a < p.ndim; ++a) {
        const Axis& axis = p.axis[a];
        double other = u[(a + 1) % p.ndim], half = double(axis.size) / 2;
        double scale = level && a < p.out_ndim ? double(p.out_size[a]) / 2 : half;
        double turned = std::cos(angle) * u[a] + (a ? 1 : -1) * std::sin(angle) * other + bend * std::sin(4 * other);
        double x = half - 0.5 + half * move + scale * zoom * turned;
        if (odd && random.chance(0.01)) x = make_coordinate(random, axis.size, 40, true);
        if (odd && random.chance(0.003)) x = random.of({NAN, INFINITY, -INFINITY});
        given(number / points, number % points, a) = C(axis.scale == 0 ? x : (x - axis.shift) / axis.scale - axis.pre);
      }
    }
  }

  DerivativeProblem problem(Array<T>& grad_input) {
    DerivativeProblem d{};
    d.forward = p;
    d.forward.out = gradient.buffer.origin();
    d.grad_input = grad_input.buffer.origin();
    d.grad_batch = grad_input.batch();
    d.grad_channel = grad_input.layout.stride[1];
    return d;
  }

  // With memory for sums or without, and a gradient of the image that is cleared first or 0 already.
  enum How { kSums = 1, kClears = 2 };
  Results<T> run(bool second, int how) {
    Results<T> results{{of_grad_input, T(how & kClears ? 7 : 0)},
                       {plain_layout({p.batch, points, p.ndim}), T(kUntouched)},
                       {plain_layout({p.batch, p.channels, points}), second ? T(kUntouched) : 0}};
    DerivativeProblem d = problem(results.grad_input);
    d.second = second;
    d.clear = how & kClears;
    int64_t samples = of_grad_input.count() / grads / p.channels;
    std::vector<T> sums;
    if (how & kSums) {
      d.sums_items = grads == 1 ? 1 : 2 + random.below(3);
      d.sums_item = sums_elements(p.channels, samples, 1);
      sums.assign(size_t(sums_elements(p.channels, samples, d.sums_items)), T(NAN));
      d.sums = sums.data();
    }
    d.grad_coords = results.grad_coords.buffer.origin();
    d.tangent = tangent.buffer.origin();
    d.tangent_batch = tangent.batch();
    d.tangent_channel = tangent.layout.stride[1];
    d.direction = direction.buffer.origin();
    d.direction_batch = direction.batch();
    d.grad_out = results.grad_out.buffer.origin();
    derivatives(d);
    return results;
  }

  Array<T> samples(const Problem& problem) {
    Array<T> samples(gradient.layout, T(kUntouched));
    Problem with_out = problem;
    with_out.out = samples.buffer.origin();
    sample(with_out);
    return samples;
  }
};

}  // namespace test
}  // namespace gs
