// Compiled for the baseline: this file decides whether anything better may run.
#include "dispatch.h"

#include <atomic>
#include <cstdio>
#include <cstring>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace gs {

#define GS_ISA_LINE(name) \
  namespace name {        \
  extern const Isa isa;   \
  }
#include "isas.inc"
#undef GS_ISA_LINE

const Isa* const kIsas[] = {
#define GS_ISA_LINE(name) &name::isa,
#include "isas.inc"
#undef GS_ISA_LINE
};
const int kIsaCount = int(sizeof kIsas / sizeof kIsas[0]);

#if defined(__x86_64__) || defined(__i386__)
// F16C, which not every compiler's own test knows.
static bool converts_halves() {
  unsigned a, b, c = 0, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

bool isa_runs_here([[maybe_unused]] const Isa& isa) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  if (!std::strcmp(isa.name, "avx2")) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && converts_halves();
  if (!std::strcmp(isa.name, "avx512"))
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#endif
  return true;  // scalar, and NEON, which every AArch64 processor has
}

namespace {

const Isa* best_isa() {
  for (const Isa* isa : kIsas)
    if (isa_runs_here(*isa)) return isa;
  return kIsas[kIsaCount - 1];
}

std::atomic<const Isa*>& chosen() {
  static std::atomic<const Isa*> isa{best_isa()};
  return isa;
}

bool detect_fast_gathers() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_cpu_init();
  if (!__builtin_cpu_is("intel")) return false;
  char state[64] = "";  // "Not affected", "Vulnerable" or "Mitigation: ..."
  if (std::FILE* file = std::fopen("/sys/devices/system/cpu/vulnerabilities/gather_data_sampling", "r")) {
    if (!std::fgets(state, sizeof state, file)) state[0] = 0;
    std::fclose(file);
  }
  return !std::strncmp(state, "Not affected", 12) || !std::strncmp(state, "Vulnerable", 10);
#else
  return false;
#endif
}

std::atomic<bool>& gathers() {
  static std::atomic<bool> fast{detect_fast_gathers()};
  return fast;
}

}  // namespace

bool gathers_are_fast() { return gathers().load(std::memory_order_relaxed); }
void use_gathers(bool use) { gathers().store(use, std::memory_order_relaxed); }

const Isa& current_isa() { return *chosen().load(std::memory_order_relaxed); }

bool choose_isa(const char* name) {
  for (const Isa* isa : kIsas)
    if (!std::strcmp(isa->name, name) && isa_runs_here(*isa)) {
      chosen().store(isa, std::memory_order_relaxed);
      return true;
    }
  return false;
}

}  // namespace gs
