// The vector operations of one ISA, lane by lane. Compiled once per ISA with its flags, and with GS_ISA_FILE its file; no
// std templates in here, for the same reason as there.
#include GS_ISA_FILE

#include "kernels/packed.h"
#include "kernels/trigonometry.h"
#include "check.h"

namespace gs {
namespace GS_ISA {
namespace {

using test::check;

constexpr double kInf = __builtin_inf(), kNan = __builtin_nan("");
constexpr double kValues[] = {0.0, -0.0, 0.5, -0.5, 1.5, -1.5,  2.5,  0.49999997, -0.75, 1e-40, -1e-40,  3.0,   -7.0,
                              8388607.5, -8388609.0, 1e10, -1e30, kInf, -kInf,    kNan,  1.0 / 3, -2.0 / 3, 65536.25};
constexpr int kCount = int(sizeof kValues / sizeof kValues[0]);

template <class T>
bool same(T a, T b) {  // to the bit, but for the bits of NaN
  return (a != a && b != b) || !__builtin_memcmp(&a, &b, sizeof a);
}

// Every vector holds a run of the values, which starts at another one for each operand.
template <class T>
Vec<T> run_of_values(int first) {
  Vec<T> v;
  for (int l = 0; l < Simd<T>::lanes; ++l) v[l] = T(kValues[(first + l) % kCount]);
  return v;
}

float exact_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
double exact_fma(double a, double b, double c) { return __builtin_fma(a, b, c); }

template <class T>
void test_arithmetic() {
  for (int i = 0; i < kCount; ++i) {
    Vec<T> a = run_of_values<T>(i), lower = floor(a), nearest = rint(a);
    for (int l = 0; l < Simd<T>::lanes; ++l) {
      check(same<T>(lower[l], T(__builtin_floor(double(a[l])))), "%s: floor(%g) = %g", GS_NAME(GS_ISA), a[l], lower[l]);
      check(same<T>(nearest[l], T(__builtin_rint(double(a[l])))), "%s: rint(%g) = %g", GS_NAME(GS_ISA), a[l], nearest[l]);
    }
    for (int j = 0; j < kCount; ++j) {
      Vec<T> b = run_of_values<T>(j), c = run_of_values<T>(i + 3 * j + 1);
      Vec<T> sum = fma(a, b, c), small = min(a, b), large = max(a, b);
      unsigned within = lanes_within(a, b, c);
      for (int l = 0; l < Simd<T>::lanes; ++l) {
        check(same<T>(sum[l], exact_fma(a[l], b[l], c[l])), "%s: fma(%g, %g, %g) = %g", GS_NAME(GS_ISA), a[l], b[l], c[l], sum[l]);
        check(same<T>(small[l], a[l] < b[l] ? a[l] : b[l]), "%s: min(%g, %g) = %g", GS_NAME(GS_ISA), a[l], b[l], small[l]);
        check(same<T>(large[l], a[l] > b[l] ? a[l] : b[l]), "%s: max(%g, %g) = %g", GS_NAME(GS_ISA), a[l], b[l], large[l]);
        check((within >> l & 1) == (b[l] <= a[l] && a[l] <= c[l]), "%s: %g <= %g <= %g", GS_NAME(GS_ISA), b[l], a[l], c[l]);
      }
      check((within & ~Simd<T>::all) == 0, "%s: bits of lanes that are not there", GS_NAME(GS_ISA));
    }
  }
}

// Taps, 1 to 8 neighbours each from its own place: by loads and by gather instructions.
template <class T, int K, bool Instruction, int... J>
void gather_taps(const T* numbers, const int64_t* offset, Vec<T>* taps, std::integer_sequence<int, J...>) {
  Vec<T> parts[K] = {gather_part<T, K, J, Instruction>(numbers, offset)...};
  unpack<T, K>(parts, taps);
}

template <class T, int K, bool Instruction = false>
void test_taps(const T* numbers, const int64_t* offset) {
  Vec<T> taps[K];
  gather_taps<T, K, Instruction>(numbers, offset, taps, std::make_integer_sequence<int, K>{});
  for (int l = 0; l < Simd<T>::lanes; ++l)
    for (int k = 0; k < K; ++k) check(taps[k][l] == T(offset[l] + k), "%s: gather of %d, lane %d", GS_NAME(GS_ISA), K, l);
  if constexpr (!Instruction && can_gather<T, K>()) test_taps<T, K, true>(numbers, offset);
}

template <class T>
void test_moves() {
  constexpr int lanes = Simd<T>::lanes;
  for (T x : {T(0), T(-1), T(16777215), T(-16777216), T(123456), T(2147483520)}) {
    auto whole = to_int(broadcast(x));
    for (int l = 0; l < lanes; ++l) check(whole[l] == int64_t(x), "%s: to_int(%g)", GS_NAME(GS_ISA), double(x));
  }
  for (int64_t x : {0, 1, -1, 65537, -2147483647, 2147483647})
    for (int64_t y : {0, 1, -3, 65535, 2147483647, -2147483647}) {
      auto product = multiply_ints(x - Simd<double>::I{}, y - Simd<double>::I{});
      for (int l = 0; l < Simd<double>::lanes; ++l) check(product[l] == x * y, "%s: %ld * %ld", GS_NAME(GS_ISA), long(x), long(y));
    }
  alignas(64) T stored[lanes], numbers[8 * lanes];
  stream(stored, run_of_values<T>(2));
  end_streams();
  for (int l = 0; l < lanes; ++l) check(same(stored[l], T(kValues[(2 + l) % kCount])), "%s: stream", GS_NAME(GS_ISA));

  int64_t offset[lanes];
  for (int i = 0; i < 8 * lanes; ++i) numbers[i] = T(i);
  for (int l = 0; l < lanes; ++l) offset[l] = (5 * l + 3) % (8 * lanes - 7);
  test_taps<T, 1>(numbers, offset);
  test_taps<T, 2>(numbers, offset);
  test_taps<T, 4>(numbers, offset);
  test_taps<T, 8>(numbers, offset);
#ifdef GS_WINDOWS
  if constexpr (sizeof(T) == 4) {
    Simd<float>::I ints;
    for (int l = 0; l < lanes; ++l) ints[l] = (l * 5 + 3) % lanes - 7;
    check(lowest_of(ints) == -7 && highest_of(ints) == lanes - 8, "%s: lowest and highest", GS_NAME(GS_ISA));
    Vec<T> some = load_some(numbers + 1, 0x5);
    for (int l = 0; l < lanes; ++l) check(some[l] == (l == 0 || l == 2 ? T(l + 1) : T(0)), "%s: load_some, lane %d", GS_NAME(GS_ISA), l);
  }
#endif
  if constexpr (kPicks && sizeof(T) == 4) {
    typename Simd<T>::I index;
    for (int l = 0; l < lanes; ++l) index[l] = (7 * l + 5) % (2 * lanes);
    Vec<T> picked = pick(load<Vec<T>>(numbers), load<Vec<T>>(numbers + lanes), index);
    for (int l = 0; l < lanes; ++l) check(picked[l] == T(index[l]), "%s: pick, lane %d", GS_NAME(GS_ISA), l);
    for (int l = 0; l < lanes; ++l) {
      typename Ints<uint32_t, lanes>::type some{};
      some[l] = 0x80000001u;
      check(all_up_to(some, 0x80000001u) && !all_up_to(some, 0x80000000u), "%s: all_up_to, lane %d", GS_NAME(GS_ISA), l);
    }
  }
}

template <class I, int B>
void test_bytes() {
  constexpr int lanes = Simd<float>::lanes;
  constexpr int lowest = I(-1) < I(0) ? -128 : 0, highest = lowest + 255;
  constexpr float given[] = {0, 0.5f, 1.5f, 2.4999998f, 7.5f, 126.5f, 127.5f, 254.5f, 255.5f, 400, -0.5f, -1.5f, -128.5f, -300, 100.25f, 31};
  Simd<float>::I ints;
  Vec<float> v[4];
  for (int l = 0; l < lanes; ++l) {
    ints[l] = int32_t(0x01020384u * unsigned(l + 3) ^ 0x80402010u);
    for (int k = 0; k < 4; ++k) v[k][l] = given[(l * 5 + k * 3) % 16];
  }
  auto byte = byte_of<B>(ints);
  auto packed = pack_bytes<I>(v[0], v[1], v[2], v[3]);
  for (int l = 0; l < lanes; ++l) {
    check(byte[l] == int32_t(uint32_t(ints[l]) >> 8 * B & 255), "%s: byte %d, lane %d", GS_NAME(GS_ISA), B, l);
    for (int k = 0; k < 4; ++k) {
      double whole = __builtin_fmin(__builtin_fmax(__builtin_rint(v[k][l]), lowest), highest);
      check(packed[l / 4 * 16 + 4 * k + l % 4] == whole, "%s: byte of %g", GS_NAME(GS_ISA), double(v[k][l]));
    }
  }
}

// Within some units in the last place of a number of about 1, or of the number itself if it is larger.
bool near(double a, double b) { return same(a, b) || __builtin_fabs(a - b) <= 5e-16 * (1 + __builtin_fabs(b)); }

void test_trigonometry() {
  constexpr int count = 64 * Simd<double>::lanes, values = 20;
  constexpr double given[values] = {0.0, -0.0, 1e-300, -1e-12, 0.41421356, 0.41421357, 0.785398163397448, -0.785398163397449, 1.0, -1.5707963267948966,
                                    3.141592653589793, -12.25, 347.25, -709.5, 99999.0, -1e5, 3e6, kInf, -kInf, kNan};
  double x[count], y[count], sine[count], cosine[count], angle[count], power[count];
  // Whole vectors of ordinary numbers, and others that have special ones among them.
  for (int i = 0; i < count; ++i) {
    double turn = 0.37 * (i - count / 2);
    x[i] = i < count / 2 ? turn : given[i * 7 % values];
    y[i] = i < count / 2 ? 3 - turn * turn : given[i * 3 % values];
    power[i] = x[i];
  }
  find_sines(x, count, sine, cosine);
  find_angles(y, x, count, angle);
  raise(count, power);
  for (int i = 0; i < count; ++i) {
    check(near(sine[i], __builtin_sin(x[i])) && near(cosine[i], __builtin_cos(x[i])), "%s: sine and cosine of %g", GS_NAME(GS_ISA), x[i]);
    check(near(angle[i], __builtin_atan2(y[i], x[i])), "%s: angle of (%g, %g): %g", GS_NAME(GS_ISA), x[i], y[i], angle[i]);
    check(near(power[i], __builtin_exp(x[i])), "%s: e to the power of %g: %g", GS_NAME(GS_ISA), x[i], power[i]);
  }
}

}  // namespace

void test_operations();
void test_operations() {
  test_arithmetic<float>();
  test_arithmetic<double>();
  test_moves<float>();
  test_moves<double>();
  if constexpr (kPacks) {
    test_bytes<uint8_t, 0>();
    test_bytes<uint8_t, 1>();
    test_bytes<int8_t, 2>();
    test_bytes<int8_t, 3>();
  }
  test_trigonometry();
}

}  // namespace GS_ISA
}  // namespace gs
