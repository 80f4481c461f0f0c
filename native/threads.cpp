#include "threads.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace gs {
namespace {

struct Job {
  void (*body)(void*, int64_t, int64_t);
  void* context;
  int64_t count, grain;
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr error{};  // of the one who failed first

  void work() {
    for (;;) {
      int64_t first = next.fetch_add(grain, std::memory_order_relaxed);
      if (first >= count || failed.load(std::memory_order_relaxed)) return;
      try {
        body(context, first, std::min(first + grain, count));
      } catch (...) {
        if (!failed.exchange(true)) error = std::current_exception();
      }
    }
  }
};

// To sleep and be woken takes tens of microseconds, more on virtual machines: whoever will probably go on sooner looks again and
// again for so long first. Longer would take the processor from others who have work.
constexpr auto kAwake = std::chrono::microseconds(60);

using Clock = std::chrono::steady_clock;

template <class Ready>
void stay_awake_until(Clock::time_point end, const Ready& ready) {
  while (!ready()) {
    for (int i = 0; i < 16 && !ready(); ++i) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#elif defined(__aarch64__)
      __asm__ volatile("yield");
#endif
    }
    if (Clock::now() > end) return;
  }
}

struct Pool;

// The pool is never destroyed: its threads may outlive main. After fork the child has none of the threads and perhaps a
// locked mutex, so it leaves that pool behind and starts another one.
std::atomic<Pool*> the_pool{nullptr};

// NOTE [the life of a job]
// One job runs in the pool at a time (`busy`); whoever finds the pool busy works alone. Workers wait for `generation` to move,
// join while `seats` are left, and count themselves in `inside`. The caller works too, then closes the seats and waits
// until nobody is inside: a worker that wakes late finds no seat and never touches the job, which lives on the caller's stack.
// `generation` and `inside` are written under the mutex; without it they are only looked at to see whether to stop waiting.
struct Pool {
  std::mutex busy;
  std::mutex mutex;
  std::condition_variable wake, done;
  Job* job = nullptr;
  std::atomic<uint64_t> generation{0};
  std::atomic<int> inside{0};
  int seats = 0, workers = 0;

  void worker() {
    std::unique_lock<std::mutex> lock(mutex);
    uint64_t seen = 0;
    auto end = Clock::now();
    for (;;) {
      lock.unlock();
      stay_awake_until(end, [&] { return generation.load(std::memory_order_relaxed) != seen; });
      lock.lock();
      if (generation == seen) {
        wake.wait(lock, [&] { return generation != seen; });
        end = Clock::now() + kAwake;  // also if it came too late: then it will be in time for the next job
      }
      seen = generation;
      if (seats == 0) continue;
      --seats;
      ++inside;
      Job* mine = job;
      lock.unlock();
      mine->work();
      end = Clock::now() + kAwake;
      lock.lock();
      if (--inside == 0) done.notify_one();
    }
  }

  void run(Job& mine, int helpers) {
    {
      std::lock_guard<std::mutex> lock(mutex);
      while (workers < helpers) {
        try {
          std::thread([this] { worker(); }).detach();
        } catch (const std::system_error&) {
          break;  // the machine gives no more threads: go on with those there are
        }
        ++workers;
      }
      job = &mine;
      seats = std::min(helpers, workers);
      ++generation;
    }
    for (int i = 0; i < helpers; ++i) wake.notify_one();
    mine.work();
    // A signal's handler may fork between two chunks: the others, and what they had taken, are not in the child.
    if (the_pool.load(std::memory_order_relaxed) != this) throw std::runtime_error("the process was forked in a call on several threads");
    std::unique_lock<std::mutex> lock(mutex);
    seats = 0;
    lock.unlock();
    stay_awake_until(Clock::now() + kAwake, [&] { return inside.load(std::memory_order_relaxed) == 0; });
    lock.lock();
    done.wait(lock, [&] { return inside == 0; });
    job = nullptr;
  }
};

std::atomic<int> thread_count{0};
thread_local int own_thread_count = 0;
thread_local bool in_parallel = false;

void forget_pool() {
  the_pool.store(nullptr);
  in_parallel = false;
}

[[maybe_unused]] const int fork_handler = pthread_atfork(nullptr, nullptr, forget_pool);

Pool* pool() {
  Pool* current = the_pool.load(std::memory_order_acquire);
  if (current) return current;
  Pool* fresh = new (std::nothrow) Pool;
  if (fresh && !the_pool.compare_exchange_strong(current, fresh)) {
    delete fresh;
    return current;
  }
  return fresh;
}

// Aligned to cache lines.
struct Memory {
  std::unique_ptr<char[]> bytes;
  int64_t size = 0;
};
thread_local Memory memory;

}  // namespace

void* thread_memory(int64_t bytes) {
  constexpr int64_t line = 64;
  if (memory.size < bytes) {
    memory = Memory{};  // first, so that both are never there at once
    memory.bytes.reset(new char[size_t(bytes + line)]);
    memory.size = bytes;
  }
  char* start = memory.bytes.get();
  return start + -reinterpret_cast<uintptr_t>(start) % line;
}

int get_num_threads() {
  if (own_thread_count > 0) return own_thread_count;
  int count = thread_count.load(std::memory_order_relaxed);
  if (count > 0) return count;
  static const unsigned cores = std::thread::hardware_concurrency();  // once: some systems read a file for it
  return cores ? int(cores) : 1;
}

void set_num_threads(int count) { thread_count.store(count < 1 ? 1 : count, std::memory_order_relaxed); }

void use_threads(int count) { own_thread_count = count; }

void parallel_for(int64_t count, int64_t grain, void (*body)(void*, int64_t, int64_t), void* context) {
  int64_t chunks = (count + grain - 1) / grain;
  int threads = int(std::min<int64_t>(get_num_threads(), chunks));
  Pool* p = threads > 1 && !in_parallel ? pool() : nullptr;
  std::unique_lock<std::mutex> lock;
  if (p) lock = std::unique_lock<std::mutex>(p->busy, std::try_to_lock);
  if (!lock.owns_lock()) {  // in the same chunks, so that body can stop early
    for (int64_t first = 0; first < count; first += grain) body(context, first, std::min(first + grain, count));
    return;
  }
  Job job{body, context, count, grain};
  struct InParallel {
    InParallel() { in_parallel = true; }
    ~InParallel() { in_parallel = false; }
  } while_it_runs;
  p->run(job, threads - 1);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace gs
