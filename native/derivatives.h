// The vector-Jacobian products of sampling: what comes back to the image and to the coordinates, once and twice.
#pragma once

#include "run.h"
#include "tiles.h"

namespace gs {

constexpr int kPackedTaps = 4;  // kernels with more taps are read tap by tap

// With g = gradient of the output, S(x; in) = the sample, A(x; g) = its adjoint, v a direction at every point:
//
//   backward         grad_input  = A(x; g)                 grad_coords_a = sum_c g dS/dx_a(x; in)
//   second           grad_out    = S(x; tangent) + sum_a v_a dS/dx_a(x; in)
//   (of backward)    grad_input  = sum_a v_a dA/dx_a(x; g)
//                    grad_coords_b = sum_c g dS/dx_b(x; tangent) + sum_a v_a sum_c g d2S/dx_a dx_b(x; in)
//
// All arrays but the coordinates hold the type that is computed in. input, tangent and grad_input have the strides of
// forward.axis, and their own ones for batch items and channels; they may be null where nothing depends on them. What comes
// back to the image is added to what grad_input holds. forward.mask_stride numbers the points of all batch items.
struct DerivativeProblem {
  Problem forward;  // its output is g, which is only read
  bool second;

  void* grad_input;
  int64_t grad_batch, grad_channel;
  void* grad_coords;  // (batch, points, ndim)

  const void* tangent;  // second: (batch, channels, *spatial), or null
  int64_t tangent_batch, tangent_channel;
  const void* direction;  // second: v, (batch or 1, points, ndim), or null
  int64_t direction_batch;
  void* grad_out;  // second: (batch, channels, points)
};

// False if `interrupted` said so; then the results are partly written.
bool derivatives(const DerivativeProblem& problem, Interrupted interrupted = nullptr);

// What an ISA needs to know.
struct DerivativePlan {
  Plan plan;
  DerivativeProblem problem;  // its `forward` is plan.problem
  int64_t points;             // of one batch item
};

struct DerivativeTable {
  int64_t (*memory_bytes)(const DerivativePlan& plan);  // that run() needs
  void (*reach)(const DerivativePlan& plan, int64_t tile, Reach& reach);
  void (*run)(const DerivativePlan& plan, const int64_t* tiles, int64_t count, void* memory);  // everything of some tiles
};

}  // namespace gs
