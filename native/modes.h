// The one list of kernels, boundaries and dtypes on the native side: name, code, and for dtypes the C++ type.
// gridsample/_modes.py is the same list on the Python side; a test holds the two equal.
#pragma once

#define GS_KERNELS(X) \
  X(nearest, 0)       \
  X(linear, 1)        \
  X(cubic, 2)

#define GS_BOUNDARIES(X) \
  X(zeros, 0)            \
  X(border, 1)           \
  X(reflection_edge, 2)  \
  X(reflection_center, 3)

#define GS_DTYPES(X)    \
  X(float32, 0, float)  \
  X(float64, 1, double)
