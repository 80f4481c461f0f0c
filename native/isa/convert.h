// Widening and narrowing of integers, left to the compiler: it does well with vectors of 16 bytes, and badly with longer ones.
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

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
