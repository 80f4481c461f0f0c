// The operations of vec.h, lane by lane: for ISAs that lack an instruction, or that nobody has written by hand yet.
#pragma once

namespace gs {
namespace GS_ISA {
namespace {

using F = Vec<float>;
using D = Vec<double>;
#define GS_OUTLINE __attribute__((noinline, unused))  // a call for each lane: not wherever it is used

#define GS_LANEWISE(V, name, function)                                                         \
  GS_OUTLINE V name(V a) {                                                                     \
    V r;                                                                                       \
    for (unsigned i = 0; i < sizeof a / sizeof a[0]; ++i) r[i] = function(a[i]);               \
    return r;                                                                                  \
  }
#define GS_LANEWISE_FMA(V, function)                                                           \
  GS_OUTLINE V fma(V a, V b, V c) {                                                            \
    V r;                                                                                       \
    for (unsigned i = 0; i < sizeof a / sizeof a[0]; ++i) r[i] = function(a[i], b[i], c[i]);   \
    return r;                                                                                  \
  }
GS_LANEWISE(F, floor, __builtin_floorf)
GS_LANEWISE(D, floor, __builtin_floor)
GS_LANEWISE(F, rint, __builtin_rintf)
GS_LANEWISE(D, rint, __builtin_rint)
GS_LANEWISE_FMA(F, __builtin_fmaf)
GS_LANEWISE_FMA(D, __builtin_fma)
#undef GS_LANEWISE
#undef GS_LANEWISE_FMA
#undef GS_OUTLINE

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
