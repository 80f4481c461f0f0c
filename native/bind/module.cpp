// The Python module: arrays and numbers to a Problem. Every check that a message could explain was made in Python; what is checked
// here is only what memory safety needs.
#include <unistd.h>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "again.h"
#include "derivatives.h"
#include "dispatch.h"
#include "plan.h"
#include "run.h"
#include "threads.h"
#include "transpose.h"

namespace nb = nanobind;

namespace {

using In = nb::ndarray<nb::ro, nb::device::cpu>;
using Out = nb::ndarray<nb::device::cpu>;
using AxisTuple = std::tuple<int64_t, double, double, double, double>;  // component, pre, scale, shift, margin

void require(bool holds, const char* what) {
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
bool is_code(int value, std::initializer_list<int> codes) {
  return std::find(codes.begin(), codes.end(), value) != codes.end();
}

// Arrays come as whatever NumPy can pass on (16-bit floats as their bits), and their dtype as a code.
gs::Dtype check_dtype(int code, size_t item) {
  require(is_code(code, {GS_DTYPES(GS_CODE)}) && size_t(gs::item_size(gs::Dtype(code))) == item, "code of a dtype");
  return gs::Dtype(code);
}

// Without the interpreter's lock. Python before 3.14 ends a thread that wants the lock of a closing interpreter by unwinding it,
// which no destructor survives: such a thread sleeps instead, until the process is gone.
struct Unlocked {
  PyThreadState* state = PyEval_SaveThread();
  ~Unlocked() {
    try {
      PyEval_RestoreThread(state);
    } catch (...) {
      for (;;) pause();
    }
  }
};

// Signals are the main thread's, which need not be the one that imports this module.
unsigned long main_thread = 0;

// Between two chunks of a long call of the main thread: has somebody pressed Ctrl-C?
bool interrupted() {
  nb::gil_scoped_acquire acquire;
  return PyErr_CheckSignals() != 0;
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
void set_modes(gs::Problem& p, const Modes& m, const std::vector<int64_t>& sizes) {
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

std::vector<gs::MapStep> map_steps(const std::vector<StepTuple>& given, int ndim) {
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

template <class Run>
void run(const Run& run_it) {
  bool finished;
  {
    Unlocked unlocked;
    finished = run_it(PyThread_get_thread_ident() == main_thread ? interrupted : nullptr);
  }
  if (!finished) throw nb::python_error();
}

// From here to its end, a problem of sampling is checked; it is then run, or kept.
gs::Problem sampling_problem(const In& input, const std::optional<In>& coords, const std::optional<Matrix>& matrix, const Out& out,
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

void sample(In input, std::optional<In> coords, std::optional<Matrix> matrix, const std::vector<StepTuple>& given, Out out,
            std::optional<Out> mask, Fill fill, std::tuple<int, int, int> dtypes, int kernel, const std::vector<int>& boundaries,
            const std::vector<AxisTuple>& axes, const std::vector<int>& orders,
            double cubic_a, int outside, bool nan_propagates, bool relative) {
  gs::Problem p = sampling_problem(input, coords, matrix, out, mask, fill, dtypes,
                                   {kernel, boundaries, axes, orders, cubic_a, outside, nan_propagates});
  bool whole = p.coords_dtype == gs::Dtype::float32 || p.coords_dtype == gs::Dtype::float64;
  require(!relative || (coords && whole && p.out_ndim >= 2 && p.out_ndim >= p.ndim), "displacements");
  p.relative = relative;
  std::vector<gs::MapStep> steps = map_steps(given, p.ndim);
  require(steps.empty() || matrix, "maps after a matrix");
  p.steps = steps.data();
  p.step_count = int(steps.size());
  run([&](gs::Interrupted watch) { return gs::sample(p, watch); });
}

template <class Array>
Again::Shape shape_of(const Array& array, char kind) {
  Again::Shape shape{kind, int(array.itemsize()), {}};
  for (size_t i = 0; i < array.ndim(); ++i) shape.sizes.push_back(int64_t(array.shape(i)));
  return shape;
}

// To call with other arrays that are contiguous too, of the same shapes and dtypes, whose kinds are named as NumPy does. Fill values are 0.
Again again(In input, In coords, Out out, Fill fill, std::tuple<int, int, int> dtypes, const std::string& kinds, int kernel,
            const std::vector<int>& boundaries, const std::vector<AxisTuple>& axes, const std::vector<int>& orders, double cubic_a,
            int outside, bool nan_propagates) {
  require(is_contiguous(input) && is_contiguous(coords) && is_contiguous(out) && kinds.size() == 3, "layout of what is called again");
  gs::Problem p = sampling_problem(input, coords, {}, out, {}, fill, dtypes,
                                   {kernel, boundaries, axes, orders, cubic_a, outside, nan_propagates});
  return Again(p, shape_of(input, kinds[0]), shape_of(coords, kinds[1]), shape_of(out, kinds[2]));
}

bool call_again(const Again& known, nb::handle input, nb::handle coords, nb::handle out) {
  void* address[3];
  if (!known.find(input.ptr(), coords.ptr(), out.ptr(), address)) return false;
  gs::Problem p = known.problem(address[0], address[1], address[2]);
  run([&](gs::Interrupted watch) { return gs::sample(p, watch); });
  return true;
}

struct Threads {
  explicit Threads(int count) { gs::use_threads(count); }
  ~Threads() { gs::use_threads(0); }
};

// For callers who know that arrays of those shapes and dtypes are there, contiguous, and stay.
void call_again_at(const Again& known, uintptr_t input, uintptr_t coords, uintptr_t out, int threads) {
  Threads use(threads);
  gs::Problem p = known.problem(reinterpret_cast<void*>(input), reinterpret_cast<void*>(coords), reinterpret_cast<void*>(out));
  run([&](gs::Interrupted watch) { return gs::sample(p, watch); });
}

void go_back_at(const Again& known, uintptr_t grad, uintptr_t input, uintptr_t coords, uintptr_t grad_input, uintptr_t grad_coords, uintptr_t sums,
                int64_t elements, int threads) {
  Threads use(threads);
  auto at = [](uintptr_t address) { return reinterpret_cast<void*>(address); };
  gs::DerivativeProblem d = known.backward(at(grad), at(input), at(coords), at(grad_input), at(grad_coords), at(sums), elements);
  run([&](gs::Interrupted watch) { return gs::derivatives(d, watch); });
}

// Arrays (batch, channels, *spatial) of derivatives are contiguous along the spatial axes.
template <class Array>
void check_planar(const gs::Problem& p, const Array& a) {
  require(a.ndim() == size_t(p.ndim) + 2 && int64_t(a.shape(1)) == p.channels, "shape of an image");
  require(int64_t(a.itemsize()) == gs::item_size(p.dtype), "dtype of an image");
  int64_t stride = 1;
  for (int i = p.ndim - 1; i >= 0; stride *= p.axis[i--].size)
    require(int64_t(a.shape(i + 2)) == p.axis[i].size && (p.axis[i].size == 1 || a.stride(i + 2) == stride), "layout of an image");
}

template <class Array>
void check_contiguous(const gs::Problem& p, const Array& a, const std::vector<int64_t>& shape) {
  require(int64_t(a.itemsize()) == gs::item_size(p.dtype) && a.ndim() == shape.size(), "number of axes");
  for (size_t i = 0; i < shape.size(); ++i) require(int64_t(a.shape(i)) == shape[i], "shape");
  require(is_contiguous(a), "layout");
}

void derivatives(In grad, In coords, std::optional<In> input, std::optional<In> tangent, std::optional<In> direction,
                 std::optional<Out> grad_input, std::optional<Out> grad_coords, std::optional<Out> grad_out, std::optional<Out> sums, Fill fill,
                 std::tuple<int, int> dtypes, bool second, bool clear, const std::vector<int64_t>& sizes, int kernel,
                 const std::vector<int>& boundaries, const std::vector<AxisTuple>& axes, const std::vector<int>& orders,
                 double cubic_a, int outside, bool nan_propagates) {
  gs::DerivativeProblem d{};
  gs::Problem& p = d.forward;
  set_modes(p, {kernel, boundaries, axes, orders, cubic_a, outside, nan_propagates}, sizes);
  require(grad.ndim() >= 2, "number of axes");
  set_points(p, grad, std::optional<In>(coords), std::nullopt, std::get<1>(dtypes));
  p.dtype = p.out_dtype = check_dtype(std::get<0>(dtypes), grad.itemsize());
  require(p.dtype == gs::Dtype::float32 || p.dtype == gs::Dtype::float64, "dtype of derivatives");
  require(int64_t(fill.shape(0)) == p.channels, "channels");
  p.fill = fill.data();
  p.out = const_cast<void*>(grad.data());  // which is only read
  int64_t stride = 1;
  for (int i = p.ndim - 1; i >= 0; stride *= p.axis[i--].size) p.axis[i].stride = stride;
  const int64_t points = number_points(p);
  std::vector<int64_t> of_coords{p.batch}, of_out{p.batch, p.channels};
  for (int i = 0; i < p.out_ndim; ++i) {
    of_coords.push_back(p.out_size[i]);
    of_out.push_back(p.out_size[i]);
  }
  of_coords.push_back(p.ndim);

  d.second = second;
  d.clear = clear;
  if (input) {
    check_planar(p, *input);
    p.input = input->data();
    p.input_batch = batch_stride(p, *input);
    p.input_channel = input->stride(1);
  }
  if (tangent) {
    check_planar(p, *tangent);
    d.tangent = tangent->data();
    d.tangent_batch = batch_stride(p, *tangent);
    d.tangent_channel = tangent->stride(1);
  }
  if (direction) {
    std::vector<int64_t> shape = of_coords;
    shape[0] = int64_t(direction->shape(0));
    check_contiguous(p, *direction, shape);
    d.direction = direction->data();
    d.direction_batch = batch_stride(p, *direction) ? points * p.ndim : 0;
  }
  if (grad_input) {
    check_planar(p, *grad_input);
    d.grad_input = grad_input->data();
    d.grad_batch = batch_stride(p, *grad_input);
    d.grad_channel = grad_input->stride(1);
  }
  if (grad_coords) {
    check_contiguous(p, *grad_coords, of_coords);
    d.grad_coords = grad_coords->data();
  }
  if (grad_out) {
    check_contiguous(p, *grad_out, of_out);
    d.grad_out = grad_out->data();
  }
  if (sums) {
    require(sums->itemsize() == grad.itemsize() && sums->ndim() == 1 && is_contiguous(*sums), "sums");
    set_sums(d, sums->data(), int64_t(sums->shape(0)));
    require(d.sums_items >= (d.grad_batch ? 2 : 1), "size of sums");
  }
  require(second || !grad_coords || input, "input");
  run([&](gs::Interrupted watch) { return gs::derivatives(d, watch); });
}

void prefilter(In input, Out out, int dtype, int axis, int order, int boundary) {
  gs::PrefilterProblem p{};
  int ndim = int(out.ndim());
  require(ndim <= gs::kMaxOutDim && axis >= 0 && axis < ndim && input.ndim() == out.ndim(), "axes");
  require(input.itemsize() == out.itemsize(), "dtypes");
  p.dtype = check_dtype(dtype, out.itemsize());
  require(p.dtype == gs::Dtype::float32 || p.dtype == gs::Dtype::float64, "dtype");
  require(gs::is_spline_order(order), "order");
  require(is_code(boundary, {GS_BOUNDARIES(GS_CODE)}), "code of a boundary");
  p.order = order;
  p.boundary = gs::Boundary(boundary);
  p.input = input.data();
  p.out = out.data();
  for (int i = 0; i < ndim; ++i) {
    require(input.shape(i) == out.shape(i), "shape of out");
    if (out.shape(i) == 0) return;
    if (i == axis) {
      p.length = int64_t(out.shape(i));
      p.input_step = input.stride(i);
      p.out_step = out.stride(i);
    } else {
      p.size[p.axes] = int64_t(out.shape(i));
      p.input_stride[p.axes] = input.stride(i);
      p.out_stride[p.axes++] = out.stride(i);
    }
  }
  run([&](gs::Interrupted watch) { return gs::prefilter(p, watch); });
}

// The rows of a matrix that is multiplied along an axis of that length: start int64 (rows), weight (rows, taps).
void set_rows(gs::WeightedProblem& p, int64_t length, const In& start, const In& weight, int64_t item) {
  require(start.ndim() == 1 && weight.ndim() == 2 && start.itemsize() == 8 && int64_t(weight.itemsize()) == item, "axes and dtypes of rows");
  require(is_contiguous(start) && is_contiguous(weight), "contiguous rows");
  p.in_double = item == 8;
  p.length = length;
  p.rows = int64_t(weight.shape(0));
  p.taps = int64_t(weight.shape(1));
  require(int64_t(start.shape(0)) == p.rows && p.taps >= 1, "shapes of rows");
  p.start = static_cast<const int64_t*>(start.data());
  p.weight = weight.data();
  for (int64_t r = 0; r < p.rows; ++r) require(p.start[r] >= 0 && p.start[r] <= p.length - p.taps, "starts of rows");
}

// Contiguous (outer, length, inner) to (outer, rows, inner), or, with rows along the inner axis too, to (outer, rows, rows).
void weighted(In input, In start, In weight, std::optional<In> then_start, std::optional<In> then_weight, Out out) {
  gs::WeightedProblem p{}, then{};
  require(input.ndim() == 3 && out.ndim() == 3, "numbers of axes");
  int64_t item = int64_t(input.itemsize());
  require((item == 4 || item == 8) && int64_t(out.itemsize()) == item, "dtypes");
  require(is_contiguous(input) && is_contiguous(out), "contiguous arrays");
  set_rows(p, int64_t(input.shape(1)), start, weight, item);
  p.outer = int64_t(input.shape(0));
  p.inner = int64_t(input.shape(2));
  p.input = input.data();
  p.out = out.data();
  require(then_start.has_value() == then_weight.has_value(), "rows along the inner axis");
  if (then_start) {
    set_rows(then, p.inner, *then_start, *then_weight, item);
    then.outer = p.outer * p.rows;
    then.inner = 1;
    std::swap(then.out, p.out);
    p.then = &then;
  }
  int64_t last = then_start ? then.rows : p.inner;
  require(out.shape(0) == input.shape(0) && int64_t(out.shape(1)) == p.rows && int64_t(out.shape(2)) == last, "shape of out");
  run([&](gs::Interrupted watch) { return gs::weighted(p, watch); });
}

// Elements of a contiguous array, out (rows, columns): those at the sums of the offsets, int64.
void take(In input, In row, In column, Out out) {
  gs::TakeProblem p{};
  p.item = int(input.itemsize());
  require(p.item == 1 || p.item == 2 || p.item == 4 || p.item == 8 || p.item == 16, "dtype");
  require(out.ndim() == 2 && row.ndim() == 1 && column.ndim() == 1, "numbers of axes");
  require(int(out.itemsize()) == p.item && row.itemsize() == 8 && column.itemsize() == 8, "dtypes");
  require(is_contiguous(input) && is_contiguous(row) && is_contiguous(column) && is_contiguous(out), "contiguous arrays");
  require(out.shape(0) == row.shape(0) && out.shape(1) == column.shape(0), "shape of out");
  p.rows = int64_t(row.shape(0));
  p.columns = int64_t(column.shape(0));
  p.row = static_cast<const int64_t*>(row.data());
  p.column = static_cast<const int64_t*>(column.data());
  int64_t most[2] = {0, 0};
  for (int64_t r = 0; r < p.rows; ++r) require(p.row[r] >= 0, "offsets"), most[0] = std::max(most[0], p.row[r]);
  for (int64_t c = 0; c < p.columns; ++c) require(p.column[c] >= 0, "offsets"), most[1] = std::max(most[1], p.column[c]);
  require(p.rows == 0 || p.columns == 0 || most[0] < int64_t(input.size()) - most[1], "offsets");
  p.input = input.data();
  p.out = out.data();
  run([&](gs::Interrupted watch) { return gs::take(p, watch); });
}

// Contiguous (batch, rows, columns) of float32 to (batch, columns, rows).
void transpose(In input, Out out) {
  require(input.ndim() == 3 && out.ndim() == 3, "numbers of axes");
  require(input.itemsize() == 4 && out.itemsize() == 4, "dtypes");
  require(is_contiguous(input) && is_contiguous(out), "contiguous arrays");
  const int64_t batch = int64_t(input.shape(0)), rows = int64_t(input.shape(1)), columns = int64_t(input.shape(2));
  require(int64_t(out.shape(0)) == batch && int64_t(out.shape(1)) == columns && int64_t(out.shape(2)) == rows, "shape of out");
  run([&](gs::Interrupted) {
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t at = b * rows * columns;
      gs::transpose(static_cast<const float*>(input.data()) + at, columns, rows, columns, static_cast<float*>(out.data()) + at, rows);
    }
    return true;
  });
}

std::vector<std::string> isa_names(bool runnable) {
  std::vector<std::string> names;
  for (int i = 0; i < gs::kIsaCount; ++i)
    if (!runnable || gs::isa_runs_here(*gs::kIsas[i])) names.push_back(gs::kIsas[i]->name);
  return names;
}

}  // namespace

NB_MODULE(_native, m) {
  m.doc() = "The native core of gridsample. Not public: its only caller is gridsample._engine.";
  nb::set_leak_warnings(false);  // of calls that are still known when the interpreter ends
  main_thread = nb::cast<unsigned long>(nb::module_::import_("threading").attr("main_thread")().attr("ident"));
  m.def("sample", &sample, nb::arg("input"), nb::arg("coords").none(), nb::arg("matrix").none(), nb::arg("steps"), nb::arg("out"),
        nb::arg("mask").none(), nb::arg("fill"), nb::arg("dtypes"), nb::arg("kernel"), nb::arg("boundaries"), nb::arg("axes"), nb::arg("orders"), nb::arg("cubic_a"),
        nb::arg("outside"), nb::arg("nan_propagates"), nb::arg("relative"));
  m.def("derivatives", &derivatives, nb::arg("grad"), nb::arg("coords"), nb::arg("input").none(), nb::arg("tangent").none(),
        nb::arg("direction").none(), nb::arg("grad_input").none(), nb::arg("grad_coords").none(), nb::arg("grad_out").none(),
        nb::arg("sums").none(), nb::arg("fill"), nb::arg("dtypes"), nb::arg("second"), nb::arg("clear"), nb::arg("sizes"), nb::arg("kernel"), nb::arg("boundaries"),
        nb::arg("axes"), nb::arg("orders"), nb::arg("cubic_a"), nb::arg("outside"), nb::arg("nan_propagates"));
  m.def("sums_elements", &gs::sums_elements, nb::arg("channels"), nb::arg("samples"), nb::arg("items"));
  nb::class_<Again>(m, "Again", "A call of the core with contiguous arrays; false for arrays that it was not made for.")
      .def("__call__", &call_again, nb::arg("input"), nb::arg("coords"), nb::arg("out"))
      .def("at", &call_again_at, nb::arg("input"), nb::arg("coords"), nb::arg("out"), nb::arg("threads"),
           "The same, of addresses, which are not checked, on so many threads.")
      .def("back_at", &go_back_at, nb::arg("grad"), nb::arg("input"), nb::arg("coords"), nb::arg("grad_input"), nb::arg("grad_coords"),
           nb::arg("sums"), nb::arg("elements"), nb::arg("threads"), "Its gradients, of addresses; 0 for what is not wanted.");
  m.def("again", &again, nb::arg("input"), nb::arg("coords"), nb::arg("out"), nb::arg("fill"), nb::arg("dtypes"), nb::arg("kinds"),
        nb::arg("kernel"), nb::arg("boundaries"), nb::arg("axes"), nb::arg("orders"), nb::arg("cubic_a"), nb::arg("outside"),
        nb::arg("nan_propagates"));
  m.def("prefilter", &prefilter, nb::arg("input"), nb::arg("out"), nb::arg("dtype"), nb::arg("axis"), nb::arg("order"),
        nb::arg("boundary"), "Spline coefficients along one axis; out may be input.");
  m.def("weighted", &weighted, nb::arg("input"), nb::arg("start"), nb::arg("weight"),
        nb::arg("then_start").none(), nb::arg("then_weight").none(), nb::arg("out"),
        "Sums of a few neighbours along the middle axis, and then along the last one.");
  m.def("take", &take, nb::arg("input"), nb::arg("row"), nb::arg("column"), nb::arg("out"), "Elements at the sums of two offsets.");
  m.def("transpose", &transpose, nb::arg("input"), nb::arg("out"), "Matrices of float32 to their transposes.");
  m.def("isa_names", &isa_names, nb::arg("runnable"), "ISAs of this build, or those that this machine can run.");
  m.def("current_isa", [] { return std::string(gs::current_isa().name); });
  m.def("vector_bytes", [] { return gs::current_isa().vector_bytes; });
  m.def("choose_isa", [](const std::string& name) { return gs::choose_isa(name.c_str()); }, nb::arg("name"));
  m.def("get_num_threads", &gs::get_num_threads);
  m.def("set_num_threads", &gs::set_num_threads, nb::arg("count"));
  m.def("use_threads", &gs::use_threads, nb::arg("count"), "How many threads the calling thread's calls use; 0: as set.");

#define GS_ENTRY(name, code, ...) entries[#name] = code;
  {
    nb::dict entries;
    GS_KERNELS(GS_ENTRY)
    m.attr("KERNELS") = entries;
  }
  {
    nb::dict entries;
    GS_BOUNDARIES(GS_ENTRY)
    m.attr("BOUNDARIES") = entries;
  }
  {
    nb::dict entries;
    GS_DTYPES(GS_ENTRY)
    m.attr("DTYPES") = entries;
  }
#undef GS_ENTRY
}
