// Spline coefficients along one axis: NOTE [spline coefficients] in ../prefilter.h. The end of every ISA file that is compiled for it.
#pragma once

#include "../prefilter.h"
#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

template <class T>
struct Prefilter {
  using V = Vec<T>;
  static constexpr int lanes = Simd<T>::lanes, most_lines = 4 * lanes;

  const PrefilterPlan& plan;
  const PrefilterProblem& p = plan.problem;
  const int64_t length = p.length;
  const T gain = T(plan.gain);

  // Rows of samples of N times the lines that an X holds; `step` from one row to the next.
  template <class X, int N>
  void recurse(T* rows, int64_t step) const {
    auto at = [&](int64_t i, int k) GS_ALWAYS { return rows + i * step + k * int(sizeof(X) / sizeof(T)); };
    X state[N];
    auto start = [&](int64_t i, const StartTerm* term, int count) GS_ALWAYS {
      for (int k = 0; k < N; ++k) state[k] = T(term[0].weight) * load<X>(at(term[0].index, k));
      for (int t = 1; t < count; ++t)
        for (int k = 0; k < N; ++k) state[k] = fma(load<X>(at(term[t].index, k)), T(term[t].weight) - X{}, state[k]);
      for (int k = 0; k < N; ++k) store(at(i, k), state[k]);
    };
    for (int n = 0; n < plan.poles; ++n) {
      const Pole& pole = plan.pole[n];
      const X z = T(pole.z) - X{};
      start(0, pole.first, pole.first_count);
      for (int64_t i = 1; i < length; ++i)
        for (int k = 0; k < N; ++k) store(at(i, k), state[k] = fma(z, state[k], load<X>(at(i, k))));
      start(length - 1, pole.last, pole.last_count);
      for (int64_t i = length - 2; i >= 0; --i)
        for (int k = 0; k < N; ++k) store(at(i, k), state[k] = fma(z, state[k], -z * load<X>(at(i, k))));
    }
  }

  // One block of lines: where each begins.
  struct Block {
    int count;
    const T* from[most_lines];
    T* to[most_lines];
  };

  Block make_block(int64_t number) const {
    int64_t line = number / plan.run_blocks * plan.run_length + number % plan.run_blocks * plan.block_lines;
    int64_t left = plan.run_length - number % plan.run_blocks * plan.block_lines;
    Block block;
    block.count = left < plan.block_lines ? int(left) : plan.block_lines;
    for (int l = 0; l < plan.block_lines; ++l) {  // those that the last block of a run lacks repeat its last one
      int64_t rest = line + (l < block.count ? l : block.count - 1), in = 0, out = 0;
      for (int i = p.axes - 1; i >= 0; --i) {
        in += rest % p.size[i] * p.input_stride[i];
        out += rest % p.size[i] * p.out_stride[i];
        rest /= p.size[i];
      }
      block.from[l] = static_cast<const T*>(p.input) + in;
      block.to[l] = static_cast<T*>(p.out) + out;
    }
    return block;
  }

  // Samples i to i + lanes of `lanes` lines, from row to column or back; their lines begin at buffer column `first`.
  void turn_in(const Block& block, T* buffer, int first, int64_t i) const {
    V v[lanes];
    for (int l = 0; l < lanes; ++l) v[l] = load<V>(block.from[first + l] + i);
    transpose(v);
    for (int l = 0; l < lanes; ++l) store(buffer + (i + l) * plan.block_lines + first, v[l] * gain);
  }
  void turn_out(const Block& block, const T* buffer, int first, int64_t i) const {
    V v[lanes];
    for (int l = 0; l < lanes; ++l) v[l] = load<V>(buffer + (i + l) * plan.block_lines + first);
    transpose(v);
    for (int l = 0; l < lanes && first + l < block.count; ++l) store(block.to[first + l] + i, v[l]);
  }

  void read(const Block& block, T* buffer) const {
    const int width = plan.block_lines;
    int64_t turned = 0;
    int whole = 0;
    if (plan.lines == Lines::along) {
      turned = length / lanes * lanes;
      for (int first = 0; first < width; first += lanes)
        for (int64_t i = 0; i < turned; i += lanes) turn_in(block, buffer, first, i);
    } else if (plan.lines == Lines::neighbours) {
      whole = block.count / lanes * lanes;
      for (int64_t i = 0; i < length; ++i)
        for (int l = 0; l < whole; l += lanes)
          store(buffer + i * width + l, load<V>(block.from[0] + i * p.input_step + l) * gain);
    }
    for (int64_t i = turned; i < length; ++i)
      for (int l = whole; l < width; ++l) buffer[i * width + l] = block.from[l][i * p.input_step] * gain;
  }

  void write(const Block& block, const T* buffer) const {
    const int width = plan.block_lines;
    int64_t turned = 0;
    int whole = 0;
    if (plan.lines == Lines::along) {
      turned = length / lanes * lanes;
      for (int first = 0; first < block.count; first += lanes)
        for (int64_t i = 0; i < turned; i += lanes) turn_out(block, buffer, first, i);
    } else if (plan.lines == Lines::neighbours) {
      whole = block.count / lanes * lanes;
      for (int64_t i = 0; i < length; ++i)
        for (int l = 0; l < whole; l += lanes) store(block.to[0] + i * p.out_step + l, load<V>(buffer + i * width + l));
    }
    for (int64_t i = turned; i < length; ++i)
      for (int l = whole; l < block.count; ++l) block.to[l][i * p.out_step] = buffer[i * width + l];
  }

  // Lines too long for a buffer: a vector of neighbours at a time, or one by one, in the output.
  template <class X>
  void in_place(const T* from, T* to) const {
    for (int64_t i = 0; i < length; ++i) store(to + i * p.out_step, load<X>(from + i * p.input_step) * gain);
    recurse<X, 1>(to, p.out_step);
  }

  void run(int64_t first, int64_t last, T* buffer) const {
    for (int64_t number = first; number < last; ++number) {
      Block block = make_block(number);
      if (buffer) {
        read(block, buffer);
        if (plan.block_lines == lanes)
          recurse<V, 1>(buffer, lanes);
        else
          recurse<V, 4>(buffer, most_lines);
        write(block, buffer);
        continue;
      }
      int l = 0;
      if (plan.lines == Lines::neighbours)
        for (; l + lanes <= block.count; l += lanes) in_place<V>(block.from[l], block.to[l]);
      for (; l < block.count; ++l) in_place<T>(block.from[l], block.to[l]);
    }
  }
};

void run_prefilter(const PrefilterPlan& plan, int64_t first, int64_t last, void* buffer) {
  if (plan.problem.dtype == Dtype::float64)
    Prefilter<double>{plan}.run(first, last, static_cast<double*>(buffer));
  else
    Prefilter<float>{plan}.run(first, last, static_cast<float*>(buffer));
}

}  // namespace

extern const PrefilterTable prefilter_table;
const PrefilterTable prefilter_table = {run_prefilter};

}  // namespace GS_ISA
}  // namespace gs
