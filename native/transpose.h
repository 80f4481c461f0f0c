// Matrices of float32 to their transposes, by all threads: planes to channels side by side, and back.
#pragma once

#include <cstdint>

namespace gs {

// to[c * to_step + r] = from[r * from_step + c]
void transpose(const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to, int64_t to_step);

}  // namespace gs
