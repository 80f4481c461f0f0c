#include "chunks.h"

#include <algorithm>
#include <thread>

#include "threads.h"

namespace gs {
namespace {

constexpr int64_t kMostBlocks = 8;        // of tiles, along an axis of points: enough that most chunks are no neighbours
constexpr int64_t kLeastSide = 32;        // points along such an axis, so that there is more in a block than on its border
constexpr int64_t kMostItems = 64;        // blocks of batch items
constexpr int64_t kItemsSuffice = 32;     // as many items are work for everybody: then none is cut

// Blocks along an axis of `size` tiles, each of which is `points` long.
int64_t block_size(int64_t size, int64_t points) {
  return std::max((size + kMostBlocks - 1) / kMostBlocks, (kLeastSide + points - 1) / points);
}

}  // namespace

Chunks::Chunks(const DerivativePlan& plan, const DerivativeTable& table, bool alone)
    : size_{plan.plan.problem.batch, plan.plan.outer, plan.plan.row_tiles, plan.plan.column_tiles},
      ndim_(plan.plan.problem.ndim),
      one_image_(plan.problem.grad_batch == 0) {
  bool adds = plan.problem.grad_input, cut = !adds || one_image_ || size_[0] < kItemsSuffice;
  int64_t block[kAxes] = {(size_[0] + kMostItems - 1) / kMostItems, size_[1], size_[2], size_[3]};
  if (cut) {
    block[1] = block_size(size_[1], 1);
    block[2] = block_size(size_[2], plan.plan.tile_rows);
    block[3] = block_size(size_[3], plan.plan.tile_columns);
  }
  for (Chunk c{};;) {
    c.rank = 0;
    for (int bit = 0; bit < 3; ++bit)
      for (int a = 1; a < kAxes; ++a) c.rank = c.rank * 2 + uint64_t(c.first[a] / block[a] >> bit & 1);
    for (int a = 0; a < kAxes; ++a) c.last[a] = std::min(c.first[a] + block[a], size_[a]);
    chunks_.push_back(c);
    int a = kAxes - 1;
    while (a >= 0 && c.last[a] == size_[a]) c.first[a--] = 0;
    if (a < 0) break;
    c.first[a] = c.last[a];
  }
  std::stable_sort(chunks_.begin(), chunks_.end(), [](const Chunk& a, const Chunk& b) { return a.rank < b.rank; });
  done_ = std::vector<std::atomic<bool>>(chunks_.size());
  ordered_ = adds && (cut || one_image_) && !alone;
  if (!ordered_) return;
  parallel_for(count(), 1, [&](int64_t chunk, int64_t) {
    Reach& reach = chunks_[std::size_t(chunk)].reach;
    for (int a = 0; a < ndim_; ++a) {
      reach.low[a] = plan.plan.problem.axis[a].size;
      reach.high[a] = -1;
    }
    for (int64_t tile : tiles(chunk)) table.reach(plan, tile, reach);
  });
}

std::vector<int64_t> Chunks::tiles(int64_t chunk) const {
  const Chunk& c = chunks_[std::size_t(chunk)];
  std::vector<int64_t> tiles;
  for (int64_t item = c.first[0]; item < c.last[0]; ++item)
    for (int64_t plane = c.first[1]; plane < c.last[1]; ++plane)
      for (int64_t row = c.first[2]; row < c.last[2]; ++row)
        for (int64_t column = c.first[3]; column < c.last[3]; ++column)
          tiles.push_back(((item * size_[1] + plane) * size_[2] + row) * size_[3] + column);
  return tiles;
}

bool Chunks::meet(const Chunk& a, const Chunk& b) const {
  if (!one_image_ && (a.first[0] >= b.last[0] || b.first[0] >= a.last[0])) return false;
  for (int axis = 0; axis < ndim_; ++axis)
    if (a.reach.low[axis] > b.reach.high[axis] || b.reach.low[axis] > a.reach.high[axis]) return false;
  return true;
}

void Chunks::wait(int64_t chunk) {
  if (!ordered_) return;
  int64_t first = all_done_.load(std::memory_order_acquire);
  auto is_done = [&](int64_t i) { return done_[std::size_t(i)].load(std::memory_order_acquire); };
  while (first < chunk && is_done(first)) ++first;
  all_done_.store(first, std::memory_order_release);  // perhaps less than somebody else found: it only saves time
  for (int64_t i = first; i < chunk; ++i)
    for (int spins = 0; !is_done(i) && meet(chunks_[std::size_t(i)], chunks_[std::size_t(chunk)]); ++spins)
      if (spins > 1000) std::this_thread::yield();
}

}  // namespace gs
