// What is done with integers, left to the compiler: it does well with vectors of 16 bytes, and badly with longer ones.
#pragma once

namespace gs {
namespace GS_ISA {
namespace {

template <class V>
GS_INLINE Simd<float>::I widen_ints(V a) {
  return __builtin_convertvector(a, Simd<float>::I);
}
template <class I>
GS_INLINE RawVec<I> narrow_ints(Simd<float>::I a) {
  return __builtin_convertvector(a, RawVec<I>);
}
GS_INLINE Simd<double>::I lengthen_ints(Ints<int32_t, Simd<double>::lanes>::type a) {
  return __builtin_convertvector(a, Simd<double>::I);
}
GS_INLINE Simd<double>::I multiply_ints(Simd<double>::I a, Simd<double>::I b) {
  using U = Ints<uint64_t, Simd<double>::lanes>::type;  // of what 32 bits do not hold, the product is of no use, but is no error
  return (Simd<double>::I)((U)a * (U)b);
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
