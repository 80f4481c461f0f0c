// Stage B for pictures of bytes whose three or four colours lie side by side: lanes are points, and each colour has a vector of its
// own, so that weights are used as they are and no lane is idle. The sums are those of gather.h, in its order.
#pragma once

#include "gather.h"

namespace gs {
namespace GS_ISA {
namespace {

// Of pixels 4 Part to 4 Part + 3 of four bytes each, all but every fourth byte; then something.
template <int Part, class Bytes, int... B>
GS_INLINE auto without_fourth(Bytes all, std::integer_sequence<int, B...>) {
  return __builtin_shufflevector(all, all, (Part * 16 + (B < 12 ? B / 3 * 4 + B % 3 : B))...);
}

// Store pixels of three or four bytes, of which there are vectors of four bytes each.
// Somebody who is not `last` is followed by one whose bytes go behind these.
template <int Channels, class Bytes, class S>
GS_INLINE void store_bytes(Bytes all, bool last, S* to) {
  constexpr int parts = int(sizeof all) / 16;
  if constexpr (Channels == 4) {
    store(to, all);
  } else {
    each_written_out([&](auto part) GS_ALWAYS {
      auto twelve = without_fourth<part>(all, std::make_integer_sequence<int, 16>{});
      if (part + 1 < parts || !last)
        store(to + part * 12, twelve);  // the pixels after these begin with the last four of these bytes
      else
        __builtin_memcpy(to + part * 12, &twelve, 12);
    }, std::make_integer_sequence<int, parts>{});
  }
}

template <class S, int K, int Channels>
struct GatherBytes {
  using V = Vec<float>;
  using I = Simd<float>::I;
  static constexpr int lanes = Simd<float>::lanes;

  // Eight bytes of each of half the points: of each four, those from `First` on.
  template <int First, int Count = lanes / 2>
  static GS_INLINE auto eights(const S* p, const int64_t* offset) {
    if constexpr (Count == 2)
      return build<8, 16>(p, offset + First, std::make_integer_sequence<int, 2>{});
    else
      return join(eights<First, Count / 2>(p, offset), eights<First, Count / 2>(p, offset + Count));
  }

  template <int... L>
  static GS_INLINE I even(I a, I b, std::integer_sequence<int, L...>) {  // of each four, two of a and two of b
    return __builtin_shufflevector(a, b, (L / 4 * 4 + L % 2 * 2 + L / 2 % 2 * lanes)...);
  }

  // Pixels, four bytes each, of taps that follow each other.
  template <int Taps>
  static GS_INLINE void load_pixels(const S* p, const int64_t* offset, I* pixel) {
    if constexpr (Taps == 1) {
      *pixel = bits_as<I>(gather_pieces<4, int(sizeof(I))>(p, offset));
    } else {
      using Long = Simd<double>::I;
      constexpr auto all = std::make_integer_sequence<int, lanes>{};
      Long a = bits_as<Long>(eights<0>(p, offset)), b = bits_as<Long>(eights<2>(p, offset));
      pixel[0] = even(bits_as<I>(a), bits_as<I>(b), all);
      pixel[1] = even(bits_as<I>(a >> 8 * Channels), bits_as<I>(b >> 8 * Channels), all);
      if constexpr (Taps > 2) load_pixels<Taps - 2>(p + 2 * Channels, offset, pixel + 2);
    }
  }

  template <int C>
  static GS_INLINE V colour(I pixel) {
    constexpr bool is_signed = S(-1) < S(0);
    I up = pixel << (24 - 8 * C);
    return __builtin_convertvector(is_signed ? up >> 24 : I(U32(up) >> 24), V);
  }

  template <int C>
  static GS_INLINE V sum(const I (*pixel)[K], const Tile<float>& tile, int i) {
    auto weight = [&](int axis, int k) GS_ALWAYS { return load<V>(&tile.weight[axis][k][i]); };
    Taps<float, K> taps;
GS_UNROLL(4)
    for (int k = 0; k < K; ++k)
      taps.at[k] = sum_rows<1, K, false>([&](int r) GS_ALWAYS { return colour<C>(pixel[r][k]); }, weight);
    return sum_last<K>(taps, tile, 1, i);
  }

  // The colours of one vector of points of an interior group.
  template <int... C>
  static GS_INLINE void interior(const S* image, const int64_t* row_at, const Tile<float>& tile, int i, V* values,
                                 std::integer_sequence<int, C...>) {
    I pixel[K][K];
GS_UNROLL(4)
    for (int r = 0; r < K; ++r) load_pixels<K>(image + row_at[r], tile.base + i, pixel[r]);
    ((values[C] = sum<C>(pixel, tile, i)), ...);
  }

  // Rounded and saturated as narrow() does, one pixel after the other.
  template <int... C>
  static GS_INLINE void store_pixels(const V* values, bool last, S* to, std::integer_sequence<int, C...>) {
    auto whole = [](V x) GS_ALWAYS {
      return to_int(min(max(rint(x), broadcast(float(lowest<S>()))), broadcast(float(highest<S>()))));
    };
    I pixels = (((whole(values[C]) & 255) << 8 * C) | ...);
    store_bytes<Channels>(bits_as<typename Chunk<uint8_t, GS_VECTOR_BYTES>::type>(pixels), last, to);
  }

  // A group of interior points.
  static GS_INLINE void group(const S* image, const int64_t* row_at, const Tile<float>& tile, int g, int row, int column, int64_t first,
                              const Sink<float>& sink) {
    constexpr auto all = std::make_integer_sequence<int, Channels>{};
    S* to = sink.template pixels<S>(tile, g, row, column, first, Channels);
    alignas(64) float values[kGroup * Channels];
    for (int i = 0; i < kGroup; i += lanes) {
      V colours[Channels];
      interior(image + first, row_at, tile, g * kGroup + i, colours, all);
      if (to) {
        store_pixels(colours, i + lanes == kGroup, to + i * Channels, all);
      } else {
        for (int l = 0; l < lanes; ++l)
          for (int c = 0; c < Channels; ++c) values[(i + l) * Channels + c] = colours[c][l];
      }
    }
    if (!to) sink.put(tile, g, row, column, values, first, Channels);
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
