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
// back to the image is added to what grad_input holds, unless it is to be cleared. forward.mask_stride numbers the points of all batch items.
struct DerivativeProblem {
  Problem forward;  // its output is g, which is only read
  bool second;

  void* grad_input;
  int64_t grad_batch, grad_channel;
  bool clear;  // grad_input holds nothing yet: it is 0
  // Memory for sums of several channels side by side (kernels/sums.h), or null: of so many images at a time, which are two at least if there
  // are several, each of so many elements.
  void* sums;
  int64_t sums_items, sums_item;
  void* grad_coords;  // (batch, points, ndim)

  const void* tangent;  // second: (batch, channels, *spatial), or null
  int64_t tangent_batch, tangent_channel;
  const void* direction;  // second: v, (batch or 1, points, ndim), or null
  int64_t direction_batch;
  void* grad_out;  // second: (batch, channels, points)
};

// How many elements the sums of some batch items take.
int64_t sums_elements(int64_t channels, int64_t samples, int64_t items);

// False if `interrupted` said so; then the results are partly written.
bool derivatives(const DerivativeProblem& problem, Interrupted interrupted = nullptr);

// What an ISA needs to know.
struct DerivativePlan {
  Plan plan;
  DerivativeProblem problem;  // its `forward` is plan.problem
  int64_t points;             // of one batch item
  int64_t samples;            // of one channel of one image
  bool stream_image;          // write what comes back to the image past the caches, as plan.stream says of the coordinates
};

struct DerivativeTable {
  int64_t (*memory_bytes)(const DerivativePlan& plan);  // that run() needs
  void (*reach)(const DerivativePlan& plan, int64_t tile, int64_t later, Reach& reach);  // `later`: a tile that comes soon
  // Everything of some tiles of one batch item, whose sums are at `sums` if there are any; after the first `count` tiles come those
  // that are next, of which there are `ahead` more.
  void (*run)(const DerivativePlan& plan, const int64_t* tiles, int64_t count, int64_t ahead, void* memory, void* sums);
  // Samples from low to high.
  void (*clear_sums)(const DerivativePlan& plan, int64_t low, int64_t high, void* sums);
  void (*put_sums)(const DerivativePlan& plan, int64_t item, int64_t low, int64_t high, const void* sums);  // to grad_input
};

}  // namespace gs
