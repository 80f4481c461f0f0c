// The Python module.
#include <pthread.h>
#include <unistd.h>

#include <nanobind/stl/string.h>

#include <string>

#include "again.h"
#include "derivatives.h"
#include "dispatch.h"
#include "problem.h"
#include "run.h"
#include "threads.h"
#include "transpose.h"

namespace {

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

template <class Run>
void run(const Run& run_it) {
  bool finished;
  {
    Unlocked unlocked;
    finished = run_it(PyThread_get_thread_ident() == main_thread ? interrupted : nullptr);
  }
  if (!finished) throw nb::python_error();
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

// The array that a caller holds and `view` is a view of, but for its last `apart` axes.
template <class Array>
Again::Held held(const nb::object& array, const Array& view, size_t apart = 0) {
  const Viewed whole(array.ptr());
  require(bool(whole), "array that is held");
  ptrdiff_t low[2] = {}, high[2] = {whole->itemsize, int(view.itemsize())};  // bytes that either has
  for (int i = 0; i < whole->nd; ++i) (whole->strides[i] < 0 ? low : high)[0] += (whole->shape[i] - 1) * whole->strides[i];
  for (size_t i = 0; i + apart < view.ndim(); ++i)
    (view.stride(i) < 0 ? low : high)[1] += (int64_t(view.shape(i)) - 1) * view.stride(i) * int64_t(view.itemsize());
  const ptrdiff_t begins = static_cast<const char*>(static_cast<const void*>(view.data())) - whole->data;
  require(low[0] <= begins + low[1] && begins + high[1] <= high[0], "view of what is held");
  return {whole->kind, whole->itemsize, {whole->shape, whole->shape + whole->nd}, {whole->strides, whole->strides + whole->nd}, begins};
}

// To call with other arrays of the dtypes, shapes and layouts of those that are held. Fill values are 0.
Again again(In input, std::optional<In> coords, std::optional<Matrix> matrix, Out out, Fill fill, std::tuple<int, int, int> dtypes,
            const std::tuple<nb::object, nb::object, nb::object>& of, bool apart, int kernel, const std::vector<int>& boundaries,
            const std::vector<AxisTuple>& axes, const std::vector<int>& orders, double cubic_a, int outside, bool nan_propagates) {
  require(input.size() && out.size() && (!apart || coords), "elements");
  gs::Problem p = sampling_problem(input, coords, matrix, out, {}, fill, dtypes,
                                   {kernel, boundaries, axes, orders, cubic_a, outside, nan_propagates});
  const auto& [of_input, of_points, of_out] = of;
  return Again(p, held(of_input, input), coords ? held(of_points, *coords, apart) : held(of_points, *matrix), held(of_out, out), apart);
}

bool call_again(const Again& known, nb::handle input, nb::handle points, nb::handle out, std::optional<nb::handle> others) {
  gs::Problem p;
  if (!known.find(input.ptr(), points.ptr(), others ? others->ptr() : nullptr, out.ptr(), p)) return false;
  run([&](gs::Interrupted watch) { return gs::sample(p, watch); });
  return true;
}

struct Threads {
  explicit Threads(int count) { gs::use_threads(count); }
  ~Threads() { gs::use_threads(0); }
};

// For callers who know that arrays of those shapes, layouts and dtypes are there, and stay.
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
  pthread_atfork(nullptr, nullptr, [] { main_thread = PyThread_get_thread_ident(); });
  main_thread = nb::cast<unsigned long>(nb::module_::import_("threading").attr("main_thread")().attr("ident"));
  m.def("sample", &sample, nb::arg("input"), nb::arg("coords").none(), nb::arg("matrix").none(), nb::arg("steps"), nb::arg("out"),
        nb::arg("mask").none(), nb::arg("fill"), nb::arg("dtypes"), nb::arg("kernel"), nb::arg("boundaries"), nb::arg("axes"), nb::arg("orders"), nb::arg("cubic_a"),
        nb::arg("outside"), nb::arg("nan_propagates"), nb::arg("relative"));
  m.def("derivatives", &derivatives, nb::arg("grad"), nb::arg("coords"), nb::arg("input").none(), nb::arg("tangent").none(),
        nb::arg("direction").none(), nb::arg("grad_input").none(), nb::arg("grad_coords").none(), nb::arg("grad_out").none(),
        nb::arg("sums").none(), nb::arg("fill"), nb::arg("dtypes"), nb::arg("second"), nb::arg("clear"), nb::arg("sizes"), nb::arg("kernel"), nb::arg("boundaries"),
        nb::arg("axes"), nb::arg("orders"), nb::arg("cubic_a"), nb::arg("outside"), nb::arg("nan_propagates"));
  m.def("sums_elements", &gs::sums_elements, nb::arg("channels"), nb::arg("samples"), nb::arg("items"));
  nb::class_<Again>(m, "Again", "A call of the core; false for arrays that it was not made for.")
      .def("__call__", &call_again, nb::arg("input"), nb::arg("points"), nb::arg("out"), nb::arg("others") = nb::none())
      .def("at", &call_again_at, nb::arg("input"), nb::arg("coords"), nb::arg("out"), nb::arg("threads"),
           "The same, of addresses, which are not checked, on so many threads.")
      .def("back_at", &go_back_at, nb::arg("grad"), nb::arg("input"), nb::arg("coords"), nb::arg("grad_input"), nb::arg("grad_coords"),
           nb::arg("sums"), nb::arg("elements"), nb::arg("threads"), "Its gradients, of addresses; 0 for what is not wanted.");
  m.def("again", &again, nb::arg("input"), nb::arg("coords").none(), nb::arg("matrix").none(), nb::arg("out"), nb::arg("fill"), nb::arg("dtypes"),
        nb::arg("held"), nb::arg("apart"), nb::arg("kernel"), nb::arg("boundaries"), nb::arg("axes"), nb::arg("orders"), nb::arg("cubic_a"), nb::arg("outside"),
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
  nb::dict steps;
  steps["projective"] = int(gs::MapStep::kProjective);
  steps["brown"] = int(gs::MapStep::kBrown);
  steps["field"] = int(gs::MapStep::kField);
  steps["undone_brown"] = int(gs::MapStep::kUndoneBrown);
  steps["polar"] = int(gs::MapStep::kPolar);
  steps["panorama"] = int(gs::MapStep::kPanorama);
  m.attr("MAP_STEPS") = steps;
  m.attr("GROUP") = gs::kGroup;
  m.attr("MOST_TAPS_CONVERTED") = gs::kMaxTapsConverted;
}
