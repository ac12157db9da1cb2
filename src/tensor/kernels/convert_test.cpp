// SPDX-License-Identifier: MIT
#include "tensor/kernels/convert.h"

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/json.h"
#include "tensor/kernels/test_support.h"

namespace quern::testing {
namespace {

const DType kSmall[] = {DType::bf16, DType::f16, DType::f8_e4m3, DType::f8_e5m2};

// Values around every rounding decision: random bits, all magnitudes, ties, specials.
Floats awkward() {
  Rng rng(9);
  Floats x = {0.0f,     -0.0f,    INFINITY, -INFINITY, NAN,      448.0f,   464.0f,  464.1f, 480.0f,
              57344.0f, 61439.9f, 61440.0f, 65504.0f,  65519.9f, 65520.0f, 3.3e38f, 1e-40f, -1e-45f};
  for (int i = 0; i < 20000; ++i) x.push_back(std::bit_cast<float>(rng.u32()));
  for (int exponent = -30; exponent < 20; ++exponent)
    for (int m = 0; m < 64; ++m) x.push_back(std::ldexp(1.0f + float(m) / 64.0f, exponent));  // ties of every format
  return x;
}

TEST(ConvertKernel, SimdEqualsReferenceInEachBit) {
  const Floats x = awkward();
  const int64_t n = int64_t(x.size());
  for (DType dtype : kSmall) {
    SCOPED_TRACE(name(dtype));
    std::vector<uint8_t> small(size_bytes(dtype, n)), small_ref(small.size());
    convert_from_f32_ref(dtype, x.data(), small_ref.data(), n);
    convert_from_f32_simd(dtype, x.data(), small.data(), n);
    for (int64_t i = 0; i < n; ++i) {
      const size_t bytes = size_bytes(dtype, 1);
      if (std::isnan(x[size_t(i)]) && dtype == DType::f16) continue;  // the processor keeps a NaN's payload
      ASSERT_EQ(std::memcmp(&small[size_t(i) * bytes], &small_ref[size_t(i) * bytes], bytes), 0)
          << x[size_t(i)] << " became " << int(small[size_t(i) * bytes]) << ", expected "
          << int(small_ref[size_t(i) * bytes]);
    }
    Floats back(x.size()), back_ref(x.size());
    convert_to_f32_ref(dtype, small_ref.data(), back_ref.data(), n);
    convert_to_f32_simd(dtype, small_ref.data(), back.data(), n);
    EXPECT_TRUE(close(back, back_ref, 0, 0));
  }
}

TEST(ConvertKernel, EveryCodeComesBack) {
  for (DType dtype : kSmall) {
    SCOPED_TRACE(name(dtype));
    const int64_t n = size_bytes(dtype, 1) == 1 ? 256 : 65536;
    std::vector<uint8_t> codes(size_bytes(dtype, n)), again(codes.size());
    for (int64_t i = 0; i < n; ++i) {
      const uint16_t code = uint16_t(i);
      std::memcpy(&codes[size_bytes(dtype, i)], &code, size_bytes(dtype, 1));
    }
    Floats x(static_cast<size_t>(n));
    convert_to_f32_simd(dtype, codes.data(), x.data(), n);
    convert_from_f32_simd(dtype, x.data(), again.data(), n);
    for (int64_t i = 0; i < n; ++i) {
      if (std::isnan(x[size_t(i)])) continue;
      ASSERT_EQ(std::memcmp(&codes[size_bytes(dtype, i)], &again[size_bytes(dtype, i)], size_bytes(dtype, 1)), 0) << i;
    }
  }
}

// The float_formats file of the golden data: a safetensors file of bits made by another implementation (PyTorch).
std::map<std::string, std::string> golden_tensors() {
  const char* shared = std::getenv("QUERN_SHARED");
  std::string path = std::string(shared ? shared : "../shared") + "/goldens/gguf/quants/float_formats.safetensors";
  for (int up = 0; !shared && up < 4 && !std::filesystem::exists(path); ++up) path = "../" + path;
  std::map<std::string, std::string> tensors;
  std::ifstream in(path, std::ios::binary);
  uint64_t header_size = 0;
  if (!in.read(reinterpret_cast<char*>(&header_size), 8)) return tensors;
  std::string header(header_size, ' ');
  in.read(header.data(), std::streamsize(header_size));
  const std::string data((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const Json json = Json::parse(header);
  for (const auto& [key, entry] : json.items()) {
    if (key == "__metadata__") continue;
    const size_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
    tensors[key] = data.substr(begin, end - begin);
  }
  return tensors;
}

TEST(ConvertKernel, EqualsAnotherImplementationsBits) {
  const auto golden = golden_tensors();
  if (golden.empty()) GTEST_SKIP() << "no golden data: set QUERN_SHARED";
  const auto floats = [&](const std::string& key) {
    Floats x(golden.at(key).size() / sizeof(float));
    std::memcpy(x.data(), golden.at(key).data(), golden.at(key).size());
    return x;
  };
  for (auto [input, output, dtype] : {std::tuple{"float32", "to_bf16_bits", DType::bf16},
                                      {"float32", "to_f16_bits", DType::f16},
                                      {"fp8_input", "to_e4m3fn_bits", DType::f8_e4m3},
                                      {"fp8_input", "to_e5m2_bits", DType::f8_e5m2}}) {
    const Floats x = floats(input);
    const std::string& want = golden.at(output);
    std::string got(want.size(), ' '), got_simd(want.size(), ' ');
    convert_from_f32_ref(dtype, x.data(), got.data(), int64_t(x.size()));
    convert_from_f32_simd(dtype, x.data(), got_simd.data(), int64_t(x.size()));
    const size_t bytes = size_bytes(dtype, 1);
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) continue;
      EXPECT_EQ(got.substr(i * bytes, bytes), want.substr(i * bytes, bytes)) << output << " of " << x[i];
      EXPECT_EQ(got_simd.substr(i * bytes, bytes), want.substr(i * bytes, bytes)) << output << " of " << x[i];
    }
  }
  for (auto [key, dtype] : {std::pair{"e4m3fn_all", DType::f8_e4m3}, {"e5m2_all", DType::f8_e5m2}}) {
    std::vector<uint8_t> codes(256);
    for (size_t i = 0; i < 256; ++i) codes[i] = uint8_t(i);
    Floats x(256);
    convert_to_f32_simd(dtype, codes.data(), x.data(), 256);
    EXPECT_TRUE(close(x, floats(key), 0, 0)) << key;
  }
}

}  // namespace
}  // namespace quern::testing
