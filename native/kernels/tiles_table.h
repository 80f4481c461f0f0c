// Stage A's end of every ISA file: the exported table.
#pragma once

#include "find_points.h"
#include "tile_maker.h"

namespace gs {
namespace GS_ISA {
namespace {

#define GS_CHECK(name, ...) static_assert(kernel::name::taps == taps_of(gs::Kernel::name), "modes.h and the kernel's window");
GS_KERNELS(GS_CHECK)
#undef GS_CHECK

template <class Function, class Choose>
Function choose_function(const Plan& plan, bool in_double, const Choose& choose) {
  auto chosen = [&](auto maker) -> Function { return choose(maker); };
  return in_double ? with_maker<double>(plan, chosen) : with_maker<float>(plan, chosen);
}

TileTable::Make choose(const Plan& plan, bool in_double) {
  return choose_function<TileTable::Make>(plan, in_double, [](auto maker) { return &decltype(maker)::make; });
}

TileTable::FindReach choose_reach(const Plan& plan, bool in_double) {
  return choose_function<TileTable::FindReach>(plan, in_double, [](auto maker) { return &decltype(maker)::reach; });
}

}  // namespace

const TileTable tiles_table = {choose, choose_points, choose_reach};

}  // namespace GS_ISA
}  // namespace gs
