// Any bytes are a problem: every dtype, layout, boundary and number, each array in memory with not an element to spare. The sanitizers
// say whether the core reads or writes elsewhere; that all ISAs give the same is checked here. Built with libFuzzer, which looks for
// bytes that reach new code, and with replay.cpp, which runs those that it found.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "derivatives.h"
#include "dispatch.h"
#include "plan.h"
#include "problems.h"
#include "run.h"
#include "threads.h"

namespace gs {
namespace test {
namespace {

#define GS_CODE(name, code, ...) code,
constexpr int kKernelCodes[] = {GS_KERNELS(GS_CODE)};
constexpr int kBoundaryCodes[] = {GS_BOUNDARIES(GS_CODE)};
constexpr int kDtypeCodes[] = {GS_DTYPES(GS_CODE)};
#undef GS_CODE
constexpr Dtype kCoordDtypes[] = {Dtype::float32, Dtype::float64, Dtype::float16, Dtype::bfloat16};
constexpr int64_t kMaxSamples = 4096, kMaxResults = 700;  // several tiles, and some hundred runs in a second

// Decisions from bytes, one for each; 0 once they are used up.
class Bytes : public Random {
 public:
  Bytes(const uint8_t* data, size_t size) : Random(0), data_(data), left_(size) {}
  uint64_t next() override { return mix(byte()); }
  uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  double any_double() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | byte();
    double x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }

 private:
  const uint8_t* data_;
  size_t left_;
};

// Elements of any type, by their bytes.
struct Memory {
  size_t size;
  int64_t origin;
  std::unique_ptr<uint8_t[]> bytes;

  Memory(const Layout& layout, int item)
      : size(size_t(std::max<int64_t>(0, layout.high - layout.low + 1) * item)),  // with an axis of nothing, less than nothing
        origin(-layout.low * item) {
    bytes.reset(new uint8_t[size]);
  }
  uint8_t* at(int64_t offset, int item) { return bytes.get() + origin + offset * item; }
};

// Shrink the longest axis until an array is small.
void make_small(std::vector<int64_t>& sizes, int64_t most) {
  for (;;) {
    int64_t count = 1;
    size_t longest = 0;
    for (size_t i = 0; i < sizes.size(); ++i) {
      count *= sizes[i];
      if (sizes[i] > sizes[longest]) longest = i;
    }
    if (count <= most) return;
    sizes[longest] = (sizes[longest] + 1) / 2;
  }
}

void put_coordinate(Bytes& bytes, const Axis& axis, Dtype dtype, uint8_t* where) {
  double given = bytes.any_double();  // most of them are very large or very small
  if (bytes.chance(0.8)) {
    double x = make_coordinate(bytes, axis.size, bytes.of({0.9, 1.5, 40.0}), true);
    given = axis.scale == 0 ? x : (x - axis.shift) / axis.scale - axis.pre;
  }
  float single = float(given);
  uint16_t bits;
  switch (dtype) {
    case Dtype::float64: std::memcpy(where, &given, 8); return;
    case Dtype::float32: std::memcpy(where, &single, 4); return;
    case Dtype::bfloat16: std::memcpy(where, reinterpret_cast<const uint8_t*>(&single) + 2, 2); return;
    default: bits = uint16_t(bytes.next()); std::memcpy(where, &bits, 2);  // of half precision, one number in six is from 1/2 to 64
  }
}

// A problem made of bytes, and the arrays that it is about.
struct Fuzzed {
  Problem p{};
  Layout out_layout;
  std::vector<double> fill;
  std::unique_ptr<Memory> input, coords, out, mask;

  explicit Fuzzed(Bytes& bytes) {
    p.kernel = Kernel(bytes.of(kKernelCodes));
    p.dtype = Dtype(bytes.of(kDtypeCodes));
    if (taps_of(p.kernel) > kMaxTapsConverted && p.dtype != Dtype::float64) p.dtype = Dtype::float32;  // module.cpp refuses others
    p.coords_dtype = bytes.of(kCoordDtypes);
    p.out_dtype = bytes.chance(0.5) ? p.dtype : Dtype(bytes.of(kDtypeCodes));
    p.cubic_a = bytes.chance(0.9) ? -0.75 : bytes.any_double();
    p.outside = Outside(bytes.below(3));
    p.nan_propagates = bytes.chance(0.3);
    p.ndim = int(1 + bytes.below(kMaxDim));
    p.batch = 1 + bytes.below(3);
    p.out_ndim = int(bytes.below(5));
    bool plain = bytes.chance(0.4);

    std::vector<int64_t> sizes{bytes.chance(0.3) ? 1 : p.batch, 1 + bytes.below(bytes.chance(0.8) ? 5 : 70)};
    for (int a = 0; a < p.ndim; ++a) sizes.push_back(1 + bytes.below(bytes.chance(0.5) ? 4 : 40));
    make_small(sizes, kMaxSamples);
    p.batch = sizes[0] == 1 ? p.batch : sizes[0];
    p.channels = sizes[1];
    Layout layout = make_layout(bytes, sizes, plain, true);
    input = fill_memory(bytes, layout, item_size(p.dtype));
    p.input = input->at(0, item_size(p.dtype));
    p.input_batch = sizes[0] == 1 ? 0 : layout.stride[0];
    p.input_channel = layout.stride[1];
    bool swapped = bytes.chance(0.5);
    for (int a = 0; a < p.ndim; ++a) {
      double size = double(sizes[size_t(a) + 2]);
      const double maps[][4] = {{0, 1, 0, 0}, {1, size / 2, -0.5, 0.5}, {1, (size - 1) / 2, 0, 0}};
      const double(&map)[4] = maps[bytes.below(3)];
      p.axis[a] = {sizes[size_t(a) + 2], layout.stride[size_t(a) + 2], swapped ? p.ndim - 1 - a : a,
                   map[0], map[1], map[2], map[3], Boundary(bytes.of(kBoundaryCodes)), 0};
      if (bytes.chance(0.1)) p.axis[a].scale = bytes.any_double();
    }
    for (int64_t c = 0; c < p.channels; ++c) fill.push_back(bytes.chance(0.9) ? double(c) : bytes.any_double());
    p.fill = fill.data();
    make_points(bytes, plain);
  }

  // Coordinates, the result and the mask, whose axes are the same.
  void make_points(Bytes& bytes, bool plain) {
    std::vector<int64_t> points;
    for (int i = 0; i < p.out_ndim; ++i) points.push_back(bytes.below(bytes.chance(0.6) ? 4 : 70) + bytes.chance(0.95));
    std::vector<int64_t> sizes{p.batch, p.channels};
    sizes.insert(sizes.end(), points.begin(), points.end());
    make_small(sizes, kMaxResults);
    p.channels = sizes[1];
    p.batch = sizes[0];
    points.assign(sizes.begin() + 2, sizes.end());
    out_layout = make_layout(bytes, sizes, plain, false);
    out = std::make_unique<Memory>(out_layout, item_size(p.out_dtype));
    p.out_batch = out_layout.stride[0];
    p.out_channel = out_layout.stride[1];

    sizes.assign(1, p.batch);
    sizes.insert(sizes.end(), points.begin(), points.end());
    Layout mask_layout = make_layout(bytes, sizes, plain, false);
    if (bytes.chance(0.3)) {
      mask = std::make_unique<Memory>(mask_layout, 1);
      p.mask = mask->at(0, 1);
    }
    p.mask_batch = mask_layout.stride[0];

    sizes.push_back(p.ndim);
    if (bytes.chance(0.3)) sizes[0] = 1;
    Layout layout = make_layout(bytes, sizes, plain, true);
    int item = item_size(p.coords_dtype);
    coords = std::make_unique<Memory>(layout, item);
    std::memset(coords->bytes.get(), 0, coords->size);
    for (int64_t point = 0; point < layout.count() / p.ndim; ++point)
      for (int a = 0; a < p.ndim; ++a)
        put_coordinate(bytes, p.axis[a], p.coords_dtype, coords->at(layout.offset(point * p.ndim + p.axis[a].component), item));
    p.coords = coords->at(0, item);
    p.coords_batch = sizes[0] == 1 ? 0 : layout.stride[0];
    p.coords_component = layout.stride.back();
    for (int i = 0; i < p.out_ndim; ++i) {
      p.out_size[i] = points[size_t(i)];
      p.coords_stride[i] = layout.stride[size_t(i) + 1];
      p.out_stride[i] = out_layout.stride[size_t(i) + 2];
      p.mask_stride[i] = mask_layout.stride[size_t(i) + 1];
    }
  }

  static std::unique_ptr<Memory> fill_memory(Bytes& bytes, const Layout& layout, int item) {
    auto memory = std::make_unique<Memory>(layout, item);
    Random noise(bytes.next());  // NaN, infinities and denormal numbers among them
    for (size_t i = 0; i < memory->size; ++i) memory->bytes[i] = uint8_t(noise.next());
    return memory;
  }

  // The bytes of the result and the mask on one ISA; of NaN, any.
  std::vector<uint8_t> sample_on(const Isa& isa) {
    int item = item_size(p.out_dtype);
    choose_isa(isa.name);
    std::memset(out->bytes.get(), 0x5a, out->size);
    if (mask) std::memset(mask->bytes.get(), 0x5a, mask->size);
    p.out = out->at(0, item);
    sample(p);
    std::vector<uint8_t> result(out->bytes.get(), out->bytes.get() + out->size);
    for (uint8_t* at = result.data(); at < result.data() + result.size(); at += item)
      if (is_nan(at, p.out_dtype)) std::memset(at, 0xff, size_t(item));
    if (mask) result.insert(result.end(), mask->bytes.get(), mask->bytes.get() + mask->size);
    return result;
  }

  static bool is_nan(const uint8_t* at, Dtype dtype) {
    uint16_t bits;
    float single;
    double number;
    switch (dtype) {
      case Dtype::float16: std::memcpy(&bits, at, 2); return (bits & 0x7fff) > 0x7c00;
      case Dtype::bfloat16: std::memcpy(&bits, at, 2); return (bits & 0x7fff) > 0x7f80;
      case Dtype::float32: std::memcpy(&single, at, 4); return std::isnan(single);
      case Dtype::float64: std::memcpy(&number, at, 8); return std::isnan(number);
      default: return false;
    }
  }
};

// What comes back of a problem, once or twice; arrays that may be left out are, now and then.
struct FuzzedDerivatives {
  DerivativeProblem d{};
  Problem& p = d.forward;
  int item;
  std::vector<std::unique_ptr<Memory>> read, written;

  FuzzedDerivatives(Bytes& bytes, const Fuzzed& fuzzed) {
    p = fuzzed.p;
    p.dtype = p.out_dtype = computed_in_double(p.dtype) ? Dtype::float64 : Dtype::float32;
    p.mask = nullptr;
    item = item_size(p.dtype);
    int64_t points = 1;
    for (int i = p.out_ndim - 1; i >= 0; points *= p.out_size[i--]) p.mask_stride[i] = points;
    p.mask_batch = points;
    p.out = reading(bytes, fuzzed.out_layout);
    d.second = bytes.chance(0.5);
    int64_t one = bytes.chance(0.5), items = one ? 1 : p.batch, volume = 1;
    for (int a = p.ndim - 1; a >= 0; volume *= p.axis[a--].size) p.axis[a].stride = volume;
    Layout image = plain_layout({items, p.channels, volume}), coords = plain_layout({p.batch, points, p.ndim});
    p.input_batch = d.tangent_batch = d.grad_batch = one ? 0 : p.channels * volume;
    p.input_channel = d.tangent_channel = d.grad_channel = volume;
    d.direction_batch = points * p.ndim;
    bool has_input = bytes.chance(0.8);
    p.input = has_input ? reading(bytes, image) : nullptr;
    if (d.second && bytes.chance(0.8)) d.tangent = reading(bytes, image);
    if (d.second && bytes.chance(0.8)) d.direction = reading(bytes, coords);
    if (bytes.chance(0.8)) d.grad_input = writing(image);
    d.clear = bytes.chance(0.5);
    if (d.grad_input && bytes.chance(0.5)) {
      d.sums_items = one ? 1 : 2 + bytes.below(3);
      d.sums_item = sums_elements(p.channels, volume, 1);
      read.push_back(std::make_unique<Memory>(plain_layout({sums_elements(p.channels, volume, d.sums_items)}), item));
      d.sums = read.back()->at(0, item);
    }
    if ((d.second || has_input) && bytes.chance(0.8)) d.grad_coords = writing(coords);
    if (d.second && bytes.chance(0.8)) d.grad_out = writing(plain_layout({p.batch, p.channels, points}));
  }

  void* reading(Bytes& bytes, const Layout& layout) {
    read.push_back(Fuzzed::fill_memory(bytes, layout, item));
    return read.back()->at(0, item);
  }
  void* writing(const Layout& layout) {
    written.push_back(std::make_unique<Memory>(layout, item));
    return written.back()->at(0, item);
  }

  std::vector<uint8_t> run_on(const Isa& isa) {  // the bytes of all results
    choose_isa(isa.name);
    for (auto& memory : written) std::memset(memory->bytes.get(), 0, memory->size);
    derivatives(d);
    std::vector<uint8_t> result;
    for (auto& memory : written) result.insert(result.end(), memory->bytes.get(), memory->bytes.get() + memory->size);
    for (uint8_t* at = result.data(); at < result.data() + result.size(); at += item)
      if (Fuzzed::is_nan(at, p.dtype)) std::memset(at, 0xff, size_t(item));
    return result;
  }
};

}  // namespace
}  // namespace test
}  // namespace gs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gs;
  test::Bytes bytes(data, size);
  test::Fuzzed fuzzed(bytes);
  test::FuzzedDerivatives derived(bytes, fuzzed);
  gs::Problem& p = fuzzed.p;  // last, so that the bytes before say what they said
  bool whole = p.coords_dtype == Dtype::float32 || p.coords_dtype == Dtype::float64;
  p.relative = whole && p.out_ndim >= 2 && p.out_ndim >= p.ndim && bytes.chance(0.3);
  set_num_threads(1);
  std::vector<uint8_t> first;
  const char* first_name = nullptr;
  for (int i = 0; i < kIsaCount; ++i) {
    if (!isa_runs_here(*kIsas[i])) continue;
    std::vector<uint8_t> result = fuzzed.sample_on(*kIsas[i]), slopes = derived.run_on(*kIsas[i]);
    result.insert(result.end(), slopes.begin(), slopes.end());
    if (!first_name) {
      first_name = kIsas[i]->name;
      first = std::move(result);
    } else if (first != result) {
      std::fprintf(stderr, "%s and %s differ\n", first_name, kIsas[i]->name);
      std::abort();
    }
  }
  return 0;
}
