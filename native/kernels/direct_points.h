// What is put down of a tile of points whose few planes are read linearly or by nearest.
#pragma once

#include "../api.h"
#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

// Of a vector of points: all taps are inside; so are all of a window that they lie in; pairs were moved inside; nothing is read.
enum DirectKind : uint8_t { kInside, kLevel, kMoved, kNone };

// NOTE [windows of points]
// Points that follow each other in a map that is level mostly read samples that do so: then all taps in a row of samples lie in two vectors of them, from
// which they are picked, instead of being loaded from as many addresses as there are points. The window begins a little before the first
// point's taps, so that those of the others may, too; all of it is between the first and the last sample of the plane. Looking for
// windows costs a little, so it is done only where a plan says that the map is level; volumes have too few of them.
constexpr int kDirectWindow = 2 * Simd<float>::lanes, kBefore = kDirectWindow / 4;

// NOTE [moved weights]
// Where a tap is outside, the pair that is read is the nearest one inside, and the weights are those of the samples of that pair: 0 for what is no tap. Then
// such points are read as all others are. The sums are the same, to the bit, for the first product is rounded and what is added is 0. But a sample that is no
// tap may be NaN or infinite, so what comes out as NaN is read again tap by tap. And it may be negative, which makes a sum of nothing -0: so 0 is
// added to moved points. Of those, a negative product too small for a float is 0 here, and -0 tap by tap: nothing else differs.
template <int Dims, int K>
struct DirectPoints {
  static constexpr int lanes = Simd<float>::lanes;
  // The last weight; of kMoved vectors, all of them.
  alignas(64) float weight[Dims][K][kTilePoints];
  alignas(64) int32_t offset[kTilePoints];
  // Of kMoved vectors only: fractions, how far the pair was moved, and what is added, which is -0 to points that were not, and NaN to those that
  // are no numbers.
  alignas(64) float fraction[Dims][kTilePoints];
  alignas(64) int32_t shift[Dims][kTilePoints];
  alignas(64) float added[kTilePoints];
  alignas(64) int32_t filled[kTilePoints];  // if the plan judges: -1 for points that are given the fill value, or 0
  DirectKind kind[kTilePoints / lanes];
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
