// The one list of kernels, boundaries and dtypes on the native side: name, code; for kernels the taps of the window that is read,
// which may be one more than have a weight; for dtypes the stored type and the type that it is computed in.
// gridsample/_modes.py is the same list on the Python side; a test holds the two equal.
#pragma once

#define GS_KERNELS(X)    \
  X(nearest, 0, 1)       \
  X(linear, 1, 2)        \
  X(cubic, 2, 4)         \
  X(bspline2, 3, 4)      \
  X(bspline3, 4, 4)      \
  X(bspline4, 5, 6)      \
  X(bspline5, 6, 6)      \
  X(bspline7, 7, 8)      \
  X(lanczos2, 8, 4)      \
  X(lanczos3, 9, 6)      \
  X(lanczos4, 10, 8)     \
  X(mitchell, 11, 4)

#define GS_BOUNDARIES(X)  \
  X(zeros, 0)             \
  X(border, 1)            \
  X(reflection_edge, 2)   \
  X(reflection_center, 3) \
  X(constant, 4)          \
  X(wrap, 5)

#define GS_DTYPES(X)               \
  X(float32, 0, float, float)      \
  X(float64, 1, double, double)    \
  X(uint8, 2, uint8_t, float)      \
  X(int8, 3, int8_t, float)        \
  X(uint16, 4, uint16_t, float)    \
  X(int16, 5, int16_t, float)      \
  X(int32, 6, int32_t, double)     \
  X(float16, 7, half, float)       \
  X(bfloat16, 8, bfloat, float)
