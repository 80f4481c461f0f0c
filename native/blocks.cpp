#include "blocks.h"

#include <algorithm>
#include <cmath>

#include "dispatch.h"
#include "plan.h"

namespace gs {
namespace {

constexpr int64_t kPage = 4096;
constexpr int kLine = 16;  // samples of float32

// So many channels are not worth tiles that are made first; nor are more, if few of the points that share a tile share what they read.
constexpr int64_t kFewChannels = 4, kSomeChannels = 64;

constexpr int kPlaces = 16;
constexpr int64_t kWorthALook = 1024;  // points: as few as these are sampled in a few times what looking takes
constexpr double kMostlyRead = 0.5, kOnePlane = 1.05;  // from plane to plane of points, those of samples: a tile's farthest plane is mostly new, and no other
constexpr int64_t kManySamples = 3 << 19;  // of a plane whose lines do not stay in the caches from one row of tiles to the next
constexpr double kTurned = 0.25;  // samples from column to column, beyond which a map is not level
constexpr double kLevel = 1.0 / 32;  // so few that most vectors of points are in one row

// The coordinate along an axis of a point of the given batch item; 0 for 16-bit coordinates, which are few.
double coordinate(const Problem& p, int a, int64_t batch, const int64_t* at) {
  const Axis& axis = p.axis[a];
  if (p.matrix) {
    auto row = [&](const double* of) {
      double sum = of[p.out_ndim];
      for (int i = 0; i < p.out_ndim; ++i) sum += of[i] * double(at[i]);
      return sum;
    };
    return row(p.matrix + a * (p.out_ndim + 1)) / (p.projective ? row(p.matrix + p.ndim * (p.out_ndim + 1)) : 1);
  }
  int64_t offset = batch * p.coords_batch + axis.component * p.coords_component;
  for (int i = 0; i < p.out_ndim; ++i) offset += at[i] * p.coords_stride[i];
  if (p.coords_dtype == Dtype::float32) return axis.scale * double(static_cast<const float*>(p.coords)[offset]);
  if (p.coords_dtype == Dtype::float64) return axis.scale * static_cast<const double*>(p.coords)[offset];
  return 0;
}

// Whether there are so many points that it is worth to look at some of them, in rows that are not merged.
bool has_rows(const Problem& p) {
  bool any = p.batch > 0 && p.out_ndim > 1 && p.out_size[p.out_ndim - 1] >= kShortRow;
  int64_t points = p.batch;
  for (int i = 0; i < p.out_ndim; ++i) points *= p.out_size[i];
  return any && points >= kWorthALook;
}

// visit(step) for some points that are spread over the whole: how many samples along an axis a point lies after its neighbour before it, along an
// axis of points.
template <class Visit>
void each_step(const Problem& p, int axis, int along, const Visit& visit) {
  int last = p.out_ndim - 1;
  for (int k = 0; k < kPlaces; ++k) {
    int64_t at[kMaxOutDim];
    for (int i = 0; i <= last; ++i) at[i] = (p.out_size[i] - (i == along)) / 2;
    if (last > 0 && along != last - 1) at[last - 1] = p.out_size[last - 1] * k / kPlaces;
    at[last] = (p.out_size[last] - 1) * (k * 5 % kPlaces) / kPlaces;
    int64_t batch = p.batch * k / kPlaces;
    double here = coordinate(p, axis, batch, at);
    ++at[along];
    visit(coordinate(p, axis, batch, at) - here);
  }
}

// The mean of the steps from column to column, without their signs.
double slope(const Problem& p, int axis) {
  double sum = 0;
  each_step(p, axis, p.out_ndim - 1, [&](double step) {
    if (std::fabs(step) < kSquareColumns) sum += std::fabs(step);  // beyond, and for what is not a number, neighbours share nothing
  });
  return sum / kPlaces;
}

// Whether each vector of results is a whole line. Where two fill one, one channel after the other fills lines by halves, which takes long past the caches.
bool fills_lines(const Problem& p) {
  return p.channels == 1 || current_isa().vector_bytes == kLine * 4 || !is_streamed(p);
}

}  // namespace

bool is_turned_volume(const Problem& p) {
  return p.ndim == 3 && p.out_ndim > 2 && has_rows(p) && std::max(slope(p, 0), slope(p, 1)) > kTurned;
}

int asked_plane(const Problem& p) {
  if (p.out_size[p.out_ndim - 3] < 2) return kAllPlanes;
  bool up = true, down = true;
  each_step(p, 0, p.out_ndim - 3, [&](double step) {
    up &= step > kMostlyRead && step < kOnePlane;
    down &= -step > kMostlyRead && -step < kOnePlane;
  });
  return up ? taps_of(p.kernel) - 1 : down ? 0 : kAllPlanes;
}

bool neighbours_are_apart(const Problem& p) {
  const int above = p.ndim - 2;  // the axis before the last, if there is one
  int along = p.out_ndim - 1, apart = 0;
  while (along > 0 && p.out_size[along] == 1) --along;
  if (p.batch == 0 || p.out_size[along] < 2) return false;
  for (int k = 0; k < kPlaces; ++k) {
    int64_t at[kMaxOutDim], batch = p.batch * k / kPlaces;
    for (int i = 0; i < p.out_ndim; ++i) at[i] = i == along ? (p.out_size[i] - 1) * (k * 5 % kPlaces) / kPlaces : p.out_size[i] * k / kPlaces;
    double y = above < 0 ? 0 : coordinate(p, above, batch, at), x = coordinate(p, p.ndim - 1, batch, at);
    ++at[along];
    y -= above < 0 ? 0 : coordinate(p, above, batch, at);
    x -= coordinate(p, p.ndim - 1, batch, at);
    apart += std::fabs(y) >= 1 || std::fabs(x) >= kLine;
  }
  return 2 * apart > kPlaces;
}

bool is_turned_plane(const Problem& p) {
  const bool in_pages = p.axis[0].stride * item_size(p.dtype) % kPage == 0;
  return p.ndim == 2 && !in_pages && has_rows(p) && slope(p, 0) > kTurned;
}

bool is_level_plane(const Problem& p) { return p.ndim == 2 && has_rows(p) && slope(p, 0) < kLevel; }

bool needs_no_tiles(const Problem& p) {
  if (taps_of(p.kernel) > 2 || p.ndim < 2 || p.dtype != Dtype::float32) return false;
  if (p.channels <= kFewChannels) return fills_lines(p);
  return gathers_are_fast() && p.channels <= kSomeChannels && fills_lines(p) && neighbours_are_apart(p);
}

int block_columns(const Problem& p) {
  if (gathers_are_fast()) return kBlockColumns;
  if (p.ndim == 3) return kSquareColumns;
  if (!is_turned_plane(p)) return kLongColumns;
  if (taps_of(p.kernel) > 2 || p.dtype != Dtype::float32 || p.channels > kFewChannels) return kSquareColumns;
  if (p.axis[0].size * p.axis[1].size <= kManySamples) return kLongColumns;
  return needs_no_tiles(p) ? kBlockColumns : kSquareColumns;
}

int derivative_columns(const Problem& p) {
  if (p.ndim == 2 && taps_of(p.kernel) <= 2) return kTilePoints;
  return is_turned_volume(p) ? kSquareColumns : kDerivativeColumns;
}

}  // namespace gs
