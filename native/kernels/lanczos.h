// Lanczos kernels of A = 2, 3, 4: sinc(t) sinc(t / A) for |t| < A, the weights of a point divided by their sum.
#pragma once

#include "weights.h"

namespace gs {
namespace GS_ISA {
namespace {

namespace kernel {

// NOTE [Lanczos without sines]
// The taps of a point at fraction f are at distances f + k and g + k, with g = 1 - f and k from 0 to A - 1. At distance t = f + k,
//
//     sinc(t) sinc(t / A) = A sin(pi t) sin(pi t / A) / (pi t)^2,   sin(pi t) = (-1)^k sin(pi f),
//
// and sin(pi g) = sin(pi f) too. So sin(pi f), A and pi^2 are factors of all weights, and leave with the division by their sum; what
// remains is (-1)^k sin(pi t / A) / t^2. Two of these grow without bound as f or g goes to 0, which f g takes away:
//
//     u_0(f, g) = g S(f),   u_k(f, g) = (-1)^k f g sin(pi (f + k) / A) ((g + k) / (k (k + 1) + f g))^2,
//
// with S(f) = sin(pi f / A) / f, a short power series, and (f + k) (g + k) = k (k + 1) + f g. The sine of the sum needs only sin and
// cos of pi f / A, two such series. The taps on the other side have u_k(g, f).
template <int A>
struct lanczos : Window<2 * A, false> {
  using Place = Window<2 * A, false>;
  static constexpr double pi = 3.14159265358979323846;

  // Terms after which the power series of an angle of up to pi / A is exact.
  template <class V>
  static constexpr int terms = sizeof(V{}[0]) == 4 ? 7 : 12;

  struct Series {
    double sine[12], cosine[12];  // of pi x / A: over x; coefficients of x^2, the constant first
  };
  static constexpr Series make_series() {
    Series series{};
    double term = 1;  // (pi / A)^n / n!
    for (int i = 0; i < 12; ++i) {
      series.cosine[i] = i % 2 ? -term : term;
      term *= pi / A / (2 * i + 1);
      series.sine[i] = i % 2 ? -term : term;
      term *= pi / A / (2 * i + 2);
    }
    return series;
  }
  static constexpr Series series = make_series();

  // sin and cos of k pi / A, from 0 to pi.
  static constexpr double root_half = 0.70710678118654752440, root_three_quarters = 0.86602540378443864676;
  static constexpr double sine(int k) {
    return k == 0 || k == A ? 0 : 2 * k == A ? 1 : A == 3 ? root_three_quarters : root_half;
  }
  static constexpr double cosine(int k) {
    return k == 0 ? 1 : k == A ? -1 : 2 * k == A ? 0 : (2 * k < A ? 1 : -1) * (A == 3 ? 0.5 : root_half);
  }

  template <class V>
  static GS_INLINE V evaluate(const double (&series)[12], V square) {
    using T = decltype(square[0] + 0);
    V sum = T(series[terms<V> - 1]) - V{};
GS_UNROLL(16)
    for (int i = terms<V> - 2; i >= 0; --i) sum = fma(sum, square, T(series[i]) - V{});
    return sum;
  }

  // u_k(f, g) at w[A - 1 - k], for Step = -1, or at w[A + k], for Step = 1; and their sum.
  template <int Step, class V>
  static GS_INLINE V side(V f, V g, V w[]) {
    using T = decltype(f[0] + 0);
    V over = evaluate(series.sine, f * f), s = f * over, c = evaluate(series.cosine, f * f), fg = f * g;
    V* to = w + (Step < 0 ? A - 1 : A);
    V sum = *to = g * over;
GS_UNROLL(16)
    for (int k = 1; k < A; ++k) {
      T sign = k % 2 ? -1 : 1;
      V inverse = (g + T(k)) / (fg + T(k * (k + 1)));
      V sine_of_sum = fma(s, sign * T(cosine(k)) - V{}, c * (sign * T(sine(k))));
      to += Step;
      *to = fg * sine_of_sum * (inverse * inverse);
      sum += *to;
    }
    return sum;
  }

  template <class V>
  static GS_INLINE void weights(V f, double, V w[]) {
    V g = 1 - f;
    V scale = 1 / (side<-1>(f, g, w) + side<1>(g, f, w));
GS_UNROLL(16)
    for (int k = 0; k < 2 * A; ++k) w[k] *= scale;
  }

  // Derivatives are coefficients of power series in d, of the same expressions at f + d and g - d: of 1, d, ... up to d^most.
  static constexpr int most = 3;
  template <class V>
  struct Powers {
    V at[most + 1];
    GS_INLINE Powers operator*(const Powers& other) const {
      Powers product{};
      for (int i = 0; i <= most; ++i)
        for (int j = 0; j <= i; ++j) product.at[i] = fma(at[j], other.at[i - j], product.at[i]);
      return product;
    }
  };

  // `u` of the taps on one side, as `side` has them, as power series.
  template <class V>
  static GS_INLINE void side_powers(V f, V g, Powers<V> u[]) {
    using T = decltype(f[0] + 0);
    constexpr T omega = T(pi / A);
    Powers<V> over{}, f_powers{{f, V{} + 1}}, g_powers{{g, V{} - 1}};
    for (int degree = 2 * terms<V> - 2; degree >= 0; --degree) {  // Horner's scheme, with derivatives
      for (int i = most; i > 0; --i) over.at[i] = fma(over.at[i], f, over.at[i - 1]);
      over.at[0] = fma(over.at[0], f, degree % 2 ? V{} : T(series.sine[degree / 2]) - V{});
    }
    V s = f * over.at[0], c = evaluate(series.cosine, f * f);
    u[0] = g_powers * over;
    for (int k = 1; k < A; ++k) {
      Powers<V> sine_of_sum, inverse;
      V turn = fma(s, T(cosine(k)) - V{}, c * T(sine(k))), next = fma(c, T(cosine(k)) - V{}, -s * T(sine(k)));
      V r = 1 / (f + T(k)), power = k % 2 ? -r : r;
      T factor = 1;
      for (int i = 0; i <= most; ++i) {
        sine_of_sum.at[i] = turn * factor;
        inverse.at[i] = power;
        V before = turn;  // the derivative of sin is cos, that of cos -sin
        turn = next;
        next = -before;
        power *= -r;
        factor *= omega / T(i + 1);
      }
      Powers<V> other = inverse;
      if (k % 2)
        for (V& x : other.at) x = -x;
      u[k] = f_powers * g_powers * sine_of_sum * inverse * other;
    }
  }

  template <class V>
  static GS_INLINE void derivative(int order, V f, double, V w[]) {
    Powers<V> u[2 * A], total{};
    side_powers(f, 1 - f, u);
    side_powers(1 - f, f, u + A);
    for (int k = A; k < 2 * A; ++k) u[k].at[1] = -u[k].at[1], u[k].at[3] = -u[k].at[3];
    for (const Powers<V>& one : u)
      for (int i = 0; i <= most; ++i) total.at[i] += one.at[i];
    decltype(f[0] + 0) factorial = 1;
    for (int i = 2; i <= order; ++i) factorial *= i;
    for (int k = 0; k < 2 * A; ++k) {
      V quotient[most + 1];
      for (int i = 0; i <= most; ++i) {
        quotient[i] = u[k].at[i];
        for (int j = 1; j <= i; ++j) quotient[i] = fma(-total.at[j], quotient[i - j], quotient[i]);
        quotient[i] = quotient[i] / total.at[0];
      }
      V result{};
      for (int i = 1; i <= most; ++i) result = i == order ? quotient[i] * factorial : result;
      w[k < A ? A - 1 - k : k] = result;
    }
  }
};

struct lanczos2 : lanczos<2> {};
struct lanczos3 : lanczos<3> {};
struct lanczos4 : lanczos<4> {};

}  // namespace kernel

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
