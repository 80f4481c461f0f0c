// Stage A where few planes are read linearly or by nearest: from coordinates to weights and offsets, a tile of points at a time.
#pragma once

#include <algorithm>

#include "axis.h"
#include "coords.h"
#include "direct_points.h"
#include "maps.h"

namespace gs {
namespace GS_ISA {
namespace {

// Coordinates as given or as a chain of maps makes them, which takes a tile at a time.
template <class Number, int Dims>
struct TileCoords {
  using G = Number;
  static constexpr bool has_interior = false;
  alignas(64) G x[kMaxDim][kTilePoints];

  TileCoords(const Plan& plan, const TilePlace& place) {
    const Problem& p = plan.problem;
    if constexpr (__is_same(G, double)) {
      if (p.matrix)
        map_coords(p, place, place.rows * padded_columns(place), x);
      else if (p.coords_dtype == Dtype::float64)
        load_coords<double>(plan, static_cast<const double*>(p.coords) + place.coords, place, x);
      else
        load_coords<double>(plan, static_cast<const float*>(p.coords) + place.coords, place, x);
      for (int a = 0; p.relative && a < Dims; ++a) add_indices(place, Dims - 1 - a, x[a]);
    } else {
      load_coords<float>(plan, static_cast<const float*>(p.coords) + place.coords, place, x);
    }
  }
  GS_INLINE void start_row() {}
  GS_INLINE void read(int, int i, Vec<G>* at) {
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) at[a] = load<Vec<G>>(x[a] + i);
  }
};

template <class Kernel, class Outside, int Dims, class Coords>
struct FindPoints {
  using G = typename Coords::G;
  using V = Vec<G>;
  static constexpr bool wide = sizeof(G) == 8;
  static constexpr int lanes = Simd<G>::lanes, parts = Simd<float>::lanes / lanes, K = Kernel::taps;
  using Floats = typename Ints<float, lanes>::type;  // as many
  using Shifts = typename Ints<int32_t, lanes>::type;
  // Sums of indices times strides: of float64, as it is, since those are whole numbers below 2^51.
  using Offset = std::conditional_t<wide, V, U32>;
  using Number = std::conditional_t<wide, double, uint32_t>;
  using Places = typename Ints<uint32_t, lanes * parts>::type;
  using Points = DirectPoints<Dims, K>;

  const Plan& plan;
  V first[Dims], last[Dims];
  G low[Dims], high[Dims];  // if the plan judges: where centres are inside
  Offset stride[Dims];
  Span<G> span[Dims];
  int64_t first_window = 0, last_window = 0;  // where windows may begin

  GS_INLINE explicit FindPoints(const Plan& plan) : plan(plan) {
    for (int a = 0; a < Dims; ++a) {
      const Axis& axis = plan.problem.axis[a];
      span[a] = make_span<G>(axis.size);
      first[a] = V{};
      last[a] = broadcast(span[a].last - G(K - 1));
      stride[a] = Number(axis.stride) - Offset{};
      const int64_t across = (axis.size - 1) * axis.stride, taps = a < Dims - 1 ? (K - 1) * axis.stride : 0;
      first_window += std::min<int64_t>(0, across) - std::min<int64_t>(0, taps);
      last_window += std::max<int64_t>(0, across) - std::max<int64_t>(0, taps);
    }
    last_window -= plan.level ? kDirectWindow - 1 : INT64_MAX / 2;
    if (!plan.judges) return;
    for (int a = 0; a < Dims; ++a) {
      const Axis& axis = plan.problem.axis[a];
      low[a] = G(-axis.margin);
      high[a] = G(double(axis.size - 1) + axis.margin);
    }
  }

  GS_INLINE Offset add(Offset offset, V index, int a) const {
    if constexpr (wide)
      return fma(index, stride[a], offset);
    else
      return offset + (Offset)to_int(index) * stride[a];
  }

  static GS_INLINE void put_offset(Offset offset, int i, Points& points) { store(points.offset + i, lanes_as<int32_t>(offset)); }

  // Of points all of whose taps are inside: see NOTE [windows of points].
  GS_INLINE DirectKind kind_inside(const int32_t* offset) const {
    if constexpr (kPicks && Dims == 2) {
      const int64_t window = int64_t(*offset) - kBefore;
      if (window >= first_window && window <= last_window && all_up_to(load<Places>(offset) - uint32_t(window), kDirectWindow - K)) return kLevel;
    }
    return kInside;
  }

  // Which of those points are given the fill value, and what is added to those that are no numbers. Whether all are filled.
  GS_INLINE bool judge(const V* at, int i, Points& points, Floats& added) const {
    const Problem& p = plan.problem;
    Shifts filled{};
    typename Simd<G>::I inside = typename Simd<G>::I{} == 0, number = inside;
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) {
      inside &= (at[a] >= low[a]) & (at[a] <= high[a]);
      if (p.nan_propagates) number &= at[a] == at[a];
    }
    if (p.outside == gs::Outside::fill) filled = lanes_as<int32_t>(~inside & number);
    added = lanes_as<int32_t>(number) != 0 ? added : Floats{} + __builtin_nanf("");
    store(points.filled + i, filled);
    bool all = true;
    for (int l = 0; l < lanes; ++l) all &= filled[l] != 0;
    return all;
  }

  // Whether all points of a vector are to one side of an axis, or to both, so that all are given the fill value.
  GS_INLINE bool are_filled(const V (*at)[Dims]) const {
    if (!plan.judges || plan.problem.outside != gs::Outside::fill || plan.problem.nan_propagates) return false;
    bool filled = false;
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) {
      unsigned inside = 0;
GS_UNROLL(2)
      for (int part = 0; part < parts; ++part) inside |= lanes_within(at[part][a], broadcast(low[a]), broadcast(high[a]));
      filled |= inside == 0;
    }
    return filled;
  }

  // Points of which some have taps outside. Whether nothing is read for any.
  GS_INLINE bool move(const V* at, int i, Points& points) const {
    Offset offset{};
    Shifts moved{};
    bool none = false;
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) {
      V x = Outside::coordinate(at[a], span[a]), start = Kernel::start(x), rest = x - start;
      V pair = boundary::clamp(start, G(0), span[a].last - G(K - 1));
      Shifts shift = lanes_as<int32_t>(to_int(start - pair));
      none |= Outside::masks && lanes_within(start, V{} - G(K - 1), span[a].last - V{}) == 0;
      moved |= shift;
      offset = add(offset, pair, a);
      Floats fraction = lanes_as<float>(rest);
      store(points.fraction[a] + i, fraction);
      store(points.shift[a] + i, shift);
      if constexpr (K == 2) {
        Floats w[K], nothing{};
        Kernel::weights(fraction, 0, w);
        store(points.weight[a][0] + i, shift == 0 ? w[0] : shift == -1 ? w[1] : nothing);
        store(points.weight[a][1] + i, shift == 0 ? w[1] : shift == 1 ? w[0] : nothing);
      }
    }
    put_offset(offset, i, points);
    Floats added = moved == 0 ? -Floats{} : Floats{};
    if (plan.judges) none = judge(at, i, points, added);
    store(points.added + i, added);
    return none;
  }

  // Of points that may be anywhere, or that all are inside with their taps.
  template <bool Anywhere>
  static GS_INLINE void find(const Plan& plan, const TilePlace& place, Points& points) {
    constexpr int all_lanes = Simd<float>::lanes;
    const FindPoints with(plan);
    const int padded = padded_columns(place);
    Coords coords(plan, place);
    for (int r = 0, i = 0; r < place.rows; ++r) {
      coords.start_row();
      for (int column = 0; column < padded; column += all_lanes, i += all_lanes) {
        V at[parts][Dims], start[parts][Dims];
        unsigned within = Simd<G>::all;
GS_UNROLL(2)
        for (int part = 0; part < parts; ++part) {
          coords.read(column + part * lanes, i + part * lanes, at[part]);
GS_UNROLL(3)
          for (int a = 0; a < Dims; ++a) {
            start[part][a] = Kernel::start(at[part][a]);
            if (Anywhere) within &= lanes_within(K == 1 ? at[part][a] : start[part][a], with.first[a], with.last[a]);
          }
        }
        DirectKind& kind = points.kind[i / all_lanes];
        if (Anywhere && within != Simd<G>::all) {
          if (with.are_filled(at)) {
            store(points.offset + i, U32{});
            kind = kNone;
            continue;
          }
          bool none = true;
          for (int part = 0; part < parts; ++part) none &= with.move(at[part], i + part * lanes, points);
          kind = none ? kNone : kMoved;
          continue;
        }
GS_UNROLL(2)
        for (int part = 0; part < parts; ++part) {
          Offset offset{};
GS_UNROLL(3)
          for (int a = 0; a < Dims; ++a) {
            store(points.weight[a][K - 1] + i + part * lanes, lanes_as<float>(at[part][a] - start[part][a]));
            offset = with.add(offset, start[part][a], a);
          }
          put_offset(offset, i + part * lanes, points);
        }
        kind = with.kind_inside(points.offset + i);
      }
    }
  }

  static GS_HOT void run(const Plan& plan, const TilePlace& place, void* found) {
    Points& points = *static_cast<Points*>(found);
    const MappedTo mapped = plan.problem.matrix ? mapped_to(plan, place) : MappedTo::anywhere;
    if (mapped == MappedTo::outside) {
      const int count = place.rows * padded_columns(place);
      for (int i = 0; i < count; i += Simd<float>::lanes) {
        store(points.offset + i, U32{});
        points.kind[i / Simd<float>::lanes] = kNone;
      }
      return;
    }
    if constexpr (Coords::has_interior)
      if (mapped == MappedTo::interior) return find<false>(plan, place, points);
    find<true>(plan, place, points);
  }
};

template <class Kernel, class Outside, int Dims>
TileTable::FindPoints choose_coords(const Plan& plan) {
  const Problem& p = plan.problem;
  if constexpr (Kernel::taps == 2)
    if (p.matrix && !p.step_count) {
      if (!p.projective) return FindPoints<Kernel, Outside, Dims, MatrixCoords<Dims, false>>::run;
      if constexpr (Dims == 2) return FindPoints<Kernel, Outside, Dims, MatrixCoords<Dims, true>>::run;
    }
  if (p.matrix || p.coords_dtype == Dtype::float64 || plan.wide_coords) return FindPoints<Kernel, Outside, Dims, TileCoords<double, Dims>>::run;
  return FindPoints<Kernel, Outside, Dims, TileCoords<float, Dims>>::run;
}

template <class Kernel>
TileTable::FindPoints choose_points_of(const Plan& plan) {
  const Problem& p = plan.problem;
  const Boundary outside = p.axis[0].boundary;
  if (outside == Boundary::border) return p.ndim == 2 ? choose_coords<Kernel, boundary::border, 2>(plan) : choose_coords<Kernel, boundary::border, 3>(plan);
  if (outside != Boundary::zeros && outside != Boundary::constant) return nullptr;
  return p.ndim == 2 ? choose_coords<Kernel, boundary::zeros, 2>(plan) : choose_coords<Kernel, boundary::zeros, 3>(plan);
}

// How the points of a plan in two or three dimensions are found, if they are; or null. Of all axes the boundary is the same.
TileTable::FindPoints choose_points([[maybe_unused]] const Plan& plan) {
  if constexpr (kGathers) {
    const Problem& p = plan.problem;
    if (!p.matrix && p.coords_dtype != Dtype::float32 && p.coords_dtype != Dtype::float64) return nullptr;
    if (p.kernel == gs::Kernel::linear) return choose_points_of<kernel::linear>(plan);
    if (p.kernel == gs::Kernel::nearest) return choose_points_of<kernel::nearest>(plan);
  }
  return nullptr;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
