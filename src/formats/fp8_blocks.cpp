// SPDX-License-Identifier: MIT
#include "formats/fp8_blocks.h"

namespace quern {

std::optional<Fp8Blocks> read_fp8_blocks(const Json& config) {
  const auto it = config.find("quantization_config");
  if (it == config.end() || it->is_null()) return std::nullopt;
  const auto text = [&](const char* key) {
    return it->is_object() && it->contains(key) && (*it)[key].is_string() ? (*it)[key].get<std::string>() : "";
  };
  const std::string method = text("quant_method"), format = text("fmt");
  if (method != "fp8" || (!format.empty() && format != "e4m3"))
    throw Error(ErrorKind::Unsupported, "config.json: weights quantised by '{}'{} can't be read", method,
                format.empty() ? "" : " in " + format)
        .hint("take the unquantised weights, or a GGUF of this model");
  const Json size = it->value("weight_block_size", Json());
  if (!size.is_array() || size.size() != 2 || !size[0].is_number_integer() || !size[1].is_number_integer())
    throw Error(ErrorKind::Unsupported, "config.json: fp8 weights without a weight_block_size can't be read");
  const Fp8Blocks blocks{size[0].get<int64_t>(), size[1].get<int64_t>()};
  if (blocks.rows < 1 || blocks.cols < 1 || blocks.rows > 65536 || blocks.cols > 65536)
    throw Error(ErrorKind::InvalidModel, "config.json: a weight_block_size of {} by {} makes no sense", blocks.rows,
                blocks.cols);
  return blocks;
}

Tensor from_fp8_blocks(const std::string& name, const Tensor& weight, const Tensor& scale_inv,
                       const Fp8Blocks& blocks) {
  const auto blocks_of = [](int64_t size, int64_t block) { return (size + block - 1) / block; };
  if (weight.ndim() != 2 || weight.dtype() != DType::f8_e4m3)
    throw Error(ErrorKind::InvalidModel, "tensor '{}' has scales of blocks, but is no matrix of e4m3", name);
  const int64_t M = weight.size(0), K = weight.size(1);
  const Shape expected{blocks_of(M, blocks.rows), blocks_of(K, blocks.cols)};
  if (scale_inv.shape() != expected || scale_inv.dtype() != DType::f32)
    throw Error(ErrorKind::InvalidModel, "the scales of '{}' are {} {}, expected f32 {}", name,
                quern::name(scale_inv.dtype()), to_string(scale_inv.shape()), to_string(expected));
  const Tensor out = weight.to(DType::f32);
  for (int64_t m = 0; m < M; ++m) {
    const float* scales = scale_inv.data() + m / blocks.rows * expected[1];
    float* row = out.data() + m * K;
    for (int64_t k = 0; k < K; ++k) row[k] *= scales[k / blocks.cols];
  }
  return out;
}

}  // namespace quern
