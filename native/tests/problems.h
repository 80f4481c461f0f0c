// Random problems whose arrays lie in memory in every way that strides can say, each in a buffer with not an element to spare.
#pragma once

#include <cstring>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "api.h"

namespace gs {
namespace test {

constexpr double kUntouched = 12345;  // what memory holds that nothing is written to

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  virtual ~Random() = default;
  virtual uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15); }  // splitmix64
  int64_t below(int64_t count) { return int64_t(next() % uint64_t(count)); }
  double uniform(double low, double high) { return low + (high - low) * double(next() >> 11) * 0x1p-53; }
  bool chance(double probability) { return uniform(0, 1) < probability; }
  template <class X, size_t N>
  X of(const X (&choices)[N]) {
    return choices[below(int64_t(N))];
  }

 protected:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

// Where the elements of an array are: strides, and the lowest and highest offset.
struct Layout {
  std::vector<int64_t> size, stride;
  int64_t low = 0, high = 0;

  int64_t count() const {
    int64_t n = 1;
    for (int64_t s : size) n *= s;
    return n;
  }
  int64_t offset(int64_t element) const {  // of the element of that number, the last axis fastest
    int64_t sum = 0;
    for (size_t i = size.size(); i-- > 0; element /= size[i]) sum += element % size[i] * stride[i];
    return sum;
  }
};

// `plain`: C order. Otherwise axes in any order, with gaps, backwards, and if `repeats`, some of stride 0.
inline Layout make_layout(Random& random, std::vector<int64_t> size, bool plain, bool repeats) {
  Layout layout;
  layout.size = size;
  layout.stride.assign(size.size(), 0);
  std::vector<size_t> order;  // the innermost first
  for (size_t i = size.size(); i-- > 0;) order.push_back(i);
  if (!plain)
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[size_t(random.below(int64_t(i)))]);
  int64_t extent = 1;
  for (size_t i : order) {
    if (!plain && random.chance(0.3)) extent += random.below(3);
    if (!plain && repeats && random.chance(0.1)) continue;
    layout.stride[i] = !plain && random.chance(0.3) ? -extent : extent;
    extent *= size[i];
    (layout.stride[i] < 0 ? layout.low : layout.high) += (size[i] - 1) * layout.stride[i];
  }
  return layout;
}

inline Layout plain_layout(std::vector<int64_t> size) {
  Random none(0);
  return make_layout(none, std::move(size), true, false);
}

template <class T>
struct Buffer {
  std::unique_ptr<T[]> memory;
  int64_t low = 0, size = 0;

  Buffer() = default;
  Buffer(const Layout& layout, T fill) : low(layout.low), size(layout.high - layout.low + 1) {
    memory.reset(new T[size_t(size)]);
    for (int64_t i = 0; i < size; ++i) memory[size_t(i)] = fill;
  }
  T* origin() { return memory.get() - low; }
};

template <class T>
bool same(const Buffer<T>& a, const Buffer<T>& b) {
  return std::memcmp(a.memory.get(), b.memory.get(), size_t(a.size) * sizeof(T)) == 0;
}

struct Shape {
  std::vector<int64_t> space, out;
  int64_t batch, channels;
  bool plain;
};

// A coordinate in index units, mostly about the array; `spread` in halves of its length.
inline double make_coordinate(Random& random, int64_t size, double spread, bool odd) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const double odds[] = {inf,   -inf,   std::numeric_limits<double>::quiet_NaN(), 1e30, -1e30, 3e9, -3e9,
                         1e-44, -1e-44, -0.0,                                     -0.5, -1,    0.5, double(size) - 0.5};
  if (odd && random.chance(0.04)) return random.of(odds);
  double half = double(size) / 2, x = half - 0.5 + half * random.uniform(-spread, spread);
  return random.chance(0.1) ? double(int64_t(2 * x)) / 2 : x;
}

// Input and coordinates of a problem. What is between the elements is NaN, so that reading it shows.
template <class T, class C>
struct Arrays {
  Problem p{};
  Layout out;
  Buffer<T> input;
  Buffer<C> coords;
  std::vector<double> fill;

  Arrays(Random& random, const Shape& shape, Kernel kernel, const Boundary (&boundary)[kMaxDim], bool odd) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    p.kernel = kernel;
    p.dtype = sizeof(T) == 8 ? Dtype::float64 : Dtype::float32;
    p.coords_dtype = sizeof(C) == 8 ? Dtype::float64 : Dtype::float32;
    p.out_dtype = p.dtype;
    p.cubic_a = random.of({-0.75, -0.5});
    for (int64_t c = 0; c < shape.channels; ++c) fill.push_back(0.25 * double(c % 4 + 1));
    p.fill = fill.data();
    p.ndim = int(shape.space.size());
    p.batch = shape.batch;
    p.channels = shape.channels;
    p.out_ndim = int(shape.out.size());

    std::vector<int64_t> sizes{random.chance(0.3) ? 1 : shape.batch, shape.channels};
    sizes.insert(sizes.end(), shape.space.begin(), shape.space.end());
    Layout layout = make_layout(random, sizes, shape.plain, true);
    input = Buffer<T>(layout, T(nan));
    for (int64_t i = 0; i < layout.count(); ++i) input.origin()[layout.offset(i)] = T(random.uniform(-1, 1));
    p.input = input.origin();
    p.input_batch = sizes[0] == 1 ? 0 : layout.stride[0];
    p.input_channel = layout.stride[1];
    bool swapped = random.chance(0.5);  // x first, or axis 0 first
    for (int a = 0; a < p.ndim; ++a) {
      double size = double(shape.space[size_t(a)]);
      const double maps[3][3] = {{0, 1, 0}, {1, size / 2, -0.5}, {1, (size - 1) / 2, 0}};
      const double(&map)[3] = maps[random.below(3)];
      p.axis[a] = {shape.space[size_t(a)], layout.stride[size_t(a) + 2], swapped ? p.ndim - 1 - a : a,
                   map[0], map[1], map[2], 0.0, boundary[a], 0};
    }

    sizes = {random.chance(0.3) ? 1 : shape.batch};
    sizes.insert(sizes.end(), shape.out.begin(), shape.out.end());
    sizes.push_back(p.ndim);
    layout = make_layout(random, sizes, shape.plain, true);
    coords = Buffer<C>(layout, C(nan));
    double spread = 0.9;
    for (int64_t point = 0; point < layout.count() / p.ndim; ++point) {
      if (point % 24 == 0) spread = random.of({0.5, 0.9, 0.9, 1.0, 1.5, 4.0, 40.0});
      for (int a = 0; a < p.ndim; ++a) {
        const Axis& axis = p.axis[a];
        double x = make_coordinate(random, axis.size, spread, odd);
        double given = axis.scale == 0 ? x : (x - axis.shift) / axis.scale - axis.pre;
        coords.origin()[layout.offset(point * p.ndim + axis.component)] = C(given);
      }
    }
    p.coords = coords.origin();
    p.coords_batch = sizes[0] == 1 ? 0 : layout.stride[0];
    p.coords_component = layout.stride.back();

    sizes = {shape.batch, shape.channels};
    sizes.insert(sizes.end(), shape.out.begin(), shape.out.end());
    out = make_layout(random, sizes, shape.plain, false);
    p.out_batch = out.stride[0];
    p.out_channel = out.stride[1];
    for (int i = 0; i < p.out_ndim; ++i) {
      p.out_size[i] = shape.out[size_t(i)];
      p.coords_stride[i] = layout.stride[size_t(i) + 1];
      p.out_stride[i] = out.stride[size_t(i) + 2];
    }
  }
};

}  // namespace test
}  // namespace gs
