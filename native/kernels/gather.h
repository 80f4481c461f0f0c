// Stage B, sampling: taps to values, planes. Dimensions, taps and dtype meet here and nowhere else.
#pragma once

#include <cmath>

#include "packed.h"
#include "tile.h"
#include "windows.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [the order of sums]
// Every output is sum over axis 0 of w0 (sum over axis 1 of w1 (sum over the last axis ...)) with the last axis summed last, each
// sum from the first tap to the last, the first product rounded and the others fused. Interior and edge groups and all
// ISAs compute exactly this, so a result does not depend on which of them computed it.

// first + sum of term(k) for k from 1 on; as a loop in the machine code where writing every term out would make too much of it.
template <int K, bool Rolled, class Sum, class Add>
GS_INLINE Sum add_terms(Sum sum, const Add& add) {
  if constexpr (Rolled) {
#pragma GCC unroll 1
    for (int k = 1; k < K; ++k) sum = add(sum, k);
  } else {
GS_UNROLL(4)
    for (int k = 1; k < K; ++k) sum = add(sum, k);
  }
  return sum;
}

// The weighted sum of the rows of taps over all axes but the last: row(r) gives the values of row r, weight(axis, k) the weight of
// tap k of an axis, both in the same form. Leading is the number of axes to sum over.
template <int Leading, int K, bool Rolled = ((Leading > 1 && K > 2) || K > 4), int Axis = 0, class Row, class Weight>
GS_INLINE auto sum_rows(const Row& row, const Weight& weight, int r = 0) {
  if constexpr (Axis == Leading || K == 1) {  // the one tap of nearest has no weight
    return row(r);
  } else {
    auto term = [&](int k) GS_ALWAYS { return sum_rows<Leading, K, Rolled, Axis + 1>(row, weight, r * K + k); };
    return add_terms<K, Rolled>(term(0) * weight(Axis, 0), [&](auto sum, int k) GS_ALWAYS { return fma(term(k), weight(Axis, k), sum); });
  }
}

template <int K, class T, int Packed>
GS_INLINE Vec<T> sum_last(const Taps<T, Packed>& taps, const Tile<T>& tile, int axis, int i) {
  if constexpr (K == 1) return taps.at[0];
  Vec<T> sum = taps.at[0] * load<Vec<T>>(&tile.weight[axis][0][i]);
  for (int k = 1; k < K; ++k) sum = fma(taps.at[k], load<Vec<T>>(&tile.weight[axis][k][i]), sum);
  return sum;
}

template <class T>
GS_INLINE bool are_numbers(Vec<T> v) {  // none of them NaN
  return lanes_within(v, v, v) == Simd<T>::all;
}

// Lanes are points, in one channel or several. Instruction: by the processor's gather instruction.
template <class S, int Dims, int K, bool Instruction>
struct Gather {
  using T = typename Computed<S>::type;
  using Row = typename Stored<S>::type;
  static constexpr int lanes = Simd<T>::lanes, packed = packed_taps(K);
  static constexpr int rows = Dims == 3 ? K * K : Dims == 2 ? K : 1;
  static constexpr int planes = !kSmall && K <= 2 && Dims == 2 && (__is_same(S, float) || __is_same(S, half)) ? 4 : 1;  // at once, at most
  static constexpr bool kInRegisters = !kSmall && (K <= 2 || (K == 4 && sizeof(T) == 4 && (Dims == 2 || sizeof(S) == 4)));

  // The sum over the rows of part J.
  template <int J, class Rows>
  static GS_INLINE Vec<T> sum(const Rows& row, const Tile<T>& tile, int i) {
    auto weight = [&](int axis, int k) GS_ALWAYS {
      return spread_part<T, packed, J>(load<Vec<T>>(&tile.weight[axis][k][i]), std::make_integer_sequence<int, lanes>{});
    };
    return sum_rows<Dims - 1, K>(row, weight);
  }

  // One vector of points of an interior group, in each of some planes. Part by part, so that a point's offset is loaded, and its weights
  // are spread, once for all planes and rows.
  template <int Planes, int... J>
  static GS_INLINE void interior(const S* const (*row_at)[rows], const Tile<T>& tile, int i, Vec<T>* values, std::integer_sequence<int, J...>) {
    Vec<T> parts[Planes][packed];
    auto read = [&](auto j) GS_ALWAYS {
      constexpr int bytes = packed * int(sizeof(S)), wanted = int(sizeof(Row));
      if constexpr (!Instruction && bytes < wanted) {
        Row row[Planes][rows];
        gather_places<bytes, wanted, Planes * rows>(*row_at, tile.base + i + j * lanes / packed, *row);
GS_UNROLL(4)
        for (int p = 0; p < Planes; ++p)
          parts[p][j] = sum<j>([&](int r) GS_ALWAYS { return widen<S>(row[p][r]); }, tile, i);
      } else {
GS_UNROLL(4)
        for (int p = 0; p < Planes; ++p)
          parts[p][j] = sum<j>([&](int r) GS_ALWAYS { return gather_part<S, packed, j, Instruction>(row_at[p][r], tile.base + i); }, tile, i);
      }
    };
    (read(std::integral_constant<int, J>{}), ...);
GS_UNROLL(4)
    for (int p = 0; p < Planes; ++p) {
      Taps<T, packed> taps;
      unpack<T, packed>(parts[p], taps.at);
      values[p] = sum_last<K>(taps, tile, Dims - 1, i);
    }
  }

  // One vector of points of an edge group: tap by tap, and what is outside is the fill value, whatever was read in its place.
  static __attribute__((noinline)) Vec<T> edge(const S* plane, T fill, const Tile<T>& tile, int i) {
    using Int = typename Simd<T>::I;
    using Offsets = typename Simd<double>::I;
    constexpr int step = Simd<double>::lanes;
    Taps<T, K> taps;
#pragma GCC unroll 1
    for (int k = 0; k < K; ++k) {
      auto row = [&](int r) GS_ALWAYS {
        alignas(64) int64_t offset[lanes];
        const int64_t* along[kMaxDim] = {&tile.offset[Dims - 1][k][i]};
        Int inside = load<Int>(&tile.inside[Dims - 1][k][i]);
        for (int axis = Dims - 2; axis >= 0; --axis, r /= K) {
          along[Dims - 1 - axis] = &tile.offset[axis][r % K][i];
          inside &= load<Int>(&tile.inside[axis][r % K][i]);
        }
        for (int l = 0; l < lanes; l += step) {
          Offsets sum = load<Offsets>(along[0] + l);
          for (int axis = 1; axis < Dims; ++axis) sum += load<Offsets>(along[axis] + l);
          store(offset + l, sum);
        }
        return inside ? gather_part<S, 1, 0, Instruction && can_gather<S, 1>()>(plane, offset) : broadcast(fill);
      };
      auto weight = [&](int axis, int w) GS_ALWAYS { return load<Vec<T>>(&tile.weight[axis][w][i]); };
      taps.at[k] = sum_rows<Dims - 1, K, true>(row, weight);
    }
    return sum_last<K>(taps, tile, Dims - 1, i);
  }

  // The taps of such a vector, from pairs of samples that are all inside: a tap that is outside is none of its pair.
  static GS_INLINE void pair_taps(const S* const* row_at, T fill, const Tile<T>& tile, int i, Vec<T>* tap) {
    Vec<T> outside = broadcast(fill);
GS_UNROLL(4)
    for (int r = 0; r < rows; ++r) {
      Vec<T> parts[] = {gather_part<S, 2, 0, Instruction>(row_at[r], tile.base + i), gather_part<S, 2, 1, Instruction>(row_at[r], tile.base + i)};
      unpack<T, 2>(parts, tap + r * K);
    }
GS_UNROLL(3)
    for (int axis = Dims - 1, apart = 1; axis >= 0; --axis, apart *= 2)
      move_taps(tap, apart, load<typename Simd<T>::I>(&tile.shift[axis][i]), tile.lone[axis], outside);
  }

  // The taps along an axis, which lie `apart`, where pairs were moved by `shift`; or the one tap, where that moved.
  static GS_INLINE void move_taps(Vec<T>* tap, int apart, typename Simd<T>::I shift, bool lone, Vec<T> outside) {
GS_UNROLL(8)
    for (int t = 0; t < rows * K; ++t)
      if constexpr (K == 1) {
        tap[t] = shift == 0 ? tap[t] : outside;
      } else if (!(t & apart)) {
        Vec<T> low = tap[t], high = lone ? outside : tap[t + apart];
        tap[t] = shift == 0 ? low : shift == 1 ? high : outside;
        tap[t + apart] = shift == 0 ? high : shift == -1 ? low : outside;
      }
  }

  static __attribute__((noinline)) Vec<T> edge_pairs(const S* const* row_at, T fill, const Tile<T>& tile, int i) {
    Vec<T> tap[rows * K];
    pair_taps(row_at, fill, tile, i, tap);
    auto weight = [&](int axis, int w) GS_ALWAYS { return load<Vec<T>>(&tile.weight[axis][w][i]); };
    Taps<T, K> taps;
GS_UNROLL(2)
    for (int k = 0; k < K; ++k)
      taps.at[k] = sum_rows<Dims - 1, K>([&](int r) GS_ALWAYS { return tap[r * K + k]; }, weight);
    return sum_last<K>(taps, tile, Dims - 1, i);
  }

  // call(how many planes at once, the first of them) for `count` planes.
  template <int AtOnce = planes, class Call>
  static GS_INLINE void in_planes(int64_t count, const Call& call, int64_t first = 0) {
    for (; count >= AtOnce; count -= AtOnce, first += AtOnce) call(std::integral_constant<int, AtOnce>{}, first);
    if constexpr (AtOnce > 1) in_planes<AtOnce - 1>(count, call, first);
  }

  // NOTE [what is asked for]
  // The samples that run() will read, of some planes. Not all points do, since neighbours mostly share a cache line (Plan::asked_every). Of the
  // rows along the last axis but one, the first: the others are first rows of the points below. Only the points of the last row have
  // nobody below them, or those of the first row, where the map turns the image over, or all, where it skips rows. Wide kernels in volumes
  // take so long that this is not worth it.
  template <int Planes>
  static void prefetch_planes(const S* const* image, const int64_t* stride, const Tile<T>& tile) {
    if constexpr (Dims == 3) {
      if (tile.asked_plane == kAllPlanes) return ask_for<Planes, K>(image, stride, tile);
      const S* moved[Planes];
      for (int p = 0; p < Planes; ++p) moved[p] = image[p] + tile.asked_plane * stride[0];
      ask_for<Planes, 1>(moved, stride, tile);
    } else {
      ask_for<Planes, 1>(image, stride, tile);
    }
  }

  // The same, of so many planes of taps, one behind the other.
  template <int Planes, int deep>
  static __attribute__((noinline)) void ask_for(const S* const* image, const int64_t* stride, const Tile<T>& tile) {
    auto ask = [&](int64_t row, int first, int last) GS_ALWAYS {
      const S* plane[Planes * deep];
      for (int p = 0; p < Planes * deep; ++p) plane[p] = image[p / deep] + p % deep * stride[0] + row;
      for (int g = first; g < last; ++g)
        if (tile.kind[g] == kInterior || tile.kind[g] == kInWindow || (tile.pairs && tile.kind[g] == kEdge))
          for (int i = g * kGroup; i < (g + 1) * kGroup; i += tile.asked_every) {
            int64_t at = tile.base[i];
GS_UNROLL(8)
            for (int p = 0; p < Planes * deep; ++p) gs::GS_ISA::prefetch(plane[p] + at);
          }
    };
    constexpr int asked = Dims == 2 || (Dims == 3 && K == 2) ? K : 1;
    int first = 0, last = 0, rows_of_points = tile.groups / tile.row_groups;
    if (asked > 1 && rows_of_points > 1) {
      // As floating-point numbers, since what is far outside may have overflown.
      double down = double(tile.base[(tile.groups - tile.row_groups) * kGroup]) - double(tile.base[0]);
      bool skips = std::fabs(down) * 2 > std::fabs(double(stride[Dims - 2])) * rows_of_points * 3;
      first = down < 0 || skips ? 0 : tile.groups - tile.row_groups;
      last = down < 0 && !skips ? tile.row_groups : tile.groups;
    }
    ask(0, 0, tile.groups);
    for (int r = 1; r < asked; ++r) ask(r * stride[Dims - 2], first, last);
  }

  static void prefetch(const S* image, const int64_t* stride, int64_t channel_stride, int64_t count, const Tile<T>& tile) {
    in_planes(count, [&](auto at_once, int64_t first) GS_ALWAYS {
      const S* plane[at_once];
      for (int p = 0; p < at_once; ++p) plane[p] = image + (first + p) * channel_stride;
      prefetch_planes<at_once>(plane, stride, tile);
    });
  }

  static GS_INLINE void find_rows(const S* plane, const int64_t* stride, const S** row_at) {
    for (int r = 0; r < rows; ++r) {
      row_at[r] = plane;
      for (int axis = Dims - 2, left = r; axis >= 0; --axis, left /= K) row_at[r] += left % K * stride[axis];
    }
  }

  static GS_INLINE void put(S* to, Vec<T> v, bool past) {
    if constexpr (__is_same(S, T))
      past ? stream(to, v) : store(to, v);
    else if constexpr (narrows<S, T>)
      store(to, narrow<S, T>(v));
  }

  // Some groups of a tile, of any kind, in one channel; what is outside reads fill[channel].
  static __attribute__((noinline)) void run_groups(const GroupPlace* places, int count, const S* plane, const int64_t* stride, int64_t channel,
                                                   T fill, const Tile<T>& tile, const Sink<T>& sink) {
    const S* row_at[1][rows];
    find_rows(plane, stride, row_at[0]);
    for (; count > 0; ++places, --count) {
      const int g = places->group, row = places->row, column = places->column;
      if (!kSmall && sink.soon) sink.soon->ask_by_call(row, column);
      alignas(64) T values[kGroup];
      for (int i = 0; i < kGroup; i += lanes) {
        Vec<T> v;
        int at = g * kGroup + i;
        if (tile.kind[g] == kInterior || tile.kind[g] == kInWindow) {
          interior<1>(row_at, tile, at, &v, std::make_integer_sequence<int, packed>{});
          if (tile.kind[g] == kInWindow) {
            v += T(0);  // no sum of nothing is -0
            if (!are_numbers<T>(v)) v = edge(plane, fill, tile, at);
          }
        } else if (tile.kind[g] & kOutside) {
          v = broadcast(fill);
        } else if (K == 2 && tile.pairs) {
          if constexpr (K == 2) v = edge_pairs(row_at[0], fill, tile, at);
        } else {
          v = edge(plane, fill, tile, at);
        }
        store(values + i, v);
      }
      if (sink.is_direct(tile, g, column)) {
        S* to = reinterpret_cast<S*>(sink.at(row, column, channel));
        for (int i = 0; i < kGroup; i += lanes) put(to + i, load<Vec<T>>(values + i), sink.past_caches(to));
      } else {
        sink.put(tile, g, row, column, values, channel, 1);
      }
    }
  }

  // The points of a tile in `Planes` channels from `channel` on. First what needs no call, so that all else stays in registers, unless the
  // kernel takes too long for that to matter: each such loop adds to the size of the library.
  template <int Planes>
  static GS_HOT void run_planes(const S* image, const int64_t* stride, int64_t channel_stride, int64_t channel, const T* fill, const Tile<T>& tile,
                         const Sink<T>& sink) {
    const S *plane[Planes], *row_at[Planes][rows];
    for (int p = 0; p < Planes; ++p) {
      plane[p] = image + (channel + p) * channel_stride;
      find_rows(plane[p], stride, row_at[p]);
    }
    S* first = reinterpret_cast<S*>(sink.at(0, 0, channel));
    // Mostly of one plane, whose loop is all there is; in those of several at once it is out of the way, and costs nothing.
    auto ask = [&](int row, int column) GS_ALWAYS {
      if (!kSmall && __builtin_expect(sink.soon != nullptr, Planes == 1)) sink.soon->ask(row, column);
    };
    const bool planes_alike = Planes == 1 || sink.channel_step * sizeof(S) % GS_VECTOR_BYTES == 0;
    if constexpr (kReadsWindows<S, Dims, K>)
      for (int k = 0; k < sink.window_count; ++k) {
        const LevelGroup& window = sink.windows[k];
        const int g = window.group.group, row = window.group.row, column = window.group.column;
        ask(row, column);
        Vec<T> weight[2][2];
        each<4>([&](auto w) GS_ALWAYS { weight[w / 2][w % 2] = load<Vec<T>>(&tile.weight[w / 2][w % 2][g * kGroup]); });
        S* to = first + row * sink.row_step + column;
        bool past = sink.past_caches(to) && planes_alike;
        each<Planes>([&](auto p) GS_ALWAYS { put(to + p * sink.channel_step, read_window(plane[p], stride[0], window, weight), past); });
      }
    for (int k = 0; kInRegisters && k < sink.whole_count; ++k) {
      const int g = sink.whole[k].group, row = sink.whole[k].row, column = sink.whole[k].column;
      ask(row, column);
      S* to = first + row * sink.row_step + column;
      bool past = sink.past_caches(to) && planes_alike;
      for (int i = 0; i < kGroup; i += lanes) {
        Vec<T> values[Planes];
        interior<Planes>(row_at, tile, g * kGroup + i, values, std::make_integer_sequence<int, packed>{});
GS_UNROLL(4)
        for (int p = 0; p < Planes; ++p) put(to + p * sink.channel_step + i, values[p], past);
      }
    }
    for (int p = 0; p < Planes; ++p) {
      if (!kInRegisters) run_groups(sink.whole, sink.whole_count, plane[p], stride, channel + p, fill[channel + p], tile, sink);
      run_groups(sink.others, sink.others_count, plane[p], stride, channel + p, fill[channel + p], tile, sink);
    }
  }

  // The same in `count` channels.
  static void run(const S* image, const int64_t* stride, int64_t channel_stride, int64_t channel, int64_t count, const T* fill,
                  const Tile<T>& tile, const Sink<T>& sink) {
    in_planes(count, [&](auto at_once, int64_t first) GS_ALWAYS {
      run_planes<at_once>(image, stride, channel_stride, channel + first, fill, tile, sink);
    });
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
