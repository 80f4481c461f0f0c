// The vector-Jacobian products of sampling: what comes back to the image and to the coordinates, once and twice.
#pragma once

#include "plan.h"
#include "run.h"

namespace gs {

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
  int64_t box_values;         // room for the box of a tile, in one channel
  int64_t scratch_bytes;      // for cells: kernels/cells.h
};

// NOTE [boxes]
// What a tile gives back falls into a small part of the image, its box. Each tile sums into a box of its own, and then the boxes
// are added to the image in the order of the tiles (derivatives.cpp, NOTE [turns]). So every element is a sum of the same terms in the
// same order, whichever threads did the work, and nobody needs a whole image to himself. Tiles that are scattered over more than
// a box holds are summed into the image directly, in their turn.
struct Box {
  int64_t tile;
  bool direct;                        // no box: too many places, or too far outside
  int low[kMaxDim], extent[kMaxDim];  // indices along every axis, before the boundary
  void* values;                       // (channels, *extent)
  int64_t bytes;                      // the room there is; then what was used of it
};

struct DerivativeTable {
  int64_t (*memory_bytes)(const DerivativePlan& plan);  // that the functions below need, besides plan.scratch_bytes
  // Everything of a tile but what goes to the image, which goes to its box.
  void (*tile)(const DerivativePlan& plan, Box& box, void* scratch);
  // Add a box to those rows of the image (indices along axis 0) that belong to `part` of `parts`.
  void (*flush)(const DerivativePlan& plan, const Box& box, int part, int parts, void* scratch);
};

}  // namespace gs
