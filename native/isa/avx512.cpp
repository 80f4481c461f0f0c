// AVX-512 F, DQ, BW, VL: 16 float lanes.
#include <immintrin.h>

#define GS_ISA avx512
#define GS_VECTOR_BYTES 64
#define GS_WINDOWS
#include "../kernels/vec.h"

namespace gs {
namespace GS_ISA {
namespace {

using F = Vec<float>;
using D = Vec<double>;
constexpr int kDown = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
constexpr int kEven = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

GS_INLINE F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
GS_INLINE D fma(D a, D b, D c) { return _mm512_fmadd_pd(a, b, c); }
GS_INLINE F floor(F a) { return _mm512_roundscale_ps(a, kDown); }
GS_INLINE D floor(D a) { return _mm512_roundscale_pd(a, kDown); }
GS_INLINE F rint(F a) { return _mm512_roundscale_ps(a, kEven); }
GS_INLINE D rint(D a) { return _mm512_roundscale_pd(a, kEven); }
GS_INLINE F min(F a, F b) { return _mm512_min_ps(a, b); }
GS_INLINE D min(D a, D b) { return _mm512_min_pd(a, b); }
GS_INLINE F max(F a, F b) { return _mm512_max_ps(a, b); }
GS_INLINE D max(D a, D b) { return _mm512_max_pd(a, b); }
GS_INLINE void stream(float* to, F a) { _mm512_stream_ps(to, a); }
GS_INLINE void stream(double* to, D a) { _mm512_stream_pd(to, a); }
GS_INLINE void end_streams() { _mm_sfence(); }
GS_INLINE unsigned lanes_within(F a, F low, F high) {
  return _mm512_mask_cmp_ps_mask(_mm512_cmp_ps_mask(a, low, _CMP_GE_OQ), a, high, _CMP_LE_OQ);
}
GS_INLINE unsigned lanes_within(D a, D low, D high) {
  return _mm512_mask_cmp_pd_mask(_mm512_cmp_pd_mask(a, low, _CMP_GE_OQ), a, high, _CMP_LE_OQ);
}

GS_INLINE __m256 join(__m128 a, __m128 b) { return _mm256_insertf128_ps(_mm256_castps128_ps256(a), b, 1); }
GS_INLINE __m256d join(__m128d a, __m128d b) { return _mm256_insertf128_pd(_mm256_castpd128_pd256(a), b, 1); }
GS_INLINE F join(__m256 a, __m256 b) { return _mm512_insertf32x8(_mm512_castps256_ps512(a), b, 1); }
GS_INLINE D join(__m256d a, __m256d b) { return _mm512_insertf64x4(_mm512_castpd256_pd512(a), b, 1); }

using I = Simd<float>::I;
GS_INLINE I widen_ints(RawVec<uint8_t> a) { return (I)_mm512_cvtepu8_epi32((__m128i)a); }
GS_INLINE I widen_ints(RawVec<int8_t> a) { return (I)_mm512_cvtepi8_epi32((__m128i)a); }
GS_INLINE I widen_ints(RawVec<uint16_t> a) { return (I)_mm512_cvtepu16_epi32((__m256i)a); }
GS_INLINE I widen_ints(RawVec<int16_t> a) { return (I)_mm512_cvtepi16_epi32((__m256i)a); }
template <class To>
GS_INLINE RawVec<To> narrow_ints(I a) {
  if constexpr (sizeof(To) == 1)
    return (RawVec<To>)_mm512_cvtepi32_epi8((__m512i)a);
  else
    return (RawVec<To>)_mm512_cvtepi32_epi16((__m512i)a);
}

GS_INLINE F widen_half(RawVec<uint16_t> a) { return _mm512_cvtph_ps((__m256i)a); }
GS_INLINE RawVec<uint16_t> narrow_half(F a) { return (RawVec<uint16_t>)_mm512_cvtps_ph(a, kEven); }

using L = Simd<double>::I;
GS_INLINE L lengthen_ints(Ints<int32_t, 8>::type a) { return (L)_mm512_cvtepi32_epi64((__m256i)a); }
GS_INLINE L multiply_ints(L a, L b) { return (L)_mm512_mul_epi32((__m512i)a, (__m512i)b); }

constexpr bool kGathers = true;
GS_INLINE __m512i offsets(const int64_t* from) { return _mm512_loadu_si512(from); }
GS_INLINE F gather_pairs(const float* p, const int64_t* offset) { return (F)_mm512_i64gather_pd(offsets(offset), p, 4); }
GS_INLINE F gather_ones(const float* p, const int64_t* offset) {
  return join(_mm512_i64gather_ps(offsets(offset), p, 4), _mm512_i64gather_ps(offsets(offset + 8), p, 4));
}
GS_INLINE D gather_ones(const double* p, const int64_t* offset) { return _mm512_i64gather_pd(offsets(offset), p, 8); }

// All lanes, but the compiler does not know. To the processor a gather reads what it overwrites; where the compiler sees that nothing of that is kept, it
// lets it be whatever the register held before, for which the gather then waits. So it is zeros, for which nobody waits. The gathers
// above mostly read several planes at once: there is enough to do meanwhile, and this would only be more instructions.
template <class Mask>
GS_INLINE Mask all_lanes() {
  Mask all;
  __asm__ volatile("kxnorw %0, %0, %0" : "=k"(all));
  return all;
}
template <int Half>
GS_INLINE F gather_pairs(const float* p, I offset) {
  return (F)_mm512_mask_i32gather_pd(_mm512_setzero_pd(), all_lanes<__mmask8>(), _mm512_extracti64x4_epi64((__m512i)offset, Half), p, 4);
}
GS_INLINE F gather_ones(const float* p, I offset) {
  return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), all_lanes<__mmask16>(), (__m512i)offset, p, 4);
}

constexpr bool kPicks = true;
GS_INLINE F pick(F a, F b, I index) { return _mm512_permutex2var_ps(a, (__m512i)index, b); }
GS_INLINE bool all_up_to(U32 a, uint32_t last) { return _mm512_cmple_epu32_mask((__m512i)a, _mm512_set1_epi32(int(last))) == 0xffff; }

constexpr bool kPacks = true;
template <int B>
GS_INLINE I byte_of(I a) {
  constexpr int kByte = int(0x80808000u) + B;
  return (I)_mm512_shuffle_epi8((__m512i)a, _mm512_broadcast_i32x4(_mm_set_epi32(kByte + 12, kByte + 8, kByte + 4, kByte)));
}
template <class To>
GS_INLINE typename Ints<To, GS_VECTOR_BYTES>::type pack_bytes(F a, F b, F c, F d) {
  const F most = broadcast(float(To(-1) < To(0) ? 127 : 255));  // of what no int32 holds, the conversion makes the least one
  auto whole = [&](F x) GS_ALWAYS { return _mm512_cvtps_epi32(most < x ? most : x); };
  __m512i low = _mm512_packs_epi32(whole(a), whole(b));
  __m512i high = _mm512_packs_epi32(whole(c), whole(d));
  return (typename Ints<To, GS_VECTOR_BYTES>::type)(To(-1) < To(0) ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high));
}

GS_INLINE int32_t lowest_of(I a) { return _mm512_reduce_min_epi32((__m512i)a); }
GS_INLINE int32_t highest_of(I a) { return _mm512_reduce_max_epi32((__m512i)a); }
GS_INLINE F load_some(const float* from, unsigned bits) { return _mm512_maskz_loadu_ps(__mmask16(bits), from); }

}  // namespace
}  // namespace GS_ISA
}  // namespace gs

#ifndef GS_OPERATIONS_ONLY  // the self-test tries these one by one
#include GS_TABLE
#endif
