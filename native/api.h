// The boundary of the core: plain structs, no Python, no ownership. Strides are in elements.
#pragma once

#include <cstdint>

#include "modes.h"

namespace gs {

constexpr int kMaxDim = 3;       // spatial axes
constexpr int kMaxOutDim = 64;   // axes of a set of points: as many as an array can have
constexpr int kTilePoints = 256; // points whose taps are kept at once; a multiple of kGroup
constexpr int kMaxTapsConverted = 4;  // wider kernels read planes of the type that they compute in only: see docs/design.md
constexpr int kGroup = 16;       // points that are classified together: at least the lanes of the widest vector

// 16-bit floats as they are stored; kernels/storage.h converts them.
struct half {
  uint16_t bits;
};
struct bfloat {
  uint16_t bits;
};

#define GS_ENUM(name, code, ...) name = code,
enum class Kernel : int { GS_KERNELS(GS_ENUM) };
enum class Boundary : int { GS_BOUNDARIES(GS_ENUM) };
enum class Dtype : int { GS_DTYPES(GS_ENUM) };
#undef GS_ENUM

// What becomes of a whole sample whose centre is outside the array, or is NaN.
enum class Outside : int { boundary = 0, fill = 1, keep = 2 };

// One spatial axis of the input, and where its coordinate comes from: fma(given + pre, scale, shift).
struct Axis {
  int64_t size;
  int64_t stride;
  int64_t component;  // of a point's components, the one of this axis
  double pre, scale, shift;
  double margin;      // a centre is inside from -margin to size - 1 + margin
  Boundary boundary;
  int order;          // of the derivative of the weights that is taken, with respect to the given coordinate
};

// A map that points are taken through, from index coordinates to index coordinates: see kernels/map_steps.h.
struct MapStep {
  enum Kind : int { kProjective = 0, kBrown = 1, kField = 2, kUndoneBrown = 3, kPolar = 4, kPanorama = 5 };
  int kind;
  const double* numbers;
  bool divides;       // a matrix has a row more
  const void* field;  // (*size, ndim), float32 or float64, axis 0 first
  Dtype dtype;
  int64_t size[kMaxDim], stride[kMaxDim + 1];
  bool relative;      // what the field says is added to a point
};

// out[n, c, p] = input[n, c] read at coords[n, p], for the points p of a (possibly strided) box; or where a matrix takes p.
struct Problem {
  Kernel kernel;
  Dtype dtype, coords_dtype, out_dtype;
  int ndim;
  Axis axis[kMaxDim];
  double cubic_a;
  Outside outside;
  bool nan_propagates;

  const void* input;
  const void* coords;    // null, if there is a matrix
  bool relative;         // what is given, by fma(given + pre, scale, shift), is added to the point's place along the axis: of the last axes of
                         // points, one is that of each spatial axis
  const double* matrix;  // null, or (ndim, out_ndim + 1), with a row more if it is projective: see kernels/maps.h
  bool projective;
  const MapStep* steps;  // what follows after the matrix
  int step_count;
  void* out;
  uint8_t* mask;       // null, or gets 1 for each point whose centre is inside, 0 for the others; its strides are set in any case
  const double* fill;  // what the boundary `constant` and the outside rule `fill` give, for each channel
  int64_t batch, channels;
  int64_t input_batch, input_channel;  // strides
  int64_t coords_batch, coords_component;
  int64_t out_batch, out_channel;
  int64_t mask_batch;

  int out_ndim;
  int64_t out_size[kMaxOutDim], coords_stride[kMaxOutDim], out_stride[kMaxOutDim], mask_stride[kMaxOutDim];
};

}  // namespace gs
