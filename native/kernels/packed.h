// Packed taps: how the taps of a vector's worth of points are loaded, weighted and taken apart.
#pragma once

#include "storage.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [packed taps]
// The K taps of one point along the last axis lie side by side in memory, so one load brings them all, and the loads of a
// vector's worth of points fill K vectors (parts) in memory order: element e of the K parts together is tap e % K of
// point e / K. The rows of taps are weighted and summed in that form (`spread` repeats a point's weight K times), and only
// their sum is taken apart into one vector per tap (`unpack`). That is as many loads as points times rows, not as taps, and
// K times fewer shuffles than taking every row apart. A gather instruction brings one or two floats, or one double, of each point;
// it is used where it is faster than the loads it stands for (`gathers_are_fast` in dispatch.h). K is a power of two: six taps are
// loaded as eight, whose last two are samples beside them that no weight touches.
constexpr int packed_taps(int taps) { return taps == 6 ? 8 : taps; }

template <class T, int K>
struct Taps {
  Vec<T> at[K];
};

template <class T, int Bytes>
struct Chunk {
  typedef T type __attribute__((vector_size(Bytes)));
};

// What the compiler loads straight into a vector register, from any address.
template <int Bytes>
struct Piece;
template <>
struct Piece<1> {
  typedef uint8_t type;
};
template <>
struct Piece<2> {
  typedef uint16_t type __attribute__((aligned(1), may_alias));
};
template <>
struct Piece<4> {
  typedef float type __attribute__((aligned(1), may_alias));
};
template <>
struct Piece<8> {
  typedef double type __attribute__((aligned(1), may_alias));
};

template <int Bytes, int Want, class S, class Offset, int... I>
GS_INLINE auto build(const S* p, const Offset* offset, std::integer_sequence<int, I...>) {
  using P = typename Piece<Bytes>::type;
  return typename Chunk<P, Want>::type{*reinterpret_cast<const P*>(p + offset[I])...};
}

template <class To, class From>
GS_INLINE To bits_as(From x) {
  static_assert(sizeof(To) == sizeof(From));
  return reinterpret_cast<To>(x);
}

// `Want` bytes put together from pieces of `Bytes` bytes at p + offset[0], p + offset[1], ...
template <int Bytes, int Want, class S, class Offset>
GS_INLINE typename Chunk<RawOf<S>, Want>::type gather_pieces(const S* p, const Offset* offset) {
  using R = RawOf<S>;
  using Result = typename Chunk<R, Want>::type;
  if constexpr (Want == Bytes) {
    return load<Result>(p + *offset);
  } else if constexpr (Want <= 16) {
    return bits_as<Result>(build<Bytes, Want>(p, offset, std::make_integer_sequence<int, Want / Bytes>{}));
  } else {
    typedef double Half __attribute__((vector_size(Want / 2)));
    auto low = gather_pieces<Bytes, Want / 2>(p, offset);
    auto high = gather_pieces<Bytes, Want / 2>(p, offset + Want / 2 / Bytes);
    return bits_as<Result>(join(bits_as<Half>(low), bits_as<Half>(high)));
  }
}

// The same from several places, with the same offsets: four of these at a time, since with more of them and the places, the
// processor's registers do not suffice.
template <int Bytes, int Want, int Places, class S, class Offset, class Result>
GS_INLINE void gather_places(const S* const* p, const Offset* offset, Result* result) {
  if constexpr (Want <= 4 * Bytes || Want <= 16) {
GS_UNROLL(16)
    for (int i = 0; i < Places; ++i) result[i] = gather_pieces<Bytes, Want>(p[i], offset);
  } else {
    using R = typename Chunk<RawOf<S>, Want / 2>::type;
    typedef double Half __attribute__((vector_size(Want / 2)));
    R low[Places], high[Places];
    gather_places<Bytes, Want / 2, Places>(p, offset, low);
    gather_places<Bytes, Want / 2, Places>(p, offset + Want / 2 / Bytes, high);
GS_UNROLL(16)
    for (int i = 0; i < Places; ++i) result[i] = bits_as<Result>(join(bits_as<Half>(low[i]), bits_as<Half>(high[i])));
  }
}

// Whether a gather instruction can bring K taps of a point.
template <class S, int K>
constexpr bool can_gather() {
  return kGathers && ((__is_same(S, float) && K <= 2) || (__is_same(S, double) && K == 1));
}

// Part J of the packed taps: offset[i] is where the K taps of point i begin.
template <class S, int K, int J, bool Instruction = false>
GS_INLINE Vec<typename Computed<S>::type> gather_part(const S* p, const int64_t* offset) {
  constexpr int lanes = Simd<typename Computed<S>::type>::lanes, bytes = K * int(sizeof(S));
  using Row = typename Stored<S>::type;
  if constexpr (Instruction && K == 2)
    return gather_pairs(p, offset + J * lanes / K);
  else if constexpr (Instruction)
    return gather_ones(p, offset + J * lanes / K);
  else if constexpr (bytes >= int(sizeof(Row)))  // a point fills one or several parts
    return widen<S>(load<Row>(p + offset[J * lanes / K] + J * lanes % K));
  else
    return widen<S>(gather_pieces<bytes, int(sizeof(Row))>(p, offset + J * lanes / K));
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

// One vector per tap from the parts: separate even from odd elements, log2(K) times. `tap` gets every Step-th.
template <class T, int K, int Step = 1, class V>
GS_INLINE void unpack(const V* part, V* tap) {
  constexpr auto lanes = std::make_integer_sequence<int, Simd<T>::lanes>{};
  if constexpr (K == 1) {
    *tap = *part;
  } else {
    V even[K / 2], odd[K / 2];
    each<K / 2>([&](auto i) GS_ALWAYS {
      even[i] = every_other<0>(part[2 * i], part[2 * i + 1], lanes);
      odd[i] = every_other<1>(part[2 * i], part[2 * i + 1], lanes);
    });
    unpack<T, K / 2, 2 * Step>(even, tap);
    unpack<T, K / 2, 2 * Step>(odd, tap + Step);
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
