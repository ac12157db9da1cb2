// SPDX-License-Identifier: MIT
#pragma once
// Number formats. The block-quantised types are those of GGUF and are first-class: linear() takes any of them as
// weight.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quern {

enum class DType : uint8_t {
  f32,
  bf16,
  f16,
  f8_e4m3,
  f8_e5m2,
  i32,
  i64,
  u8,
  boolean,
  // Block types: a row of n values is n / block_size blocks.
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq4_nl,
  iq4_xs,
  mxfp4,
  // Block types that are read (dequantised) but never written.
  iq1_s,
  iq1_m,
  iq2_xxs,
  iq2_xs,
  iq2_s,
  iq3_xxs,
  iq3_s,
  tq1_0,
  tq2_0,
  nvfp4,
};
inline constexpr int kNumDTypes = int(DType::nvfp4) + 1;

struct DTypeInfo {
  std::string_view name;  // "f32", "q4_k"
  int block_size;         // values per block (1 for plain types)
  int block_bytes;        // bytes per block
  bool floating;          // plain floating point
};

const DTypeInfo& info(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);
inline std::string_view name(DType dtype) { return info(dtype).name; }
inline bool is_quantised(DType dtype) { return info(dtype).block_size > 1; }
// A block type that Tensor::to() can't make, because nothing here quantises to it. As weights, all types are taken.
inline bool is_read_only(DType dtype) { return dtype >= DType::iq1_s; }
// Bytes of `count` values; count must be a multiple of the block size.
inline size_t size_bytes(DType dtype, int64_t count) {
  return size_t(count) / size_t(info(dtype).block_size) * size_t(info(dtype).block_bytes);
}

}  // namespace quern
