// Few planes of float32, read linearly or by nearest: without tiles of taps.
#pragma once

#include <cstdlib>

#include "direct_points.h"
#include "gather.h"
#include "soon.h"
#include "weights.h"

namespace gs {
namespace GS_ISA {
namespace {

// NOTE [without tiles]
// A tile of taps is worth its making where many channels share it. Of one or a few, making it, sorting its groups and reading it again takes longer than
// sampling. So here all that is put down is what must be known ahead to ask for samples, and edges are read as all else. Taps, weights and the order of sums
// are those of inner_groups.h and gather.h; NOTE [moved weights] names the one difference. Instruction: by the processor's gather instruction.
template <class S, class Kernel, int Dims, bool Instruction>
struct Direct {
  using V = Vec<float>;
  using I = Simd<float>::I;
  static constexpr int lanes = Simd<float>::lanes, K = Kernel::taps;
  using Reader = Gather<S, Dims, K, Instruction>;
  using Points = DirectPoints<Dims, K>;
  static constexpr int rows = Reader::rows;

  // The offsets and weights of a vector of points; those of rows of taps each as often as a row has taps, in parts: NOTE [packed taps].
  struct Taps {
    const int32_t* offset;
    V row[Dims - 1][K][K], last[K];
  };

  static GS_INLINE Taps load_taps(const Points& points, int i, bool moved) {
    Taps taps;
    taps.offset = points.offset + i;
    V weight[Dims][K];
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) Kernel::weights(load<V>(points.weight[a][K - 1] + i), 0, weight[a]);
    if (moved)
GS_UNROLL(3)
      for (int a = 0; a < Dims; ++a) weight[a][0] = load<V>(points.weight[a][0] + i);
    each<K>([&](auto k) GS_ALWAYS {
      taps.last[k] = weight[Dims - 1][k];
GS_UNROLL(2)
      for (int a = 0; a < Dims - 1; ++a)
        each<K>([&](auto j) GS_ALWAYS { taps.row[a][k][j] = spread_part<float, K, j>(weight[a][k], std::make_integer_sequence<int, lanes>{}); });
    });
    return taps;
  }

  // Part J of the taps in all rows, `channel` behind where they begin.
  template <int J>
  static GS_INLINE void gather(const S* const* row_at, int64_t channel, const int32_t* offset, V* row) {
    if constexpr (Instruction) {
      const I at = load<I>(offset);
GS_UNROLL(4)
      for (int r = 0; r < rows; ++r)
        if constexpr (K == 1)
          row[r] = gather_ones(row_at[r] + channel, at);
        else
          row[r] = gather_pairs<J>(row_at[r] + channel, at);
    } else {
      const S* from[rows];
GS_UNROLL(4)
      for (int r = 0; r < rows; ++r) from[r] = row_at[r] + channel;
      gather_places<K * int(sizeof(S)), GS_VECTOR_BYTES, rows>(from, offset + J * lanes / K, row);
    }
  }

  static GS_INLINE V sum_last(const V* tap, const V* weight) {
    if constexpr (K == 1)
      return tap[0];
    else
      return fma(tap[1], weight[1], tap[0] * weight[0]);
  }

  // A vector of points in the plane that lies `channel` after that of the rows.
  static GS_INLINE V read(const S* const* row_at, int64_t channel, const Taps& taps) {
    V parts[K], tap[K];
    each<K>([&](auto j) GS_ALWAYS {
      V row[rows];
      gather<j>(row_at, channel, taps.offset, row);
      parts[j] = sum_rows<Dims - 1, K>([&](int r) GS_ALWAYS { return row[r]; }, [&](int axis, int k) GS_ALWAYS { return taps.row[axis][k][j]; });
    });
    unpack<float, K>(parts, tap);
    return sum_last(tap, taps.last);
  }

  // The same of a kLevel vector: NOTE [windows of points].
  struct LevelTaps {
    int64_t window;
    I place;  // of first taps there
    V weight[Dims][K];
  };

  static GS_INLINE LevelTaps load_level(const Points& points, int i) {
    LevelTaps taps;
    taps.window = int64_t(points.offset[i]) - kBefore;
    taps.place = load<I>(points.offset + i) - int32_t(taps.window);
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) Kernel::weights(load<V>(points.weight[a][K - 1] + i), 0, taps.weight[a]);
    return taps;
  }

  static GS_INLINE V read_level(const S* const* row_at, int64_t channel, const LevelTaps& taps) {
    V sum[K];
    if constexpr (kPicks) {
      V row[rows][2];
GS_UNROLL(4)
      for (int r = 0; r < rows; ++r) {
        const S* from = row_at[r] + channel + taps.window;
        row[r][0] = load<V>(from);
        row[r][1] = load<V>(from + lanes);
      }
      each<K>([&](auto k) GS_ALWAYS {
        const I place = taps.place + int32_t(k);
        sum[k] = sum_rows<Dims - 1, K>([&](int r) GS_ALWAYS { return pick(row[r][0], row[r][1], place); },
                                       [&](int axis, int w) GS_ALWAYS { return taps.weight[axis][w]; });
      });
    }
    return sum_last(sum, taps.weight[Dims - 1]);
  }

  // The same tap by tap, so that nothing else can touch the sum.
  static __attribute__((noinline)) V read_taps(const S* const* row_at, const Points& points, int i) {
    V weight[Dims][K], tap[rows * K], summed[K], row[K][rows];
GS_UNROLL(3)
    for (int a = 0; a < Dims; ++a) Kernel::weights(load<V>(points.fraction[a] + i), 0, weight[a]);
    each<K>([&](auto j) GS_ALWAYS { gather<j>(row_at, 0, points.offset + i, row[j]); });
GS_UNROLL(4)
    for (int r = 0; r < rows; ++r) {
      V parts[K];
      each<K>([&](auto j) GS_ALWAYS { parts[j] = row[j][r]; });
      unpack<float, K>(parts, tap + r * K);
    }
GS_UNROLL(3)
    for (int axis = Dims - 1, apart = 1; axis >= 0; --axis, apart *= K) Reader::move_taps(tap, apart, load<I>(points.shift[axis] + i), false, V{});
    each<K>([&](auto k) GS_ALWAYS {
      summed[k] = sum_rows<Dims - 1, K>([&](int r) GS_ALWAYS { return tap[r * K + k]; }, [&](int axis, int w) GS_ALWAYS { return weight[axis][w]; });
    });
    return sum_last(summed, weight[Dims - 1]);
  }

  // NOTE [what is asked for], of few planes. In volumes, second rows of taps are asked for by the points of the last row only, also where the map skips
  // rows or is turned: more was slower.
  static __attribute__((noinline)) void ask(const Plan& plan, const TilePlace& place, const S* image, const int64_t* row_stride, int64_t channels,
                                            const Points& points) {
    const int padded = padded_columns(place), count = place.rows * padded;
    const int64_t reach = int64_t(points.offset[count - padded]) - points.offset[0];
    const bool skips = place.rows == 1 || (Dims == 2 && 2 * std::abs(reach) > 3 * place.rows * std::abs(row_stride[0]));
    for (int64_t c = 0; c < channels; ++c, image += plan.problem.input_channel) {
      const S* row_at[rows];
      Reader::find_rows(image, row_stride, row_at);
      for (int r = 0; r < rows; ++r) {
        if (Dims == 3 && plan.asked_plane != kAllPlanes && plan.asked_plane != r / K) continue;
        const bool other = r % K && !skips;
        const int first = other && reach >= 0 ? count - padded : 0, last = other && reach < 0 ? padded : count;
        for (int i = first; i < last; i += plan.asked_every) gs::GS_ISA::prefetch(row_at[r] + points.offset[i]);
      }
    }
  }

  static __attribute__((noinline)) void put_some(S* to, V v, int count) { __builtin_memcpy(to, &v, count * sizeof(S)); }

  // Of a plan that judges: moved points, with what is added to them.
  static GS_INLINE V settle(V v, const Points& points, int i, float fill) {
    const V added = load<V>(points.added + i);
    v = added == added ? v : added;
    return load<I>(points.filled + i) != 0 ? broadcast(fill) : v;
  }

  // The tile of channels goes where `to` is the first point of the first; where nothing is read, there is what stands outside, for each channel.
  static GS_HOT void run_tile(const Plan& plan, const TilePlace& place, const S* image, const int64_t* row_stride, int64_t channels,
                                                 S* to, const float* outside, const Points& points, const Soon& soon) {
    const Problem& p = plan.problem;
    const int64_t row_step = p.out_stride[p.out_ndim - 2], channel_step = p.out_channel, input_channel = p.input_channel;
    const bool streams = plan.stream && (channels == 1 || channel_step * sizeof(S) % GS_VECTOR_BYTES == 0);
    const int columns = place.columns, padding = padded_columns(place) - columns;
    const S* row_at[rows];
    Reader::find_rows(image, row_stride, row_at);
    struct {
      int i, count;
      S* to;
    } others[kTilePoints / lanes];  // afterwards, since a call leaves nothing in registers
    int left = 0, i = 0;
    for (int r = 0; r < place.rows; ++r, to += row_step, i += padding) {
      S* out = to;
      for (int column = 0; column < columns; column += lanes, out += lanes) {
        const int at = i + column, count = columns - column < lanes ? columns - column : lanes;
        const DirectKind kind = points.kind[at / lanes];
        if (lanes == kGroup || column % kGroup == 0) soon.ask(r, column);
        const bool moved = kind == kMoved;
        const bool past = streams && reinterpret_cast<uintptr_t>(out) % GS_VECTOR_BYTES == 0;
        auto put = [&](int64_t c, V v) GS_ALWAYS {
          S* place = out + c * channel_step;
          if (count < lanes)
            put_some(place, v, count);
          else
            past ? stream(place, v) : store(place, v);
        };
        if (kind == kNone) {
          for (int64_t c = 0; c < channels; ++c) put(c, broadcast(outside[c]));
          continue;
        }
        if (kPicks && Dims == 2 && kind == kLevel) {
          const LevelTaps taps = load_level(points, at);
          for (int64_t c = 0; c < channels; ++c) put(c, read_level(row_at, c * input_channel, taps));
          continue;
        }
        const Taps taps = load_taps(points, at, moved);
        for (int64_t c = 0; c < channels; ++c) {
          V v = read(row_at, c * input_channel, taps);
          if (K == 1 && moved) {
            I outside_at = load<I>(points.shift[0] + at);
GS_UNROLL(2)
            for (int a = 1; a < Dims; ++a) outside_at |= load<I>(points.shift[a] + at);
            v = outside_at == 0 ? v : V{};
          } else if (moved) {  // NOTE [moved weights]
            if (lanes_within(v, broadcast(-__builtin_inff()), broadcast(__builtin_inff())) != Simd<float>::all) {
              others[left++] = {at, count, out};
              break;
            }
            v += load<V>(points.added + at);
          }
          if (moved && plan.judges) v = settle(v, points, at, outside[c]);
          put(c, v);
        }
      }
      i += columns;
    }
    for (int k = 0; K > 1 && k < left; ++k)
      for (int64_t c = 0; c < channels; ++c) {
        const S* row_of[rows];
        Reader::find_rows(image + c * input_channel, row_stride, row_of);
        V v = read_taps(row_of, points, others[k].i);
        if (plan.judges) v = settle(v, points, others[k].i, outside[c]);
        __builtin_memcpy(others[k].to + c * channel_step, &v, others[k].count * sizeof(S));
      }
  }

  static __attribute__((noinline)) void run(const Plan& plan, TileTable::FindPoints find, int64_t first, int64_t last, int64_t first_channel, int64_t channels, const int64_t* row_stride, void* memory) {
    const Problem& p = plan.problem;
    static_assert(sizeof(Points) <= sizeof(Tile<float>));
    const bool fills = p.outside == Outside::fill;
    const float* outside = static_cast<const float*>(fills ? plan.fill : plan.outside_reads) + first_channel;
    Points* points = static_cast<Points*>(memory);  // of the tile being read and of the next one, as in sample_tiles()
    auto image = [&](const TilePlace& place) { return static_cast<const S*>(p.input) + place.batch * p.input_batch + first_channel * p.input_channel; };
    TilePlace place = place_tile(plan, first);
    find(plan, place, &points[first & 1]);
    for (int64_t t = first; t < last; ++t) {
      TilePlace next = place;
      if (t + 1 < last) {
        next = place_next_tile(plan, place, t + 1);
        find(plan, next, &points[(t + 1) & 1]);
        ask(plan, next, image(next), row_stride, channels, points[(t + 1) & 1]);
      }
      run_tile(plan, place, image(place), row_stride, channels, static_cast<S*>(p.out) + place.out + first_channel * p.out_channel, outside, points[t & 1],
               Soon(plan, next));
      place = next;
    }
    end_streams();
  }
};

inline bool is_nothing(float x) { return x == 0 && !__builtin_signbit(x); }

// The tiles of a plan in some channels, if they are read so; or nothing, and false.
template <class S>
bool sample_directly(const Plan& plan, int64_t first, int64_t last, int64_t first_channel, int64_t channels, const int64_t* row_stride, void* memory) {
  const Problem& p = plan.problem;
  bool fits = plan.without_tiles && plan.near && p.out_dtype == Dtype::float32 && p.out_stride[p.out_ndim - 1] == 1 && plan.channels_at_once == 1;
  fits &= p.outside != Outside::keep && !p.mask;
  for (int a = 0; a < p.ndim; ++a)
    fits &= p.axis[a].order == 0 && p.axis[a].size > 1 && p.axis[a].boundary == p.axis[0].boundary && p.axis[a].margin >= 0;
  for (int64_t c = 0; c < channels; ++c) fits &= is_nothing(static_cast<const float*>(plan.outside_reads)[first_channel + c]);
  const TileTable::FindPoints find = fits ? tiles_table.choose_points(plan) : nullptr;
  if (!find) return false;
  auto run = [&](auto kernel, auto instruction) {
    if (p.ndim == 2) return Direct<S, decltype(kernel), 2, instruction>::run(plan, find, first, last, first_channel, channels, row_stride, memory);
    return Direct<S, decltype(kernel), 3, instruction>::run(plan, find, first, last, first_channel, channels, row_stride, memory);
  };
  auto with_kernel = [&](auto instruction) { p.kernel == gs::Kernel::linear ? run(kernel::linear{}, instruction) : run(kernel::nearest{}, instruction); };
  plan.gathers ? with_kernel(std::true_type{}) : with_kernel(std::false_type{});
  return true;
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
