// Whether a call should give up: asked from time to time, on the thread that made the call only.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "run.h"

namespace gs {

class Watch {
 public:
  explicit Watch(Interrupted interrupted) : interrupted_(interrupted) {}

  bool given_up() const { return given_up_.load(std::memory_order_relaxed); }

  void look() {
    if (!interrupted_ || std::this_thread::get_id() != caller_) return;
    auto now = std::chrono::steady_clock::now();
    if (now - asked_ < kAskEvery) return;
    asked_ = now;
    if (interrupted_()) given_up_.store(true, std::memory_order_relaxed);
  }

 private:
  static constexpr std::chrono::milliseconds kAskEvery{50};
  Interrupted interrupted_;
  std::thread::id caller_ = std::this_thread::get_id();
  std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
  std::atomic<bool> given_up_{false};
};

}  // namespace gs
