// The same call again: arrays of shapes, layouts and dtypes that were checked before.
#pragma once

#include <nanobind/nanobind.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "derivative.h"
#include "run.h"

// NumPy's view of an array, and all of it that memory safety depends on but its address. Valid as long as this lives.
class Viewed {
 public:
  explicit Viewed(PyObject* array) {
    static PyObject* const name = PyUnicode_InternFromString("__array_struct__");
    capsule_ = PyObject_GetAttr(array, name);
    if (capsule_) of_ = static_cast<const Interface*>(PyCapsule_GetPointer(capsule_, nullptr));
    if (!of_ || of_->two != 2) {
      PyErr_Clear();
      of_ = nullptr;
    }
  }
  Viewed(const Viewed&) = delete;
  ~Viewed() { Py_XDECREF(capsule_); }

  struct Interface {  // what __array_struct__ holds
    int two, nd;
    char kind;
    int itemsize, flags;
    Py_ssize_t *shape, *strides;
    char* data;
  };
  explicit operator bool() const { return of_; }
  const Interface* operator->() const { return of_; }

 private:
  PyObject* capsule_;
  const Interface* of_ = nullptr;
};

// NOTE [small calls]
// Sampling a few hundred points takes a microsecond; to check what a caller said, and to take arrays apart by way of DLPack, ten.
// So what a call of NumPy arrays needs besides their addresses is kept in an object, and called with arrays. These are read by NumPy's
// array interface, and compared with what was checked: nothing is read or written that was not.
class Again {
 public:
  // An array as a caller holds it, and where in it the array of the problem begins, which is a view of it.
  struct Held {
    char kind;  // as NumPy names it
    int itemsize;
    std::vector<Py_ssize_t> sizes, strides;
    ptrdiff_t begins;
  };

  // `problem` but for its addresses; its points are an array of coordinates, two of them, the first components and the others, or a matrix.
  Again(const gs::Problem& problem, Held input, Held points, Held out, bool apart)
      : problem_(problem), fill_(size_t(problem.channels)), input_(std::move(input)), points_(std::move(points)), out_(std::move(out)), apart_(apart) {
    problem_.fill = fill_.data();
  }
  Again(const Again& other) : Again(other.problem_, other.input_, other.points_, other.out_, other.apart_) {}

  gs::Problem problem(const void* input, const void* points, void* out) const {
    gs::Problem problem = problem_;
    problem.input = input;
    if (problem.matrix)
      problem.matrix = static_cast<const double*>(points);
    else
      problem.coords = points;
    problem.out = out;
    return problem;
  }

  // Its derivatives, as backward: of arrays of floats, of as many images as maps. Nothing comes back to a null address; `sums` holds so many
  // elements, or is null.
  gs::DerivativeProblem backward(const void* grad, const void* input, const void* coords, void* grad_input, void* grad_coords, void* sums, int64_t elements) const {
    gs::DerivativeProblem d{};
    gs::Problem& p = d.forward = problem(input, coords, const_cast<void*>(grad));  // which is only read
    number_points(p);
    d.clear = true;
    d.grad_input = grad_input;
    d.grad_batch = p.input_batch;
    d.grad_channel = p.input_channel;
    d.grad_coords = grad_coords;
    set_sums(d, sums, elements);
    return d;
  }

  // The problem of these arrays, of which `others` may be null; false if they are not such as were checked.
  bool find(PyObject* input, PyObject* points, PyObject* others, PyObject* out, gs::Problem& found) const {
    char *from, *at, *second, *to;
    if (!find(input, input_, false, from) || !find(points, points_, false, at) || !find(out, out_, true, to) || apart_ != (others != nullptr)) return false;
    found = problem(from, at, to);
    if (others) {
      if (!find(others, points_, false, second) || (second - at) % points_.itemsize) return false;
      found.coords_component = (second - at) / points_.itemsize;
    }
    return true;
  }

 private:
  static bool find(PyObject* given, const Held& held, bool writes, char*& begins) {
    constexpr int plain = 0x100 | 0x200, writeable = 0x400;  // aligned, native byte order
    const Viewed array(given);
    const int wanted = writes ? plain | writeable : plain;
    if (!array || (array->flags & wanted) != wanted || array->kind != held.kind || array->itemsize != held.itemsize) return false;
    if (size_t(array->nd) != held.sizes.size() || !std::equal(held.sizes.begin(), held.sizes.end(), array->shape)) return false;
    begins = array->data + held.begins;
    return std::equal(held.strides.begin(), held.strides.end(), array->strides);
  }

  gs::Problem problem_;
  std::vector<double> fill_;  // zeros
  Held input_, points_, out_;
  bool apart_;
};
