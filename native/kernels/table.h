// The end of every ISA file: the loops over tiles and channels, the choice of the functions, and the exported table.
#pragma once

#include "../dispatch.h"
#include "axis.h"
#include "coords.h"
#include "gather.h"
#include <algorithm>

namespace gs {
namespace GS_ISA {
namespace {

template <class T, class G>
struct StageA {
  void (*start)(const G*, const Axis&, int, Tile<T>&);
  void (*taps)(const G*, const Axis&, int, int, Tile<T>&);
};

template <class T, class G, class Kernel>
StageA<T, G> choose_boundary(Boundary code) {
  switch (code) {
#define GS_CASE(name, ...) \
  case Boundary::name:     \
    return {AxisTaps<T, G, Kernel, boundary::name>::start, AxisTaps<T, G, Kernel, boundary::name>::taps};
    GS_BOUNDARIES(GS_CASE)
#undef GS_CASE
  }
  return {};
}

template <class T, class G>
StageA<T, G> choose_stage_a(gs::Kernel code, Boundary boundary) {
  switch (code) {
#define GS_CASE(name, ...)   \
  case gs::Kernel::name:     \
    return choose_boundary<T, G, kernel::name>(boundary);
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
  return {};
}

template <class T>
struct StageB {
  void (*run)(const T* plane, const int64_t* stride, T fill, const Tile<T>& tile, const Box<T>& box);
  void (*prefetch)(const T* plane, const int64_t* stride, const Tile<T>& tile);
};

template <class T, int Dims, int K>
StageB<T> stage_b() {
  return {Gather<T, Dims, K>::run, Gather<T, Dims, K>::prefetch};
}

template <class T>
StageB<T> choose_stage_b(gs::Kernel code, int ndim) {
  switch (code) {
#define GS_CASE(name, ...)                                 \
  case gs::Kernel::name: {                                 \
    constexpr int taps = kernel::name::taps;               \
    return ndim == 1   ? stage_b<T, 1, taps>()             \
           : ndim == 2 ? stage_b<T, 2, taps>()             \
                       : stage_b<T, 3, taps>();            \
  }
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
  return {};
}

// So many channels of a tile are read in the time that a cache line takes to come from memory.
constexpr int64_t kPrefetchAhead = 4;

// Stage A of one tile.
template <class T, class C, class G>
struct TileMaker {
  const Plan& plan;
  StageA<T, G> stage[kMaxDim];
  bool side_by_side;

  explicit TileMaker(const Plan& plan) : plan(plan) {
    const Problem& p = plan.problem;
    for (int a = 0; a < p.ndim; ++a) stage[a] = choose_stage_a<T, G>(p.kernel, p.axis[a].boundary);
    side_by_side = p.axis[p.ndim - 1].stride == 1 || p.kernel == gs::Kernel::nearest;
  }

  void make(const TilePlace& place, Tile<T>& tile) const {
    const Problem& p = plan.problem;
    alignas(64) G x[kMaxDim][kTilePoints];
    tile.groups = place.rows * ((place.columns + kGroup - 1) / kGroup);
    for (int g = 0; g < tile.groups; ++g) tile.kind[g] = side_by_side ? kInterior : kEdge;
    for (int a = 0; a < p.ndim; ++a) {
      load_coords(p, static_cast<const C*>(p.coords) + place.coords, place, p.axis[a], x[a]);
      stage[a].start(x[a], p.axis[a], a, tile);
    }
    for (int g = 0; g < tile.groups; ++g)
      if (tile.kind[g] == kEdge)
        for (int a = 0; a < p.ndim; ++a) stage[a].taps(x[a], p.axis[a], a, g, tile);
  }
};

template <class T, class C, class G>
void sample_tiles(const Plan& plan, int64_t first, int64_t last) {
  const Problem& p = plan.problem;
  TileMaker<T, C, G> maker(plan);
  StageB<T> reader = choose_stage_b<T>(p.kernel, p.ndim);
  int64_t stride[kMaxDim];
  for (int a = 0; a < p.ndim; ++a) stride[a] = p.axis[a].stride;
  const int64_t* step = &p.out_stride[p.out_ndim - 2];  // of rows, of columns
  auto image = [&](const TilePlace& place) { return static_cast<const T*>(p.input) + place.batch * p.input_batch; };

  const int64_t ahead = std::min(p.channels, kPrefetchAhead);
  Tile<T> tiles[2];  // the one being read, and the next one, whose samples are on their way from memory meanwhile
  TilePlace place = place_tile(plan, first);
  maker.make(place, tiles[first & 1]);
  for (int64_t t = first; t < last; ++t) {
    const Tile<T>& tile = tiles[t & 1];
    TilePlace next = place;
    if (t + 1 < last) {
      next = place_tile(plan, t + 1);
      maker.make(next, tiles[(t + 1) & 1]);
    }
    const T* plane = image(place);
    T* out = static_cast<T*>(p.out) + place.out;
    for (int64_t c = 0; c < p.channels; ++c, plane += p.input_channel, out += p.out_channel) {
      if (c + ahead < p.channels)
        reader.prefetch(plane + ahead * p.input_channel, stride, tile);
      else if (t + 1 < last)
        reader.prefetch(image(next) + (c + ahead - p.channels) * p.input_channel, stride, tiles[(t + 1) & 1]);
      reader.run(plane, stride, T(0), tile, {out, step[0], step[1], place.columns, plan.stream});
    }
    place = next;
  }
  end_streams();
}

template <class T>
void sample_dtype(const Plan& plan, int64_t first, int64_t last) {
  if (plan.problem.coords_dtype == Dtype::float64)
    sample_tiles<T, double, double>(plan, first, last);
  else if (plan.wide_coords)
    sample_tiles<T, float, double>(plan, first, last);
  else
    sample_tiles<T, float, float>(plan, first, last);
}

void sample(const Plan& plan, int64_t first, int64_t last) {
  if (plan.problem.dtype == Dtype::float64)
    sample_dtype<double>(plan, first, last);
  else
    sample_dtype<float>(plan, first, last);
}

}  // namespace

extern const Isa isa;
#define GS_STRING(x) #x
#define GS_NAME(x) GS_STRING(x)
const Isa isa = {GS_NAME(GS_ISA), GS_VECTOR_BYTES, sample};

}  // namespace GS_ISA
}  // namespace gs
