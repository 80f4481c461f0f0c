// What stands outside the array, for those who run a plan.
#pragma once

#include <vector>

#include "api.h"

namespace gs {

// The fill value, and what a tap outside the array reads, in the type that is computed with.
template <class T>
std::vector<T> outside_values(const Problem& p) {
  bool constant = false;
  for (int i = 0; i < p.ndim; ++i) constant |= p.axis[i].boundary == Boundary::constant;
  std::vector<T> values(2 * size_t(p.channels));
  for (int64_t c = 0; c < p.channels; ++c) {
    values[c] = T(p.fill[c]);
    values[p.channels + c] = constant ? values[c] : T(0);
  }
  return values;
}

}  // namespace gs
