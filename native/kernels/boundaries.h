// The boundaries: what a coordinate or a tap outside the array means.
//
//   coordinate(x)  for narrow kernels: x, moved inside
//   cyclic         after that, the tap beyond the last sample is the first one, and not outside
//   finite(x)      for wide kernels: x, kept where it is, but finite
//   mirrors        for these there is also same(x): the place of the array itself that x is the mirror image of
//   index(i)       for wide kernels: the index of a tap, moved inside
//   slope(x)       for narrow kernels: the derivative of coordinate(x): 1, -1 where the mirrored array is read backwards, 0 where it stands
//   same_slope(x)  the derivative of same(x)
//
// After these, an index that is still outside is not read: it stands for the fill value. NaN and infinities are never an
// index: with `zeros` they are outside, with `border` NaN is index 0 and an infinity the edge, with reflections index 0.
#pragma once

#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

constexpr int kFar = 8;  // this far outside, no kernel has a tap inside

// One axis, as the boundaries see it.
template <class G>
struct Span {
  G size, last;
};

// `last` is never past the last sample, also where G cannot hold its index: what is clamped to it can be read.
template <class G>
GS_INLINE Span<G> make_span(int64_t size) {
  G last = G(size - 1);
  if (double(last) > double(size - 1)) last = last * (1 - (sizeof(G) == 4 ? 0x1p-23f : 0x1p-52f));
  return {G(size), last};
}

namespace boundary {

template <class V, class G>
GS_INLINE V clamp(V x, G low, G high) {  // NaN to low
  return min(max(x, low - V{}), high - V{});
}

// The whole periods of an array mirrored about `low` and `low + span` that take x next to `low`.
template <class V, class G>
GS_INLINE V periods(V x, G low, G span) {
  return rint((x - low) / (2 * span)) * (2 * span);
}

// Mirror about `low` and `low + span`; NaN for what is not finite, and for a span of 0. What is between them stays as it is, to the bit: interior
// vectors are not folded, and which vectors those are depends on the ISA. No step rounds unless x is as far outside as a fraction has digits.
template <class V, class G>
GS_INLINE V fold(V x, G low, G span) {
  V moved = periods(x, low, span);
  return x - moved < low ? 2 * low + moved - x : x - moved;
}

template <class V>
GS_INLINE V finite_or_0(V x) {
  V zero = x - x;  // NaN for NaN and the infinities
  return zero == 0 ? x : V{};
}

template <class V>
GS_INLINE V finite_slope(V x) {
  return x - x == 0 ? V{} + 1 : V{};
}

// The border itself counts as outside, as in PyTorch.
template <class V, class G>
GS_INLINE V border_slope(V x, Span<G> s) {
  return (x > 0) & (x < s.last) ? V{} + 1 : V{};
}

// Of fold(x).
template <class V, class G>
GS_INLINE V fold_slope(V x, G low, G span) {
  return finite_slope(x) * (x - periods(x, low, span) < low ? V{} - 1 : V{} + 1);
}

struct zeros {
  static constexpr bool masks = true, cyclic = false, mirrors = false;
  template <class V, class G>
  static GS_INLINE V slope(V x, Span<G>) {
    return finite_slope(x);
  }
  template <class V, class G>
  static GS_INLINE V coordinate(V x, Span<G> s) {
    return clamp(x, G(-kFar), s.size + kFar);
  }
  template <class V, class G>
  static GS_INLINE V finite(V x, Span<G> s) {
    return coordinate(x, s);
  }
  template <class V, class G>
  static GS_INLINE V index(V i, Span<G>) {
    return i;
  }
};

struct border {
  static constexpr bool masks = false, cyclic = false, mirrors = false;
  template <class V, class G>
  static GS_INLINE V slope(V x, Span<G> s) {
    return border_slope(x, s);
  }
  template <class V, class G>
  static GS_INLINE V coordinate(V x, Span<G> s) {
    return clamp(x, G(0), s.last);
  }
  template <class V, class G>
  static GS_INLINE V finite(V x, Span<G> s) {
    return clamp(x, G(-kFar), s.size + kFar);
  }
  template <class V, class G>
  static GS_INLINE V index(V i, Span<G> s) {
    return coordinate(i, s);
  }
};

// About the outer edge of the end samples.
struct reflection_edge {
  static constexpr bool masks = false, cyclic = false, mirrors = true;
  template <class V, class G>
  static GS_INLINE V slope(V x, Span<G> s) {
    return fold_slope(x, G(-0.5), s.size) * border_slope(fold(x, G(-0.5), s.size), s);
  }
  template <class V, class G>
  static GS_INLINE V same_slope(V x, Span<G> s) {
    return fold_slope(x, G(-0.5), s.size);
  }
  template <class V, class G>
  static GS_INLINE V coordinate(V x, Span<G> s) {
    return clamp(fold(x, G(-0.5), s.size), G(0), s.last);
  }
  template <class V, class G>
  static GS_INLINE V finite(V x, Span<G>) {
    return finite_or_0(x);
  }
  template <class V, class G>
  static GS_INLINE V same(V x, Span<G> s) {
    return finite_or_0(fold(x, G(-0.5), s.size));
  }
  template <class V, class G>
  static GS_INLINE V index(V i, Span<G> s) {
    return coordinate(i, s);
  }
};

// About the centre of the end samples.
struct reflection_center {
  static constexpr bool masks = false, cyclic = false, mirrors = true;
  template <class V, class G>
  static GS_INLINE V slope(V x, Span<G> s) {
    return fold_slope(x, G(0), s.last) * border_slope(fold(x, G(0), s.last), s);
  }
  template <class V, class G>
  static GS_INLINE V same_slope(V x, Span<G> s) {
    return fold_slope(x, G(0), s.last);
  }
  template <class V, class G>
  static GS_INLINE V coordinate(V x, Span<G> s) {
    return clamp(fold(x, G(0), s.last), G(0), s.last);
  }
  template <class V, class G>
  static GS_INLINE V finite(V x, Span<G>) {
    return finite_or_0(x);
  }
  template <class V, class G>
  static GS_INLINE V same(V x, Span<G> s) {
    return finite_or_0(fold(x, G(0), s.last));
  }
  template <class V, class G>
  static GS_INLINE V index(V i, Span<G> s) {
    return coordinate(i, s);
  }
};

// The fill value; where the taps are is as with zeros.
using constant = zeros;

struct wrap {
  static constexpr bool masks = false, cyclic = true, mirrors = false;
  template <class V, class G>
  static GS_INLINE V slope(V x, Span<G>) {
    return finite_slope(x);
  }
  template <class V, class G>
  static GS_INLINE V coordinate(V x, Span<G> s) {
    V inside = x - floor(x / s.size) * s.size;
    inside = inside < s.size ? inside : V{};  // a tiny negative x becomes size by rounding, which is 0
    return clamp(inside, G(0), s.size);
  }
  template <class V, class G>
  static GS_INLINE V finite(V x, Span<G>) {
    return finite_or_0(x);
  }
  template <class V, class G>
  static GS_INLINE V index(V i, Span<G> s) {
    return coordinate(i, s);
  }
};

}  // namespace boundary

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
