// SPDX-License-Identifier: MIT
#include "tensor/quant/quantise.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "tensor/kernels/convert.h"
#include "tensor/quant/encode.h"

namespace quern {

namespace {

constexpr int64_t kGrainValues = 4096;  // worth a thread of their own

// No block with an f16 scale reaches further: 32 * 128 steps of the largest f16 (q6_k).
constexpr float kLargest = 65504.0f * 4096.0f;

void require_in_range(const float* x, int64_t n, DType dtype) {
  const float largest = dtype == DType::mxfp4 ? std::numeric_limits<float>::max() : kLargest;
  for (int64_t i = 0; i < n; ++i)
    if (!(std::fabs(x[i]) <= largest))
      throw Error(ErrorKind::InvalidModel, "a weight is {:g}, which {} can't hold", x[i], name(dtype))
          .hint("keep this tensor as f32 if the number is meant; a damaged or diverged model has such weights too");
}

// Ratios to the mean, so that no sum of weighted squares under- or overflows.
std::vector<float> scaled_importance(std::span<const float> importance) {
  double sum = 0;
  for (const float v : importance) sum += v;
  const double mean = sum / double(importance.size());
  if (!(mean > 0)) return {};
  std::vector<float> out;
  for (const float v : importance) out.push_back(float(std::max(1e-6, v / mean)));
  return out;
}

// Blocks are independent of each other, so they are what threads divide.
template <typename Block>
void encode_all(DType dtype, const float* x, int64_t rows, int64_t K, std::span<const float> importance, void* out) {
  const int64_t unit = info(dtype).block_size, blocks = rows * K / unit, per_row = std::max<int64_t>(1, K / unit);
  auto* bytes = static_cast<std::byte*>(out);
  parallel_for(blocks, std::max<int64_t>(1, kGrainValues / unit), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float* values = x + i * unit;
      require_in_range(values, unit, dtype);
      Block b;
      encode(values, importance.empty() ? nullptr : importance.data() + i % per_row * unit, b);
      std::memcpy(bytes + i * int64_t(sizeof b), &b, sizeof b);
    }
  });
}

void check_quantise(DType dtype, int64_t K, std::span<const float> importance) {
  if (is_read_only(dtype))
    throw Error(ErrorKind::InvalidArgument, "{} is read, but nothing here writes it", name(dtype))
        .hint("nearby types that are written: q2_k, q3_k, iq4_xs");
  if (!info(dtype).floating && !is_quantised(dtype))
    throw Error(ErrorKind::InvalidArgument, "{} holds no weights", name(dtype));
  if (K % info(dtype).block_size != 0)
    throw Error(ErrorKind::InvalidArgument, "a row of {} values is no whole number of {} blocks of {}", K, name(dtype),
                info(dtype).block_size)
        .hint("{}", K % 32 == 0 ? "take a type with blocks of 32: q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl, mxfp4"
                                : "take f16 or bf16, which have no blocks");
  if (importance.empty()) return;
  if (int64_t(importance.size()) != K)
    throw Error(ErrorKind::InvalidArgument, "an importance for {} columns can't weigh rows of {}", importance.size(), K)
        .hint("the importance matrix was made from another model");
  for (const float v : importance)
    if (!(v >= 0) || !std::isfinite(v))
      throw Error(ErrorKind::InvalidArgument, "an importance of {}; it must be finite and not negative", v);
}

}  // namespace

void quantise(DType dtype, const float* x, int64_t rows, int64_t K, std::span<const float> importance, void* out) {
  check_quantise(dtype, K, importance);
  const std::vector<float> ratios = scaled_importance(importance);
  switch (dtype) {
#define QUERN_ENCODE(dtype_) \
  case DType::dtype_:        \
    return encode_all<BlockOf<DType::dtype_>::type>(dtype, x, rows, K, ratios, out)
    QUERN_ENCODE(q4_0);
    QUERN_ENCODE(q4_1);
    QUERN_ENCODE(q5_0);
    QUERN_ENCODE(q5_1);
    QUERN_ENCODE(q8_0);
    QUERN_ENCODE(q2_k);
    QUERN_ENCODE(q3_k);
    QUERN_ENCODE(q4_k);
    QUERN_ENCODE(q5_k);
    QUERN_ENCODE(q6_k);
    QUERN_ENCODE(iq4_nl);
    QUERN_ENCODE(iq4_xs);
    QUERN_ENCODE(mxfp4);
#undef QUERN_ENCODE
    default:
      convert_from_f32_simd(dtype, x, out, rows * K);
  }
}

}  // namespace quern
