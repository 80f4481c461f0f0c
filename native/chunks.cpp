#include "chunks.h"

#include <algorithm>
#include <new>
#include <thread>

namespace gs {
namespace {

constexpr int64_t kMostBlocks = 8;        // of tiles, along an axis of points: enough that most chunks are no neighbours
constexpr int64_t kSide = 32;             // points along such an axis, so that there is more in a block than on its border;
constexpr int64_t kShortSide = 16;        // or so many, where all blocks would meet
constexpr int64_t kFewItems = 4;          // fewer than these keep nobody busy
constexpr int64_t kMostItems = 64;        // blocks of batch items
constexpr int64_t kItemsSuffice = 32;     // as many items are work for everybody: then none is cut
constexpr int64_t kChunksPerThread = 8;   // so many that threads seldom wait for each other
constexpr int64_t kPartBytes = int64_t{1} << 19;  // that are cleared or put at once

// Blocks along an axis of `size` tiles, each of which is `points` long, of at least `side` points.
int64_t block_size(int64_t size, int64_t points, int64_t side) {
  return std::max((size + kMostBlocks - 1) / kMostBlocks, (side + points - 1) / points);
}

}  // namespace

Chunks::Chunks(const DerivativePlan& plan, const DerivativeTable& table, int threads, int parts)
    : plan_(plan),
      table_(table),
      size_{plan.plan.problem.batch, plan.plan.outer, plan.plan.row_tiles, plan.plan.column_tiles},
      ndim_(plan.plan.problem.ndim),
      parts_(parts),
      one_image_(plan.problem.grad_batch == 0) {
  const DerivativeProblem& d = plan.problem;
  bool adds = d.grad_input;
  cut_ = !adds || one_image_ || size_[0] < kItemsSuffice;
  int64_t block[kAxes] = {(size_[0] + kMostItems - 1) / kMostItems, size_[1], size_[2], size_[3]}, chunks_of_item = 1;
  // Blocks along the axes: cut again, shorter, where there are two along each at most.
  auto cut = [&](int64_t side) {
    const int64_t points[kAxes] = {1, 1, plan.plan.tile_rows, plan.plan.tile_columns};
    int64_t most = 1;
    chunks_of_item = 1;
    for (int a = 1; a < kAxes; ++a) {
      block[a] = block_size(size_[a], points[a], side);
      const int64_t count = (size_[a] + block[a] - 1) / block[a];
      most = std::max(most, count);
      chunks_of_item *= count;
    }
    return most;
  };
  if (cut_ && cut(kSide) <= 2 && size_[0] < kFewItems) cut(kShortSide);
  // The items of one image keep their order; others are done together only if they are needed to keep all threads busy.
  int64_t group = (kChunksPerThread * threads + chunks_of_item - 1) / chunks_of_item * block[0];
  if (d.sums && !one_image_) {  // two groups have memory at a time
    block[0] = std::min(block[0], d.sums_items / 2);
    group = d.sums_items / 2 / block[0] * block[0];
  }
  if (one_image_) group = size_[0];
  Chunk c{};
  for (c.work = kDerive;;) {
    c.rank = 0;
    for (int bit = 0; bit < 3; ++bit)
      for (int a = 1; a < kAxes; ++a) c.rank = c.rank * 2 + uint64_t(c.first[a] / block[a] >> bit & 1);
    c.turn = c.first[0] / group;
    for (int a = 0; a < kAxes; ++a) c.last[a] = std::min(c.first[a] + block[a], size_[a]);
    for (c.derived = 0; c.derived < parts; ++c.derived) chunks_.push_back(c);
    int a = kAxes - 1;
    while (a >= 0 && c.last[a] == size_[a]) c.first[a--] = 0;
    if (a < 0) break;
    c.first[a] = c.last[a];
  }
  if (adds && (d.clear || d.sums)) add_whole_items(kClear);
  if (adds && d.sums) add_whole_items(kPut);
  std::stable_sort(chunks_.begin(), chunks_.end(), [](const Chunk& a, const Chunk& b) {
    return a.turn != b.turn ? a.turn < b.turn : a.work != b.work ? a.work < b.work : a.rank < b.rank;
  });
  ordered_ = adds && threads > 1;
  if (ordered_) state_ = std::vector<std::atomic<State>>(chunks_.size());
}

// Chunks that clear, a turn before, or that put, a turn after.
void Chunks::add_whole_items(Work work) {
  const Problem& p = plan_.plan.problem;
  int64_t items = one_image_ ? 1 : size_[0], rows = p.axis[0].size, bytes = std::max<int64_t>(1, plan_.samples * p.channels * item_size(p.out_dtype));
  int64_t parts = std::min(std::max<int64_t>(1, bytes / kPartBytes), rows), step = std::max<int64_t>(1, kPartBytes / bytes);
  std::vector<int64_t> turn(static_cast<std::size_t>(size_[0]));
  for (const Chunk& c : chunks_)
    if (c.work == kDerive)
      for (int64_t item = c.first[0]; item < c.last[0]; ++item) turn[std::size_t(item)] = c.turn;
  for (int64_t item = 0, end; item < items; item = end) {
    end = std::min(item + step, items);
    while (turn[std::size_t(end - 1)] != turn[std::size_t(item)]) --end;
    for (int64_t part = 0; part < parts; ++part) {
      Chunk c{};
      c.work = work;
      c.turn = turn[std::size_t(item)] + (work == kClear ? -1 : 1);
      c.first[0] = item;
      c.last[0] = one_image_ ? size_[0] : end;
      for (int a = 0; a < ndim_; ++a) c.reach.high[a] = p.axis[a].size - 1;
      c.reach.low[0] = rows * part / parts;
      c.reach.high[0] = rows * (part + 1) / parts - 1;
      chunks_.push_back(c);
    }
  }
}

Chunks::Part Chunks::part(int64_t chunk) const {
  const Chunk& c = chunks_[std::size_t(chunk)];
  bool all = c.work != kDerive && one_image_;
  return {c.first[0], all ? 1 : c.last[0], c.reach.low[0], c.reach.high[0] + 1};
}

std::vector<int64_t> Chunks::tiles(const Chunk& c, int64_t item) const {
  std::vector<int64_t> tiles;
  for (int64_t row = c.first[2]; row < c.last[2]; ++row)
    for (int64_t column = c.first[3]; column < c.last[3]; ++column)
      for (int64_t plane = c.first[1]; plane < c.last[1]; ++plane)
        tiles.push_back(((item * size_[1] + plane) * size_[2] + row) * size_[3] + column);
  return tiles;
}

// Whether they use memory of the same batch items.
bool Chunks::same_items(const Chunk& a, const Chunk& b) const {
  if (one_image_) return true;
  if (!plan_.problem.sums) return a.first[0] < b.last[0] && b.first[0] < a.last[0];
  int64_t items = plan_.problem.sums_items, apart = ((b.first[0] - a.first[0]) % items + items) % items;
  return apart < a.last[0] - a.first[0] || items - apart < b.last[0] - b.first[0];
}

bool Chunks::meet(const Chunk& a, const Chunk& b) const {
  if (!same_items(a, b) || (a.work == kDerive && b.work == kDerive && a.derived != b.derived)) return false;
  for (int axis = 0; axis < ndim_; ++axis)
    if (a.reach.low[axis] > b.reach.high[axis] || b.reach.low[axis] > a.reach.high[axis]) return false;
  return true;
}

// What those must know who come after it. Its coordinates are then in the cache, where deriving finds them.
void Chunks::find_reach(Chunk& c) const {
  const Problem& p = plan_.plan.problem;
  auto set = [&](bool all) {
    for (int a = 0; a < ndim_; ++a) {
      c.reach.low[a] = all ? 0 : p.axis[a].size;
      c.reach.high[a] = all ? p.axis[a].size - 1 : -1;
    }
  };
  if (parts_ > 1 && c.derived == parts_ - 1) return set(false);
  set(!cut_);
  try {
    for (int64_t item = c.first[0]; cut_ && item < c.last[0]; ++item) {
      std::vector<int64_t> all = tiles(c, item);
      for (std::size_t i = 0; i < all.size(); ++i) table_.reach(plan_, all[i], all[std::min(i + 2, all.size() - 1)], c.reach);
    }
  } catch (const std::bad_alloc&) {
    set(true);
  }
}

void Chunks::wait(int64_t chunk) {
  if (!ordered_) return;
  Chunk& mine = chunks_[std::size_t(chunk)];
  if (mine.work == kDerive) find_reach(mine);
  state_[std::size_t(chunk)].store(kReaches, std::memory_order_release);
  auto state = [&](int64_t i) { return state_[std::size_t(i)].load(std::memory_order_acquire); };
  int64_t first = all_done_.load(std::memory_order_acquire);
  while (first < chunk && state(first) == kDone) ++first;
  all_done_.store(first, std::memory_order_release);  // perhaps less than somebody else found: it only saves time
  for (int64_t i = first; i < chunk; ++i) {
    int spins = 0;
    for (State now; (now = state(i)) != kDone && (now == kBegun || meet(chunks_[std::size_t(i)], mine)); ++spins)
      if (spins > 1000) std::this_thread::yield();
  }
}

}  // namespace gs
