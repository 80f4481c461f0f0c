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
#include <thread>
#include <tuple>
#include <vector>

#include "dispatch.h"
#include "run.h"
#include "threads.h"

namespace nb = nanobind;

namespace {

using In = nb::ndarray<nb::ro, nb::device::cpu>;
using Out = nb::ndarray<nb::device::cpu>;
using AxisTuple = std::tuple<int64_t, double, double, double, double>;  // component, pre, scale, shift, margin

void require(bool holds, const char* what) {
  if (!holds) throw nb::value_error(what);
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

// Signals are the main thread's; it is taken to be the one that imports this module.
const std::thread::id main_thread = std::this_thread::get_id();

// Between two chunks of a long call of the main thread: has somebody pressed Ctrl-C?
bool interrupted() {
  nb::gil_scoped_acquire acquire;
  return PyErr_CheckSignals() != 0;
}

using Matrix = nb::ndarray<const double, nb::ndim<2>, nb::c_contig>;

void sample(In input, std::optional<In> coords, std::optional<Matrix> matrix, Out out, std::optional<Out> mask, nb::ndarray<const double, nb::ndim<1>, nb::c_contig> fill,
            std::tuple<int, int, int> dtypes, int kernel, const std::vector<int>& boundaries,
            const std::vector<AxisTuple>& axes, double cubic_a, int outside, bool nan_propagates) {
  gs::Problem p{};
  int ndim = int(input.ndim()) - 2, out_ndim = int(out.ndim()) - 2;
  require(ndim >= 1 && ndim <= gs::kMaxDim && out_ndim >= 0 && out_ndim <= gs::kMaxOutDim, "number of axes");
  require(coords.has_value() != matrix.has_value(), "coords or a matrix");
  require(boundaries.size() == size_t(ndim) && axes.size() == size_t(ndim), "one boundary and one map per axis");
  require(is_code(kernel, {GS_KERNELS(GS_CODE)}), "code of the kernel");
  for (int boundary : boundaries) require(is_code(boundary, {GS_BOUNDARIES(GS_CODE)}), "code of a boundary");
  require(outside >= 0 && outside <= int(gs::Outside::keep), "code of the outside rule");
  p.kernel = gs::Kernel(kernel);
  p.dtype = check_dtype(std::get<0>(dtypes), input.itemsize());
  p.coords_dtype = check_dtype(std::get<1>(dtypes), coords ? coords->itemsize() : sizeof(double));
  p.out_dtype = check_dtype(std::get<2>(dtypes), out.itemsize());
  bool floating = p.coords_dtype == gs::Dtype::float32 || p.coords_dtype == gs::Dtype::float64 ||
                  p.coords_dtype == gs::Dtype::float16 || p.coords_dtype == gs::Dtype::bfloat16;
  require(floating, "dtype of coords");
  bool stored_as_computed = p.dtype == gs::Dtype::float32 || p.dtype == gs::Dtype::float64;
  require(stored_as_computed || gs::taps_of(p.kernel) <= gs::kMaxTapsConverted, "dtype of the input of a wide kernel");
  p.cubic_a = cubic_a;
  p.outside = gs::Outside(outside);
  p.nan_propagates = nan_propagates;
  p.ndim = ndim;
  for (int i = 0; i < ndim; ++i) {
    auto [component, pre, scale, shift, margin] = axes[i];
    require(component >= 0 && component < ndim && input.shape(i + 2) >= 1, "axes");
    p.axis[i] = {int64_t(input.shape(i + 2)), input.stride(i + 2), component, pre, scale, shift, margin,
                 gs::Boundary(boundaries[i])};
  }
  p.batch = int64_t(out.shape(0));
  p.channels = int64_t(out.shape(1));
  require(input.shape(1) == out.shape(1) && fill.shape(0) == out.shape(1), "channels");
  auto batch_stride = [&](const In& a) {
    require(a.shape(0) == out.shape(0) || a.shape(0) == 1, "batch");
    return a.shape(0) == 1 ? 0 : a.stride(0);
  };
  p.input = input.data();
  p.out = out.data();
  p.fill = fill.data();
  p.input_batch = batch_stride(input);
  p.input_channel = input.stride(1);
  p.out_batch = out.stride(0);
  p.out_channel = out.stride(1);
  p.out_ndim = out_ndim;
  for (int i = 0; i < out_ndim; ++i) {
    p.out_size[i] = int64_t(out.shape(i + 2));
    p.out_stride[i] = out.stride(i + 2);
  }
  if (coords) {
    require(coords->ndim() == size_t(out_ndim) + 2 && int64_t(coords->shape(out_ndim + 1)) == ndim, "shape of coords");
    p.coords = coords->data();
    p.coords_batch = batch_stride(*coords);
    p.coords_component = coords->stride(out_ndim + 1);
    for (int i = 0; i < out_ndim; ++i) {
      require(out.shape(i + 2) == coords->shape(i + 1), "shape of out");
      p.coords_stride[i] = coords->stride(i + 1);
    }
  } else {
    p.projective = int(matrix->shape(0)) == ndim + 1;
    require(out_ndim >= 2 && p.coords_dtype == gs::Dtype::float64, "axes and dtype of points that a matrix maps");
    require(int(matrix->shape(0)) - p.projective == ndim && int(matrix->shape(1)) == out_ndim + 1, "shape of the matrix");
    for (int i = 0; i < ndim; ++i) require(p.axis[i].pre == 0 && p.axis[i].scale == 1, "units of what a matrix gives");
    p.matrix = matrix->data();
    int64_t stride = 1;
    for (int i = out_ndim - 1; i >= 0; stride *= p.out_size[i--]) p.coords_stride[i] = stride;
  }
  if (mask) {
    require(mask->itemsize() == 1 && mask->ndim() == size_t(out_ndim) + 1 && mask->shape(0) == out.shape(0), "mask");
    p.mask = static_cast<uint8_t*>(mask->data());
    p.mask_batch = mask->stride(0);
    for (int i = 0; i < out_ndim; ++i) {
      require(mask->shape(i + 1) == out.shape(i + 2), "shape of mask");
      p.mask_stride[i] = mask->stride(i + 1);
    }
  }
  bool finished;
  {
    Unlocked unlocked;
    finished = gs::sample(p, std::this_thread::get_id() == main_thread ? interrupted : nullptr);
  }
  if (!finished) throw nb::python_error();
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
  Unlocked unlocked;
  gs::prefilter(p);
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
  m.def("sample", &sample, nb::arg("input"), nb::arg("coords").none(), nb::arg("matrix").none(), nb::arg("out"),
        nb::arg("mask").none(), nb::arg("fill"), nb::arg("dtypes"), nb::arg("kernel"), nb::arg("boundaries"), nb::arg("axes"),
        nb::arg("cubic_a"), nb::arg("outside"), nb::arg("nan_propagates"));
  m.def("prefilter", &prefilter, nb::arg("input"), nb::arg("out"), nb::arg("dtype"), nb::arg("axis"), nb::arg("order"),
        nb::arg("boundary"), "Spline coefficients along one axis; out may be input.");
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
