// An array times a matrix along one axis, whose rows are zero but for a few columns side by side: resizing.
#pragma once

#include "run.h"

namespace gs {

// out[o, r, i] = the sum over k of weight[r, k] input[o, start[r] + k, i], first to last, all in float64 or all in float32. Arrays are
// contiguous.
struct WeightedProblem {
  bool in_double;
  const void* input;  // (outer, length, inner)
  void* out;          // (outer, rows, inner)
  int64_t outer, length, inner, rows, taps;
  const int64_t* start;  // start + taps is at most length
  const void* weight;    // (rows, taps)
};

// False if `interrupted` said so; then the result is partly written.
bool weighted(const WeightedProblem& problem, Interrupted interrupted = nullptr);

struct WeightedTable {
  // Some rows of all outer ones, where a vector holds neighbours along the inner axis.
  void (*across)(const WeightedProblem& p, int64_t first, int64_t last);
  // Some outer lines, as many at a time as a vector holds; inner is 1. `buffer` has room for so many lines, at a cache line.
  void (*along)(const WeightedProblem& p, int64_t first, int64_t last, void* buffer);
};

}  // namespace gs
