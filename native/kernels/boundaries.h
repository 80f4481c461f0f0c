// The boundaries: what a coordinate or a tap outside the array means.
//
//   coordinate(x)  for narrow kernels: x, moved inside
//   cyclic         after that, the tap beyond the last sample is the first one, and not outside
//   finite(x)      for wide kernels: x, kept where it is, but finite
//   index(i)       for wide kernels: the index of a tap, moved inside
//   slope(x)       for narrow kernels: the derivative of coordinate(x): 1, -1 where the mirrored array is read backwards, 0 where it stands
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

// Mirror about `low` and `low + span`; a span of 0 gives NaN, which the clamp that follows takes to index 0. What is between
// them stays as it is, to the bit: interior vectors are not folded, and which vectors those are depends on the ISA.
template <class V, class G>
GS_INLINE V fold(V x, G low, G span) {
  V distance = x - low;
  distance = distance < 0 ? -distance : distance;
  V period = 2 * span - V{};
  distance = distance - floor(distance / period) * period;
  distance = distance < 0 ? -distance : distance;
  return ((x < low) | (x > low + span)) ? min(distance, period - distance) + low : x;
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

// Of fold(x), and then of the border.
template <class V, class G>
GS_INLINE V fold_slope(V x, G low, G span, Span<G> s) {
  V distance = x - low;
  V sign = distance < 0 ? V{} - 1 : V{} + 1;
  distance = distance < 0 ? -distance : distance;
  V period = 2 * span - V{};
  distance = distance - floor(distance / period) * period;
  sign = distance > span ? -sign : sign;
  return sign * border_slope(fold(x, low, span), s);
}

struct zeros {
  static constexpr bool masks = true, cyclic = false;
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
  static constexpr bool masks = false, cyclic = false;
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
  static constexpr bool masks = false, cyclic = false;
  template <class V, class G>
  static GS_INLINE V slope(V x, Span<G> s) {
    return fold_slope(x, G(-0.5), s.size, s);
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
  static GS_INLINE V index(V i, Span<G> s) {
    return coordinate(i, s);
  }
};

// About the centre of the end samples.
struct reflection_center {
  static constexpr bool masks = false, cyclic = false;
  template <class V, class G>
  static GS_INLINE V slope(V x, Span<G> s) {
    return fold_slope(x, G(0), s.last, s);
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
  static GS_INLINE V index(V i, Span<G> s) {
    return coordinate(i, s);
  }
};

// The fill value; where the taps are is as with zeros.
using constant = zeros;

struct wrap {
  static constexpr bool masks = false, cyclic = true;
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
