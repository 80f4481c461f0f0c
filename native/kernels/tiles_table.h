// Stage A's end of every ISA file: the exported table.
#pragma once

#include "tile_maker.h"

namespace gs {
namespace GS_ISA {
namespace {

#define GS_CHECK(name, ...) static_assert(kernel::name::taps == taps_of(gs::Kernel::name), "modes.h and the kernel's window");
GS_KERNELS(GS_CHECK)
#undef GS_CHECK

TileTable::Make choose(const Plan& plan, bool in_double) {
  return in_double ? choose_maker<double>(plan) : choose_maker<float>(plan);
}

void places(gs::Kernel kernel, const Axis& axis, int low, int count, int32_t* place) {
  using Places = void (*)(const Axis&, int, int, int32_t*);
  auto find = choose_for_axis<Places>(kernel, axis.boundary, [](auto k, auto rule) {
    return &AxisJets<float, typename decltype(k)::Place, decltype(rule)>::places;
  });
  find(axis, low, count, place);
}

}  // namespace

const TileTable tiles_table = {choose, places};

}  // namespace GS_ISA
}  // namespace gs
