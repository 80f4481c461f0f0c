// Stage A, first half: the given coordinates of one axis, as index coordinates.
#pragma once

#include "../plan.h"
#include "packed.h"
#include "storage.h"
#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [the precision of coordinates]
// Given is C. The index coordinate is computed in U: float32 for float32 and 16-bit coordinates, float64 for float64 ones and where
// float32 cannot count the samples. From then on it is G, the type that the image is computed in or a wider one, so that the
// weights of a float64 image are float64 whatever its coordinates were.

// Element Step * i + Component of three vectors in memory order, for each lane i; what lies past the third is left out.
template <int Step, int Component, class V, int... L>
GS_INLINE V every_nth(const V* v, std::integer_sequence<int, L...>) {
  constexpr int lanes = sizeof...(L);
  V first = __builtin_shufflevector(v[0], v[Step > 1], (Step * L + Component < 2 * lanes ? Step * L + Component : 0)...);
  if constexpr (Step < 3) return first;
  return __builtin_shufflevector(first, v[Step - 1], (Step * L + Component < 2 * lanes ? L : Step * L + Component - lanes)...);
}

template <class U, class C>
GS_INLINE U number(const C& given) {
  if constexpr (sizeof(C) == 2) {
    typename Stored<C>::type bits = {given.bits};
    return U(widen<C>(bits)[0]);
  } else {
    return U(given);
  }
}

template <class U, class C>
GS_INLINE U load_point(const C* from, const Axis& axis) {
  return fma(number<U>(*from) + U(axis.pre), U(axis.scale), U(axis.shift));
}

// Some components of the points of a tile, each for its own axis: all, which lie side by side, `Step` of them; or one, whose points lie
// side by side (Step 1) or anyhow (Step 0). The coordinates of another tile are asked for; they may be past the end of an array, where
// nothing happens.
template <int Step, class U, class C, class G>
void load_rows(const C* from, const int64_t* step, int64_t ahead, const TilePlace& place, const Axis* const* axis, G* const* to) {
  constexpr int count = Step > 1 ? Step : 1;
  const int columns = place.columns;
  Vec<G> pre[count], scale[count], shift[count];
  for (int c = 0; c < count; ++c) {
    pre[c] = broadcast(G(axis[c]->pre));
    scale[c] = broadcast(G(axis[c]->scale));
    shift[c] = broadcast(G(axis[c]->shift));
  }
  for (int r = 0, at = 0; r < place.rows; ++r, from += step[0]) {
    int i = 0;
    if (Step > 0 && ahead) prefetch_bytes(from + ahead, columns * Step * int64_t(sizeof(C)));
    if constexpr (Step > 0 && __is_same(C, U) && __is_same(U, G))
      for (; i + Simd<G>::lanes <= columns; i += Simd<G>::lanes) {
        Vec<G> v[Step];
        each<Step>([&](auto k) GS_ALWAYS { v[k] = load<Vec<G>>(from + i * Step + k * Simd<G>::lanes); });
        each_written_out(
            [&](auto c) GS_ALWAYS {
              store(to[c] + at + i, fma(every_nth<Step, c>(v, std::make_integer_sequence<int, Simd<G>::lanes>{}) + pre[c], scale[c], shift[c]));
            },
            std::make_integer_sequence<int, Step>{});
      }
    if constexpr (Step > 0 && __is_same(C, float) && __is_same(U, double) && __is_same(G, double))
      for (; i + Simd<float>::lanes <= columns; i += Simd<float>::lanes) {
        Vec<float> v[Step];
        each<Step>([&](auto k) GS_ALWAYS { v[k] = load<Vec<float>>(from + i * Step + k * Simd<float>::lanes); });
        each_written_out(
            [&](auto c) GS_ALWAYS {
              alignas(64) float given[Simd<float>::lanes];
              store(given, every_nth<Step, c>(v, std::make_integer_sequence<int, Simd<float>::lanes>{}));
              for (int half = 0; half < Simd<float>::lanes; half += Simd<double>::lanes) {
                auto part = load<Chunk<float, GS_VECTOR_BYTES / 2>::type>(given + half);
                store(to[c] + at + i + half, fma(__builtin_convertvector(part, Vec<double>) + pre[c], scale[c], shift[c]));
              }
            },
            std::make_integer_sequence<int, Step>{});
      }
    int padded = (columns + kGroup - 1) / kGroup * kGroup;
    for (int c = 0; i < padded && c < count; ++c) {
      G* x = to[c] + at;
      for (int k = i; k < columns; ++k) x[k] = load_point<U>(from + k * step[1] + c, *axis[c]);
      for (int k = columns; k < padded; ++k) x[k] = x[k - 1];
    }
    at += padded;
  }
}

// x = fma(given + pre, scale, shift) for every axis of the points of a tile, each row padded to whole groups with its last
// point. `from` is the first point.
template <class U, class C, class G>
GS_HOT void load_coords(const Plan& plan, const C* from, const TilePlace& place, G (*x)[kTilePoints]) {
  const Problem& p = plan.problem;
  const int64_t* step = &p.coords_stride[p.out_ndim - 2];  // of rows, of columns
  const Axis* axis[kMaxDim];
  G* to[kMaxDim];
  for (int a = 0; a < p.ndim; ++a) {
    axis[p.axis[a].component] = &p.axis[a];
    to[p.axis[a].component] = x[a];
  }
  const int64_t ahead = plan.asks_between && !kSmall ? 0 : plan.coords_ahead;
  bool packed = p.ndim > 1 && p.coords_component == 1 && step[1] == p.ndim;
  if (packed && p.ndim == 2) return load_rows<2, U>(from, step, ahead, place, axis, to);
  if (packed) return load_rows<3, U>(from, step, ahead, place, axis, to);
  for (int c = 0; c < p.ndim; ++c) {
    const C* first = from + c * p.coords_component;
    if (step[1] == 1)
      load_rows<1, U>(first, step, ahead, place, axis + c, to + c);
    else
      load_rows<0, U>(first, step, ahead, place, axis + c, to + c);
  }
}

// The same of whatever the coordinates are given as; of float64 in float64 only.
template <class U, class G>
__attribute__((noinline)) void load_given(const Plan& plan, const TilePlace& place, G (*x)[kTilePoints]) {
  auto load = [&](auto type) { load_coords<U>(plan, static_cast<const decltype(type)*>(plan.problem.coords) + place.coords, place, x); };
  switch (plan.problem.coords_dtype) {
    case Dtype::float16: return load(half{});
    case Dtype::bfloat16: return load(bfloat{});
    case Dtype::float64:
      if constexpr (__is_same(U, double)) return load(double{});
      [[fallthrough]];
    default: return load(float{});
  }
}

// Displacements to index coordinates: x += the index of each point along an axis, so many before the last.
template <class G>
void add_indices(const TilePlace& place, int from_last, G* x) {
  G start = G(place.at[kMaxDim - 1 - from_last]);
  for (int r = 0; r < place.rows; ++r) {
    int i = 0;
    G row = from_last == 1 ? start + G(r) : start;
    for (; i < place.columns; ++i) x[i] += from_last == 0 ? row + G(i) : row;
    for (; i % kGroup; ++i) x[i] = x[i - 1];
    x += i;
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
