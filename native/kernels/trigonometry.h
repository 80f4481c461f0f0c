// Sines, cosines, angles and powers of vectors, to two units in the last place or so; and small operations of maps.
#pragma once

#include <cmath>

#include "vec.h"

namespace gs {
namespace GS_ISA {
namespace {

constexpr double kPi = 3.14159265358979323846;
// A half of it is the sum of these.
constexpr double kHalfPi[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
// The logarithm of 2 is the sum of these.
constexpr double kLog2[] = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

GS_INLINE Vec<double> absolute(Vec<double> x) { return x < 0 ? -x : x; }

GS_INLINE bool any(Simd<double>::I mask) {
  int64_t bits = 0;
  for (int l = 0; l < Simd<double>::lanes; ++l) bits |= mask[l];
  return bits != 0;
}

GS_INLINE Vec<double> square_root(Vec<double> x) {
  for (int l = 0; l < Simd<double>::lanes; ++l) x[l] = std::sqrt(x[l]);
  return x;
}

// The sum of coefficients times powers of x, the constant first.
template <int N>
GS_INLINE Vec<double> polynomial(Vec<double> x, const double (&coefficients)[N]) {
  Vec<double> sum = broadcast(coefficients[N - 1]);
GS_UNROLL(16)
  for (int k = N - 2; k >= 0; --k) sum = fma(sum, x, broadcast(coefficients[k]));
  return sum;
}

// NOTE [polynomials]
// These interpolate (sin x / x - 1) / x^2, (cos x - 1 + x^2 / 2) / x^4 and (atan x / x - 1) / x^2 as functions of x^2, and (e^x - 1 - x) / x^2, at
// the zeros of Chebyshev's polynomials, for |x| up to pi / 4, pi / 4, tan(pi / 8) and log(2) / 2: their errors are below 2e-18. Other angles are a multiple of
// pi / 2 away from such a one, other powers one of log 2, taken away in parts (Cody and Waite); other quotients an eighth of a turn:
// atan q = pi / 4 + atan((q - 1) / (q + 1)).
constexpr double kSine[] = {-0.1666666666666666667, 0.008333333333333331379, -0.0001984126984126482162, 2.755731921915078158e-6,
                            -2.505210616733570639e-8, 1.605852134995498633e-10, -7.586094789672620074e-13};
constexpr double kCosine[] = {0.04166666666666666531, -0.001388888888888732124, 0.00002480158729865129157, -2.755731721268659012e-7,
                              2.087613402409014623e-9, -1.138175465366293676e-11};
constexpr double kArctangent[] = {-0.3333333333333333333, 0.1999999999999999105, -0.1428571428571137141, 0.1111111111073769003, -0.09090909065994980984,
                                  0.07692306700452818244, -0.06666641233351861586, 0.05881913824652478307, -0.05257931084436504573,
                                  0.04718691363699692244, -0.04101599789907972504, 0.03057014661752891501, -0.01385205522060773645};

constexpr double kExponential[] = {0.5, 0.1666666666666667144, 0.04166666666666667007, 0.0083333333333255447, 0.001388888888888332667, 0.0001984126987686435493,
                                   0.00002480158732700718673, 2.755725283351690975e-6, 2.755727181021979957e-7, 2.510627473357329469e-8,
                                   2.091544229778011522e-9};

// x = e to the power of x
static __attribute__((noinline)) void raise(int points, double* numbers) {
  using V = Vec<double>;
  using I = Simd<double>::I;
  constexpr int lanes = Simd<double>::lanes;
  constexpr double most = 700;  // of these neither the result nor its reciprocal overflows
  for (int i = 0; i < points; i += lanes) {
    V x = load<V>(numbers + i);
    if (lanes_within(x, broadcast(-most), broadcast(most)) != Simd<double>::all) {
      for (int l = 0; l < lanes; ++l) numbers[i + l] = std::exp(x[l]);
      continue;
    }
    V doublings = rint(x * (1 / kLog2[0]));
    for (double part : kLog2) x = fma(doublings, broadcast(-part), x);
    V power = fma(x * x, polynomial(x, kExponential), x) + 1;
    store(numbers + i, reinterpret_cast<I>(power) + (to_int(doublings) << 52));
  }
}

static __attribute__((noinline)) void find_sines(const double* angles, int points, double* sine, double* cosine) {
  using V = Vec<double>;
  using I = Simd<double>::I;
  constexpr int lanes = Simd<double>::lanes;
  constexpr double most = 1e6;  // of these the parts of pi / 2 take enough away
  const I sign = I{} + INT64_MIN;
  for (int i = 0; i < points; i += lanes) {
    V x = load<V>(angles + i);
    if (lanes_within(x, broadcast(-most), broadcast(most)) != Simd<double>::all) {
      for (int l = 0; l < lanes; ++l) {
        sine[i + l] = std::sin(x[l]);
        cosine[i + l] = std::cos(x[l]);
      }
      continue;
    }
    V turns = rint(x * (2 / kPi));
    for (double part : kHalfPi) x = fma(turns, broadcast(-part), x);
    V square = x * x, s = fma(x * square, polynomial(square, kSine), x), c = fma(square * square, polynomial(square, kCosine), 1 - 0.5 * square);
    I quarter = to_int(turns), odd = (quarter & 1) != 0;
    store(sine + i, reinterpret_cast<I>(odd ? c : s) ^ ((quarter & 2) != 0 ? sign : I{}));
    store(cosine + i, reinterpret_cast<I>(odd ? s : c) ^ (((quarter + 1) & 2) != 0 ? sign : I{}));
  }
}

// Of the points (x, y): from -pi to pi, as std::atan2.
static __attribute__((noinline)) void find_angles(const double* ys, const double* xs, int points, double* angles) {
  using V = Vec<double>;
  using I = Simd<double>::I;
  constexpr int lanes = Simd<double>::lanes;
  constexpr double eighth = 0.41421356237309504880;  // its tangent
  for (int i = 0; i < points; i += lanes) {
    V y = load<V>(ys + i), x = load<V>(xs + i), up = absolute(y), along = absolute(x);
    if (lanes_within(up + along, broadcast(1e-290), broadcast(1e290)) != Simd<double>::all) {  // the origin, infinity, NaN
      for (int l = 0; l < lanes; ++l) angles[i + l] = std::atan2(y[l], x[l]);
      continue;
    }
    V low = min(up, along), high = max(up, along);
    I far = low > high * eighth;
    V q = (far ? low - high : low) / (far ? low + high : high), square = q * q;
    V a = fma(q * square, polynomial(square, kArctangent), q);
    auto from = [](double quarters, V angle) GS_ALWAYS { return kHalfPi[0] * quarters - (angle - kHalfPi[1] * quarters); };
    a = far ? from(0.5, -a) : a;
    a = up > along ? from(1, a) : a;
    a = x < 0 ? from(2, a) : a;
    store(angles + i, reinterpret_cast<I>(a) | (reinterpret_cast<I>(y) & INT64_MIN));
  }
}

}  // namespace
}  // namespace GS_ISA
}  // namespace gs
