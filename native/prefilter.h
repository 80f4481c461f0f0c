// From samples to B-spline coefficients, along one axis of an array.
#pragma once

#include "run.h"

namespace gs {

// NOTE [spline coefficients]
// The spline through samples s has coefficients c with s = b * c, where b are the B-spline's values at whole numbers: a convolution, of
// an array that goes on beyond its ends as the boundary says. Its inverse is a recursive filter, one for each zero z of b's
// z-transform within the unit circle (Unser, "Splines: a perfect fit for signal and image processing", IEEE SPM 16, 1999):
//
//     forwards   f[i] = s[i] + z f[i - 1],      backwards   c[i] = z (c[i + 1] - f[i]),      all times (1 - z) (1 - 1/z).
//
// What is before the first sample and behind the last one is a geometric series of samples inside, since the boundaries repeat them:
// f[0] and c[n - 1] are weighted sums of a few samples (`first`, `last`), in closed form, and exact for any length.
// Both recursions run along a line; lanes are lines.
struct StartTerm {
  int64_t index;
  double weight;
};

struct Pole {
  double z;
  const StartTerm *first, *last;
  int first_count, last_count;
};

constexpr int kMaxPoles = 3;

// Input and output hold float32 or float64 both, and may be the same memory with the same strides.
struct PrefilterProblem {
  Dtype dtype;
  int order;
  Boundary boundary;
  const void* input;
  void* out;
  int64_t length, input_step, out_step;  // of the filtered axis
  int axes;                              // the others
  int64_t size[kMaxOutDim], input_stride[kMaxOutDim], out_stride[kMaxOutDim];
};

// How lines are read into a buffer, and written back.
enum class Lines {
  neighbours,  // a row of samples of neighbouring lines lies side by side
  along,       // a line's samples lie side by side: turned on the way
  scattered,   // neither
};

struct PrefilterPlan {
  PrefilterProblem problem;  // its other axes merged, the innermost last
  double gain;
  int poles;
  Pole pole[kMaxPoles];
  Lines lines;
  bool buffered;            // or the lines are too long, and are filtered where they are written
  int block_lines;          // at once: a whole number of vectors
  int64_t run_length;       // blocks do not go beyond runs of so many lines
  int64_t blocks, run_blocks;
};

// One ISA's. `buffer` has room for length * block_lines numbers, at a cache line, if the plan is buffered.
struct PrefilterTable {
  void (*run)(const PrefilterPlan& plan, int64_t first_block, int64_t last_block, void* buffer);
};

bool is_spline_order(int order);
// False if it gave up; then some lines are filtered, others not.
bool prefilter(const PrefilterProblem& problem, Interrupted interrupted = nullptr);

}  // namespace gs
