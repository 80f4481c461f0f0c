// Who may add to the image when: the tiles of a derivative in chunks, and the order that these keep where they meet.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "derivatives.h"

namespace gs {

// NOTE [chunks keep their order where they meet]
// A chunk is a box of tiles, and what it gives back falls into a box of the image, its reach. Chunks whose reaches overlap add to
// the image one after the other, always in the order of their numbers; the others at the same time. So every sample is a sum of
// the same terms in the same order, whichever threads did the work, and nobody needs an image of his own. The numbers
// are such that chunks that follow each other are far apart: along every axis first the even ones, of these first every fourth, and
// so on. Then a map that is anything like smooth leaves few chunks waiting; with points that are scattered over the whole
// image each waits for the one before.
//
// Chunks are begun in the order of their numbers, so those that one waits for are always being worked at.
class Chunks {
 public:
  // `alone`: one thread does all of them, in their order.
  Chunks(const DerivativePlan& plan, const DerivativeTable& table, bool alone);

  int64_t count() const { return int64_t(chunks_.size()); }
  void wait(int64_t chunk);
  void done(int64_t chunk) { done_[std::size_t(chunk)].store(true, std::memory_order_release); }

  std::vector<int64_t> tiles(int64_t chunk) const;

 private:
  static constexpr int kAxes = 4;  // batch items, planes of tiles, rows of tiles, tiles in a row
  struct Chunk {
    int64_t first[kAxes], last[kAxes];
    uint64_t rank;
    Reach reach;
  };

  bool meet(const Chunk& a, const Chunk& b) const;

  int64_t size_[kAxes];
  int ndim_;
  bool one_image_;  // for all batch items
  bool ordered_;    // some chunks may have to wait
  std::vector<Chunk> chunks_;
  std::vector<std::atomic<bool>> done_;
  std::atomic<int64_t> all_done_{0};  // up to here
};

}  // namespace gs
