// Arrays and numbers to a problem of sampling. Every check that a message could explain was made in Python; what is checked here is only
// what memory safety needs.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <tuple>
#include <vector>

#include "api.h"
#include "plan.h"

namespace nb = nanobind;

using In = nb::ndarray<nb::ro, nb::device::cpu>;
using Out = nb::ndarray<nb::device::cpu>;
using AxisTuple = std::tuple<int64_t, double, double, double, double>;  // component, pre, scale, shift, margin

inline void require(bool holds, const char* what) {
  if (!holds) throw nb::value_error(what);
}

template <class Array>
bool is_contiguous(const Array& a) {
  int64_t stride = 1;
  for (size_t i = a.ndim(); i-- > 0; stride *= int64_t(a.shape(i)))
    if (a.shape(i) > 1 && a.stride(i) != stride) return false;
  return true;
}

#define GS_CODE(name, code, ...) code,
inline bool is_code(int value, std::initializer_list<int> codes) {
  return std::find(codes.begin(), codes.end(), value) != codes.end();
}

// Arrays come as whatever NumPy can pass on (16-bit floats as their bits), and their dtype as a code.
inline gs::Dtype check_dtype(int code, size_t item) {
  require(is_code(code, {GS_DTYPES(GS_CODE)}) && size_t(gs::item_size(gs::Dtype(code))) == item, "code of a dtype");
  return gs::Dtype(code);
}

struct Modes {
  int kernel;
  const std::vector<int>& boundaries;
  const std::vector<AxisTuple>& axes;
  const std::vector<int>& orders;
  double cubic_a;
  int outside;
  bool nan_propagates;
};

// What is computed, for an image of those spatial sizes.
inline void set_modes(gs::Problem& p, const Modes& m, const std::vector<int64_t>& sizes) {
  size_t ndim = sizes.size();
  require(ndim >= 1 && ndim <= size_t(gs::kMaxDim), "number of axes");
  require(m.boundaries.size() == ndim && m.axes.size() == ndim && m.orders.size() == ndim, "modes of every axis");
  require(is_code(m.kernel, {GS_KERNELS(GS_CODE)}), "code of the kernel");
  require(m.outside >= 0 && m.outside <= int(gs::Outside::keep), "code of the outside rule");
  p.kernel = gs::Kernel(m.kernel);
  p.cubic_a = m.cubic_a;
  p.outside = gs::Outside(m.outside);
  p.nan_propagates = m.nan_propagates;
  p.ndim = int(ndim);
  for (size_t i = 0; i < ndim; ++i) {
    auto [component, pre, scale, shift, margin] = m.axes[i];
    require(component >= 0 && component < int64_t(ndim) && sizes[i] >= 1, "axes");
    require(is_code(m.boundaries[i], {GS_BOUNDARIES(GS_CODE)}), "code of a boundary");
    require(m.orders[i] >= 0 && m.orders[i] < 100, "order of a derivative");
    p.axis[i] = {sizes[i], 0, component, pre, scale, shift, margin, gs::Boundary(m.boundaries[i]), m.orders[i]};
  }
}

// An array (batch, ...), or batch 1 for all.
template <class Array>
int64_t batch_stride(const gs::Problem& p, const Array& a) {
  require(int64_t(a.shape(0)) == p.batch || a.shape(0) == 1, "batch");
  return a.shape(0) == 1 ? 0 : a.stride(0);
}

using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig>;

// The points of (batch, channels, *out), and where they are: (batch or 1, *out, ndim), or where a matrix maps their indices.
template <class Array>
void set_points(gs::Problem& p, const Array& out, const std::optional<In>& coords, const std::optional<Matrix>& matrix,
                int coords_code) {
  p.out_ndim = int(out.ndim()) - 2;
  require(p.out_ndim >= 0 && p.out_ndim <= gs::kMaxOutDim, "number of axes of out");
  require(coords.has_value() != matrix.has_value(), "coords or a matrix");
  p.coords_dtype = check_dtype(coords_code, coords ? coords->itemsize() : sizeof(double));
  require(gs::is_floating(p.coords_dtype), "dtype of coords");
  p.batch = int64_t(out.shape(0));
  p.channels = int64_t(out.shape(1));
  p.out_batch = out.stride(0);
  p.out_channel = out.stride(1);
  for (int i = 0; i < p.out_ndim; ++i) {
    p.out_size[i] = int64_t(out.shape(i + 2));
    p.out_stride[i] = out.stride(i + 2);
  }
  if (coords) {
    require(coords->ndim() == size_t(p.out_ndim) + 2 && int(coords->shape(p.out_ndim + 1)) == p.ndim, "shape of coords");
    p.coords = coords->data();
    p.coords_batch = batch_stride(p, *coords);
    p.coords_component = coords->stride(p.out_ndim + 1);
    for (int i = 0; i < p.out_ndim; ++i) {
      require(out.shape(i + 2) == coords->shape(i + 1), "shape of out");
      p.coords_stride[i] = coords->stride(i + 1);
    }
  } else {
    p.projective = int(matrix->shape(0)) == p.ndim + 1;
    require(p.out_ndim >= 2 && p.coords_dtype == gs::Dtype::float64, "axes and dtype of points that a matrix maps");
    require(int(matrix->shape(0)) - p.projective == p.ndim && int(matrix->shape(1)) == p.out_ndim + 1, "shape of the matrix");
    for (int i = 0; i < p.ndim; ++i) require(p.axis[i].pre == 0 && p.axis[i].scale == 1, "units of what a matrix gives");
    p.matrix = matrix->data();
    int64_t stride = 1;
    for (int i = p.out_ndim - 1; i >= 0; stride *= p.out_size[i--]) p.coords_stride[i] = stride;
  }
}

using Fill = nb::ndarray<const double, nb::ndim<1>, nb::c_contig>;

// Kind, numbers, and of a field: (*lattice, ndim), its dtype, and whether it is relative.
using StepTuple = std::tuple<int, Fill, std::optional<In>, int, bool>;

inline std::vector<gs::MapStep> map_steps(const std::vector<StepTuple>& given, int ndim) {
  std::vector<gs::MapStep> steps;
  for (const auto& [kind, numbers, field, dtype, relative] : given) {
    gs::MapStep step{};
    step.kind = kind;
    step.numbers = numbers.data();
    int64_t count = int64_t(numbers.shape(0)), expected = kind == gs::MapStep::kField ? 4 * ndim : kind == gs::MapStep::kPolar ? 6 : 12;
    if (kind == gs::MapStep::kProjective) {
      step.divides = count == (ndim + 1) * (ndim + 1);
      expected = (ndim + step.divides) * (ndim + 1);
    }
    require(kind >= gs::MapStep::kProjective && kind <= gs::MapStep::kPanorama && count == expected, "numbers of a map");
    require(kind == gs::MapStep::kProjective || kind == gs::MapStep::kField || ndim == 2, "axes of a lens or a panorama");
    require((kind == gs::MapStep::kField) == field.has_value(), "field of a map");
    if (field) {
      step.dtype = check_dtype(dtype, field->itemsize());
      require(step.dtype == gs::Dtype::float32 || step.dtype == gs::Dtype::float64, "dtype of a field");
      require(int(field->ndim()) == ndim + 1 && int(field->shape(size_t(ndim))) == ndim, "shape of a field");
      for (int a = 0; a <= ndim; ++a) step.stride[a] = field->stride(size_t(a));
      for (int a = 0; a < ndim; ++a) step.size[a] = int64_t(field->shape(size_t(a)));
      for (int a = 0; a < ndim; ++a) require(step.size[a] >= 1, "shape of a field");
      step.field = field->data();
      step.relative = relative;
    }
    steps.push_back(step);
  }
  return steps;
}

// From here to its end, a problem of sampling is checked; it is then run, or kept.
inline gs::Problem sampling_problem(const In& input, const std::optional<In>& coords, const std::optional<Matrix>& matrix, const Out& out,
                             const std::optional<Out>& mask, const Fill& fill, std::tuple<int, int, int> dtypes, const Modes& modes) {
  gs::Problem p{};
  require(input.ndim() >= 3 && out.ndim() >= 2, "number of axes");
  std::vector<int64_t> sizes;
  for (size_t i = 2; i < input.ndim(); ++i) sizes.push_back(int64_t(input.shape(i)));
  set_modes(p, modes, sizes);
  set_points(p, out, coords, matrix, std::get<1>(dtypes));
  p.dtype = check_dtype(std::get<0>(dtypes), input.itemsize());
  p.out_dtype = check_dtype(std::get<2>(dtypes), out.itemsize());
  bool stored_as_computed = p.dtype == gs::Dtype::float32 || p.dtype == gs::Dtype::float64;
  require(stored_as_computed || gs::taps_of(p.kernel) <= gs::kMaxTapsConverted, "dtype of the input of a wide kernel");
  for (int i = 0; i < p.ndim; ++i) p.axis[i].stride = input.stride(i + 2);
  require(input.shape(1) == out.shape(1) && fill.shape(0) == out.shape(1), "channels");
  p.input = input.data();
  p.input_batch = batch_stride(p, input);
  p.input_channel = input.stride(1);
  p.out = out.data();
  p.fill = fill.data();
  if (mask) {
    require(mask->itemsize() == 1 && mask->ndim() == size_t(p.out_ndim) + 1 && mask->shape(0) == out.shape(0), "mask");
    p.mask = static_cast<uint8_t*>(mask->data());
    p.mask_batch = mask->stride(0);
    for (int i = 0; i < p.out_ndim; ++i) {
      require(mask->shape(i + 1) == out.shape(i + 2), "shape of mask");
      p.mask_stride[i] = mask->stride(i + 1);
    }
  }
  return p;
}
