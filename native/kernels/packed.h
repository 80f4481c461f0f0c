// Packed taps: how the taps of a vector's worth of points are loaded, weighted and taken apart.
#pragma once

#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [packed taps]
// The K taps of one point along the last axis lie side by side in memory, so one load brings them all, and the loads of a
// vector's worth of points fill K vectors (parts) in memory order: element e of the K parts together is tap e % K of
// point e / K. The rows of taps are weighted and summed in that form (`spread` repeats a point's weight K times), and only
// their sum is taken apart into one vector per tap (`unpack`). That is as many loads as points times rows, not as taps, and
// K times fewer shuffles than taking every row apart. No gather instruction is used: on half of the processors in use a
// hardware gather is slower than the loads it stands for.
template <class T, int K>
struct Taps {
  Vec<T> at[K];
};

template <class T, int Bytes>
struct Chunk {
  typedef T type __attribute__((vector_size(Bytes)));
};

// Eight bytes from any address, as the compiler loads them straight into a vector register.
typedef double Eight __attribute__((aligned(1), may_alias));

// `Want` bytes put together from pieces of `Bytes` bytes at p + offset[0], p + offset[1], ...
template <class T, int Bytes, int Want>
GS_INLINE typename Chunk<T, Want>::type gather_pieces(const T* p, const int64_t* offset) {
  using Result = typename Chunk<T, Want>::type;
  if constexpr (Want == Bytes) {
    return load<Result>(p + *offset);
  } else if constexpr (Want == 16 && Bytes == 8) {
    typename Chunk<double, 16>::type pair = {*reinterpret_cast<const Eight*>(p + offset[0]),
                                             *reinterpret_cast<const Eight*>(p + offset[1])};
    return reinterpret_cast<Result>(pair);
  } else if constexpr (Want == 16 && Bytes == 4) {
    return Result{p[offset[0]], p[offset[1]], p[offset[2]], p[offset[3]]};
  } else {
    return join(gather_pieces<T, Bytes, Want / 2>(p, offset), gather_pieces<T, Bytes, Want / 2>(p, offset + Want / 2 / Bytes));
  }
}

// Part J of the packed taps: offset[i] is where the K taps of point i begin.
template <class T, int K, int J>
GS_INLINE Vec<T> gather_part(const T* p, const int64_t* offset) {
  constexpr int bytes = K * int(sizeof(T)), lanes = Simd<T>::lanes;
  if constexpr (bytes >= GS_VECTOR_BYTES)  // a point fills one or several parts
    return load<Vec<T>>(p + offset[J * lanes / K] + J * lanes % K);
  else
    return gather_pieces<T, bytes, GS_VECTOR_BYTES>(p, offset + J * lanes / K);
}

// Part J of the points' weights, each K times.
template <class T, int K, int J, int... L>
GS_INLINE Vec<T> spread_part(Vec<T> w, std::integer_sequence<int, L...>) {
  return __builtin_shufflevector(w, w, (J * Simd<T>::lanes + L) / K...);
}

template <int Odd, class V, int... L>
GS_INLINE V every_other(V a, V b, std::integer_sequence<int, L...>) {
  return __builtin_shufflevector(a, b, (2 * L + Odd)...);
}

// One vector per tap from the parts: separate even from odd elements, log2(K) times.
template <class T, int K>
GS_INLINE Taps<T, K> unpack(const Taps<T, K>& part) {
  constexpr auto lanes = std::make_integer_sequence<int, Simd<T>::lanes>{};
  if constexpr (K == 1) {
    return part;
  } else if constexpr (K == 2) {
    return {{every_other<0>(part.at[0], part.at[1], lanes), every_other<1>(part.at[0], part.at[1], lanes)}};
  } else {
    static_assert(K == 4);
    Vec<T> even0 = every_other<0>(part.at[0], part.at[1], lanes), even1 = every_other<0>(part.at[2], part.at[3], lanes);
    Vec<T> odd0 = every_other<1>(part.at[0], part.at[1], lanes), odd1 = every_other<1>(part.at[2], part.at[3], lanes);
    return {{every_other<0>(even0, even1, lanes), every_other<0>(odd0, odd1, lanes),
             every_other<1>(even0, even1, lanes), every_other<1>(odd0, odd1, lanes)}};
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
