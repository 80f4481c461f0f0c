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

// Number 0 of each of N vectors, then number 1 of each, and so on; N is a power of two.
template <int N, class V>
GS_INLINE void interleave(V* v) {
  constexpr auto lanes = std::make_integer_sequence<int, int(sizeof(V) / sizeof v[0][0])>{};
  for (int n = N; n > 1; n /= 2) {
    V next[N];
    for (int i = 0; i < N / 2; ++i) {
      next[2 * i] = zip<0>(v[i], v[i + N / 2], lanes);
      next[2 * i + 1] = zip<1>(v[i], v[i + N / 2], lanes);
    }
    for (int i = 0; i < N; ++i) v[i] = next[i];
  }
}

// Rows to columns of a square.
template <class V>
GS_INLINE void transpose(V* v) {
  interleave<int(sizeof(V) / sizeof v[0][0])>(v);
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
