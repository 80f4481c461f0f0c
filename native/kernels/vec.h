// Vectors over the compiler's vector extension, in terms of the few operations that each ISA file defines.
//
// An ISA file includes this header after it has defined GS_ISA (its namespace) and GS_VECTOR_BYTES, and then defines, for
// float and double vectors V in namespace gs::GS_ISA:
//
//   fma(a, b, c)               a * b + c, rounded once
//   floor(a), rint(a)          to whole numbers, down / to nearest with ties to even
//   min(a, b), max(a, b)       a < b ? a : b, a > b ? a : b; hence b if a is NaN
//   lanes_within(a, low, high) bit i set where low <= a[i] <= high; NaN is not within
//   stream(to, a)              store past the caches, to an aligned address; end_streams() before anybody reads it
//   join(a, b)                 the vector of twice the width, where there is one: from 16 bytes up to GS_VECTOR_BYTES
//
//   widen_ints(a)              8- and 16-bit integers, as many as a float vector has lanes, to 32 bits
//   narrow_ints<I>(a)          32-bit integers that an 8- or 16-bit I holds, to I
//   widen_half(a)              16-bit floats, by their bits, to floats
//   narrow_half(a)             floats to 16-bit floats, rounded to nearest with ties to even
//   lengthen_ints(a)           32-bit integers, as many as a double vector has lanes, to 64 bits
//   multiply_ints(a, b)        products of 64-bit integers that 32 bits hold
//
//   kGathers                   whether there are gather instructions; if so:
//   gather_ones(p, offset)     the elements p[offset[0]], p[offset[1]], ...: as many as there are lanes
//   gather_pairs(p, offset)    for floats, p[offset[0]], p[offset[0] + 1], p[offset[1]], p[offset[1] + 1], ...
//   gather_pairs<Half>(p, offset), gather_ones(p, offset)  for floats, with offsets in a vector: pairs at the first or the second half of them
//
//   kPicks                     whether lanes are picked from registers fast; if so:
//   pick(a, b, index)          for floats, lane index[i] of a and then b, for each lane i
//   all_up_to(a, last)         whether no unsigned 32-bit integer is larger than the given one
//
//   kPacks                     whether there are instructions for bytes within 16 bytes of a vector; if so:
//   byte_of<B>(a)              byte B of each 32-bit integer, as an unsigned one
//   pack_bytes<I>(a, b, c, d)  floats, rounded to nearest with ties to even, as saturated 8-bit I: in each 16 bytes four of a, b, c and d
//
//   GS_WINDOWS                 defined before this header is included if there are all of these besides, for vectors of kGroup floats:
//   lowest_of(a), highest_of(a)  of the lanes of 32-bit integers
//   load_some(p, bits)         floats of the lanes whose bit is set, 0 elsewhere, where memory is not touched
//
// Everything else is written once, here and in the other headers of this folder. All of it sits in an anonymous namespace,
// so that no function compiled for one ISA can be linked into another.
#pragma once

#include <cstdint>
#include <utility>

#define GS_INLINE inline __attribute__((always_inline))
#define GS_STRING(x) #x
#define GS_NAME(x) GS_STRING(x)  // GS_NAME(GS_ISA) is its name
#ifdef GS_SMALL
#define GS_UNROLL(n)
#else
#define GS_UNROLL(n) _Pragma(GS_STRING(GCC unroll n))
#endif
// Of functions whose loops are all that a call takes: at a line of code, whatever lies before them, or a change elsewhere makes them some hundredths slower.
#define GS_HOT __attribute__((noinline, aligned(64)))
#define GS_ALWAYS __attribute__((always_inline))  // after a lambda's parameters

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

// The vector of `Lanes` elements of an integer type, and of as many as a vector of floats has lanes.
template <class I, int Lanes>
struct Ints {
  typedef I type __attribute__((vector_size(Lanes * sizeof(I))));
};
template <class I>
using RawVec = typename Ints<I, Simd<float>::lanes>::type;
using U32 = Ints<uint32_t, Simd<float>::lanes>::type;

// Named here so that code for them compiles where there are none.
template <int Half>
Vec<float> gather_pairs(const float* p, Simd<float>::I offset);
template <int B>
Simd<float>::I byte_of(Simd<float>::I a);
template <class I>
typename Ints<I, GS_VECTOR_BYTES>::type pack_bytes(Vec<float> a, Vec<float> b, Vec<float> c, Vec<float> d);

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

// body(0), body(1), ... body(N - 1), written out with constants where that is not too much code: then what is indexed stays in registers.
// The baseline, which has few of them, is small instead.
#ifdef GS_SMALL
constexpr bool kSmall = true;
#else
constexpr bool kSmall = false;
#endif
constexpr int kMostWrittenOut = kSmall ? 2 : 8;
template <class Body, int... I>
GS_INLINE void each_written_out(const Body& body, std::integer_sequence<int, I...>) {
  (body(std::integral_constant<int, I>{}), ...);
}
template <int N, bool WrittenOut = (N <= kMostWrittenOut), class Body>
GS_INLINE void each(const Body& body) {
  if constexpr (WrittenOut) {
    each_written_out(body, std::make_integer_sequence<int, N>{});
  } else {
#pragma GCC unroll 1
    for (int i = 0; i < N; ++i) body(i);
  }
}

// Ask for the cache line of an address. The empty statement counts as an effect: GCC takes a function that does nothing but prefetch for
// one without effects, and drops the calls.
GS_INLINE void prefetch(const void* address) {
  __builtin_prefetch(address);
  __asm__ volatile("");
}

// Ask for all lines of a piece of memory, which begins anywhere in a line.
GS_INLINE void prefetch_bytes(const void* from, int64_t bytes) {
  const char* first = static_cast<const char*>(from);
  for (const char* line = first - reinterpret_cast<uintptr_t>(first) % 64; line < first + bytes; line += 64) prefetch(line);
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

GS_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
GS_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
