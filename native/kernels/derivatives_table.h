// The derivatives' end of every ISA file: what is done with one tile, and the exported table.
#pragma once

#include <algorithm>
#include <type_traits>

#include "boxes.h"
#include "cells.h"

namespace gs {
namespace GS_ISA {
namespace {

constexpr int64_t kAhead = 4;  // channels, in the time that a cache line takes to come from memory

template <class T, int Dims, int K>
struct TileDerivatives {
  using V = Vec<T>;
  static constexpr int lanes = Simd<T>::lanes, taps = kAllTaps<Dims, K>;
  // Channels that a cell holds side by side, where there are several.
  static constexpr int together = taps > 16 ? 1 : 4;
  using P = Products<T, Dims, K>;

  struct Memory {
    Tile<T> tile;
    Jets<T> jets;
    alignas(64) T direction[kMaxDim][kTilePoints + kGroup];        // of a second derivative
    alignas(64) T gradient[together][kTilePoints + kGroup];        // of the output, some channels
    alignas(64) T side_by_side[(kTilePoints + kGroup) * together]; // the same, channels fastest
    alignas(64) T weight[(kTilePoints + kGroup) * taps];           // of every tap of every point, taps fastest
    alignas(64) T product[taps][kTilePoints];                      // NOTE [products of taps]
    alignas(64) T tangent_product[taps][kTilePoints];
    int32_t cell[kTilePoints];
    int32_t place[3 * 4096];
    Direct<T, Dims, K> direct;
  };

  const DerivativePlan& plan;
  const DerivativeProblem& d = plan.problem;
  const Problem& p = d.forward;
  Memory& m;
  const Tile<T>& tile = m.tile;
  TilePlace place, next;
  int points;

  TileDerivatives(const DerivativePlan& plan, int64_t index, Memory& memory) : plan(plan), m(memory), place(place_tile(plan.plan, index)), next(place_tile(plan.plan, std::min(index + 1, plan.plan.tiles - 1))) {}

  void make(Plan how) {
    how.tap_by_tap |= K > kPackedTaps;
    m.jets.count = d.second ? 2 : 1;
    tiles_table.choose(how, sizeof(T) == 8)(how, place, &m.tile, &m.jets);
    points = tile.groups * kGroup;
    if (d.second) load_direction();
  }

  bool counts(int i) const { return !tile.judged[i / kGroup] || tile.verdict[i] == kAsRead; }

  // Calls visit(i, row, column) for every point of the tile; i counts the padded ones too.
  template <class Visit>
  void each_point(const Visit& visit) const {
    int padded = points / place.rows;
    for (int row = 0; row < place.rows; ++row)
      for (int column = 0; column < place.columns; ++column) visit(row * padded + column, row, column);
  }

  int64_t number(int row, int column) const {  // of a point, in all batch items
    const int64_t* step = &p.mask_stride[p.out_ndim - 2];
    return place.mask + row * step[0] + column * step[1];
  }

  void load_direction() {
    for (int a = 0; a < p.ndim; ++a) {
      for (int i = 0; i < points; ++i) m.direction[a][i] = 0;
      if (!d.direction) continue;
      const T* from = static_cast<const T*>(d.direction) + place.batch * (d.direction_batch - plan.points * p.ndim);
      each_point([&](int i, int row, int column) {
        if (counts(i)) m.direction[a][i] = from[number(row, column) * p.ndim + p.axis[a].component];
      });
    }
  }

  // Ask for what will be read kAhead channels later; behind the last channel begins the next tile.
  void prefetch_gradient(int64_t channel) const {
    const TilePlace& of = channel < p.channels ? place : next;
    const T* from = static_cast<const T*>(p.out) + of.out + (channel < p.channels ? channel : channel - p.channels) * p.out_channel;
    const int64_t* step = &p.out_stride[p.out_ndim - 2];
    for (int row = 0; row < of.rows; ++row)
      for (int i = 0; i < of.columns; i += 64 / int(sizeof(T))) __builtin_prefetch(from + row * step[0] + i * step[1]);
  }

  // Of one channel; 0 for padding, and for samples that do not depend on the image.
  void load_gradient(int64_t channel, T* to) const {
    const T* from = static_cast<const T*>(p.out) + place.out + channel * p.out_channel;
    const int64_t* step = &p.out_stride[p.out_ndim - 2];
    prefetch_gradient(channel + std::min(p.channels, kAhead));
    int padded = points / place.rows;
    for (int row = 0; row < place.rows; ++row, to += padded) {
      const T* at = from + row * step[0];
      if (step[1] == 1)
        for (int i = 0; i < place.columns; ++i) to[i] = at[i];
      else
        for (int i = 0; i < place.columns; ++i) to[i] = at[i * step[1]];
      for (int i = place.columns; i < padded; ++i) to[i] = 0;
      for (int i = 0; plan.plan.judges && i < place.columns; ++i)
        if (!counts(row * padded + i)) to[i] = 0;
    }
  }

  GS_INLINE V weight(int axis, int k, int i) const { return load<V>(&tile.weight[axis][k][i]); }
  GS_INLINE V slope(int order, int axis, int k, int i) const { return load<V>(&m.jets.derivative[order - 1][axis][k][i]); }
  // The weight, or its derivative, and how it changes along the direction.
  GS_INLINE Dual<V> dual(int order, int axis, int k, int i) const {
    V v = load<V>(&m.direction[axis][i]);
    return {order ? slope(order, axis, k, i) : weight(axis, k, i), slope(order + 1, axis, k, i) * v};
  }

  // What the taps of every point weigh: (points, taps).
  void weigh_taps() {
    for (int i = 0; i < points; i += lanes) {
      V w[taps];
      if (!d.second) {
        for (int t = 0; t < taps; ++t) {
          w[t] = weight(0, t * K / taps, i);
          for (int axis = 1, left = taps / K; axis < Dims; ++axis, left /= K) w[t] *= weight(axis, t / (left / K) % K, i);
        }
      } else {
        for (int t = 0; t < taps; ++t) {
          Dual<V> x = dual(0, 0, t * K / taps, i);
          for (int axis = 1, left = taps / K; axis < Dims; ++axis, left /= K) {
            Dual<V> y = dual(0, axis, t / (left / K) % K, i);
            x = {x.value * y.value, fma(x.value, y.change, x.change * y.value)};
          }
          w[t] = x.change;
        }
      }
      if constexpr (K <= kPackedTaps) {
        Cells<T, Dims, K, 1>::template interleave<taps>(w);
        for (int t = 0; t < taps; ++t) store(&m.weight[i * taps + t * lanes], w[t]);
      } else {
        for (int t = 0; t < taps; ++t)
          for (int l = 0; l < lanes; ++l) m.weight[(i + l) * taps + t] = w[t][l];
      }
    }
  }

  typename P::Source source(const void* array, int64_t batch, int64_t channel_stride, int64_t channel, const void* outside) const {
    int64_t stride[kMaxDim];
    for (int a = 0; a < Dims; ++a) stride[a] = p.axis[a].stride;
    T fill = outside ? static_cast<const T*>(outside)[channel] : T(0);
    return {static_cast<const T*>(array) + place.batch * batch + channel * channel_stride, stride, fill};
  }

  // What comes back to the coordinates.
  void coordinates() {
    T* to = static_cast<T*>(d.grad_coords);
    for (auto& row : m.product) std::fill_n(row, points, T(0));
    for (int64_t c = 0; c < p.channels; ++c) {
      load_gradient(c, m.gradient[0]);
      auto from = source(p.input, p.input_batch, p.input_channel, c, plan.plan.outside_reads);
      for (int i = 0; i < points; i += lanes) {
        if (tile.kind[i / kGroup] & kOutside) continue;
        V tap[taps], g = load<V>(&m.gradient[0][i]);
        P::read(from, tile, i, tap);
        for (int t = 0; t < taps; ++t) store(&m.product[t][i], fma(g, tap[t], load<V>(&m.product[t][i])));
      }
    }
    for (int a = 0; a < Dims; ++a) {
      T* result = m.direction[a];
      for (int i = 0; i < points; i += lanes) {
        V tap[taps];
        for (int t = 0; t < taps; ++t) tap[t] = load<V>(&m.product[t][i]);
        store(result + i, P::weigh(tap, [&](int axis, int k) GS_ALWAYS { return axis == a ? slope(1, axis, k, i) : weight(axis, k, i); }));
      }
    }
    put_coordinates(to);
  }

  void put_coordinates(T* to) const {
    each_point([&](int i, int row, int column) {
      T* at = to + number(row, column) * Dims;
      for (int a = 0; a < Dims; ++a) at[p.axis[a].component] = counts(i) ? m.direction[a][i] : T(0);
    });
  }

  // The second derivative's parts for the gradient of the output and for the coordinates.
  void second() {
    T* grad_out = static_cast<T*>(d.grad_out);
    for (int t = 0; t < taps; ++t)
      for (int i = 0; i < points; ++i) m.product[t][i] = m.tangent_product[t][i] = 0;
    for (int64_t c = 0; c < p.channels; ++c) {
      load_gradient(c, m.gradient[0]);
      auto image = source(p.input, p.input_batch, p.input_channel, c, plan.plan.outside_reads);
      auto tangent = source(d.tangent, d.tangent_batch, d.tangent_channel, c, nullptr);
      for (int i = 0; i < points; i += lanes) {
        V sum{}, g = load<V>(&m.gradient[0][i]);
        if (!(tile.kind[i / kGroup] & kOutside)) {
          V tap[taps];
          if (p.input) {
            P::read(image, tile, i, tap);
            sum = P::weigh_change(tap, [&](int axis, int k) GS_ALWAYS { return dual(0, axis, k, i); });
            for (int t = 0; t < taps; ++t) store(&m.product[t][i], fma(g, tap[t], load<V>(&m.product[t][i])));
          }
          if (d.tangent) {
            P::read(tangent, tile, i, tap);
            for (int t = 0; t < taps; ++t) store(&m.tangent_product[t][i], fma(g, tap[t], load<V>(&m.tangent_product[t][i])));
            sum += P::weigh(tap, [&](int axis, int k) GS_ALWAYS { return weight(axis, k, i); });
          }
        }
        store(m.side_by_side + i, sum);
      }
      if (!grad_out) continue;
      T* to = grad_out + place.batch * (p.channels - 1) * plan.points + c * plan.points;
      each_point([&](int i, int row, int column) { to[number(row, column)] = counts(i) ? m.side_by_side[i] : T(0); });
    }
    if (!d.grad_coords) return;
    T result[Dims][kTilePoints];
    for (int b = 0; b < Dims; ++b)
      for (int i = 0; i < points; i += lanes) {
        V tap[taps];
        for (int t = 0; t < taps; ++t) tap[t] = load<V>(&m.product[t][i]);
        V sum = P::weigh_change(tap, [&](int axis, int k) GS_ALWAYS { return dual(axis == b, axis, k, i); });
        for (int t = 0; t < taps; ++t) tap[t] = load<V>(&m.tangent_product[t][i]);
        sum += P::weigh(tap, [&](int axis, int k) GS_ALWAYS { return axis == b ? slope(1, axis, k, i) : weight(axis, k, i); });
        store(result[b] + i, sum);
      }
    for (int b = 0; b < Dims; ++b) std::copy_n(result[b], points, m.direction[b]);
    put_coordinates(static_cast<T*>(d.grad_coords));
  }

  // Where the box of the tile is; false if it has none.
  bool find_box(Box& box) {
    int64_t samples = 1, cells = 1;
    for (int a = 0; a < Dims; ++a) {
      int low = 1 << 30, high = kNowhere;
      const int32_t* start = m.jets.start[a];
      for (int i = 0; i < points; ++i) {  // padded points are where the last one of their row is
        if (plan.plan.judges && !counts(i)) continue;
        low = start[i] < low ? start[i] : low;
        high = start[i] > high ? start[i] : high;
      }
      if (low == 1 << 30) low = high = 0;  // no point counts
      if (low == kNowhere) return false;
      box.low[a] = low;
      samples *= box.extent[a] = int(std::min<int64_t>(int64_t(high) - low + K, 1 << 20));
      cells *= box.extent[a] - K + 1;
      if (samples > plan.box_values || samples * p.channels * int64_t(sizeof(T)) > box.bytes || cells * taps * together * int64_t(sizeof(T)) > plan.scratch_bytes / 2) return false;
    }
    return true;
  }

  int64_t box_bytes(const Box& box) const {
    int64_t values = p.channels;
    for (int a = 0; a < Dims; ++a) values *= box.extent[a];
    return (values * int64_t(sizeof(T)) + 63) / 64 * 64;
  }

  template <int Channels>
  void sum_cells(const Box& box, T* cells, int64_t first, int wanted) {
    using C = Cells<T, Dims, K, Channels>;
    int n[kMaxDim], total = 1, samples = 1;
    for (int a = 0; a < Dims; ++a) {
      total *= n[a] = box.extent[a] - K + 1;
      samples *= box.extent[a];
    }
    std::fill_n(cells, total * C::size, T(0));
    for (int c = 0; c < wanted; ++c) load_gradient(first + c, m.gradient[c]);
    const T* values = m.gradient[0];
    if constexpr (Channels > 1) {
      for (int c = wanted; c < Channels; ++c) std::fill_n(m.gradient[c], points, T(0));
      for (int i = 0; i < points; i += lanes) {
        V v[Channels];
        for (int c = 0; c < Channels; ++c) v[c] = load<V>(&m.gradient[c][i]);
        C::template interleave<Channels>(v);
        for (int c = 0; c < Channels; ++c) store(m.side_by_side + i * Channels + c * lanes, v[c]);
      }
      values = m.side_by_side;
    }
    for (int k = 0; k < kGroup; ++k)  // neighbours in time are no neighbours in space
      for (int i = k; i < points; i += kGroup)
        C::add_point(cells + m.cell[i] * C::size, m.weight + i * taps, values + i * Channels);
    C::fold(cells, cells + plan.scratch_bytes / 2 / sizeof(T), n, wanted, static_cast<T*>(box.values) + first * samples);
  }

  void fill_box(Box& box, T* cells) {
    for (int i = 0; i < points; ++i) {
      int cell = 0;
      for (int a = 0; a < Dims; ++a) {
        int n = box.extent[a] - K + 1, at = m.jets.start[a][i] - box.low[a];
        cell = cell * n + (at < 0 || at >= n ? 0 : at);  // points that do not count may be elsewhere
      }
      m.cell[i] = cell;
    }
    for (int64_t c = 0; c < p.channels;) {
      if (together == 1 || p.channels - c == 1) {
        sum_cells<1>(box, cells, c, 1);
        c += 1;
      } else {
        int wanted = int(std::min<int64_t>(together, p.channels - c));
        sum_cells<together>(box, cells, c, wanted);
        c += wanted;
      }
    }
  }

  static char* cells_in(void* scratch) { return static_cast<char*>(scratch) + (sizeof(Memory) + 63) / 64 * 64; }

  static void run(const DerivativePlan& plan, Box& box, void* scratch) {
    TileDerivatives work(plan, box.tile, *static_cast<Memory*>(scratch));
    work.make(plan.plan);
    const DerivativeProblem& d = plan.problem;
    if (d.grad_input) {
      box.direct = K > kPackedTaps || !work.find_box(box);
      if constexpr (K <= kPackedTaps)
        if (!box.direct) {
          box.bytes = work.box_bytes(box);
          work.weigh_taps();
          work.fill_box(box, reinterpret_cast<T*>(cells_in(scratch)));
        }
    }
    if (d.second && (d.grad_out || d.grad_coords)) work.second();
    if (!d.second && d.grad_coords) work.coordinates();
  }

  static void flush(const DerivativePlan& plan, const Box& box, int part, int parts, void* scratch) {
    Memory& m = *static_cast<Memory*>(scratch);
    TileDerivatives work(plan, box.tile, m);
    Image<T> image(plan, work.place.batch, part, parts);
    if (!box.direct) return flush_box(plan, box, image, m.place);
    Plan how = plan.plan;
    how.tap_by_tap = true;
    how.problem.axis[0].stride = 1;
    work.make(how);
    work.weigh_taps();
    m.direct.collect(work.tile, m.weight, image);
    for (int64_t c = 0; c < work.p.channels; ++c) {
      work.load_gradient(c, m.gradient[0]);
      m.direct.add(image.to + c * image.channel, m.gradient[0], work.points);
    }
  }
};

// Calls call(type of a TileDerivatives) for the dtype, dimensions and taps of a problem.
template <class T, int Dims, class Call>
void with_taps(const DerivativePlan& plan, const Call& call) {
  switch (plan.problem.forward.kernel) {
#define GS_CASE(name, ...) \
  case gs::Kernel::name:   \
    return call(static_cast<TileDerivatives<T, Dims, taps_of(gs::Kernel::name)>*>(nullptr));
    GS_KERNELS(GS_CASE)
#undef GS_CASE
  }
}

template <class T, class Call>
void with_dims(const DerivativePlan& plan, const Call& call) {
  switch (plan.problem.forward.ndim) {
    case 1: return with_taps<T, 1>(plan, call);
    case 2: return with_taps<T, 2>(plan, call);
    default: return with_taps<T, 3>(plan, call);
  }
}

template <class Call>
void with_type(const DerivativePlan& plan, const Call& call) {
  if (plan.problem.forward.dtype == Dtype::float64)
    with_dims<double>(plan, call);
  else
    with_dims<float>(plan, call);
}

int64_t memory_bytes(const DerivativePlan& plan) {
  int64_t bytes = 0;
  with_type(plan, [&](auto* work) { bytes = sizeof(typename std::remove_pointer_t<decltype(work)>::Memory) + 64; });
  return bytes;
}

void run_tile(const DerivativePlan& plan, Box& box, void* scratch) {
  with_type(plan, [&](auto* work) { std::remove_pointer_t<decltype(work)>::run(plan, box, scratch); });
}

void flush_tile(const DerivativePlan& plan, const Box& box, int part, int parts, void* scratch) {
  with_type(plan, [&](auto* work) { std::remove_pointer_t<decltype(work)>::flush(plan, box, part, parts, scratch); });
}

}  // namespace

extern const DerivativeTable derivatives_table;
const DerivativeTable derivatives_table = {memory_bytes, run_tile, flush_tile};

}  // namespace GS_ISA
}  // namespace gs
