// Counts checks, and says which ones failed. No templates: files compiled for one ISA include this too.
#pragma once

namespace gs {
namespace test {

// Returns `holds`. Only the first failures are printed.
bool check(bool holds, const char* format, ...) __attribute__((format(printf, 2, 3)));
int finish();  // prints the counts; the exit status of the program

}  // namespace test
}  // namespace gs
