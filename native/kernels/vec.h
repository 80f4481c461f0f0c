// Vectors over the compiler's vector extension, in terms of the few operations that each ISA file defines.
//
// An ISA file includes this header after it has defined GS_ISA (its namespace) and GS_VECTOR_BYTES, and then defines, for
// float and double vectors V in namespace gs::GS_ISA:
//
//   fma(a, b, c)               a * b + c, rounded once
//   floor(a), rint(a)          to whole numbers, down / to nearest with ties to even
//   min(a, b), max(a, b)       a < b ? a : b, a > b ? a : b; hence b if a is NaN
//   lanes_within(a, low, high) bit i set where low <= a[i] <= high; NaN is not within
//
// Everything else is written once, here and in the other headers of this folder. All of it sits in an anonymous namespace,
// so that no function compiled for one ISA can be linked into another.
#pragma once

#include <cstdint>
#include <utility>

#define GS_INLINE inline __attribute__((always_inline))

namespace gs {
namespace GS_ISA {
namespace {

template <class T>
struct IntOf;
template <>
struct IntOf<float> {
  using type = int32_t;
};
template <>
struct IntOf<double> {
  using type = int64_t;
};

template <class T>
struct Simd {
  using Int = typename IntOf<T>::type;
  typedef T V __attribute__((vector_size(GS_VECTOR_BYTES)));
  typedef Int I __attribute__((vector_size(GS_VECTOR_BYTES)));
  static constexpr int lanes = GS_VECTOR_BYTES / sizeof(T);
  static constexpr unsigned all = lanes == 32 ? ~0u : (1u << lanes) - 1;
};

template <class T>
using Vec = typename Simd<T>::V;

template <class X>
GS_INLINE X load(const void* from) {
  X x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}

template <class X>
GS_INLINE void store(void* to, X x) {
  __builtin_memcpy(to, &x, sizeof x);
}

template <class T>
GS_INLINE Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}

// Whole numbers in a floating-point vector to integers; float up to 2^31, double up to 2^51 (by the binary
// representation: few ISAs convert to 64 bits).
GS_INLINE Simd<float>::I to_int(Vec<float> x) { return __builtin_convertvector(x, Simd<float>::I); }
GS_INLINE Simd<double>::I to_int(Vec<double> x) {
  constexpr double magic = 6755399441055744.0;  // 2^52 + 2^51: the sum's low bits are the integer
  return reinterpret_cast<Simd<double>::I>(x + magic) - int64_t{0x4338000000000000};
}

// NOTE [packed taps]
// The K taps of one point along the last axis lie side by side in memory, so one load brings them all, and the loads of a
// vector's worth of points fill K vectors in memory order: element e of the K vectors together is tap e % K of point e / K.
// The rows of taps are weighted and summed in that form (`spread` repeats a point's weight K times), and only their
// sum is taken apart into one vector per tap (`unpack`). That is as many loads as points times rows, not as taps, and K
// times fewer shuffles than taking every row apart. No gather instruction is used: on half of the processors in use a hardware
// gather is slower than the loads it stands for.
template <class T, int K>
struct Packed {
  Vec<T> part[K];
};

template <class T, int Bytes>
struct Chunk {
  typedef T type __attribute__((vector_size(Bytes)));
};

template <class V, int... I>
GS_INLINE auto join(V a, V b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, I...);
}

// The vector whose bytes lie at p + offset[0], p + offset[1], ..., in equal pieces of `Bytes` bytes.
template <class T, int Bytes, int Want>
GS_INLINE auto gather_pieces(const T* p, const int64_t* offset) {
  if constexpr (Want == Bytes) {
    return load<typename Chunk<T, Bytes>::type>(p + *offset);
  } else {
    auto low = gather_pieces<T, Bytes, Want / 2>(p, offset);
    auto high = gather_pieces<T, Bytes, Want / 2>(p, offset + Want / 2 / Bytes);
    return join(low, high, std::make_integer_sequence<int, Want / sizeof(T)>{});
  }
}

template <class T, int... I>
GS_INLINE Vec<T> gather_each(const T* p, const int64_t* offset, std::integer_sequence<int, I...>) {
  return Vec<T>{p[offset[I]]...};
}

template <int... I>
GS_INLINE Vec<float> gather_pairs(const float* p, const int64_t* offset, std::integer_sequence<int, I...>) {
  return reinterpret_cast<Vec<float>>(Vec<double>{load<double>(p + offset[I])...});
}

// The K taps from p + offset[i] on, for each of the points i of a vector.
template <class T, int K>
GS_INLINE Packed<T, K> gather_packed(const T* p, const int64_t* offset) {
  constexpr int lanes = Simd<T>::lanes;
  constexpr int bytes = K * int(sizeof(T));
  Packed<T, K> r;
  if constexpr (K == 1) {
    r.part[0] = gather_each(p, offset, std::make_integer_sequence<int, lanes>{});
  } else if constexpr (bytes == 8) {
    for (int j = 0; j < K; ++j)
      r.part[j] = gather_pairs(p, offset + j * lanes / K, std::make_integer_sequence<int, lanes / K>{});
  } else if constexpr (bytes >= GS_VECTOR_BYTES) {  // a point fills one or several vectors
    for (int j = 0; j < K; ++j) r.part[j] = load<Vec<T>>(p + offset[j * lanes / K] + j * lanes % K);
  } else {
    for (int j = 0; j < K; ++j) r.part[j] = gather_pieces<T, bytes, GS_VECTOR_BYTES>(p, offset + j * lanes / K);
  }
  return r;
}

template <class T, int K, int J, int... L>
GS_INLINE Vec<T> spread_part(Vec<T> w, std::integer_sequence<int, L...>) {
  return __builtin_shufflevector(w, w, (J * Simd<T>::lanes + L) / K...);
}

template <class T, int K, int... J>
GS_INLINE Packed<T, K> spread_all(Vec<T> w, std::integer_sequence<int, J...>) {
  return {{spread_part<T, K, J>(w, std::make_integer_sequence<int, Simd<T>::lanes>{})...}};
}

// Each point's weight K times, as the packed taps lie.
template <class T, int K>
GS_INLINE Packed<T, K> spread(Vec<T> w) {
  return spread_all<T, K>(w, std::make_integer_sequence<int, K>{});
}

template <int Odd, class V, int... L>
GS_INLINE V every_other(V a, V b, std::integer_sequence<int, L...>) {
  return __builtin_shufflevector(a, b, (2 * L + Odd)...);
}

// One vector per tap from the packed taps: separate even from odd elements, log2(K) times.
template <class T, int K>
GS_INLINE Packed<T, K> unpack(const Packed<T, K>& p) {
  constexpr auto lanes = std::make_integer_sequence<int, Simd<T>::lanes>{};
  if constexpr (K == 1) {
    return p;
  } else if constexpr (K == 2) {
    return {{every_other<0>(p.part[0], p.part[1], lanes), every_other<1>(p.part[0], p.part[1], lanes)}};
  } else {
    static_assert(K == 4);
    Vec<T> even0 = every_other<0>(p.part[0], p.part[1], lanes), even1 = every_other<0>(p.part[2], p.part[3], lanes);
    Vec<T> odd0 = every_other<1>(p.part[0], p.part[1], lanes), odd1 = every_other<1>(p.part[2], p.part[3], lanes);
    return {{every_other<0>(even0, even1, lanes), every_other<0>(odd0, odd1, lanes),
             every_other<1>(even0, even1, lanes), every_other<1>(odd0, odd1, lanes)}};
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
