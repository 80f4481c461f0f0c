// AArch64 Advanced SIMD: 4 float lanes.
#include <arm_neon.h>

#define GS_ISA neon
#define GS_VECTOR_BYTES 16
#include "../kernels/vec.h"
#include "convert.h"
#include "halves.h"

namespace gs {
namespace GS_ISA {
namespace {

using F = Vec<float>;
using D = Vec<double>;

GS_INLINE F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
GS_INLINE D fma(D a, D b, D c) { return vfmaq_f64(c, a, b); }
GS_INLINE F floor(F a) { return vrndmq_f32(a); }
GS_INLINE D floor(D a) { return vrndmq_f64(a); }
GS_INLINE F rint(F a) { return vrndnq_f32(a); }
GS_INLINE D rint(D a) { return vrndnq_f64(a); }
GS_INLINE F min(F a, F b) { return a < b ? a : b; }
GS_INLINE D min(D a, D b) { return a < b ? a : b; }
GS_INLINE F max(F a, F b) { return a > b ? a : b; }
GS_INLINE D max(D a, D b) { return a > b ? a : b; }
template <class T, class V>
GS_INLINE void stream(T* to, V a) {
  store(to, a);
}
GS_INLINE void end_streams() {}
GS_INLINE unsigned lanes_within(F a, F low, F high) {
  const uint32x4_t bit = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(vandq_u32(vcgeq_f32(a, low), vcleq_f32(a, high)), bit));
}
GS_INLINE unsigned lanes_within(D a, D low, D high) {
  const uint64x2_t bit = {1, 2};
  return unsigned(vaddvq_u64(vandq_u64(vandq_u64(vcgeq_f64(a, low), vcleq_f64(a, high)), bit)));
}

constexpr bool kGathers = false, kPicks = false, kPacks = false;

}  // namespace
}  // namespace GS_ISA
}  // namespace gs

#ifndef GS_OPERATIONS_ONLY  // the self-test tries these one by one
#include GS_TABLE
#endif
