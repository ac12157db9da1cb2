// SPDX-License-Identifier: MIT
// Integer products in plain C++: the layout of int8_kernels.h without special instructions, all eight bits on both
// sides.
#include <algorithm>
#include <bit>
#include <cmath>

#include "tensor/kernels/gemm_kernels.h"
#include "tensor/kernels/int8_kernels.h"

namespace quern {
namespace {

constexpr int64_t kMR = 4, kNR = 16;

template <typename E>
void pack_as(const Mat& m, int64_t row, int64_t rows, int64_t k0, int64_t depth, int64_t block_k, int64_t width,
             int32_t max, int32_t offset, const Int8Kernels::Panels& out) {
  const int64_t blocks = (depth + block_k - 1) / block_k, padded = (depth + 7) / 8 * 8;
  for (int64_t i = 0; i < (rows + width - 1) / width * width; ++i) {
    const int64_t panel = i / width, lane = i % width;
    int8_t* to = out.data + panel * width * padded + lane * 4;
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t begin = block * block_k, end = std::min(depth, begin + block_k);
      const int64_t stop = block + 1 == blocks ? padded : end;
      const E* x = static_cast<const E*>(m.data) + (row + i) * m.row_stride + k0 * m.col_stride;
      uint32_t largest = 0;  // bit patterns of magnitudes: ordered like them, with infinity and NaN on top
      if (i < rows)
        for (int64_t k = begin; k < end; ++k)
          largest = std::max(largest, std::bit_cast<uint32_t>(to_f32(x[k * m.col_stride])) & 0x7FFFFFFF);
      const Int8Scale scale = int8_scale(std::bit_cast<float>(largest), max);
      int32_t sum = 0;
      for (int64_t k = begin; k < stop; ++k) {
        const float scaled = i < rows && k < end ? to_f32(x[k * m.col_stride]) * scale.inverse : 0.0f;
        const int32_t q = std::isfinite(scaled) ? int32_t(std::lrintf(scaled)) : 0;
        sum += q;
        to[k / 4 * width * 4 + k % 4] = int8_t(uint8_t(out.start ? q : q + offset));
      }
      const int64_t at = (panel * blocks + block) * width + lane;
      out.scales[at] = scale.scale;
      if (out.start) out.start[at] = -offset * sum;
    }
  }
}

void pack(const Mat& m, int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t block_k, int64_t width,
          int32_t max, int32_t offset, const Int8Kernels::Panels& out) {
  switch (m.dtype) {
    case DType::bf16:
      return pack_as<Bf16>(m, row, rows, k, depth, block_k, width, max, offset, out);
    case DType::f16:
      return pack_as<F16>(m, row, rows, k, depth, block_k, width, max, offset, out);
    default:
      return pack_as<float>(m, row, rows, k, depth, block_k, width, max, offset, out);
  }
}

void multiply(int64_t rows, int64_t cols, int64_t depth, int64_t block_k, const Int8Kernels::Panels& a,
              const Int8Kernels::Panels& b, float* c, int64_t ldc, bool add_c, const float* bias) {
  const int64_t blocks = (depth + block_k - 1) / block_k, padded = (depth + 7) / 8 * 8;
  for (int64_t j = 0; j < cols; j += kNR)
    for (int64_t i = 0; i < rows; i += kMR) {
      const auto* left = reinterpret_cast<const uint8_t*>(a.data) + i * padded;
      const int8_t* right = b.data + j * padded;
      float total[kMR][kNR] = {};
      for (int64_t block = 0; block < blocks; ++block) {
        const int64_t a_at = i * blocks + block * kMR, b_at = j * blocks + block * kNR;
        int32_t sum[kMR][kNR];
        for (int64_t r = 0; r < kMR; ++r) std::copy_n(b.start + b_at, kNR, sum[r]);
        const int64_t end = block + 1 == blocks ? padded : (block + 1) * block_k;
        for (int64_t k = block * block_k; k < end; k += 4)
          for (int64_t r = 0; r < kMR; ++r) {
            const uint8_t* u = left + k * kMR + r * 4;
            const int8_t* w = right + k * kNR;
            for (int64_t n = 0; n < kNR; ++n)
              sum[r][n] += u[0] * w[4 * n] + u[1] * w[4 * n + 1] + u[2] * w[4 * n + 2] + u[3] * w[4 * n + 3];
          }
        for (int64_t r = 0; r < kMR; ++r)
          for (int64_t n = 0; n < kNR; ++n)
            total[r][n] = std::fma(float(sum[r][n]), a.scales[a_at + r] * b.scales[b_at + n], total[r][n]);
      }
      for (int64_t r = 0; r < std::min(kMR, rows - i); ++r)
        for (int64_t n = 0; n < std::min(kNR, cols - j); ++n) {
          float& c_rn = c[(i + r) * ldc + j + n];
          c_rn = (add_c ? c_rn : 0.0f) + (bias ? bias[j + n] : 0.0f) + total[r][n];
        }
    }
}

}  // namespace

const Int8Kernels* int8_kernels_portable() {
  static constexpr Int8Kernels kKernels{"portable", kMR, kNR, 127, 127, 128, pack, multiply};
  return &kKernels;
}

}  // namespace quern
