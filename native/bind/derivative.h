// What a problem of derivatives needs besides the addresses of its arrays.
#pragma once

#include "derivatives.h"

// Numbers the points of all batch items; how many there are of one.
inline int64_t number_points(gs::Problem& p) {
  int64_t points = 1;
  for (int i = p.out_ndim - 1; i >= 0; points *= p.out_size[i--]) p.mask_stride[i] = points;
  return p.mask_batch = points;
}

// `sums`, which holds so many elements, is for the sums of channels; or null.
inline void set_sums(gs::DerivativeProblem& d, void* sums, int64_t elements) {
  int64_t samples = 1;
  for (int a = 0; a < d.forward.ndim; ++a) samples *= d.forward.axis[a].size;
  d.sums_item = gs::sums_elements(d.forward.channels, samples, 1);
  d.sums_items = elements / (d.sums_item > 0 ? d.sums_item : 1);
  d.sums = sums;
}
