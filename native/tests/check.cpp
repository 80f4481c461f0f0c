#include "check.h"

#include <cstdarg>
#include <cstdio>

namespace gs {
namespace test {
namespace {

long passed = 0, failed = 0;
constexpr long kShown = 20;

}  // namespace

bool check(bool holds, const char* format, ...) {
  if (holds) {
    ++passed;
    return true;
  }
  if (++failed <= kShown) {
    std::va_list arguments;
    va_start(arguments, format);
    std::printf("FAILED: ");
    std::vprintf(format, arguments);
    std::printf("\n");
    va_end(arguments);
  }
  return false;
}

int finish() {
  std::printf("%ld passed, %ld failed\n", passed, failed);
  return failed ? 1 : 0;
}

}  // namespace test
}  // namespace gs
