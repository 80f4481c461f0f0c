// An array times a matrix along one axis or two, whose rows are zero but for a few columns side by side: resizing.
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
  // Null, or what is done along the inner axis after that, a few rows at a time, so that what is between the two stays in the caches. Its outer
  // lines are all rows of this, its inner is 1, and it has no input; this has no out.
  const WeightedProblem* then;
};

// False if `interrupted` said so; then the result is partly written.
bool weighted(const WeightedProblem& problem, Interrupted interrupted = nullptr);

// out[r, c] = input[row[r] + column[c]], elements of so many bytes: 1, 2, 4, 8 or 16. False as above.
struct TakeProblem {
  int item;
  const void* input;
  void* out;
  int64_t rows, columns;
  const int64_t *row, *column;
};
bool take(const TakeProblem& problem, Interrupted interrupted = nullptr);

struct WeightedTable {
  // Some rows of all outer ones, where a vector holds neighbours along the inner axis; the first goes to `out`.
  void (*across)(const WeightedProblem& p, int64_t first, int64_t last, void* out);
  // Some outer lines, as many at a time as a vector holds; inner is 1. `buffer` has room for so many lines, at a cache line.
  void (*along)(const WeightedProblem& p, int64_t first, int64_t last, void* buffer);
};

}  // namespace gs
