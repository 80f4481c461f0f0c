// Kernels whose weights are polynomials of the fraction: B-splines of order 2 to 5 and 7, Mitchell and Netravali's cubic.
#pragma once

#include "weights.h"

namespace gs {
namespace GS_ISA {
namespace {

namespace kernel {

// NOTE [polynomial kernels]
// A symmetric kernel of T taps is T / 2 polynomials: tap T - 1 - k has weight R_k(e), and tap k, its mirror image, R_k(1 - e). With an
// even T, e is the fraction; with an odd one the taps lie about the nearest sample, and e is the fraction plus a half, so that it
// runs from 0 to 1 too. In e the outermost weight of a B-spline of order n is e^n / n!, and no sum cancels. `row[k]` has the
// coefficients of R_k, the constant first, over `Rows::over`.
template <class Rows>
struct polynomial : Window<(Rows::taps + 1) / 2 * 2, Rows::taps % 2 == 1> {
  using Place = Window<(Rows::taps + 1) / 2 * 2, Rows::taps % 2 == 1>;
  static constexpr int degree = sizeof Rows::row[0] / sizeof Rows::row[0][0] - 1;

  template <class V>
  static GS_INLINE V evaluate(const double (&row)[degree + 1], V e) {
    using T = decltype(e[0] + 0);
    V sum = T(row[degree] / Rows::over) - V{};
GS_UNROLL(16)
    for (int i = degree - 1; i >= 0; --i) sum = fma(sum, e, T(row[i] / Rows::over) - V{});
    return sum;
  }

  template <class V>
  static GS_INLINE void weights(V f, double, V w[]) {
    constexpr int taps = Rows::taps;
    V e = taps % 2 ? f + decltype(f[0] + 0)(0.5) : f;
GS_UNROLL(16)
    for (int k = 0; k < (taps + 1) / 2; ++k) {
      w[taps - 1 - k] = evaluate(Rows::row[k], e);
      if (k < taps / 2) w[k] = evaluate(Rows::row[k], 1 - e);
    }
    if (taps % 2) w[taps] = V{};  // the window's last tap is one more than an odd kernel has
  }

  template <class V>
  static GS_INLINE V differentiate(const double (&row)[degree + 1], int order, V e) {
    using T = decltype(e[0] + 0);
    V sum{};
    for (int i = degree; i >= order; --i) {
      double factor = row[i] / Rows::over;
      for (int j = 0; j < order; ++j) factor *= i - j;
      sum = fma(sum, e, T(factor) - V{});
    }
    return sum;
  }

  template <class V>
  static GS_INLINE void derivative(int order, V f, double, V w[]) {
    constexpr int taps = Rows::taps;
    V e = taps % 2 ? f + decltype(f[0] + 0)(0.5) : f;
    for (int k = 0; k < (taps + 1) / 2; ++k) {
      w[taps - 1 - k] = differentiate(Rows::row[k], order, e);
      if (k < taps / 2) {
        V mirrored = differentiate(Rows::row[k], order, 1 - e);
        w[k] = order % 2 ? -mirrored : mirrored;
      }
    }
    if (taps % 2) w[taps] = V{};
  }
};

// Unser, "Splines: a perfect fit for signal and image processing", IEEE SPM 16 (1999).
struct BSpline2 {
  static constexpr int taps = 3;
  static constexpr double over = 2, row[2][3] = {{0, 0, 1}, {1, 2, -2}};
};
struct BSpline3 {
  static constexpr int taps = 4;
  static constexpr double over = 6, row[2][4] = {{0, 0, 0, 1}, {1, 3, 3, -3}};
};
struct BSpline4 {
  static constexpr int taps = 5;
  static constexpr double over = 24, row[3][5] = {{0, 0, 0, 0, 1}, {1, 4, 6, 4, -4}, {11, 12, -6, -12, 6}};
};
struct BSpline5 {
  static constexpr int taps = 6;
  static constexpr double over = 120, row[3][6] = {{0, 0, 0, 0, 0, 1}, {1, 5, 10, 10, 5, -5}, {26, 50, 20, -20, -20, 10}};
};
struct BSpline7 {
  static constexpr int taps = 8;
  static constexpr double over = 5040, row[4][8] = {{0, 0, 0, 0, 0, 0, 0, 1},
                                                    {1, 7, 21, 35, 35, 21, 7, -7},
                                                    {120, 392, 504, 280, 0, -84, -42, 21},
                                                    {1191, 1715, 315, -665, -315, 105, 105, -35}};
};
// Mitchell and Netravali, "Reconstruction filters in computer graphics", SIGGRAPH 1988, with B = C = 1/3.
struct Mitchell {
  static constexpr int taps = 4;
  static constexpr double over = 18, row[2][4] = {{0, 0, -6, 7}, {1, 9, 27, -21}};
};

struct bspline2 : polynomial<BSpline2> {};
struct bspline3 : polynomial<BSpline3> {};
struct bspline4 : polynomial<BSpline4> {};
struct bspline5 : polynomial<BSpline5> {};
struct bspline7 : polynomial<BSpline7> {};
struct mitchell : polynomial<Mitchell> {};

}  // namespace kernel

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
