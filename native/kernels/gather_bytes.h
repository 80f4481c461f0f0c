// Stage B for pictures of bytes whose three or four colours lie side by side: lanes are points, and each colour has a vector of its
// own, so that weights are used as they are and no lane is idle. The sums are those of gather.h, in its order.
#pragma once

#include "gather.h"

namespace gs {
namespace GS_ISA {
namespace {

// Pixels of Channels bytes in each 16 bytes of a vector, closed up; what is behind three of four is anything. Byte c of pixel i is at
// Pixel * i + Colour * c there.
template <int Channels, int Pixel, int Colour, class Bytes, int... B>
GS_INLINE Bytes close_up_bytes(Bytes all, std::integer_sequence<int, B...>) {
  constexpr auto from = [](int b) { return b < 4 * Channels ? Pixel * (b / Channels) + Colour * (b % Channels) : b; };
  return __builtin_shufflevector(all, all, (B / 16 * 16 + from(B % 16))...);
}

template <int Part, class Bytes, int... B>
GS_INLINE auto sixteen_of(Bytes all, std::integer_sequence<int, B...>) {
  return __builtin_shufflevector(all, all, (Part * 16 + B)...);
}

// Store pixels of three or four bytes, of which there are four in each 16 bytes of a vector.
// Somebody who is not `last` is followed by one whose bytes go behind these.
template <int Channels, int Pixel = 4, int Colour = 1, class Bytes, class S>
GS_INLINE void store_bytes(Bytes all, bool last, S* to) {
  constexpr int size = int(sizeof all), parts = size / 16;
  if constexpr (Channels != Pixel) all = close_up_bytes<Channels, Pixel, Colour>(all, std::make_integer_sequence<int, size>{});
  if constexpr (Channels == 4) {
    store(to, all);
  } else {
    each_written_out([&](auto part) GS_ALWAYS {
      auto twelve = sixteen_of<part>(all, std::make_integer_sequence<int, 16>{});
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

  template <int Odd, int... L>
  static GS_INLINE I halves(I a, I b, std::integer_sequence<int, L...>) {  // of each four, one of each two of a, and so of b
    return __builtin_shufflevector(a, b, (L / 4 * 4 + L % 2 * 2 + Odd + L / 2 % 2 * lanes)...);
  }

  // Colour c of tap k is byte (k % 2) * Channels + c of pair k / 2 of `words`: of two taps there are eight bytes, in two words.
  template <int Taps>
  static GS_INLINE void load_words(const S* p, const int64_t* offset, I* word) {
    if constexpr (Taps == 1) {
      *word = bits_as<I>(gather_pieces<4, int(sizeof(I))>(p, offset));
    } else {
      constexpr auto all = std::make_integer_sequence<int, lanes>{};
      I a = bits_as<I>(eights<0>(p, offset)), b = bits_as<I>(eights<2>(p, offset));
      word[0] = halves<0>(a, b, all);
      word[1] = halves<1>(a, b, all);
      if constexpr (Taps > 2) load_words<Taps - 2>(p + 2 * Channels, offset, word + 2);
    }
  }

  template <int Byte>
  static GS_INLINE V number(I word) {
    constexpr bool is_signed = S(-1) < S(0);
    if constexpr (is_signed)
      word = word << (24 - 8 * Byte) >> 24;
    else if constexpr (Byte == 3)
      word = I(U32(word) >> 24);
    else if constexpr (kPacks)
      word = byte_of<Byte>(word);
    else
      word = word >> 8 * Byte & 255;
    return __builtin_convertvector(word, V);
  }

  template <int C>
  static GS_INLINE V sum(const I (*word)[K], const Tile<float>& tile, int i) {
    auto weight = [&](int axis, int k) GS_ALWAYS { return load<V>(&tile.weight[axis][k][i]); };
    Taps<float, K> taps;
    each_written_out([&](auto k) GS_ALWAYS {
      constexpr int byte = k % 2 * Channels + C, which = k / 2 * 2 + byte / 4;
      taps.at[k] = sum_rows<1, K, false>([&](int r) GS_ALWAYS { return number<byte % 4>(word[r][which]); }, weight);
    }, std::make_integer_sequence<int, K>{});
    return sum_last<K>(taps, tile, 1, i);
  }

  // The colours of one vector of points of an interior group.
  template <int... C>
  static GS_INLINE void interior(const S* image, const int64_t* row_at, const Tile<float>& tile, int i, V* values,
                                 std::integer_sequence<int, C...>) {
    I word[K][K];
GS_UNROLL(4)
    for (int r = 0; r < K; ++r) load_words<K>(image + row_at[r], tile.base + i, word[r]);
    ((values[C] = sum<C>(word, tile, i)), ...);
  }

  // Rounded and saturated as narrow() does, one pixel after the other.
  template <int... C>
  static GS_INLINE void store_pixels(const V* values, bool last, S* to, std::integer_sequence<int, C...>) {
    if constexpr (kPacks) {
      store_bytes<Channels, 1, 4>(pack_bytes<S>(values[0], values[1], values[2], values[Channels - 1]), last, to);
    } else {
      auto whole = [](V x) GS_ALWAYS {
        return to_int(min(max(rint(x), broadcast(float(lowest<S>()))), broadcast(float(highest<S>()))));
      };
      I pixels = (((whole(values[C]) & 255) << 8 * C) | ...);
      store_bytes<Channels>(bits_as<typename Chunk<uint8_t, GS_VECTOR_BYTES>::type>(pixels), last, to);
    }
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
