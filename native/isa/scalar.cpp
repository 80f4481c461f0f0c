// The baseline: nothing beyond what every processor of the platform has. 4 float lanes, most of them worked one by one.
#define GS_ISA scalar
#define GS_VECTOR_BYTES 16
#define GS_SMALL
#include "../kernels/vec.h"
#include "convert.h"
#include "halves.h"
#include "lanewise.h"

namespace gs {
namespace GS_ISA {
namespace {

GS_INLINE F min(F a, F b) { return a < b ? a : b; }
GS_INLINE D min(D a, D b) { return a < b ? a : b; }
GS_INLINE F max(F a, F b) { return a > b ? a : b; }
GS_INLINE D max(D a, D b) { return a > b ? a : b; }

template <class T, class V>
GS_INLINE void stream(T* to, V a) {
  store(to, a);
}
GS_INLINE void end_streams() {}

template <class V>
GS_INLINE unsigned lanes_within(V a, V low, V high) {
  unsigned bits = 0;
  for (unsigned i = 0; i < sizeof a / sizeof a[0]; ++i) bits |= unsigned(low[i] <= a[i] && a[i] <= high[i]) << i;
  return bits;
}

constexpr bool kGathers = false, kPicks = false, kPacks = false;

}  // namespace
}  // namespace GS_ISA
}  // namespace gs

#ifndef GS_OPERATIONS_ONLY  // the self-test tries these one by one
#include GS_TABLE
#endif
