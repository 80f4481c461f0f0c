// From coordinates given in float32 to weights and offsets of planes that are read linearly or by nearest, a tile of points at a time.
#pragma once

#include "axis.h"
#include "coords.h"

namespace gs {
namespace GS_ISA {
namespace {

// Of a vector of points: all taps are inside; pairs were moved there; along an axis no point has a tap inside.
enum DirectKind : uint8_t { kInside, kMoved, kNone };

// NOTE [moved weights]
// Where a tap is outside, the pair that is read is the nearest one inside, and the weights are those of the samples of that pair: 0 for what is no tap. Then
// such points are read as all others are. The sums are the same, to the bit, for the first product is rounded and what is added is 0. But a sample that is no
// tap may be NaN or infinite, so what comes out as NaN is read again tap by tap. And it may be negative, which makes a sum of nothing -0: so 0 is
// added to moved points. Of those, a negative product too small for a float is 0 here, and -0 tap by tap: nothing else differs.
template <int Dims, int K>
struct DirectPoints {
  static constexpr int lanes = Simd<float>::lanes;
  // Coordinates; of kMoved vectors, fractions. The last weight; of kMoved vectors, all of them.
  alignas(64) float at[kMaxDim][kTilePoints], weight[Dims][K][kTilePoints];
  alignas(64) int32_t offset[kTilePoints];
  // Of kMoved vectors only: how far the pair was moved, and what is added, which is -0 to points that were not.
  alignas(64) int32_t shift[Dims][kTilePoints];
  alignas(64) float zero[kTilePoints];
  DirectKind kind[kTilePoints / lanes];
};

template <class Kernel, class Outside, int Dims>
struct FindPoints {
  using V = Vec<float>;
  using I = Simd<float>::I;
  static constexpr int lanes = Simd<float>::lanes, K = Kernel::taps;
  using Points = DirectPoints<Dims, K>;

  V first[Dims], last[Dims];
  U32 stride[Dims];
  Span<float> span[Dims];

  GS_INLINE explicit FindPoints(const Plan& plan) {
    for (int a = 0; a < Dims; ++a) {
      const Axis& axis = plan.problem.axis[a];
      span[a] = make_span<float>(axis.size);
      first[a] = V{};
      last[a] = broadcast(span[a].last - float(K - 1));
      stride[a] = uint32_t(axis.stride) - U32{};
    }
  }

  // The offsets of a vector of points of which some have taps outside.
  GS_INLINE U32 move(const V* at, int i, Points& points) const {
    U32 offset{};
    I moved{};
    DirectKind kind = kMoved;
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) {
      V x = Outside::coordinate(at[a], span[a]), start = Kernel::start(x), fraction = x - start;
      V pair = boundary::clamp(start, 0.f, span[a].last - float(K - 1));
      I shift = to_int(start - pair);
      if (Outside::masks && lanes_within(start, V{} - float(K - 1), span[a].last - V{}) == 0) kind = kNone;
      moved |= shift;
      offset += (U32)to_int(pair) * stride[a];
      store(points.at[a] + i, fraction);
      store(points.shift[a] + i, shift);
      if constexpr (K == 2) {
        V w[K];
        Kernel::weights(fraction, 0, w);
        store(points.weight[a][0] + i, shift == 0 ? w[0] : shift == -1 ? w[1] : V{});
        store(points.weight[a][1] + i, shift == 0 ? w[1] : shift == 1 ? w[0] : V{});
      }
    }
    store(points.zero + i, moved == 0 ? -V{} : V{});
    points.kind[i / lanes] = kind;
    return offset;
  }

  static void run(const Plan& plan, const TilePlace& place, Points& points) {
    const FindPoints with(plan);
    load_coords<float>(plan, static_cast<const float*>(plan.problem.coords) + place.coords, place, points.at);
    const int count = place.rows * padded_columns(place);
    for (int i = 0; i < count; i += lanes) {
      V at[Dims], start[Dims];
      unsigned within = Simd<float>::all;
GS_UNROLL(3)
      for (int a = 0; a < Dims; ++a) {
        at[a] = load<V>(points.at[a] + i);
        start[a] = Kernel::start(at[a]);
        within &= lanes_within(K == 1 ? at[a] : start[a], with.first[a], with.last[a]);
      }
      U32 offset{};
      if (within != Simd<float>::all) {
        offset = with.move(at, i, points);
      } else {
        points.kind[i / lanes] = kInside;
GS_UNROLL(3)
        for (int a = 0; a < Dims; ++a) {
          store(points.weight[a][K - 1] + i, at[a] - start[a]);
          offset += (U32)to_int(start[a]) * with.stride[a];
        }
      }
      store(points.offset + i, offset);
    }
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
