#include "transpose.h"

#include <algorithm>

#include "dispatch.h"
#include "threads.h"

namespace gs {

void transpose(const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to, int64_t to_step) {
  if (rows == 0 || columns == 0) return;
  constexpr int64_t numbers_per_chunk = 1 << 15;
  const bool by_rows = rows > columns;
  const int64_t along = by_rows ? rows : columns, across = by_rows ? columns : rows;
  const int64_t block = std::max<int64_t>(1, numbers_per_chunk / across / kGroup) * kGroup;  // whole squares
  parallel_for((along + block - 1) / block, 1, [&](int64_t first, int64_t last) {
    const int64_t begin = first * block, count = std::min(last * block, along) - begin;
    if (by_rows)
      current_isa().transpose(from + begin * from_step, from_step, count, columns, to + begin, to_step);
    else
      current_isa().transpose(from + begin, from_step, rows, count, to + begin * to_step, to_step);
  });
}

}  // namespace gs
