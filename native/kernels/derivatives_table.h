// The derivatives' end of every ISA file: what is done with one tile, and the exported table.
#pragma once

#include <algorithm>
#include <type_traits>

#include "scatter.h"

namespace gs {
namespace GS_ISA {
namespace {

constexpr int64_t kAhead = 4;  // channels, in the time that a cache line takes to come from memory

template <class T, int Dims, int K>
struct TileDerivatives {
  using V = Vec<T>;
  static constexpr int lanes = Simd<T>::lanes, taps = kAllTaps<Dims, K>;
  using P = Products<T, Dims, K>;

  // What stage A says of a tile.
  struct Made {
    TilePlace place;
    Tile<T> tile;
    Jets<T> jets;
  };

  struct Memory {
    Made made[2];  // of the tile that is worked at, and of the next one, whose samples are on their way from memory meanwhile
    alignas(64) T direction[kMaxDim][kTilePoints + kGroup];        // of a second derivative
    alignas(64) T gradient[kTilePoints + kGroup];                  // of the output, one channel
    alignas(64) T sample[kTilePoints];
    alignas(64) T weight[(kTilePoints + kGroup) * taps];           // of every tap of every point, taps fastest
    alignas(64) T product[taps][kTilePoints];                      // NOTE [products of taps]
    alignas(64) T tangent_product[taps][kTilePoints];
    Scatter<T, Dims, K> scatter;
  };

  const DerivativePlan& plan;
  const DerivativeProblem& d = plan.problem;
  const Problem& p = d.forward;
  Memory& m;
  const Made &now, &next;
  const Tile<T>& tile = now.tile;
  const Jets<T>& jets = now.jets;
  const TilePlace& place = now.place;
  const int64_t ahead = std::min(p.channels, kAhead);
  const int points = tile.groups * kGroup;
  int64_t stride[kMaxDim];

  TileDerivatives(const DerivativePlan& plan, Memory& memory, const Made& now, const Made& next)
      : plan(plan), m(memory), now(now), next(next) {
    for (int a = 0; a < Dims; ++a) stride[a] = p.axis[a].stride;
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

  // Ask for what will be read some channels after this one; behind the last channel begins the next tile.
  void prefetch_image(const void* image, int64_t batch, int64_t channel_stride, int64_t channel) const {
    bool here = channel + ahead < p.channels;
    const Made& of = here ? now : next;
    const T* from = static_cast<const T*>(image) + of.place.batch * batch;
    Gather<T, Dims, K, false>::prefetch(from + (channel + ahead - (here ? 0 : p.channels)) * channel_stride, stride, channel_stride, 1, of.tile);
  }

  // Of one channel; 0 for padding, and for samples that do not depend on the image.
  void load_gradient(int64_t channel, T* to) const {
    const T* from = static_cast<const T*>(p.out) + place.out + channel * p.out_channel;
    const int64_t* step = &p.out_stride[p.out_ndim - 2];
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
  GS_INLINE V slope(int order, int axis, int k, int i) const { return load<V>(&jets.derivative[order - 1][axis][k][i]); }
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
        interleave<taps>(w);
        for (int t = 0; t < taps; ++t) store(&m.weight[i * taps + t * lanes], w[t]);
      } else {
        for (int t = 0; t < taps; ++t)
          for (int l = 0; l < lanes; ++l) m.weight[(i + l) * taps + t] = w[t][l];
      }
    }
  }

  typename P::Source source(const void* array, int64_t batch, int64_t channel_stride, int64_t channel, const void* outside) const {
    T fill = outside ? static_cast<const T*>(outside)[channel] : T(0);
    if (!array) return {m.gradient, stride, fill, plan.plan.gathers};  // not read; but null is no address to count from
    return {static_cast<const T*>(array) + place.batch * batch + channel * channel_stride, stride, fill, plan.plan.gathers};
  }

  // What comes back to the coordinates.
  void coordinates() {
    T* to = static_cast<T*>(d.grad_coords);
    for (auto& row : m.product) std::fill_n(row, points, T(0));
    for (int64_t c = 0; c < p.channels; ++c) {
      load_gradient(c, m.gradient);
      prefetch_image(p.input, p.input_batch, p.input_channel, c);
      auto from = source(p.input, p.input_batch, p.input_channel, c, plan.plan.outside_reads);
      for (int i = 0; i < points; i += lanes) {
        if (tile.kind[i / kGroup] & kOutside) continue;
        V tap[taps], g = load<V>(&m.gradient[i]);
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

  void put_coordinates(T* to) {
    const T* from[Dims];
    for (int a = 0; a < Dims; ++a) {
      from[p.axis[a].component] = m.direction[a];
      for (int i = 0; plan.plan.judges && i < points; ++i)
        if (!counts(i)) m.direction[a][i] = 0;
    }
    const int64_t* step = &p.mask_stride[p.out_ndim - 2];
    int padded = points / place.rows;
    for (int row = 0; row < place.rows; ++row) {
      T* __restrict at = to + number(row, 0) * Dims;
      if (step[1] == 1)
        for (int i = 0; i < place.columns; ++i)
          for (int k = 0; k < Dims; ++k) at[i * Dims + k] = from[k][row * padded + i];
      else
        for (int i = 0; i < place.columns; ++i)
          for (int k = 0; k < Dims; ++k) at[i * step[1] * Dims + k] = from[k][row * padded + i];
    }
  }

  // The second derivative's parts for the gradient of the output and for the coordinates.
  void second() {
    T* grad_out = static_cast<T*>(d.grad_out);
    for (int t = 0; t < taps; ++t)
      for (int i = 0; i < points; ++i) m.product[t][i] = m.tangent_product[t][i] = 0;
    for (int64_t c = 0; c < p.channels; ++c) {
      load_gradient(c, m.gradient);
      auto image = source(p.input, p.input_batch, p.input_channel, c, plan.plan.outside_reads);
      auto tangent = source(d.tangent, d.tangent_batch, d.tangent_channel, c, nullptr);
      for (int i = 0; i < points; i += lanes) {
        V sum{}, g = load<V>(&m.gradient[i]);
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
        store(m.sample + i, sum);
      }
      if (!grad_out) continue;
      T* to = grad_out + place.batch * (p.channels - 1) * plan.points + c * plan.points;
      each_point([&](int i, int row, int column) { to[number(row, column)] = counts(i) ? m.sample[i] : T(0); });
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

  // What comes back to the image.
  void add_to_image() {
    weigh_taps();
    m.scatter.collect(tile, tile.groups / place.rows, m.weight);
    T* to = static_cast<T*>(d.grad_input) + place.batch * d.grad_batch;
    for (int64_t c = 0; c < p.channels; ++c, to += d.grad_channel) {
      load_gradient(c, m.gradient);
      prefetch_image(d.grad_input, d.grad_batch, d.grad_channel, c);
      m.scatter.add(tile, m.weight, m.gradient, to, stride);
    }
  }

  void all() {
    if (d.grad_input) add_to_image();
    if (d.second && (d.grad_out || d.grad_coords)) second();  // uses up the direction
    if (!d.second && d.grad_coords) coordinates();
  }

  static void make(const DerivativePlan& plan, int64_t tile, Made& made) {
    made.place = place_tile(plan.plan, tile);
    made.jets.count = plan.problem.second ? 2 : 1;
    tiles_table.choose(plan.plan, sizeof(T) == 8)(plan.plan, made.place, &made.tile, &made.jets);
  }

  static void run(const DerivativePlan& plan, const int64_t* tiles, int64_t count, void* memory) {
    Memory& m = *static_cast<Memory*>(memory);
    make(plan, tiles[0], m.made[0]);
    for (int64_t i = 0; i < count; ++i) {
      Made &now = m.made[i & 1], &next = i + 1 < count ? m.made[(i + 1) & 1] : now;
      if (i + 1 < count) make(plan, tiles[i + 1], next);
      TileDerivatives(plan, m, now, next).all();
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

void reach(const DerivativePlan& plan, int64_t tile, Reach& reach) {
  tiles_table.choose_reach(plan.plan, computed_in_double(plan.problem.forward.dtype))(plan.plan, place_tile(plan.plan, tile), reach);
}

void run(const DerivativePlan& plan, const int64_t* tiles, int64_t count, void* memory) {
  with_type(plan, [&](auto* work) { std::remove_pointer_t<decltype(work)>::run(plan, tiles, count, memory); });
}

}  // namespace

extern const DerivativeTable derivatives_table;
const DerivativeTable derivatives_table = {memory_bytes, reach, run};

}  // namespace GS_ISA
}  // namespace gs
