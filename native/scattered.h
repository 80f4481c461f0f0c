// Many planes read at scattered points, and the copy that they are read from.
#pragma once

#include "run.h"

namespace gs {

// NOTE [scattered points of many planes]
// Points that are neighbours in a map read neighbouring samples, mostly: a plane at a time is read from few lines of the cache. Where they do not, each
// point has lines of its own in every plane, of which it uses a few bytes; with channels side by side it uses whole ones. So planes are copied to
// channels side by side first, an item of the batch at a time, where its points are at least as many as its samples, most neighbours are in other
// lines, and planes are too large to stay in the caches. What is read, and the order of sums, is the same, to the bit. The copy has a limit,
// beyond which planes are read as they are.
bool is_scattered(const Problem& problem);

// Like sample(), of such a problem; `run` samples one item.
bool sample_scattered(const Problem& problem, Interrupted interrupted, bool (*run)(const Problem& problem, Interrupted interrupted));

}  // namespace gs
