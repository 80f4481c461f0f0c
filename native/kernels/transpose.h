// Matrices to their transposes: planes to channels side by side, and back.
#pragma once

#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

// to[c * to_step + r] = from[r * from_step + c]; in squares of a vector's lanes, and what is left one by one.
void transpose_matrix(const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to, int64_t to_step) {
  using V = Vec<float>;
  constexpr int lanes = Simd<float>::lanes;
  constexpr auto all = std::make_integer_sequence<int, lanes>{};
  const int64_t whole_rows = rows / lanes * lanes, whole_columns = columns / lanes * lanes;
  for (int64_t c = 0; c < whole_columns; c += lanes)
    for (int64_t r = 0; r < whole_rows; r += lanes) {
      V square[lanes];
      each_written_out([&](auto l) GS_ALWAYS { square[l] = load<V>(from + (r + l) * from_step + c); }, all);
      transpose(square);
      each_written_out([&](auto l) GS_ALWAYS { store(to + (c + l) * to_step + r, square[l]); }, all);
    }
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t r = c < whole_columns ? whole_rows : 0; r < rows; ++r) to[c * to_step + r] = from[r * from_step + c];
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
