// Where the values of a tile go: conversion to the output's dtype, strides, and the points whose value is not what was read.
#pragma once

#include "soon.h"
#include "storage.h"
#include "tile.h"

namespace gs {
namespace GS_ISA {
namespace {

// A group of a tile, and where its first point is.
struct GroupPlace {
  int group, row, column;
};

struct LevelGroup;  // kernels/windows.h

template <class T>
struct Sink {
  char* to;  // the tile's first point, first channel
  int64_t row_step, column_step, channel_step;  // in elements of the output
  int item;                                     // bytes of an element
  int columns;
  bool stored;  // the output holds what the image holds
  bool direct;  // ... and the points of a row lie side by side, so that vectors may be stored
  bool stream;  // ... past the caches
  const T* fill;  // for each channel
  void (*write)(const T* from, int64_t from_step, int64_t count, void* to, int64_t step);
  const Soon* soon;  // asked for with each group; or null
  // The groups of the tile: interior ones whose vectors may be stored, and the others. Once for all channels.
  const GroupPlace* whole;
  int whole_count, others_count;
  GroupPlace others[kTilePoints / kGroup], some[kTilePoints / kGroup], all[kTilePoints / kGroup];
  int all_columns, all_count;  // of the tile that `all` are the groups of
  const LevelGroup* windows;   // of interior groups that are read in another way
  int window_count;

  // takes(group): whether a whole group may be read in the other way; take(place) takes it, or not.
  template <class Takes, class Take>
  void sort_groups(const Tile<T>& tile, const Takes& takes, const Take& take) {
    whole_count = others_count = window_count = 0;
    if (tile.whole && direct && columns % kGroup == 0) {  // most tiles
      bool taken = false;
      for (int g = 0; g < tile.groups; ++g) taken |= takes(g);
      if (!taken) {
        if (columns != all_columns || tile.groups != all_count) list_all(tile.groups);
        whole = all;
        whole_count = all_count;
        return;
      }
    }
    whole = some;
    for (int g = 0, row = 0; g < tile.groups; ++row)
      for (int column = 0; column < columns; column += kGroup, ++g) {
        const bool is_whole = tile.kind[g] == kInterior && is_direct(tile, g, column);
        if (is_whole && takes(g) && take(GroupPlace{g, row, column})) continue;
        (is_whole ? some[whole_count++] : others[others_count++]) = {g, row, column};
      }
  }

  void list_all(int groups) {
    all_columns = columns;
    all_count = groups;
    const int in_row = columns / kGroup;
    for (int g = 0; g < groups; ++g) all[g] = {g, g / in_row, g % in_row * kGroup};
  }

  // Whether the vectors of a group may be stored.
  bool is_direct(const Tile<T>& tile, int group, int column) const { return direct && column + kGroup <= columns && !tile.judged[group]; }

  char* at(int row, int column, int64_t channel) const {
    return to + (row * row_step + column * column_step + channel * channel_step) * item;
  }

  bool past_caches(const void* at) const { return stream && reinterpret_cast<uintptr_t>(at) % GS_VECTOR_BYTES == 0; }

  // Where the pixels of a whole group may be stored as they lie in the image, or null.
  template <class S>
  S* pixels(const Tile<T>& tile, int group, int row, int column, int64_t first, int64_t channels) const {
    bool alike = stored && channel_step == 1 && column_step == channels && column + kGroup <= columns && !tile.judged[group];
    return alike ? reinterpret_cast<S*>(at(row, column, first)) : nullptr;
  }

  // `values` of the points of one group, `channels` side by side for each point, beginning with channel `first`.
  void put(const Tile<T>& tile, int group, int row, int column, T* values, int64_t first, int64_t channels) const {
    int count = columns - column < kGroup ? columns - column : kGroup;
    char* place = at(row, column, first);
    if (tile.judged[group] && settle(tile.verdict + group * kGroup, count, values, first, channels))
      return put_others(tile.verdict + group * kGroup, count, place, values, channels);
    if (channels == 1) {
      write(values, 1, count, place, column_step);
    } else if (channel_step == 1 && column_step == channels) {
      write(values, 1, count * channels, place, 1);
    } else if (channel_step == 1) {
      for (int i = 0; i < count; ++i) write(values + i * channels, 1, channels, place + i * column_step * item, 1);
    } else {
      for (int64_t c = 0; c < channels; ++c) write(values + c, channels, count, place + c * channel_step * item, column_step);
    }
  }

  // Put in place of values what their verdicts say. True if some are to be kept.
  bool settle(const Verdict* verdict, int count, T* values, int64_t first, int64_t channels) const {
    bool keeps = false;
    for (int i = 0; i < count; ++i, values += channels) {
      keeps |= verdict[i] == kKeep;
      if (verdict[i] == kFill || verdict[i] == kNaN)
        for (int64_t c = 0; c < channels; ++c) values[c] = verdict[i] == kNaN ? T(__builtin_nan("")) : fill[first + c];
    }
    return keeps;
  }

  void put_others(const Verdict* verdict, int count, char* place, T* values, int64_t channels) const {  // than those to be kept
    for (int i = 0; i < count; ++i, values += channels, place += column_step * item)
      if (verdict[i] != kKeep) write(values, 1, channels, place, channel_step);
  }
};

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
