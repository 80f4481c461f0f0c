// Stage A of one tile: coordinates, taps along every axis, kinds of groups, verdicts.
#pragma once

#include "axis.h"
#include "coords.h"

namespace gs {
namespace GS_ISA {
namespace {

template <class T, class G>
struct StageA {
  void (*start)(const G*, const Axis&, int, int, Tile<T>&, G*);
  void (*taps)(const G*, const Axis&, int, int, Tile<T>&);
  void (*weights)(const G*, double, int, Tile<T>&);
};

template <class T, class G, class Kernel>
StageA<T, G> choose_boundary(Boundary code) {
  switch (code) {
#define GS_CASE(name, ...) \
  case Boundary::name:     \
    return {AxisTaps<T, G, typename Kernel::Place, boundary::name>::start,  \
            AxisTaps<T, G, typename Kernel::Place, boundary::name>::taps, fill_weights<T, G, Kernel>};
    GS_BOUNDARIES(GS_CASE)
#undef GS_CASE
  }
  return {};
}

template <class T, class G>
StageA<T, G> choose_stage_a(gs::Kernel code, Boundary boundary) {
  switch (code) {
#define GS_CASE(name, ...) \
  case gs::Kernel::name:   \
    return choose_boundary<T, G, kernel::name>(boundary);
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
  return {};
}

template <class A, class B>
struct Wider {
  using type = double;
};
template <>
struct Wider<float, float> {
  using type = float;
};

// The tile of an image computed in T, from coordinates given as C and computed in U.
template <class T, class C, class U>
struct TileMaker {
  using G = typename Wider<T, U>::type;

  static void make(const Plan& plan, const TilePlace& place, Tile<T>& tile) {
    const Problem& p = plan.problem;
    StageA<T, G> stage[kMaxDim];
    for (int a = 0; a < p.ndim; ++a) stage[a] = choose_stage_a<T, G>(p.kernel, p.axis[a].boundary);
    alignas(64) G x[kMaxDim][kTilePoints], fraction[kTilePoints];
    tile.groups = place.rows * ((place.columns + kGroup - 1) / kGroup);
    for (int g = 0; g < tile.groups; ++g) {
      tile.kind[g] = plan.tap_by_tap ? kEdge : kInterior;
      tile.judged[g] = false;
    }
    if constexpr (__is_same(C, double))
      if (p.matrix) map_coords(p, place, tile.groups * kGroup, x);
    for (int a = 0; a < p.ndim; ++a) {
      int spare = a == p.ndim - 1 ? plan.spare_samples : 0;
      if (!p.matrix) load_coords<U>(p, static_cast<const C*>(p.coords) + place.coords, place, p.axis[a], x[a]);
      stage[a].start(x[a], p.axis[a], spare, a, tile, fraction);
      stage[a].weights(fraction, p.cubic_a, a, tile);
    }
    for (int g = 0; g < tile.groups; ++g)
      if (tile.kind[g] == kEdge)
        for (int a = 0; a < p.ndim; ++a) stage[a].taps(x[a], p.axis[a], a, g, tile);
    if (plan.judges) judge(p, x, place, tile);
  }

  // Which centres are inside the array, which coordinates are NaN, and what follows from that.
  static void judge(const Problem& p, const G (*x)[kTilePoints], const TilePlace& place, Tile<T>& tile) {
    const int64_t* step = &p.mask_stride[p.out_ndim - 2];
    Verdict outside = p.outside == Outside::fill ? kFill : p.outside == Outside::keep ? kKeep : kAsRead;
    for (int g = 0, row = 0; g < tile.groups; ++row)
      for (int column = 0; column < place.columns; column += kGroup, ++g)
        for (int i = 0; i < kGroup; ++i) {
          bool inside = true, nan = false;
          for (int a = 0; a < p.ndim; ++a) {
            G at = x[a][g * kGroup + i];
            nan |= at != at;
            inside &= at >= G(-p.axis[a].margin) && at <= G(double(p.axis[a].size - 1) + p.axis[a].margin);
          }
          Verdict verdict = nan && p.nan_propagates ? kNaN : inside ? kAsRead : outside;
          tile.verdict[g * kGroup + i] = verdict;
          tile.judged[g] |= verdict != kAsRead;
          if (p.mask && column + i < place.columns) p.mask[place.mask + row * step[0] + (column + i) * step[1]] = inside;
        }
  }
};

template <class T>
auto choose_maker(const Plan& plan) {
  switch (plan.problem.coords_dtype) {
    case Dtype::float64: return &TileMaker<T, double, double>::make;
    case Dtype::float16: return &TileMaker<T, half, float>::make;
    case Dtype::bfloat16: return &TileMaker<T, bfloat, float>::make;
    default: return plan.wide_coords ? &TileMaker<T, float, double>::make : &TileMaker<T, float, float>::make;
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
