// SPDX-License-Identifier: MIT
// The exact products: pieces of the weight are dequantised into scratch that stays in cache, and gemm() does the rest.
#include "tensor/kernels/quant_linear.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "tensor/kernels/gemm.h"
#include "tensor/quant/dequantise.h"

namespace quern {

namespace {

constexpr int64_t kPieceFloats = 1 << 18;  // 1 MiB of f32 weights at a time and thread

bool is_dense(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16; }

Mat rows_of(const QuantInput& x) { return row_major(x.x, x.row_stride); }

// Rows of w per piece: about kPieceFloats, a multiple of `grain`.
int64_t piece_rows(int64_t K, int64_t grain) {
  return std::max<int64_t>(1, kPieceFloats / std::max<int64_t>(1, K) / grain) * grain;
}

float* scratch(int64_t floats) {
  thread_local std::vector<float> area;
  if (int64_t(area.size()) < floats) area.resize(size_t(floats));
  return area.data();
}

void product_of_rows(const QuantInput& x, const QuantMatrix& w, const float* bias, float* y, int64_t ldy, int64_t begin,
                     int64_t end) {
  const int64_t step = piece_rows(w.K, 16);
  for (int64_t m = begin; m < end; m += step) {
    const int64_t rows = std::min(step, end - m);
    float* values = scratch(rows * w.K);
    dequantise(w.dtype, w.row(m), values, rows * w.K);
    gemm(x.N, rows, x.K, rows_of(x), row_major(values, w.K).transposed(), y + m, ldy,
         {.bias = bias ? bias + m : nullptr});
  }
}

void product(const QuantInput& x, const QuantMatrix& w, const float* bias, float* y, int64_t ldy) {
  if (is_dense(w.dtype)) {
    const Mat mat{w.data, w.dtype, w.K, 1};
    gemm(x.N, w.M, x.K, rows_of(x), mat.transposed(), y, ldy, {.bias = bias});
    return;
  }
  // The team divides the weight's rows, each dequantised by one thread; inside the team gemm() runs on one thread.
  parallel_for(w.M, 16, [&](int64_t begin, int64_t end) { product_of_rows(x, w, bias, y, ldy, begin, end); });
}

}  // namespace

QuantWeight::QuantWeight(const QuantMatrix& matrix, std::shared_ptr<const void> owner, QuantCompute compute)
    : matrix_(matrix), owner_(std::move(owner)) {
  if (compute == QuantCompute::exact) return;
  kernels_ = quant_kernels(matrix.dtype);
  if (kernels_ && kernels_->pack) layout_ = kernels_->pack(matrix_);
}

void quant_linear(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy) {
  const auto multiply_of = [](const QuantPart& part) {
    return part.w->kernels() ? part.w->kernels()->multiply : quant_linear_exact;
  };
  for (size_t begin = 0; begin < parts.size();) {
    size_t end = begin + 1;
    while (end < parts.size() && multiply_of(parts[end]) == multiply_of(parts[begin])) ++end;
    multiply_of(parts[begin])(x, parts.subspan(begin, end - begin), y, ldy);
    begin = end;
  }
}

void quant_linear_exact(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy) {
  for (const QuantPart& part : parts) product(x, part.w->matrix(), part.bias, y + part.column, ldy);
}

void quant_linear_ref(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy) {
  for (const QuantPart& part : parts) {
    const QuantMatrix& w = part.w->matrix();
    std::vector<float> w_m(static_cast<size_t>(w.K));
    for (int64_t m = 0; m < w.M; ++m) {
      dequantise(w.dtype, w.row(m), w_m.data(), w.K);
      for (int64_t n = 0; n < x.N; ++n) {
        const float* x_n = x.x + n * x.row_stride;
        double sum = part.bias ? double{part.bias[m]} : 0.0;
        for (int64_t k = 0; k < w.K; ++k) sum += double{x_n[k]} * double{w_m[size_t(k)]};
        y[n * ldy + part.column + m] = float(sum);
      }
    }
  }
}

void quant_linear_backward(int64_t N, const float* dy, int64_t dy_stride, const QuantMatrix& w, float* dx,
                           int64_t dx_stride, bool accumulate) {
  // dx is summed over the weight's rows; pieces of whole blocks of gemm's keep its order.
  const int64_t step = piece_rows(w.K, kGemmBlockK);
  std::vector<float> values(size_t(std::min(step, w.M) * w.K));
  for (int64_t m = 0; m < w.M; m += step) {
    const int64_t rows = std::min(step, w.M - m), unit = info(w.dtype).block_size;
    parallel_for(rows * w.K / unit, 256, [&](int64_t begin, int64_t end) {
      const auto* blocks = static_cast<const char*>(w.row(m)) + begin * info(w.dtype).block_bytes;
      dequantise(w.dtype, blocks, values.data() + begin * unit, (end - begin) * unit);
    });
    gemm(N, w.K, rows, row_major(dy + m, dy_stride), row_major(values.data(), w.K), dx, dx_stride,
         {.accumulate = accumulate || m > 0});
  }
}

}  // namespace quern
