// Who may add to the image when: the work of a derivative in chunks, and the order that these keep where they meet.
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
// image each waits for the one before, in its part: NOTE [parts], in derivatives.cpp.
//
// Memory is cleared before it is added to, and sums become planes after that, by chunks too, which reach their part of it. Batch items take
// turns in groups, so that their memory is still in the cache: while one group is derived, the sums of the one before are put, and then its
// memory is cleared for the one after. So nobody waits for the last chunk of a group.
//
// Chunks are begun in the order of their numbers, so those that one waits for are always being worked at. Whoever begins one finds out first how
// far it reaches, which needs nobody else, so that those after it need not wait long to know.
class Chunks {
 public:
  enum Work { kDerive, kPut, kClear };
  // What clearing and putting do: some batch items, and the indices along axis 0 from low to high.
  struct Part {
    int64_t first_item, last_item, low, high;
  };

  // With one thread, all of them are done in their order. What is derived is done in so many parts (NOTE [parts]), of which the last reaches nothing.
  Chunks(const DerivativePlan& plan, const DerivativeTable& table, int threads, int parts);

  int64_t count() const { return int64_t(chunks_.size()); }
  void wait(int64_t chunk);
  void done(int64_t chunk) {
    if (ordered_) state_[std::size_t(chunk)].store(kDone, std::memory_order_release);
  }

  Work work(int64_t chunk) const { return chunks_[std::size_t(chunk)].work; }
  int derived_part(int64_t chunk) const { return chunks_[std::size_t(chunk)].derived; }
  Part part(int64_t chunk) const;
  std::vector<int64_t> tiles(int64_t chunk, int64_t item) const { return tiles(chunks_[std::size_t(chunk)], item); }  // of one of its batch items

 private:
  static constexpr int kAxes = 4;  // batch items, planes of tiles, rows of tiles, tiles in a row
  struct Chunk {
    int64_t first[kAxes], last[kAxes];
    int64_t turn;  // of a group of batch items
    uint64_t rank;
    Reach reach;
    Work work;
    int derived;  // part
  };

  enum State : char { kBegun, kReaches, kDone };  // before it is known how far it reaches; since then

  void add_whole_items(Work work);
  std::vector<int64_t> tiles(const Chunk& c, int64_t item) const;
  void find_reach(Chunk& c) const;
  bool meet(const Chunk& a, const Chunk& b) const;
  bool same_items(const Chunk& a, const Chunk& b) const;

  const DerivativePlan& plan_;
  const DerivativeTable& table_;
  int64_t size_[kAxes];
  int ndim_, parts_;
  bool one_image_;  // for all batch items
  bool ordered_;    // some chunks may have to wait
  bool cut_;        // batch items are, so that a chunk reaches a part of an image
  std::vector<Chunk> chunks_;
  std::vector<std::atomic<State>> state_;
  std::atomic<int64_t> all_done_{0};  // up to here
};

}  // namespace gs
