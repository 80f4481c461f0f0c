// Stage A of one tile: coordinates, taps along every axis, kinds of groups, verdicts.
#pragma once

#include <algorithm>

#include "axis.h"
#include "coords.h"
#include "inner_groups.h"
#include "inner_tiles.h"
#include "jets.h"

namespace gs {
namespace GS_ISA {
namespace {

// Stage A in two tables, so that there are few of each: by the window and the boundary of an axis ...
template <class T, class G>
struct PlaceStage {
  void (*start)(const G*, const Axis&, int, int, int, int, Tile<T>&, T*, G*);
  void (*slopes)(const G*, const Axis&, int, G*, G*);
  void (*reach)(const G*, const Axis&, int, int64_t&, int64_t&);
  InnerGroups<T, G> (*inner_groups)(int ndim);
};

// ... and by the kernel.
template <class T, class G>
struct KernelStage {
  void (*weights)(const T*, double, int, Tile<T>&);
  void (*derive)(const G*, const G*, double, int, int, T (*)[kTilePoints + kGroup]);
  InnerTile<T> (*inner)(const Problem&);
};

template <class T, class G, class Place, class Boundary>
struct PlaceStageOf {
  using Own = AxisJets<G, Place, Boundary>;
  static constexpr PlaceStage<T, G> stage{AxisTaps<T, G, Place, Boundary>::start, Own::slopes, Own::reach, choose_inner_groups<T, G, Place, Boundary>};
};

template <class T, class G, class Kernel>
struct KernelStageOf {
  static constexpr KernelStage<T, G> stage{fill_weights<T, Kernel>, derive<T, G, Kernel>, choose_inner_tile<T, typename Kernel::Place>};
};

// call(a kernel's struct)
template <class Call>
auto with_kernel(gs::Kernel code, const Call& call) {
  switch (code) {
#define GS_CASE(name, ...) \
  case gs::Kernel::name:   \
    return call(kernel::name{});
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
  return call(kernel::nearest{});
}

// call(a boundary's struct)
template <class Call>
auto with_boundary(Boundary code, const Call& call) {
  switch (code) {
#define GS_CASE(name, ...) \
  case Boundary::name:     \
    return call(boundary::name{});
    GS_BOUNDARIES(GS_CASE)
#undef GS_CASE
  }
  return call(boundary::zeros{});
}

template <class T, class G>
const PlaceStage<T, G>& choose_place_stage(gs::Kernel kernel, Boundary boundary) {
  return *with_kernel(kernel, [&](auto kernel) {
    using Place = typename decltype(kernel)::Place;
    return with_boundary(boundary, [](auto boundary) { return &PlaceStageOf<T, G, Place, decltype(boundary)>::stage; });
  });
}

template <class T, class G>
const KernelStage<T, G>& choose_kernel_stage(gs::Kernel kernel) {
  return *with_kernel(kernel, [](auto kernel) { return &KernelStageOf<T, G, decltype(kernel)>::stage; });
}

template <class T, class G>
auto choose_edge_taps(Boundary boundary) {
  return with_boundary(boundary, [](auto boundary) { return &EdgeTaps<T, G, decltype(boundary)>::put; });
}

template <class A, class B>
struct Wider {
  using type = double;
};
template <>
struct Wider<float, float> {
  using type = float;
};

// Whether groups none of whose taps were moved have their centres inside: one tap is inside from half a sample before it.
inline bool inner_is_inside(const Problem& p) {
  bool inside = taps_of(p.kernel) > 1;
  for (int a = 0; a < p.ndim; ++a) inside &= p.axis[a].margin >= 0;
  return inside;
}

// Which centres are inside the array, which coordinates are NaN, and what follows from that.
template <class T, class G>
__attribute__((noinline)) void judge(const Problem& p, const G (*x)[kTilePoints], const TilePlace& place, Tile<T>& tile) {
  const int64_t* step = &p.mask_stride[p.out_ndim - 2];
  Verdict outside = p.outside == Outside::fill ? kFill : p.outside == Outside::keep ? kKeep : kAsRead;
  const G infinity = G(__builtin_inf());
  G low[kMaxDim], high[kMaxDim];
  const bool skips_inner = inner_is_inside(p) && !p.mask;
  for (int a = 0; a < p.ndim; ++a) {
    low[a] = G(-p.axis[a].margin);
    high[a] = G(double(p.axis[a].size - 1) + p.axis[a].margin);
  }
  for (int g = 0, row = 0; g < tile.groups; ++row)
    for (int column = 0; column < place.columns; column += kGroup, ++g) {
      if (skips_inner && tile.inner[g]) continue;
      unsigned inside = 0, number = 0;  // bits of points: a centre inside, no NaN
      for (int i = 0; i < kGroup; i += Simd<G>::lanes) {
        unsigned within = Simd<G>::all, ordered = Simd<G>::all;
        for (int a = 0; a < p.ndim; ++a) within &= lanes_within(load<Vec<G>>(x[a] + g * kGroup + i), broadcast(low[a]), broadcast(high[a]));
        for (int a = 0; a < p.ndim && within != Simd<G>::all; ++a)
          ordered &= lanes_within(load<Vec<G>>(x[a] + g * kGroup + i), broadcast(-infinity), broadcast(infinity));
        inside |= within << i;
        number |= ordered << i;
      }
      constexpr unsigned all = (1u << kGroup) - 1;
      if (inside == all && !p.mask) continue;  // nearly all groups
      const unsigned nan = p.nan_propagates ? ~number : 0;
      for (int i = 0; i < kGroup; ++i)
        tile.verdict[g * kGroup + i] = nan >> i & 1 ? kNaN : inside >> i & 1 ? kAsRead : outside;
      tile.judged[g] = (nan & all) || (inside != all && outside != kAsRead);
      if (p.mask)
        for (int i = 0; i < kGroup && column + i < place.columns; ++i)
          p.mask[place.mask + row * step[0] + (column + i) * step[1]] = inside >> i & 1;
    }
}

// Points none of whose taps is inside are what taps read there, to the bit, also in groups with others: where all are such, no sums are made.
// Taps are counted from `starts`, or from the coordinate itself if there are two: these need not be written then.
template <class T, class G>
__attribute__((noinline)) void fill_outside(const Problem& p, const G (*x)[kTilePoints], const G (*starts)[kTilePoints], int taps, int first, Tile<T>& tile) {
  constexpr unsigned all = (1u << kGroup) - 1;
  for (int g = 0; g < tile.groups; ++g) {
    if (tile.kind[g] != kEdge) continue;
    unsigned read = 0;  // bits of points
    for (int i = 0; i < kGroup; i += Simd<G>::lanes) {
      unsigned within = Simd<G>::all;
      for (int a = 0; a < p.ndim; ++a) {
        if (p.axis[a].boundary != Boundary::constant) continue;
        const Vec<G> start = taps > 2 ? load<Vec<G>>(starts[a] + g * kGroup + i) : floor(load<Vec<G>>(x[a] + g * kGroup + i));
        within &= lanes_within(start, broadcast(G(1 - first - taps)), broadcast(G(p.axis[a].size - 1 - first)));
      }
      read |= within << i;
    }
    if (read == all) continue;
    for (int i = 0; i < kGroup; ++i) {
      Verdict& verdict = tile.verdict[g * kGroup + i];
      if (!tile.judged[g]) verdict = kAsRead;
      if (!(read >> i & 1) && verdict == kAsRead) verdict = kFill;
    }
    tile.judged[g] = true;
  }
}

// The tile of an image computed in T, from coordinates computed in U; and what derivatives need besides.
template <class T, class U>
struct TileMaker {
  using G = typename Wider<T, U>::type;

  static void make(const Plan& plan, const TilePlace& place, void* made, void* derived) {
    Tile<T>& tile = *static_cast<Tile<T>*>(made);
    Jets<T>* jets = static_cast<Jets<T>*>(derived);
    const Problem& p = plan.problem;
    const KernelStage<T, G>& kernel = choose_kernel_stage<T, G>(p.kernel);
    const PlaceStage<T, G>* stage[kMaxDim];
    for (int a = 0; a < p.ndim; ++a) stage[a] = &choose_place_stage<T, G>(p.kernel, p.axis[a].boundary);
    alignas(64) G x[kMaxDim][kTilePoints], distance[kTilePoints], factor[kTilePoints];
    alignas(64) T fraction[kMaxDim][kTilePoints];
    alignas(64) G starts[kMaxDim][kTilePoints];  // of edge groups
    tile.pairs = plan.edge_pairs;
    tile.asked_every = plan.asked_every;
    tile.asked_plane = plan.asked_plane;
    for (int a = 0; a < p.ndim; ++a) tile.lone[a] = p.axis[a].size == 1;
    tile.row_groups = (place.columns + kGroup - 1) / kGroup;
    tile.groups = place.rows * tile.row_groups;
    for (int g = 0; g < tile.groups; ++g) {
      tile.kind[g] = plan.tap_by_tap ? kEdge : kInterior;
      tile.inner[g] = true;
      tile.judged[g] = false;
    }
    MappedTo mapped = p.matrix ? mapped_to(plan, place) : MappedTo::anywhere;
    tile.whole = false;
    tile.outside = mapped == MappedTo::outside && weights_sum_to_1(p) && !p.mask;
    if (tile.outside) {
      std::fill_n(tile.kind, tile.groups, int(kOutside));
      return;
    }
    if constexpr (__is_same(U, double))
      if (mapped == MappedTo::interior && !p.mask && !jets && weights_sum_to_1(p))
        if (auto inner = kernel.inner(p)) {
          inner(plan, place, tile, fraction);
          tile.whole = true;
          for (int a = 0; a < p.ndim; ++a) kernel.weights(fraction[a], p.cubic_a, a, tile);
          return;
        }
    if constexpr (__is_same(U, double))
      if (p.matrix) map_coords(p, place, tile.groups * kGroup, x);
    if (!p.matrix) load_given<U>(plan, place, x);
    if constexpr (__is_same(U, double))
      for (int a = 0; p.relative && a < p.ndim; ++a) add_indices(place, p.ndim - 1 - a, x[a]);
    bool alike = plan.near;
    for (int a = 1; a < p.ndim; ++a) alike &= p.axis[a].boundary == p.axis[0].boundary;
    auto inner = alike ? stage[0]->inner_groups(p.ndim) : nullptr;
    unsigned left = inner ? inner(plan, x, tile, fraction) : (1u << tile.groups) - 1;
    if (left) {
      const int begin = __builtin_ctz(left), end = 32 - __builtin_clz(left);  // those between are the same again
      for (int a = 0; a < p.ndim; ++a)
        stage[a]->start(x[a], p.axis[a], a == p.ndim - 1 ? plan.spare_samples : 0, a, begin, end, tile, fraction[a], starts[a]);
    }
    for (int a = 0; a < p.ndim; ++a) {
      kernel.weights(fraction[a], p.cubic_a, a, tile);
      int order = p.axis[a].order;
      if (order || jets) stage[a]->slopes(x[a], p.axis[a], tile.groups, distance, factor);
      if (order) kernel.derive(distance, factor, p.cubic_a, order, tile.groups, tile.weight[a]);
      for (int d = 0; jets && d < jets->count; ++d)
        kernel.derive(distance, factor, p.cubic_a, order + 1 + d, tile.groups, jets->derivative[d][a]);
    }
    for (int g = 0; !weights_sum_to_1(p) && g < tile.groups; ++g)
      if (tile.kind[g] & kOutside) tile.kind[g] = kEdge;  // what is outside does not read the fill value then
    const int taps = taps_of(p.kernel), first = -((taps - 1) / 2);
    for (int g = 0; !plan.edge_pairs && g < tile.groups; ++g)
      if (tile.kind[g] == kEdge) {
        for (int a = 0; a < p.ndim; ++a) choose_edge_taps<T, G>(p.axis[a].boundary)(starts[a], p.axis[a], first, taps, plan.windows, a, g, tile);
        if (plan.windows) place_windows(plan, g, tile);
      }
    tile.whole = !plan.tap_by_tap;
    for (int g = 0; g < tile.groups; ++g) tile.whole &= tile.inner[g];
    const bool all_inside = mapped >= MappedTo::inside || (tile.whole && inner_is_inside(p));
    const bool judged = plan.judges && (p.mask || !all_inside);
    tile.whole &= !judged;
    if (judged) judge(p, x, place, tile);
    if (plan.fills && !jets) fill_outside(p, x, starts, taps, first, tile);
  }

  // Coordinates that a matrix makes have no derivatives here.
  static void reach(const Plan& plan, const TilePlace& place, Reach& reach) {
    const Problem& p = plan.problem;
    alignas(64) G x[kMaxDim][kTilePoints];
    int groups = place.rows * ((place.columns + kGroup - 1) / kGroup);
    load_given<U>(plan, place, x);
    for (int a = 0; a < p.ndim; ++a)
      choose_place_stage<T, G>(p.kernel, p.axis[a].boundary).reach(x[a], p.axis[a], groups, reach.low[a], reach.high[a]);
  }
};

// call(the TileMaker of a plan)
template <class T, class Call>
auto with_maker(const Plan& plan, const Call& call) {
  return plan.wide_coords ? call(TileMaker<T, double>{}) : call(TileMaker<T, float>{});
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
