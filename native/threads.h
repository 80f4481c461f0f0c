// A small pool of threads. It survives fork (the child starts a new pool), runs nested and concurrent calls on the
// calling thread, and spins for microseconds only.
#pragma once

#include <cstdint>

namespace gs {

int get_num_threads();
void set_num_threads(int count);  // 1 or more
void use_threads(int count);      // for the calls of this thread only; 0: as set_num_threads says

// Call body(context, first, last) on disjoint ranges that cover [0, count), from several threads. Which thread takes which
// range is not defined, so body must not care. What body throws first is thrown again to the caller, when nobody works any more; some
// ranges are left out then.
void parallel_for(int64_t count, int64_t grain, void (*body)(void* context, int64_t first, int64_t last), void* context);

// Memory that the calling thread keeps until it asks for more, for whoever needs it to the end of one body: the stacks of threads may be small.
void* thread_memory(int64_t bytes);

template <class Body>
void parallel_for(int64_t count, int64_t grain, const Body& body) {
  auto call = [](void* context, int64_t first, int64_t last) { (*static_cast<const Body*>(context))(first, last); };
  parallel_for(count, grain, call, const_cast<Body*>(&body));
}

}  // namespace gs
