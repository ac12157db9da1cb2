// SPDX-License-Identifier: MIT
// gguf/quants/: what blocks decode to, what values are encoded to, and products with encoded weights.

#include <cctype>
#include <cmath>

#include "formats/fp8_blocks.h"
#include "golden.h"
#include "tensor/ops.h"

namespace quern::goldens {

namespace {

// Types whose bytes are prescribed; of the others only the error is.
bool has_prescribed_bytes(DType dtype) {
  return dtype == DType::bf16 || dtype == DType::mxfp4 || (dtype >= DType::q4_0 && dtype <= DType::q8_0);
}

double relative_rms_error(std::span<const float> got, std::span<const float> want) {
  double error = 0, size = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    error += std::pow(double(got[i]) - want[i], 2);
    size += std::pow(double(want[i]), 2);
  }
  return std::sqrt(error / size);
}

Tensor stored(const std::vector<uint8_t>& bytes, const Shape& shape, DType dtype) {
  if (bytes.size() != size_bytes(dtype, numel(shape)))
    throw Error(ErrorKind::InvalidData, "{} bytes for {} of {}", bytes.size(), to_string(shape), name(dtype));
  const Tensor t = Tensor::empty(shape, dtype);
  std::copy(bytes.begin(), bytes.end(), t.data<uint8_t>());
  return t;
}

void check_encoding(Comparison& c, const Expected& e, DType dtype, const std::vector<uint8_t>& want, double error) {
  const std::vector<float> input = e.floats("input");
  const Shape& shape = e.shape("input");
  const std::vector<float> decoded = stored(want, shape, dtype).to_vector();
  // index.json rounds to four digits.
  c.number("error of the expected bytes", relative_rms_error(decoded, input), error, 0, 1e-3);
  if (is_read_only(dtype)) return;
  const Tensor ours = Tensor::from(input, shape).to(dtype);
  if (has_prescribed_bytes(dtype))
    c.require("bytes of input", std::equal(want.begin(), want.end(), ours.data<uint8_t>()));
  const double got = relative_rms_error(ours.to_vector(), input);
  c.number("error of our bytes beyond the expected", std::max(got, error), error, 0, 0.02);
}

Outcome check_type(const fs::path& base) {
  std::string type = base.filename().string();
  for (char& ch : type) ch = char(std::tolower(static_cast<unsigned char>(ch)));
  const std::optional<DType> dtype = dtype_from_name(type);
  if (!dtype) throw not_yet(fmt::format("there is no type {}", type));
  const Expected e(base.string() + ".safetensors");
  const Json index = read_json(base.parent_path() / "index.json", ErrorKind::InvalidData);
  const std::string source = e.has("bytes.ggml") ? "ggml" : "python";
  const std::vector<uint8_t> bytes = e.bytes("bytes." + source);
  const Tensor w = stored(bytes, e.shape("input"), *dtype);
  Comparison c;
  c.close("dequantized", w.to_vector(), e.floats("dequantized." + source), 0, 1e-6);
  if (e.has("random_blocks.bytes"))
    c.close("random_blocks",
            stored(e.bytes("random_blocks.bytes"), e.shape("random_blocks.dequantized"), *dtype).to_vector(),
            e.floats("random_blocks.dequantized"), 0, 1e-6);
  const Tensor x = Tensor::from(e.floats("matmul.x"), e.shape("matmul.x"));
  // Sums of some hundred products in f32 against double.
  c.close_by_std("matmul", linear(x, w).to_vector(), e.floats("matmul.y"), 1e-5);
  const std::string key = base.filename().string();
  check_encoding(c, e, *dtype, bytes, index["types"][key]["relative_rms_error"].get<double>());
  if (e.has("imatrix"))  // with which the expected bytes were made, by another quantiser than ours
    c.require("one importance per column", int64_t(e.floats("imatrix").size()) == w.size(1));
  e.require_all_read();
  return c.outcome();
}

// Bits of each value; NaN may be any NaN.
void check_conversion(Comparison& c, const Expected& e, const std::string& input, const std::string& bits,
                      DType dtype) {
  const std::vector<float> x = e.floats(input);
  const std::vector<uint8_t> want = e.bytes(bits);
  const int64_t n = int64_t(x.size());
  const Tensor ours = Tensor::from(x, {n}).to(dtype);
  const std::vector<float> ours_again = ours.to_vector(), want_again = stored(want, {n}, dtype).to_vector();
  const size_t width = size_bytes(dtype, 1);
  for (size_t i = 0; i < x.size(); ++i) {
    const bool nan = std::isnan(x[i]) && std::isnan(ours_again[i]) && std::isnan(want_again[i]);
    c.require(bits, nan || std::equal(want.begin() + ptrdiff_t(i * width), want.begin() + ptrdiff_t((i + 1) * width),
                                      ours.data<uint8_t>() + i * width));
  }
}

Outcome check_float_formats(const fs::path& base) {
  const Expected e(base.string() + ".safetensors");
  Comparison c;
  check_conversion(c, e, "float32", "to_bf16_bits", DType::bf16);
  check_conversion(c, e, "float32", "to_f16_bits", DType::f16);
  check_conversion(c, e, "fp8_input", "to_e4m3fn_bits", DType::f8_e4m3);
  check_conversion(c, e, "fp8_input", "to_e5m2_bits", DType::f8_e5m2);
  std::vector<uint8_t> codes(256);
  for (size_t i = 0; i < codes.size(); ++i) codes[i] = uint8_t(i);
  for (const auto& [key, dtype] : {std::pair{"e4m3fn_all", DType::f8_e4m3}, {"e5m2_all", DType::f8_e5m2}}) {
    const std::vector<float> got = stored(codes, {256}, dtype).to_vector(), want = e.floats(key);
    for (size_t i = 0; i < codes.size(); ++i)
      c.require(key, got[i] == want[i] || (std::isnan(got[i]) && std::isnan(want[i])));
  }
  const Tensor weight = stored(e.bytes("block_fp8.weight"), e.shape("block_fp8.weight"), DType::f8_e4m3);
  const Tensor scales = Tensor::from(e.floats("block_fp8.weight_scale_inv"), e.shape("block_fp8.weight_scale_inv"));
  c.close("block_fp8", from_fp8_blocks("block_fp8.weight", weight, scales, {.rows = 128, .cols = 128}).to_vector(),
          e.floats("block_fp8.dequantized"), 0, 1e-6);
  e.require_all_read();
  return c.outcome();
}

Outcome check_quants(const fs::path& base) {
  return base.filename() == "float_formats" ? check_float_formats(base) : check_type(base);
}

}  // namespace

Area quants_area() { return {"gguf/quants", is_safetensors, check_quants}; }

}  // namespace quern::goldens
