// Stage B for images whose channels lie side by side (channels-last, interleaved colours, complex numbers): a tap is a short row of
// channels, so it is loaded as it lies. Whole vectors of channels have the lanes to themselves; what is left, and images of few
// channels, is read in pixels of up to four channels, several points to a vector. The sums are those of gather.h, in its order.
#pragma once

#include "gather_bytes.h"
#include "turn.h"

namespace gs {
namespace GS_ISA {
namespace {

// The sum over the taps of one point. read(offset of a row of taps, is it inside, tap) gives one tap's value, splat(w) the weight in
// the same form.
template <int Dims, int K, bool Rolled, class T, class Read, class Splat>
GS_INLINE auto sum_point(const Tile<T>& tile, int i, const Read& read, const Splat& splat) {
  auto weight = [&](int axis, int k) GS_ALWAYS { return splat(tile.weight[axis][k][i]); };
  auto column = [&](int k) GS_ALWAYS { return sum_rows<Dims - 1, K, Rolled>([&](int r) GS_ALWAYS { return read(r, k); }, weight); };
  if constexpr (K == 1)
    return column(0);
  else
    return add_terms<K, Rolled>(column(0) * weight(Dims - 1, 0),
                                [&](auto sum, int k) GS_ALWAYS { return fma(column(k), weight(Dims - 1, k), sum); });
}

// Whole vectors of channels, side by side for each point of a group that may be stored, to planes from channel `first` on: in squares of a
// vector's lanes.
template <class T>
static __attribute__((noinline)) void put_planes(const T* values, int64_t channels, int row, int column, int64_t first, const Sink<T>& sink) {
  constexpr int lanes = Simd<T>::lanes;
  constexpr auto all = std::make_integer_sequence<int, lanes>{};
  for (int64_t c = 0; c < channels; c += lanes)
    for (int i = 0; i < kGroup; i += lanes) {
      Vec<T> square[lanes];
      each_written_out([&](auto l) GS_ALWAYS { square[l] = load<Vec<T>>(values + (i + l) * channels + c); }, all);
      transpose(square);
      T* to = reinterpret_cast<T*>(sink.at(row, column + i, first + c));
      const bool past = sink.past_caches(to) && sink.channel_step % lanes == 0;
      auto put = [&](auto l) GS_ALWAYS { past ? stream(to, square[l]) : store(to, square[l]), to += sink.channel_step; };
      each_written_out(put, all);
    }
}

template <class S, int Dims, int K>
struct GatherChannels {
  using T = typename Computed<S>::type;
  using Row = typename Stored<S>::type;
  static constexpr int lanes = Simd<T>::lanes;
  static constexpr int rows = Dims == 3 ? K * K : Dims == 2 ? K : 1;
  static constexpr bool rolled = (Dims > 1 && K > 2) || K > 4;

  // The taps of one point of an edge group.
  struct EdgeTaps {
    int64_t offset[rows][K];
    bool inside[rows][K];

    GS_INLINE EdgeTaps(const Tile<T>& tile, int i) {
      for (int r = 0; r < rows; ++r) {
        int64_t along = 0;
        bool valid = true;
        for (int axis = Dims - 2, left = r; axis >= 0; --axis, left /= K) {
          along += tile.offset[axis][left % K][i];
          valid &= tile.inside[axis][left % K][i] != 0;
        }
        for (int k = 0; k < K; ++k) {
          offset[r][k] = along + tile.offset[Dims - 1][k][i];
          inside[r][k] = valid && tile.inside[Dims - 1][k][i] != 0;
        }
      }
    }
  };

  static void row_offsets(const int64_t* stride, int64_t* offset) {
    for (int r = 0; r < rows; ++r) {
      offset[r] = 0;
      for (int axis = Dims - 2, left = r; axis >= 0; --axis, left /= K) offset[r] += left % K * stride[axis];
    }
  }

  // Channels first to first + count, a whole number of vectors, of one point; to `values`, or past the caches if that is where they stay.
  static __attribute__((noinline)) void point(const S* image, const int64_t* row_at, int64_t column, int64_t first, int64_t count, const T* fill,
                                              const Tile<T>& tile, int i, T* values, bool past) {
    auto splat = [](T w) GS_ALWAYS { return broadcast(w); };
    auto put = [&](int64_t c, Vec<T> v) GS_ALWAYS { past ? stream(values + c, v) : store(values + c, v); };
    if (tile.kind[i / kGroup] == kInterior) {
      const S* from = image + tile.base[i] + first;
      for (int64_t c = 0; c < count; c += lanes)
        put(c, sum_point<Dims, K, rolled>(tile, i, [&](int r, int k) GS_ALWAYS {
                return widen<S>(load<Row>(from + c + row_at[r] + k * column));
              }, splat));
    } else if (tile.kind[i / kGroup] & kOutside) {
      for (int64_t c = 0; c < count; c += lanes) put(c, load<Vec<T>>(fill + first + c));
    } else {
      EdgeTaps taps(tile, i);
      for (int64_t c = first; c < first + count; c += lanes)
        put(c - first, sum_point<Dims, K, true>(tile, i, [&](int r, int k) GS_ALWAYS {
                return taps.inside[r][k] ? widen<S>(load<Row>(image + taps.offset[r][k] + c)) : load<Vec<T>>(fill + c);
              }, splat));
    }
  }

  static __attribute__((noinline)) void edge_pixel(const S* image, int64_t first, int channels, const T* fill, const Tile<T>& tile, int i, T* values) {
    EdgeTaps taps(tile, i);
    for (int c = 0; c < channels; ++c)
      values[c] = sum_point<Dims, K, true>(tile, i, [&](int r, int k) GS_ALWAYS {
        return taps.inside[r][k] ? widen_one(image + taps.offset[r][k] + first + c) : fill[first + c];
      }, [](T w) GS_ALWAYS { return w; });
  }

  static T widen_one(const S* from) {
    Row row = {};
    row[0] = *reinterpret_cast<const RawOf<S>*>(from);
    return widen<S>(row)[0];
  }

  // Vector m of a group of pixels of `Width` lanes each, of an interior group.
  template <int Width>
  static GS_INLINE Vec<T> pixels(const S* from, const int64_t* row_at, int64_t column, const Tile<T>& tile, int begin, int m) {
    constexpr int bytes = Width * int(sizeof(S));
    int i = begin + m * lanes / Width;
    return sum_point<Dims, K, rolled>(tile, i, [&](int r, int k) GS_ALWAYS {
      const S* at = from + row_at[r] + k * column;
      if constexpr (bytes >= int(sizeof(Row)))
        return widen<S>(load<Row>(at + tile.base[i] + m * lanes % Width));
      else
        return widen<S>(gather_pieces<bytes, int(sizeof(Row))>(at, tile.base + i));
    }, Spread<Width>{&tile, i});
  }

  // Stands for the weight of point i, repeated for the lanes of its pixel, and so on for the points after it.
  template <int Width>
  struct Spread {
    const Tile<T>* tile;
    int i;
    GS_INLINE Vec<T> operator()(const T& w) const {
      return spread_part<T, Width, 0>(load<Vec<T>>(&w), std::make_integer_sequence<int, lanes>{});
    }
  };

  // A row of taps of a pixel of three or four channels that is a vector, and as many such as a vector has pixels: rows are loaded whole and
  // summed, and then pixels and taps change places. Two taps of bytes are too little for one load: they are read as gather_bytes.h says.
  template <int Channels>
  static constexpr bool loads_rows = Dims == 2 && K > 1 && 4 * K == lanes && Channels >= 3 && (sizeof(S) > 1 || K > 2);

  // Of two points, two taps from the given one on: that of both, then the next one of both.
  template <int Tap, int Channels, int... L>
  static GS_INLINE Vec<T> two_taps(Vec<T> a, Vec<T> b, std::integer_sequence<int, L...>) {
    return __builtin_shufflevector(a, b, ((Tap + L / 8) * Channels + L % 4 + L / 4 % 2 * lanes)...);
  }
  template <int Half, int... L>
  static GS_INLINE Vec<T> halves(Vec<T> a, Vec<T> b, std::integer_sequence<int, L...>) {
    return __builtin_shufflevector(a, b, (Half * lanes / 2 + L % (lanes / 2) + L / (lanes / 2) * lanes)...);
  }

  // The same vector of points as of pixels().
  template <int Channels>
  static GS_INLINE Vec<T> pixels_of_rows(const S* from, const int64_t* row_at, const Tile<T>& tile, int i) {
    constexpr auto all = std::make_integer_sequence<int, lanes>{};
    Vec<T> row[K], tap[K];
    each<K>([&](auto p) GS_ALWAYS {
      row[p] = sum_rows<1, K, false>([&](int r) GS_ALWAYS { return widen<S>(load<Row>(from + row_at[r] + tile.base[i + p])); },
                                     [&](int axis, int k) GS_ALWAYS { return broadcast(tile.weight[axis][k][i + p]); });
    });
    each<K / 2>([&](auto pair) GS_ALWAYS {
      auto first = two_taps<2 * pair, Channels>(row[0], row[1], all);
      if constexpr (K == 2) {
        tap[0] = first;
      } else {
        auto second = two_taps<2 * pair, Channels>(row[2], row[3], all);
        tap[2 * pair] = halves<0>(first, second, all);
        tap[2 * pair + 1] = halves<1>(first, second, all);
      }
    });
    if constexpr (K == 2) tap[1] = two_taps<1, Channels>(row[0], row[1], all);
    Spread<4> spread{&tile, i};
    Vec<T> sum = tap[0] * spread(tile.weight[1][0][i]);
    each<K - 1>([&](auto k) GS_ALWAYS { sum = fma(tap[k + 1], spread(tile.weight[1][k + 1][i]), sum); });
    return sum;
  }

  // Three of each four lanes, closed up.
  template <int M, int... L>
  static GS_INLINE Vec<T> close_up(const Vec<T>* v, std::integer_sequence<int, L...>) {
    constexpr int source = (M * lanes / 3 * 4 + M * lanes % 3) / lanes;
    return __builtin_shufflevector(v[source], v[source + 1],
                                   ((M * lanes + L) / 3 * 4 + (M * lanes + L) % 3 - source * lanes)...);
  }
  template <class Put, int... M>
  static GS_INLINE void close_up_all(const Vec<T>* v, const Put& put, std::integer_sequence<int, M...>) {
    (put(M, close_up<M>(v, std::make_integer_sequence<int, lanes>{})), ...);
  }

  template <int Channels>
  static GS_HOT void run_pixels(const S* image, const int64_t* row_at, int64_t column, int64_t first, const T* fill,
                         const Tile<T>& tile, const Sink<T>& sink) {
    constexpr int width = Channels == 3 ? 4 : Channels;
    constexpr int vectors = kGroup * width / lanes;
    alignas(64) T values[kGroup * Channels];
    constexpr bool bytes = sizeof(S) == 1 && Dims == 2 && Channels >= 3 && !loads_rows<Channels>;
    for (int g = 0, row = 0; g < tile.groups; ++row)
      for (int c = 0; c < sink.columns; c += kGroup, ++g) {
        int begin = g * kGroup;
        if (!kSmall && sink.soon) sink.soon->ask_by_call(row, c);
        if constexpr (bytes)
          if (tile.kind[g] == kInterior && column == Channels) {
            GatherBytes<S, K, Channels>::group(image, row_at, tile, g, row, c, first, sink);
            continue;
          }
        Vec<T> v[vectors];
        bool read = tile.kind[g] == kInterior || tile.kind[g] == kInWindow;
        if (read) {
          for (int m = 0; m < vectors; ++m) {
            if constexpr (loads_rows<Channels>)
              if (column == Channels) {
                v[m] = pixels_of_rows<Channels>(image + first, row_at, tile, begin + m * K);
                continue;
              }
            v[m] = pixels<width>(image + first, row_at, column, tile, begin, m);
          }
        }
        for (int m = 0; tile.kind[g] == kInWindow && m < vectors; ++m) {
          v[m] += T(0);  // no sum of nothing is -0
          read &= are_numbers<T>(v[m]);
        }
        if (read) {
          if constexpr (sizeof(S) == 1 && width == 4 && lanes == 16)
            if (S* to = sink.template pixels<S>(tile, g, row, c, first, Channels)) {
              each<vectors>([&](auto m) GS_ALWAYS {
                store_bytes<Channels>(narrow<S, T>(v[m]), m + 1 == vectors, to + m * lanes / 4 * Channels);
              });
              continue;
            }
          T* to = nullptr;
          if constexpr (__is_same(S, T)) to = sink.template pixels<T>(tile, g, row, c, first, Channels);
          bool direct = to, past = direct && sink.past_caches(to);
          if (!direct) to = values;
          auto put = [&](int m, Vec<T> x) GS_ALWAYS { past ? stream(to + m * lanes, x) : store(to + m * lanes, x); };
          if constexpr (Channels == 3) {
            close_up_all(v, put, std::make_integer_sequence<int, vectors * 3 / 4>{});
          } else {
            for (int m = 0; m < vectors; ++m) put(m, v[m]);
          }
          if (direct) continue;
        } else if (tile.kind[g] & kOutside) {
          for (int i = 0; i < kGroup * Channels; ++i) values[i] = fill[first + i % Channels];
        } else {
          for (int i = 0; i < kGroup; ++i) edge_pixel(image, first, Channels, fill, tile, begin + i, values + i * Channels);
        }
        sink.put(tile, g, row, c, values, first, Channels);
      }
  }

  // Less than a vector of channels, in the baseline: point by point, which is little code.
  static __attribute__((noinline)) void run_few(const S* image, const int64_t* row_at, int64_t column, int64_t first, int channels, const T* fill,
                                                const Tile<T>& tile, const Sink<T>& sink) {
    for (int g = 0, row = 0; g < tile.groups; ++row)
      for (int c = 0; c < sink.columns; c += kGroup, ++g) {
        alignas(64) T values[kGroup * lanes];
        for (int i = 0; i < kGroup; ++i) {
          const int point = g * kGroup + i;
          T* to = values + i * channels;
          if (tile.kind[g] == kEdge || tile.kind[g] == kInWindow) {
            edge_pixel(image, first, channels, fill, tile, point, to);
            continue;
          }
          for (int k = 0; k < channels; ++k) {
            auto read = [&](int r, int tap) GS_ALWAYS { return widen_one(image + tile.base[point] + row_at[r] + tap * column + first + k); };
            to[k] = tile.kind[g] & kOutside ? fill[first + k] : sum_point<Dims, K, true>(tile, point, read, [](T w) GS_ALWAYS { return w; });
          }
        }
        sink.put(tile, g, row, c, values, first, channels);
      }
  }

  static void run_vectors(const S* image, const int64_t* row_at, int64_t column, int64_t first, int64_t count, const T* fill,
                          const Tile<T>& tile, const Sink<T>& sink) {
    constexpr int most = 16 * lanes;  // channels at a time
    alignas(64) T values[most * kGroup];
    for (; count > 0; first += most, count -= most) {
      int64_t now = count < most ? count : most;
      for (int g = 0, row = 0; g < tile.groups; ++row)
        for (int c = 0; c < sink.columns; c += kGroup, ++g) {
          int points = sink.columns - c < kGroup ? sink.columns - c : kGroup;
          if (!kSmall && sink.soon) sink.soon->ask_by_call(row, c);
          // Whole vectors may lie where they stay.
          bool direct = __is_same(S, T) && sink.stored && sink.channel_step == 1 && !tile.judged[g];
          T* to = direct ? reinterpret_cast<T*>(sink.at(row, c, first)) : values;
          int64_t step = direct ? sink.column_step : now;
          bool past = direct && sink.past_caches(to) && step * sizeof(T) % GS_VECTOR_BYTES == 0;
          for (int i = 0; i < points; ++i)
            point(image, row_at, column, first, now, fill, tile, g * kGroup + i, to + i * step, past);
          if (direct) continue;
          if constexpr (__is_same(S, T))
            if (sink.is_direct(tile, g, c)) {  // planes
              put_planes(values, now, row, c, first, sink);
              continue;
            }
          sink.put(tile, g, row, c, values, first, now);
        }
    }
  }

  // All points of a tile in `count` channels from `first` on, which lie side by side.
  static void run(const S* image, const int64_t* stride, int64_t, int64_t first, int64_t count, const T* fill,
                  const Tile<T>& tile, const Sink<T>& sink) {
    int64_t row_at[rows];
    row_offsets(stride, row_at);
    int64_t column = stride[Dims - 1], whole = count / lanes * lanes, end = first + count;
    if (whole) run_vectors(image, row_at, column, first, whole, fill, tile, sink);
    for (first += whole; first < end; first += 4) {
      const int left = int(end - first < 4 ? end - first : 4);
      if constexpr (kSmall) {
        run_few(image, row_at, column, first, left, fill, tile, sink);
      } else {
        auto run_as = [&](auto channels) GS_ALWAYS {
          if constexpr (channels < lanes) run_pixels<channels>(image, row_at, column, first, fill, tile, sink);
        };
        if (left == 4) run_as(std::integral_constant<int, 4>{});
        else if (left == 3) run_as(std::integral_constant<int, 3>{});
        else if (left == 2) run_as(std::integral_constant<int, 2>{});
        else run_as(std::integral_constant<int, 1>{});
      }
    }
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
