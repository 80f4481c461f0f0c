#include "scattered.h"

#include <cstdlib>
#include <memory>

#include "blocks.h"
#include "plan.h"
#include "transpose.h"

namespace gs {
namespace {

constexpr int64_t kMostBytes = int64_t{16} << 20;  // of the copy
constexpr int64_t kLeastPlane = int64_t{128} << 10;  // bytes: smaller ones stay in the caches anyway

struct Free {
  void operator()(float* memory) const { std::free(memory); }
};

}  // namespace

bool is_scattered(const Problem& p) {
  if (p.ndim != 2 || p.dtype != Dtype::float32 || p.channels < kGroup || p.channels % kGroup != 0) return false;
  if (!reads_channels(p.ndim, taps_of(p.kernel), 4, 4) || p.matrix || p.relative) return false;
  int64_t samples = p.axis[0].size * p.axis[1].size, points = 1;
  for (int i = 0; i < p.out_ndim; ++i) points *= p.out_size[i];
  bool are_planes = p.axis[1].stride == 1 && p.axis[0].stride == p.axis[1].size && p.input_channel >= samples;
  return are_planes && points >= samples && samples * 4 >= kLeastPlane && samples * p.channels * 4 <= kMostBytes && neighbours_are_apart(p);
}

bool sample_scattered(const Problem& p, Interrupted interrupted, bool (*run)(const Problem& problem, Interrupted interrupted)) {
  int64_t samples = p.axis[0].size * p.axis[1].size;
  std::unique_ptr<float, Free> copy(static_cast<float*>(std::aligned_alloc(64, size_t(samples * p.channels) * 4)));
  if (!copy) return run(p, interrupted);
  Problem item = p;
  item.batch = 1;
  item.input = copy.get();
  item.input_channel = 1;
  item.axis[1].stride = p.channels;
  item.axis[0].stride = p.channels * p.axis[1].size;
  for (int64_t b = 0; b < p.batch; ++b) {
    const float* from = static_cast<const float*>(p.input) + b * p.input_batch;
    transpose(from, p.input_channel, p.channels, samples, copy.get(), p.channels);
    if (!run(item, interrupted)) return false;
    item.coords = static_cast<const char*>(item.coords) + p.coords_batch * item_size(p.coords_dtype);
    item.out = static_cast<char*>(item.out) + p.out_batch * item_size(p.out_dtype);
    if (item.mask) item.mask += p.mask_batch;
  }
  return true;
}

}  // namespace gs
