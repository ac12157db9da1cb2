// SPDX-License-Identifier: MIT
#pragma once
// Products with a weight that stays as the file stores it (block-quantised, f16, bf16): the seam between linear() and
// the kernels. Everything here is raw memory; who checks shapes stands above.
//
// The promise of gemm.h holds for either way of computing: a row of y depends on that row of x alone, bit for bit,
// whatever the number of rows and threads, and whatever other parts are computed with it.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "tensor/dtype.h"

namespace quern {

// exact: the weight's values in f32, summed in the order of gemm(); what golden values and training use.
// fast:  kernels of this machine straight on the blocks, with activations quantised to 8 bits per block; differs from
//        exact by some percent of the result's standard deviation. Types without such kernels are computed exactly.
enum class QuantCompute : uint8_t { exact, fast };

// w (M, K) in memory as in the file: rows one after the other, each of K values in blocks.
struct QuantMatrix {
  const void* data = nullptr;
  DType dtype = DType::f32;
  int64_t M = 0, K = 0;
  bool mapped = false;  // read-only pages of a mapped file: whoever made a layout of its own may drop them
                        // (MADV_DONTNEED); they come back when read

  const void* row(int64_t m) const { return static_cast<const char*>(data) + size_bytes(dtype, m * K); }
};

struct QuantKernels;

// A weight made ready for products; copies share what was made. `owner` keeps the matrix's memory alive.
class QuantWeight {
 public:
  QuantWeight() = default;
  QuantWeight(const QuantMatrix& matrix, std::shared_ptr<const void> owner, QuantCompute compute);

  const QuantMatrix& matrix() const { return matrix_; }
  const QuantKernels* kernels() const { return kernels_; }  // nullptr: computed exactly
  const void* layout() const { return layout_.get(); }      // what kernels()->pack returned
  explicit operator bool() const { return matrix_.data != nullptr; }

 private:
  QuantMatrix matrix_;
  std::shared_ptr<const void> owner_, layout_;
  const QuantKernels* kernels_ = nullptr;
};

// Rows of activations: x (N, K), row_stride floats apart.
struct QuantInput {
  const float* x;
  int64_t N, K, row_stride;
};

// One of several products of the same x (q, k and v; gate and up): fills y[:, column .. column + M).
struct QuantPart {
  const QuantWeight* w;
  const float* bias;  // (M) or nullptr
  int64_t column;
};

// Kernels of one weight type on this machine.
struct QuantKernels {
  std::string_view name;  // "avx512-vnni"
  // Lays w out for `multiply`; nullptr: the blocks are read where they lie.
  std::shared_ptr<const void> (*pack)(const QuantMatrix& w);
  // The parts' products, for any number of rows. Parts that follow each other and have the same `multiply` come in one
  // call, so x is quantised once and the team woken once; their dtypes may differ.
  void (*multiply)(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy);
};
// The table: which kernels this machine has for a type, nullptr where it has none. In quant_kernels.cpp.
const QuantKernels* quant_kernels(DType dtype);

// y (N, ...) row-major, rows ldy apart; columns that no part covers are left alone.
void quant_linear(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy);
// Plain loops over dequantised values, sums in double: the yardstick. Exact: bit-equal to gemm() of the f32 values.
void quant_linear_ref(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy);
void quant_linear_exact(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy);

// Gradient of the input through a weight: dx (N, K) (+)= dy (N, M) w. Bit-equal to gemm() of the f32 values.
void quant_linear_backward(int64_t N, const float* dy, int64_t dy_stride, const QuantMatrix& w, float* dx,
                           int64_t dx_stride, bool accumulate);

}  // namespace quern
