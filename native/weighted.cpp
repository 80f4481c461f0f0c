#include "weighted.h"

#include <algorithm>

#include "dispatch.h"
#include "threads.h"
#include "watch.h"

namespace gs {
namespace {

constexpr int64_t kNumbersPerChunk = 1 << 15;
constexpr int64_t kMostBytes = 4 << 20;  // of turned lines; longer ones are summed as they lie

int64_t item_of(const WeightedProblem& p) { return p.in_double ? 8 : 4; }

// So many of `all` that they are about kNumbersPerChunk reads, in whole vectors of lines.
int64_t grain_of(int64_t reads, int64_t lanes) { return std::max<int64_t>(1, kNumbersPerChunk / (reads * lanes)) * lanes; }

template <class Body>
bool in_chunks(int64_t count, int64_t grain, Interrupted interrupted, const Body& body) {
  Watch watch(interrupted);
  parallel_for(count, grain, [&](int64_t first, int64_t last) {
    if (!watch.given_up()) body(first, last);
    watch.look();
  });
  return !watch.given_up();
}

// Both axes: as many rows as a vector holds lines, and then these lines.
bool one_after_the_other(const WeightedProblem& p, Interrupted interrupted) {
  const Isa& isa = current_isa();
  const int64_t lanes = isa.vector_bytes / item_of(p), bytes = p.inner * isa.vector_bytes;  // of as many lines
  const bool turned = bytes <= kMostBytes;
  int64_t grain = grain_of(p.inner * p.taps + p.then->length + p.then->rows * p.then->taps, lanes);
  return in_chunks(p.then->outer, grain, interrupted, [&](int64_t first, int64_t last) {
    char* lines = static_cast<char*>(thread_memory(turned ? 2 * bytes : bytes));
    for (int64_t count; first < last; first += count) {
      count = std::min(lanes, last - first);
      isa.weighted->across(p, first, first + count, lines);
      WeightedProblem then = *p.then;
      then.input = lines;
      then.outer = count;
      then.out = static_cast<char*>(then.out) + first * then.rows * item_of(p);
      if (turned)
        isa.weighted->along(then, 0, count, lines + bytes);
      else
        isa.weighted->across(then, 0, count * then.rows, then.out);
    }
  });
}

struct Sixteen {
  uint64_t half[2];
};

template <class T>
bool take_items(const TakeProblem& p, Interrupted interrupted) {
  return in_chunks(p.rows, grain_of(std::max<int64_t>(1, p.columns), 1), interrupted, [&](int64_t first, int64_t last) {
    T* to = static_cast<T*>(p.out) + first * p.columns;
    for (; first < last; ++first, to += p.columns) {
      const T* from = static_cast<const T*>(p.input) + p.row[first];
      for (int64_t c = 0; c < p.columns; ++c) to[c] = from[p.column[c]];
    }
  });
}

}  // namespace

bool weighted(const WeightedProblem& p, Interrupted interrupted) {
  const Isa& isa = current_isa();
  if (p.outer == 0 || p.rows == 0 || p.inner == 0) return true;
  if (p.then) return p.then->rows == 0 || one_after_the_other(p, interrupted);
  int64_t buffer_bytes = p.length * isa.vector_bytes;
  if (p.inner > 1 || buffer_bytes > kMostBytes)
    return in_chunks(p.outer * p.rows, grain_of(p.inner * p.taps, 1), interrupted, [&](int64_t first, int64_t last) {
      isa.weighted->across(p, first, last, static_cast<char*>(p.out) + first * p.inner * item_of(p));
    });
  return in_chunks(p.outer, grain_of(p.length + p.rows * p.taps, isa.vector_bytes / item_of(p)), interrupted, [&](int64_t first, int64_t last) {
    isa.weighted->along(p, first, last, thread_memory(buffer_bytes));
  });
}

bool take(const TakeProblem& p, Interrupted interrupted) {
  switch (p.item) {
    case 1: return take_items<uint8_t>(p, interrupted);
    case 2: return take_items<uint16_t>(p, interrupted);
    case 4: return take_items<uint32_t>(p, interrupted);
    case 8: return take_items<uint64_t>(p, interrupted);
    default: return take_items<Sixteen>(p, interrupted);
  }
}

}  // namespace gs
