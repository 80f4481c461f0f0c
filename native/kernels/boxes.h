// From the boxes of tiles to the image, and from tiles that have no box: derivatives.h, NOTE [boxes].
#pragma once

#include "../derivatives.h"
#include "products.h"

namespace gs {
namespace GS_ISA {
namespace {

// Whose rows are whose: stripes of a few rows in turn, so that a wave of boxes is work for everybody.
inline bool owns(int64_t index, int ndim, int part, int parts) { return index / (ndim == 1 ? 64 : 4) % parts == part; }

template <class T>
struct Image {
  T* to;  // of the batch item
  int64_t channel;
  int64_t stride[kMaxDim];
  int ndim, part, parts;

  Image(const DerivativePlan& plan, int64_t batch, int part, int parts)
      : to(static_cast<T*>(plan.problem.grad_input) + batch * plan.problem.grad_batch),
        channel(plan.problem.grad_channel),
        ndim(plan.problem.forward.ndim),
        part(part),
        parts(parts) {
    for (int a = 0; a < ndim; ++a) stride[a] = plan.problem.forward.axis[a].stride;
  }
  bool owns(int64_t index) const { return GS_ISA::owns(index, ndim, part, parts); }
};

// Where the samples of a row go: `place` from first to last, one after the other if `straight`.
struct Run {
  const int32_t* place;
  int first, last;
  bool straight;

  Run(const int32_t* places, int count) : place(places), first(0), last(count) {
    while (first < last && place[first] < 0) ++first;
    while (first < last && place[last - 1] < 0) --last;
    straight = true;
    for (int i = first; i < last; ++i) straight &= place[i] - place[first] == i - first;
  }

  // to[place[i]] += from[i]
  template <class T>
  void add(T* to, int64_t stride, const T* from) const {
    if (straight && stride == 1) {
      T* __restrict row = to + place[first];
      const T* __restrict values = from + first;
      for (int i = 0; i < last - first; ++i) row[i] += values[i];
    } else {
      for (int i = first; i < last; ++i)
        if (place[i] >= 0) to[place[i] * stride] += from[i];
    }
  }
};

template <class T>
void flush_box(const DerivativePlan& plan, const Box& box, const Image<T>& image, int32_t* memory) {
  const Problem& p = plan.problem.forward;
  int last = p.ndim - 1;
  int32_t* place[kMaxDim];
  for (int a = 0; a < p.ndim; ++a, memory += box.extent[a - 1]) {
    place[a] = memory;
    tiles_table.places(p.kernel, p.axis[a], box.low[a], box.extent[a], memory);
  }
  if (p.ndim == 1)  // rows are single samples
    for (int i = 0; i < box.extent[0]; ++i)
      if (place[0][i] >= 0 && !image.owns(place[0][i])) place[0][i] = -1;
  Run row(place[last], box.extent[last]);
  if (row.first == row.last) return;
  int outer = p.ndim > 1 ? box.extent[0] : 1, middle = p.ndim > 2 ? box.extent[1] : 1, columns = box.extent[last];
  int64_t plane = int64_t(outer) * middle * columns, ahead = p.ndim > 1 ? image.stride[last - 1] : 0;
  for (int i = 0; i < outer; ++i) {
    if (p.ndim > 1 && (place[0][i] < 0 || !image.owns(place[0][i]))) continue;
    for (int j = 0; j < middle; ++j) {
      if (p.ndim > 2 && place[1][j] < 0) continue;
      int64_t at = (p.ndim > 1 ? place[0][i] * image.stride[0] : 0) + (p.ndim > 2 ? place[1][j] * image.stride[1] : 0);
      const T* from = static_cast<const T*>(box.values) + int64_t(i * middle + j) * columns;
      for (int64_t c = 0; c < p.channels; ++c) {
        T* to = image.to + at + c * image.channel;
        for (int line = 0; line < columns; line += 64 / int(sizeof(T)))  // rows do not follow each other: ask for the next but one
          __builtin_prefetch(to + 2 * ahead + row.place[row.first] + line, 1);
        row.add(to, image.stride[last], from + c * plane);
      }
    }
  }
}

// The taps of a tile that belong to this part, each an offset and a weight, point by point; then all channels.
// The tile was made with every group an edge group, and the offsets of axis 0 in samples. `weight` is (points, taps).
template <class T, int Dims, int K>
struct Direct {
  static constexpr int taps = kAllTaps<Dims, K>;
  int64_t offset[kTilePoints * taps];
  T weight[kTilePoints * taps];
  int end[kTilePoints];  // of each point's taps

  void collect(const Tile<T>& tile, const T* weights, const Image<T>& image) {
    int count = 0;
    for (int i = 0; i < tile.groups * kGroup; ++i) {
      bool outside = tile.kind[i / kGroup] & kOutside;  // then it has no taps at all
      for (int t = 0; t < taps && !outside; ++t) {
        int64_t at = 0;
        bool mine = true;
        for (int axis = Dims - 1, left = t; axis >= 0; --axis, left /= K) {
          int64_t along = tile.offset[axis][left % K][i];
          mine &= tile.inside[axis][left % K][i] != 0 && (axis > 0 || image.owns(along));
          at += axis ? along : along * image.stride[0];
        }
        offset[count] = at;
        weight[count] = weights[i * taps + t];
        count += mine;
      }
      end[i] = count;
    }
  }

  void add(T* to, const T* values, int points) const {
    for (int i = 0, t = 0; i < points; ++i)
      for (; t < end[i]; ++t) to[offset[t]] += weight[t] * values[i];
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
