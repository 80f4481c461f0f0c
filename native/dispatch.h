// Instruction sets: which ones this build has, which ones this machine can run, and which one is in use.
#pragma once

#include "derivatives.h"
#include "plan.h"
#include "prefilter.h"
#include "weighted.h"

namespace gs {

struct Isa {
  const char* name;
  int vector_bytes;
  void (*sample)(const Plan& plan, int64_t first_tile, int64_t last_tile, int64_t first_channel, int64_t last_channel, void* memory);
  int64_t (*sample_bytes)(const Plan& plan);  // of that memory
  void (*transpose)(const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to, int64_t to_step);
  const DerivativeTable* derivatives;
  const PrefilterTable* prefilter;
  const WeightedTable* weighted;
};

// Every ISA of this build, the most capable first; `scalar` is always the last.
extern const Isa* const kIsas[];
extern const int kIsaCount;

bool isa_runs_here(const Isa& isa);
const Isa& current_isa();
bool choose_isa(const char* name);  // false if there is no such ISA in this build or on this machine

// Whether a gather instruction is faster than the loads it stands for: on Intel's processors, where their microcode does not slow
// it down against "gather data sampling". The results are the same.
bool gathers_are_fast();
void use_gathers(bool use);

}  // namespace gs
