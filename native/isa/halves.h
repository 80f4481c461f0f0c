// 16-bit floats in terms of integers, for ISAs that do not convert them.
#pragma once

namespace gs {
namespace GS_ISA {
namespace {

GS_INLINE Vec<float> widen_half(RawVec<uint16_t> x) {
  // Shifted into a float's place the exponent is 112 too small: a multiplication mends that, subnormals included.
  U32 bits = reinterpret_cast<U32>(widen_ints(x));
  U32 magnitude = (bits & 0x7fff) << 13;
  Vec<float> value = reinterpret_cast<Vec<float>>(magnitude) * 0x1p112f;
  U32 special = reinterpret_cast<U32>((bits & 0x7c00) == 0x7c00) & 0x7f800000;
  return reinterpret_cast<Vec<float>>(reinterpret_cast<U32>(value) | special | (bits & 0x8000) << 16);
}

GS_INLINE RawVec<uint16_t> narrow_half(Vec<float> x) {
  U32 bits = reinterpret_cast<U32>(x), sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  // Subnormal halves: adding 1/2 shifts the bits into place and rounds them.
  U32 small = reinterpret_cast<U32>(reinterpret_cast<Vec<float>>(bits) + 0.5f) - 0x3f000000;
  U32 normal = (bits + 0xc8000fff + (bits >> 13 & 1)) >> 13;
  U32 large = bits > 0x7f800000 ? U32{} + 0x7e00 : U32{} + 0x7c00;
  U32 r = bits < 0x38800000 ? small : bits >= 0x477ff000 ? large : normal;
  return narrow_ints<uint16_t>(reinterpret_cast<Simd<float>::I>(r | sign));
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
