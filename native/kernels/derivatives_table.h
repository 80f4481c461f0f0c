// The derivatives' end of every ISA file: what is done with one tile, and the exported table.
#pragma once

#include <algorithm>
#include <type_traits>

#include "sums.h"

namespace gs {
namespace GS_ISA {
namespace {

template <class T, int Dims, int K>
struct TileDerivatives : TilePoints<T> {
  using Base = TilePoints<T>;
  using V = Vec<T>;
  using Int = typename Simd<T>::I;
  using P = Products<T, Dims, K>;
  using Base::plan, Base::d, Base::p, Base::now, Base::next, Base::tile, Base::jets, Base::place, Base::points, Base::stride, Base::ahead;
  using Base::gradient, Base::copy_gradients, Base::prefetch_gradient, Base::is_moved, Base::edges_are_finite;
  static constexpr int lanes = Simd<T>::lanes, taps = kAllTaps<Dims, K>;

  struct Memory : PointsMemory<T> {
    alignas(64) T sample[kTilePoints];
    alignas(64) T weight[(kTilePoints + kGroup) * taps];  // of every tap of every point, taps fastest
    alignas(64) T product[taps][kTilePoints];             // NOTE [products of taps]
    alignas(64) T tangent_product[taps][kTilePoints];
    Scatter<T, Dims, K> scatter;
  };

  Memory& m;
  const bool asks_both = K <= 2 && p.channels == 1 && d.grad_input && d.grad_coords && !d.second;

  TileDerivatives(const DerivativePlan& plan, Memory& memory, const Made<T>& now, const Made<T>& next) : Base(plan, memory, now, next), m(memory) {}

  // Of the next tile, in the one channel of the image and its gradient, which lie alike.
  void prefetch_both() const {
    const T* of[] = {static_cast<const T*>(d.grad_input) + next.place.batch * d.grad_batch, static_cast<const T*>(p.input) + next.place.batch * p.input_batch};
    Gather<T, Dims, K, false>::template prefetch_planes<2>(of, stride, next.tile);
  }

  // Ask for what will be read some channels after this one; behind the last channel begins the next tile.
  void prefetch_image(const void* image, int64_t batch, int64_t channel_stride, int64_t channel, int64_t count = 1) const {
    if (count > 1 && ahead < p.channels) {  // of these some may be the next tile's
      for (int64_t c = channel; c < channel + count; ++c) prefetch_image(image, batch, channel_stride, c);
      return;
    }
    bool here = channel + ahead < p.channels;
    const Made<T>& of = here ? now : next;
    const T* from = static_cast<const T*>(image) + of.place.batch * batch;
    Gather<T, Dims, K, false>::prefetch(from + (channel + ahead - (here ? 0 : p.channels)) * channel_stride, stride, channel_stride, count, of.tile);
  }

  GS_INLINE V weight(int axis, int k, int i) const { return load<V>(&tile.weight[axis][k][i]); }
  GS_INLINE V slope(int order, int axis, int k, int i) const { return load<V>(&jets.derivative[order - 1][axis][k][i]); }
  // The weight, or its derivative, and how it changes along the direction.
  GS_INLINE Dual<V> dual(int order, int axis, int k, int i) const {
    V v = load<V>(&m.direction[axis][i]);
    return {order ? slope(order, axis, k, i) : weight(axis, k, i), slope(order + 1, axis, k, i) * v};
  }

  // What the samples of pairs weigh instead of the taps, and whether each is a tap.
  static GS_INLINE void move(const Tile<T>& tile, int i, Dual<V> (*w)[K], Int (*touched)[K]) {
    if constexpr (K == 2)
      for (int a = 0; a < Dims; ++a) {
        Int shift = load<Int>(&tile.shift[a][i]);
        Dual<V> low = w[a][0], high = w[a][1];
        touched[a][0] = (shift == 0) | (shift == -1);
        touched[a][1] = tile.lone[a] ? Int{} : (shift == 0) | (shift == 1);
        auto chosen = [&](V first, V second, Int which) GS_ALWAYS { return shift == 0 ? first : which ? second : V{}; };
        w[a][0] = {chosen(low.value, high.value, touched[a][0]), chosen(low.change, high.change, touched[a][0])};
        w[a][1] = {chosen(high.value, low.value, touched[a][1]), chosen(high.change, low.change, touched[a][1])};
        if (tile.lone[a]) w[a][1] = {V{}, V{}};
      }
  }

  // What the taps of a vector of points weigh; Moved: the samples of pairs.
  template <bool Second, bool Moved>
  GS_INLINE void weigh_vector(int i, V* w, Int (*touched)[K]) const {
    Dual<V> of[Dims][K];
    each<Dims>([&](auto axis) GS_ALWAYS {
GS_UNROLL(8)
      for (int k = 0; k < K; ++k) of[axis][k] = Second ? dual(0, axis, k, i) : Dual<V>{weight(axis, k, i), V{}};
    });
    if constexpr (Moved) move(tile, i, of, touched);
    each<taps>([&](auto t) GS_ALWAYS {
      Dual<V> x = of[0][t * K / taps];
GS_UNROLL(3)
      for (int axis = 1, left = taps / K; axis < Dims; ++axis, left /= K) {
        Dual<V> y = of[axis][t / (left / K) % K];
        x = {x.value * y.value, Second ? fma(x.value, y.change, x.change * y.value) : V{}};
      }
      w[t] = Second ? x.change : x.value;
    });
  }

  // The same, times the gradient of a channel if `multiplied`; of samples that are no taps, 0 also where that is not finite.
  template <bool Second>
  __attribute__((noinline)) void weigh_moved(int i, bool multiplied, V value, V* w) const {
    Int touched[Dims][K];
    weigh_vector<Second, true>(i, w, touched);
    for (int t = 0; multiplied && t < taps; ++t) {
      Int all = touched[0][t * K / taps];
      for (int axis = 1, left = taps / K; axis < Dims; ++axis, left /= K) all &= touched[axis][t / (left / K) % K];
      w[t] = all ? w[t] * value : V{};
    }
  }

  // (points, taps) for the points of a tile.
  template <bool Second>
  GS_HOT void weigh_taps(bool multiplied, int64_t channel, int copy) {
    for (int i = 0; i < points; i += lanes) {
      V w[taps], value = multiplied ? gradient(channel, copy, i) : V{};
      if (K == 2 && is_moved(i)) {
        V moved[taps];
        weigh_moved<Second>(i, multiplied, value, moved);
        each<taps>([&](auto t) GS_ALWAYS { w[t] = moved[t]; });
      } else {
        weigh_vector<Second, false>(i, w, nullptr);
        if (multiplied) each<taps>([&](auto t) GS_ALWAYS { w[t] *= value; });
      }
      if constexpr (K <= kPackedTaps) {
        interleave<taps>(w);
        each<taps>([&](auto t) GS_ALWAYS { store(&m.weight[i * taps + t * lanes], w[t]); });
      } else {
        for (int t = 0; t < taps; ++t)
          for (int l = 0; l < lanes; ++l) m.weight[(i + l) * taps + t] = w[t][l];
      }
    }
  }

  void weigh_taps() { d.second ? weigh_taps<true>(false, 0, 0) : weigh_taps<false>(false, 0, 0); }
  void multiply_taps(int64_t channel, int copy) { d.second ? weigh_taps<true>(true, channel, copy) : weigh_taps<false>(true, channel, copy); }

  template <int Planes>
  typename P::template Source<Planes> source(const void* array, int64_t batch, int64_t channel_stride, int64_t channel, const void* outside) const {
    typename P::template Source<Planes> from;
    for (int c = 0; c < Planes; ++c) {
      from.outside[c] = outside ? static_cast<const T*>(outside)[channel + c] : T(0);
      const T* plane = m.sample;  // not read; but null is no address to count from
      if (array) plane = static_cast<const T*>(array) + place.batch * batch + (channel + c) * channel_stride;
      Gather<T, Dims, K, false>::find_rows(plane, stride, from.row_at[c]);
    }
    return from;
  }

  // Add to the products of taps those of some channels; after the last, make of them what comes back to the coordinates.
  template <int Planes>
  GS_HOT void multiply(int64_t channel) {
    const int copy = int(channel % kMostChannels<T>);
    static_assert(kMostChannels<T> % P::planes == 0);
    if (copy == 0) copy_gradients(channel, int(std::min<int64_t>(kMostChannels<T>, p.channels - channel)));
    for (int c = 0; c < Planes; ++c) {
      if (!d.grad_input) prefetch_gradient(channel + c);
    }
    if (!asks_both) prefetch_image(p.input, p.input_batch, p.input_channel, channel, Planes);
    auto from = source<Planes>(p.input, p.input_batch, p.input_channel, channel, plan.plan.outside_reads);
    const bool first = channel == 0, last = channel + Planes == p.channels;
    for (int i = 0; i < points; i += lanes) {
      V sum[taps];
      each<taps>([&](auto t) GS_ALWAYS { sum[t] = first ? V{} : load<V>(&m.product[t][i]); });
      if (!(tile.kind[i / kGroup] & kOutside)) {
        V tap[Planes][taps], value[Planes];
        each<Planes>([&](auto c) GS_ALWAYS { value[c] = this->gradient(channel + c, copy + c, i); });
        P::read(from, plan.plan.gathers, tile, i, tap);
        each<taps>([&](auto t) GS_ALWAYS {
GS_UNROLL(4)
          for (int c = 0; c < Planes; ++c) sum[t] = fma(value[c], tap[c][t], sum[t]);
        });
      }
      if (!last)
        each<taps>([&](auto t) GS_ALWAYS { store(&m.product[t][i], sum[t]); });
      else
        each<Dims>([&](auto a) GS_ALWAYS {
          store(&m.direction[a][i], P::weigh(sum, [&](int axis, int k) GS_ALWAYS { return axis == a ? slope(1, axis, k, i) : weight(axis, k, i); }));
        });
    }
  }

  // What comes back to the coordinates.
  void coordinates() {
    Gather<T, Dims, K, false>::template in_planes<P::planes>(p.channels, [&](auto at_once, int64_t channel) GS_ALWAYS { multiply<at_once>(channel); });
    Base::template put_coordinates<Dims>();
  }

  // The sum of taps times their weights, and how that changes along the direction; along one axis, of the weights' derivatives.
  static constexpr int kNoAxis = -1;
  __attribute__((noinline)) V weigh(const V* tap, int derived, int i) const {
    return P::weigh(tap, [&](int axis, int k) GS_ALWAYS { return axis == derived ? slope(1, axis, k, i) : weight(axis, k, i); });
  }
  __attribute__((noinline)) V weigh_change(const V* tap, int derived, int i) const {
    return P::weigh_change(tap, [&](int axis, int k) GS_ALWAYS { return dual(axis == derived, axis, k, i); });
  }

  // The second derivative's parts for the gradient of the output and for the coordinates.
  void second() {
    T* grad_out = static_cast<T*>(d.grad_out);
    for (int t = 0; t < taps; ++t)
      for (int i = 0; i < points; ++i) m.product[t][i] = m.tangent_product[t][i] = 0;
    for (int64_t c = 0; c < p.channels; ++c) {
      copy_gradients(c, 1);
      auto image = source<1>(p.input, p.input_batch, p.input_channel, c, plan.plan.outside_reads);
      auto tangent = source<1>(d.tangent, d.tangent_batch, d.tangent_channel, c, nullptr);
      for (int i = 0; i < points; i += lanes) {
        V sum{}, g = gradient(c, 0, i);
        if (!(tile.kind[i / kGroup] & kOutside)) {
          V read[1][taps], *tap = read[0];
          if (p.input) {
            P::read(image, plan.plan.gathers, tile, i, read);
            sum = weigh_change(tap, kNoAxis, i);
            for (int t = 0; t < taps; ++t) store(&m.product[t][i], fma(g, tap[t], load<V>(&m.product[t][i])));
          }
          if (d.tangent) {
            P::read(tangent, plan.plan.gathers, tile, i, read);
            for (int t = 0; t < taps; ++t) store(&m.tangent_product[t][i], fma(g, tap[t], load<V>(&m.tangent_product[t][i])));
            sum += weigh(tap, kNoAxis, i);
          }
        }
        store(m.sample + i, sum);
      }
      if (!grad_out) continue;
      T* to = grad_out + place.batch * (p.channels - 1) * plan.points + c * plan.points;
      this->each_point([&](int i, int row, int column) { to[this->number(row, column)] = this->counts(i) ? m.sample[i] : T(0); });
    }
    if (!d.grad_coords) return;
    T result[Dims][kTilePoints];
    for (int b = 0; b < Dims; ++b)
      for (int i = 0; i < points; i += lanes) {
        V tap[taps];
        for (int t = 0; t < taps; ++t) tap[t] = load<V>(&m.product[t][i]);
        V sum = weigh_change(tap, b, i);
        for (int t = 0; t < taps; ++t) tap[t] = load<V>(&m.tangent_product[t][i]);
        sum += weigh(tap, b, i);
        store(result[b] + i, sum);
      }
    for (int b = 0; b < Dims; ++b) std::copy_n(result[b], points, m.direction[b]);
    Base::template put_coordinates<Dims>();
  }

  // What comes back to the image, into planes.
  void add_to_planes() {
    T* to = static_cast<T*>(d.grad_input) + place.batch * d.grad_batch;
    for (int64_t c = 0; c < p.channels; ++c, to += d.grad_channel) {
      prefetch_gradient(c);
      if (!asks_both) prefetch_image(d.grad_input, d.grad_batch, d.grad_channel, c);
      if constexpr (K <= 2)
        if (asks_both) prefetch_both();
      copy_gradients(c, 1);
      multiply_taps(c, 0);
      if (c == 0 || m.scatter.count > 0) m.scatter.collect(tile, m.weight);  // of other channels the same, but for taps that are collected one by one
      m.scatter.add(tile, m.weight, to, stride);
    }
  }

  // The same, into sums of channels side by side.
  void add_to_sums(T* sums) {
    weigh_taps();
    m.scatter.collect(tile, m.weight);
    prefetch_first(next, sums);
    each_block<T>(p.channels, [&](auto width, int64_t first, int count, int64_t at) {
      T* block = sums + at * plan.samples;
      for (int c = 0; c < count; ++c) prefetch_gradient(first + c);
      copy_gradients(first, count);
      if (edges_are_finite(first, count)) {
        Base::template fill_cells<width>(first, count);
        Sums<T, Dims, K>::template add<width>(tile, m.scatter, m.weight, m.cells, stride, block);
      } else {
        for (int c = 0; c < count; ++c) {
          multiply_taps(first + c, c);
          Sums<T, Dims, K>::add_channel(tile, m.scatter, m.weight, stride, width, block + c);
        }
        weigh_taps();
      }
    });
  }

  void prefetch_first(const Made<T>& of, const T* sums) const {
    each_block<T>(std::min<int64_t>(p.channels, kMostChannels<T>), [&](auto width, int64_t, int, int64_t at) {
      Sums<T, Dims, K>::prefetch_cells(of.tile, stride, width, sums + at * plan.samples);
    });
  }

  void all(T* sums) {
    if (d.grad_input) sums ? add_to_sums(sums) : add_to_planes();
    if (d.second && (d.grad_out || d.grad_coords)) second();  // uses up the direction
    if (!d.second && d.grad_coords) coordinates();
  }

  static void run(const DerivativePlan& plan, const int64_t* tiles, int64_t count, int64_t ahead, void* memory, void* sums) {
    Memory& m = *static_cast<Memory*>(memory);
    Base::make(plan, tiles[0], m.made[0]);
    for (int64_t i = 0; i < count; ++i) {
      Made<T>&now = m.made[i & 1], &next = i + 1 < count ? m.made[(i + 1) & 1] : now;
      if (i + 2 < count + ahead) prefetch_coords(plan, tiles[i + 2]);
      if (i + 1 < count) Base::make(plan, tiles[i + 1], next);
      TileDerivatives(plan, m, now, next).all(static_cast<T*>(sums));
    }
    end_streams();
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

void reach(const DerivativePlan& plan, int64_t tile, int64_t later, Reach& reach) {
  prefetch_coords(plan, later);
  tiles_table.choose_reach(plan.plan, computed_in_double(plan.problem.forward.dtype))(plan.plan, place_tile(plan.plan, tile), reach);
}

void run(const DerivativePlan& plan, const int64_t* tiles, int64_t count, int64_t ahead, void* memory, void* sums) {
  with_type(plan, [&](auto* work) { std::remove_pointer_t<decltype(work)>::run(plan, tiles, count, ahead, memory, sums); });
}

template <class T>
void clear_blocks(const DerivativePlan& plan, int64_t low, int64_t high, T* sums) {
  each_block<T>(plan.problem.forward.channels, [&](auto width, int64_t, int, int64_t at) {
    T* block = sums + at * plan.samples;
    std::fill(block + low * width, block + high * width, T(0));
  });
}

void clear_sums(const DerivativePlan& plan, int64_t low, int64_t high, void* sums) {
  computed_in_double(plan.problem.forward.dtype) ? clear_blocks(plan, low, high, static_cast<double*>(sums))
                                                 : clear_blocks(plan, low, high, static_cast<float*>(sums));
}

template <class T>
void put_blocks(const DerivativePlan& plan, int64_t item, int64_t low, int64_t high, const T* sums) {
  const DerivativeProblem& d = plan.problem;
  each_block<T>(d.forward.channels, [&](auto width, int64_t first, int count, int64_t at) {
    T* to = static_cast<T*>(d.grad_input) + item * d.grad_batch + first * d.grad_channel;
    put_block<T, width>(sums + at * plan.samples, count, low, high, !d.clear, plan.stream_image, to, d.grad_channel);
  });
  end_streams();
}

void put_sums(const DerivativePlan& plan, int64_t item, int64_t low, int64_t high, const void* sums) {
  computed_in_double(plan.problem.forward.dtype) ? put_blocks(plan, item, low, high, static_cast<const double*>(sums))
                                                 : put_blocks(plan, item, low, high, static_cast<const float*>(sums));
}

}  // namespace

extern const DerivativeTable derivatives_table;
const DerivativeTable derivatives_table = {memory_bytes, reach, run, clear_sums, put_sums};

}  // namespace GS_ISA
}  // namespace gs
