// Runs a problem: plan, threads, ISA.
#pragma once

#include "api.h"

namespace gs {

// Asked from time to time, on the calling thread only, whether to give up.
using Interrupted = bool (*)();

// False if it gave up; then the output is partly written.
bool sample(const Problem& problem, Interrupted interrupted = nullptr);

}  // namespace gs
