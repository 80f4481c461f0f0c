// AVX2, FMA and F16C: 8 float lanes.
#include <immintrin.h>

#define GS_ISA avx2
#define GS_VECTOR_BYTES 32
#include "../kernels/vec.h"

namespace gs {
namespace GS_ISA {
namespace {

using F = Vec<float>;
using D = Vec<double>;
constexpr int kEven = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

GS_INLINE F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
GS_INLINE D fma(D a, D b, D c) { return _mm256_fmadd_pd(a, b, c); }
GS_INLINE F floor(F a) { return _mm256_floor_ps(a); }
GS_INLINE D floor(D a) { return _mm256_floor_pd(a); }
GS_INLINE F rint(F a) { return _mm256_round_ps(a, kEven); }
GS_INLINE D rint(D a) { return _mm256_round_pd(a, kEven); }
GS_INLINE F min(F a, F b) { return _mm256_min_ps(a, b); }
GS_INLINE D min(D a, D b) { return _mm256_min_pd(a, b); }
GS_INLINE F max(F a, F b) { return _mm256_max_ps(a, b); }
GS_INLINE D max(D a, D b) { return _mm256_max_pd(a, b); }
GS_INLINE void stream(float* to, F a) { _mm256_stream_ps(to, a); }
GS_INLINE void stream(double* to, D a) { _mm256_stream_pd(to, a); }
GS_INLINE void end_streams() { _mm_sfence(); }
GS_INLINE unsigned lanes_within(F a, F low, F high) {
  F within = _mm256_and_ps(_mm256_cmp_ps(a, low, _CMP_GE_OQ), _mm256_cmp_ps(a, high, _CMP_LE_OQ));
  return unsigned(_mm256_movemask_ps(within));
}
GS_INLINE unsigned lanes_within(D a, D low, D high) {
  D within = _mm256_and_pd(_mm256_cmp_pd(a, low, _CMP_GE_OQ), _mm256_cmp_pd(a, high, _CMP_LE_OQ));
  return unsigned(_mm256_movemask_pd(within));
}

GS_INLINE F join(__m128 a, __m128 b) { return _mm256_insertf128_ps(_mm256_castps128_ps256(a), b, 1); }
GS_INLINE D join(__m128d a, __m128d b) { return _mm256_insertf128_pd(_mm256_castpd128_pd256(a), b, 1); }

using I = Simd<float>::I;
GS_INLINE __m128i low_half(long long a) { return _mm_cvtsi64_si128(a); }
GS_INLINE I widen_ints(RawVec<uint8_t> a) { return (I)_mm256_cvtepu8_epi32(low_half((long long)a)); }
GS_INLINE I widen_ints(RawVec<int8_t> a) { return (I)_mm256_cvtepi8_epi32(low_half((long long)a)); }
GS_INLINE I widen_ints(RawVec<uint16_t> a) { return (I)_mm256_cvtepu16_epi32((__m128i)a); }
GS_INLINE I widen_ints(RawVec<int16_t> a) { return (I)_mm256_cvtepi16_epi32((__m128i)a); }
template <class To>
GS_INLINE RawVec<To> narrow_ints(I a) {
  __m128i low = _mm256_castsi256_si128((__m256i)a), high = _mm256_extracti128_si256((__m256i)a, 1);
  constexpr bool is_signed = To(-1) < To(0);
  __m128i words = sizeof(To) == 1 || is_signed ? _mm_packs_epi32(low, high) : _mm_packus_epi32(low, high);
  if constexpr (sizeof(To) == 1) {
    __m128i bytes = is_signed ? _mm_packs_epi16(words, words) : _mm_packus_epi16(words, words);
    return (RawVec<To>)_mm_cvtsi128_si64(bytes);
  } else {
    return (RawVec<To>)words;
  }
}

GS_INLINE F widen_half(RawVec<uint16_t> a) { return _mm256_cvtph_ps((__m128i)a); }
GS_INLINE RawVec<uint16_t> narrow_half(F a) { return (RawVec<uint16_t>)_mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT); }

using L = Simd<double>::I;
GS_INLINE L lengthen_ints(Ints<int32_t, 4>::type a) { return (L)_mm256_cvtepi32_epi64((__m128i)a); }
GS_INLINE L multiply_ints(L a, L b) { return (L)_mm256_mul_epi32((__m256i)a, (__m256i)b); }

constexpr bool kGathers = true;
GS_INLINE __m256i offsets(const int64_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
GS_INLINE F gather_pairs(const float* p, const int64_t* offset) {
  return (F)_mm256_i64gather_pd(reinterpret_cast<const double*>(p), offsets(offset), 4);
}
GS_INLINE F gather_ones(const float* p, const int64_t* offset) {
  return join(_mm256_i64gather_ps(p, offsets(offset), 4), _mm256_i64gather_ps(p, offsets(offset + 4), 4));
}
template <int Half>
GS_INLINE F gather_pairs(const float* p, I offset) {
  return (F)_mm256_i32gather_pd((const double*)p, _mm256_extracti128_si256((__m256i)offset, Half), 4);
}
GS_INLINE F gather_ones(const float* p, I offset) { return _mm256_i32gather_ps(p, (__m256i)offset, 4); }
GS_INLINE D gather_ones(const double* p, const int64_t* offset) { return _mm256_i64gather_pd(p, offsets(offset), 8); }

constexpr bool kPicks = true;
GS_INLINE F pick(F a, F b, I index) {
  F low = _mm256_permutevar8x32_ps(a, (__m256i)index), high = _mm256_permutevar8x32_ps(b, (__m256i)index);
  return index > 7 ? high : low;
}
GS_INLINE bool all_up_to(U32 a, uint32_t last) {
  __m256i most = _mm256_set1_epi32(int(last));
  return _mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_max_epu32((__m256i)a, most), most)) == -1;
}

constexpr bool kPacks = true;
template <int B>
GS_INLINE I byte_of(I a) {
  constexpr int kByte = int(0x80808000u) + B;
  return (I)_mm256_shuffle_epi8((__m256i)a, _mm256_broadcastsi128_si256(_mm_set_epi32(kByte + 12, kByte + 8, kByte + 4, kByte)));
}
template <class To>
GS_INLINE typename Ints<To, GS_VECTOR_BYTES>::type pack_bytes(F a, F b, F c, F d) {
  const F most = broadcast(float(To(-1) < To(0) ? 127 : 255));  // of what no int32 holds, the conversion makes the least one
  auto whole = [&](F x) GS_ALWAYS { return _mm256_cvtps_epi32(most < x ? most : x); };
  __m256i low = _mm256_packs_epi32(whole(a), whole(b));
  __m256i high = _mm256_packs_epi32(whole(c), whole(d));
  return (typename Ints<To, GS_VECTOR_BYTES>::type)(To(-1) < To(0) ? _mm256_packs_epi16(low, high) : _mm256_packus_epi16(low, high));
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs

#ifndef GS_OPERATIONS_ONLY  // the self-test tries these one by one
#include GS_TABLE
#endif
