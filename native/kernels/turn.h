// Numbers of several vectors in another order: one of each vector in turn, and squares from rows to columns.
#pragma once

#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

template <int Half, class V, int... L>
GS_INLINE V zip(V a, V b, std::integer_sequence<int, L...>) {  // the lower or upper halves of a and b
  constexpr int lanes = sizeof...(L);
  return __builtin_shufflevector(a, b, (Half * lanes / 2 + L / 2 + L % 2 * lanes)...);
}

// Number 0 of each of N vectors, then number 1 of each, and so on; N is a power of two, and this takes a step for each of its halves. Written
// out, all stays in registers, and it is as much code.
template <int N, bool WrittenOut = false, int Left = N, class V>
GS_INLINE void interleave(V* v) {
  if constexpr (Left > 1) {
    constexpr auto lanes = std::make_integer_sequence<int, int(sizeof(V) / sizeof v[0][0])>{};
    V next[N];
    each<N / 2, WrittenOut || N / 2 <= kMostWrittenOut>([&](auto i) GS_ALWAYS {
      next[2 * i] = zip<0>(v[i], v[i + N / 2], lanes);
      next[2 * i + 1] = zip<1>(v[i], v[i + N / 2], lanes);
    });
    interleave<N, WrittenOut, Left / 2>(next);
    each<N, WrittenOut || N <= kMostWrittenOut>([&](auto i) GS_ALWAYS { v[i] = next[i]; });
  }
}

template <int Part, class V, int... L>
GS_INLINE V third(const V* v, std::integer_sequence<int, L...>) {
  constexpr int lanes = sizeof...(L);
  V two = __builtin_shufflevector(v[0], v[1], ((Part * lanes + L) % 3 < 2 ? (Part * lanes + L) / 3 + (Part * lanes + L) % 3 * lanes : 0)...);
  return __builtin_shufflevector(two, v[2], ((Part * lanes + L) % 3 < 2 ? L : (Part * lanes + L) / 3 + lanes)...);
}

// The same of three vectors.
template <class V>
GS_INLINE void interleave_three(V* v) {
  constexpr auto lanes = std::make_integer_sequence<int, int(sizeof(V) / sizeof v[0][0])>{};
  V next[] = {third<0>(v, lanes), third<1>(v, lanes), third<2>(v, lanes)};
  for (int i = 0; i < 3; ++i) v[i] = next[i];
}

// Rows to columns of a square.
template <class V>
GS_INLINE void transpose(V* v) {
  interleave<int(sizeof(V) / sizeof v[0][0]), true>(v);
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
