// The same call again: arrays of shapes and dtypes that were checked before, in the plainest layout.
#pragma once

#include <nanobind/nanobind.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "derivative.h"
#include "run.h"

// NOTE [small calls]
// Sampling a few hundred points takes a microsecond; to check what a caller said, and to take arrays apart by way of DLPack, ten.
// So what a call of contiguous NumPy arrays needs besides their addresses is kept in an object, and called with three arrays. These are
// read by NumPy's array interface, and compared with what was checked: nothing is read or written that was not.
class Again {
 public:
  struct Shape {
    char kind;  // as NumPy names it
    int itemsize;
    std::vector<int64_t> sizes;
  };

  // `problem` but for its addresses and strides, which are those of contiguous arrays.
  Again(const gs::Problem& problem, Shape input, Shape coords, Shape out)
      : problem_(problem), fill_(size_t(problem.channels)), input_(std::move(input)), coords_(std::move(coords)), out_(std::move(out)) {
    problem_.fill = fill_.data();
  }
  Again(const Again& other) : Again(other.problem_, other.input_, other.coords_, other.out_) {}

  gs::Problem problem(const void* input, const void* coords, void* out) const {
    gs::Problem problem = problem_;
    problem.input = input;
    problem.coords = coords;
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

  // The addresses of three arrays; false if they are not such as were checked.
  bool find(PyObject* input, PyObject* coords, PyObject* out, void* address[3]) const {
    return find(input, input_, false, address[0]) && find(coords, coords_, false, address[1]) && find(out, out_, true, address[2]);
  }

 private:
  struct Interface {  // what __array_struct__ holds
    int two, nd;
    char kind;
    int itemsize, flags;
    Py_ssize_t *shape, *strides;
    void* data;
  };

  static bool find(PyObject* array, const Shape& shape, bool writes, void*& data) {
    constexpr int plain = 0x1 | 0x100 | 0x200, writeable = 0x400;  // contiguous, aligned, native byte order
    static PyObject* const name = PyUnicode_InternFromString("__array_struct__");
    PyObject* capsule = PyObject_GetAttr(array, name);
    if (!capsule) {
      PyErr_Clear();
      return false;
    }
    bool same = false;
    if (auto* found = static_cast<const Interface*>(PyCapsule_GetPointer(capsule, nullptr))) {
      int wanted = writes ? plain | writeable : plain;
      same = found->two == 2 && (found->flags & wanted) == wanted && found->kind == shape.kind && found->itemsize == shape.itemsize &&
             size_t(found->nd) == shape.sizes.size() && std::equal(shape.sizes.begin(), shape.sizes.end(), found->shape);
      data = found->data;
    } else {
      PyErr_Clear();
    }
    Py_DECREF(capsule);
    return same;
  }

  gs::Problem problem_;
  std::vector<double> fill_;  // zeros
  Shape input_, coords_, out_;
};
