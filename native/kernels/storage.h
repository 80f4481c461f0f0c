// Stored numbers to the numbers that are computed with, and back. Back to integers: rounded to nearest with ties to even, and
// saturated; NaN becomes the lowest number.
#pragma once

#include "../api.h"
#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

template <class S>
struct Computed;
#define GS_COMPUTED(name, code, stored, computed) \
  template <>                                     \
  struct Computed<stored> {                       \
    using type = computed;                        \
  };
GS_DTYPES(GS_COMPUTED)
#undef GS_COMPUTED

// The bits of a stored number, as an integer of its size.
template <class S>
struct Raw {
  using type = S;
};
template <>
struct Raw<half> {
  using type = uint16_t;
};
template <>
struct Raw<bfloat> {
  using type = uint16_t;
};
template <class S>
using RawOf = typename Raw<S>::type;

// As many stored numbers as the vector of their computed type has lanes.
template <class S>
struct Stored {
  typedef RawOf<S> type __attribute__((vector_size(Simd<typename Computed<S>::type>::lanes * sizeof(S))));
};

template <class S>
GS_INLINE Vec<typename Computed<S>::type> widen(typename Stored<S>::type x) {
  using T = typename Computed<S>::type;
  if constexpr (sizeof(S) == sizeof(T)) {
    return x;
  } else if constexpr (__is_same(S, int32_t)) {
    return __builtin_convertvector(x, Vec<double>);
  } else if constexpr (__is_same(S, bfloat)) {
    return reinterpret_cast<Vec<float>>(reinterpret_cast<U32>(widen_ints(x)) << 16);
  } else if constexpr (__is_same(S, half)) {
    return widen_half(x);
  } else {
    return __builtin_convertvector(widen_ints(x), Vec<float>);
  }
}

// Lowest and highest number of an integer type, as T holds them.
template <class I>
constexpr double lowest() {
  return I(-1) < I(0) ? -double(uint64_t{1} << (8 * sizeof(I) - 1)) : 0;
}
template <class I>
constexpr double highest() {
  return I(-1) < I(0) ? double((uint64_t{1} << (8 * sizeof(I) - 1)) - 1) : double((uint64_t{1} << 8 * sizeof(I)) - 1);
}

// Round to a 16-bit float, ties to even.
GS_INLINE RawVec<uint16_t> narrow_bfloat(Vec<float> x) {
  U32 bits = reinterpret_cast<U32>(x);
  U32 rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  U32 nan = bits >> 16 | 0x40;
  U32 r = (bits & 0x7fffffff) > 0x7f800000 ? nan : rounded;
  return narrow_ints<uint16_t>(reinterpret_cast<Simd<float>::I>(r));
}

// A vector of computed numbers to stored ones, or nothing for pairs of types that are converted one by one.
template <class O, class T>
GS_INLINE auto narrow(Vec<T> x) {
  if constexpr (__is_same(O, T)) {
    return x;
  } else if constexpr (__is_same(O, half) && sizeof(T) == 4) {
    return narrow_half(x);
  } else if constexpr (__is_same(O, bfloat) && sizeof(T) == 4) {
    return narrow_bfloat(x);
  } else if constexpr (sizeof(T) == 4 && sizeof(O) <= 2) {
    Vec<float> inside = min(max(rint(x), broadcast(float(lowest<O>()))), broadcast(float(highest<O>())));
    return narrow_ints<O>(to_int(inside));
  }
}

template <class O, class T>
constexpr bool narrows = !__is_same(decltype(narrow<O, T>(Vec<T>{})), void);

// One number, for the pairs of types that have no vector form above.
template <class O, class T>
GS_INLINE void store_one(O* to, T x) {
  if constexpr (__is_same(O, half) || __is_same(O, bfloat)) {
    // Through float, rounded to odd, so that the second rounding sees what the first one lost.
    float f = float(x);
    if constexpr (sizeof(T) == 8) {
      uint32_t bits;
      __builtin_memcpy(&bits, &f, 4);
      if (double(f) != x && x == x && !(bits & 1)) {
        bool away = __builtin_fabs(double(f)) > __builtin_fabs(x);
        bits = away ? bits - 1 : bits | 1;
        __builtin_memcpy(&f, &bits, 4);
      }
    }
    auto r = [&] {
      if constexpr (__is_same(O, half)) return narrow_half(broadcast(f));
      else return narrow_bfloat(broadcast(f));
    }();
    to->bits = r[0];
  } else if constexpr (O(0.5) == O(0)) {
    T r = sizeof(T) == 4 ? T(__builtin_rintf(float(x))) : T(__builtin_rint(x));
    *to = r > T(lowest<O>()) ? (r < T(highest<O>()) ? O(r) : O(highest<O>())) : O(lowest<O>());
  } else {
    *to = O(x);
  }
}

// `count` computed numbers to stored ones, each side at its own step.
template <class T, class O>
void write(const T* from, int64_t from_step, int64_t count, void* out, int64_t step) {
  O* to = static_cast<O*>(out);
  int64_t i = 0;
  if constexpr (narrows<O, T>) {
    constexpr int lanes = Simd<T>::lanes;
    if (from_step == 1 && step == 1)
      for (; i + lanes <= count; i += lanes) store(to + i, narrow<O, T>(load<Vec<T>>(from + i)));
  }
  for (; i < count; ++i) store_one(to + i * step, from[i * from_step]);
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
