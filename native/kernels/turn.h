// Squares of numbers, as many vectors as a vector has lanes: rows to columns.
#pragma once

#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

template <int Half, class V, int... L>
GS_INLINE V interleave(V a, V b, std::integer_sequence<int, L...>) {  // the lower or upper halves of a and b
  constexpr int lanes = sizeof...(L);
  return __builtin_shufflevector(a, b, (Half * lanes / 2 + L / 2 + L % 2 * lanes)...);
}

// Every round moves one bit of a number's place in the row to its row.
template <class V>
GS_INLINE void transpose(V* v) {
  constexpr int lanes = sizeof(V) / sizeof v[0][0];
  constexpr auto sequence = std::make_integer_sequence<int, lanes>{};
  for (int round = 1; round < lanes; round *= 2) {
    V next[lanes];
    for (int i = 0; i < lanes / 2; ++i) {
      next[2 * i] = interleave<0>(v[i], v[i + lanes / 2], sequence);
      next[2 * i + 1] = interleave<1>(v[i], v[i + lanes / 2], sequence);
    }
    for (int i = 0; i < lanes; ++i) v[i] = next[i];
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
