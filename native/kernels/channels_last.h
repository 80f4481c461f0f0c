// Planes to channels side by side: the same image as GatherChannels reads it.
#pragma once

#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

// Samples first to last of planes that lie `plane` apart, to pixels of so many channels, a multiple of kGroup; in squares of a vector's lanes.
void to_channels_last(const float* from, int64_t plane, int64_t channels, int64_t first, int64_t last, float* to) {
  using V = Vec<float>;
  constexpr int lanes = Simd<float>::lanes;
  static_assert(kGroup % lanes == 0);
  constexpr auto all = std::make_integer_sequence<int, lanes>{};
  int64_t i = first;
  for (; i + lanes <= last; i += lanes)
    for (int64_t c = 0; c < channels; c += lanes) {
      V square[lanes];
      each_written_out([&](auto l) GS_ALWAYS { square[l] = load<V>(from + (c + l) * plane + i); }, all);
      transpose(square);
      each_written_out([&](auto l) GS_ALWAYS { store(to + (i + l) * channels + c, square[l]); }, all);
    }
  for (; i < last; ++i)
    for (int64_t c = 0; c < channels; ++c) to[i * channels + c] = from[c * plane + i];
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
