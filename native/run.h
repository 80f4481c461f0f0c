// Runs a problem: plan, threads, ISA.
#pragma once

#include "api.h"

namespace gs {

void sample(const Problem& problem);

}  // namespace gs
