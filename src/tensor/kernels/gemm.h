// SPDX-License-Identifier: MIT
#pragma once
// Dense matrix products over raw memory; the ops above them check shapes and hold the backward rules.
//
// The promise: every output is summed over K in ONE order, whatever M, N, its place in the matrix, the number of
// threads and whether b was packed before: K is cut into blocks of kGemmBlockK, a block is a chain of fused
// multiply-adds from k = 0 up that starts at zero, and blocks are added one after the other. So a row of a batch is
// bit-equal to the row alone. The order is the same for every kernel of the table (AVX2, AVX-512, portable); all that
// fuse agree in each bit.

#include <cstdint>
#include <memory>

#include "tensor/dtype.h"

namespace quern {

inline constexpr int64_t kGemmBlockK = 384;  // divides 384, 768, 1536 and 3072; a panel of b then fits a 32 KiB L1

// A matrix in memory: element (i, j) is data[i * row_stride + j * col_stride], strides in elements. A transpose is the
// same memory with the strides swapped. dtype is f32, bf16 or f16; sums are always f32.
struct Mat {
  const void* data = nullptr;
  DType dtype = DType::f32;
  int64_t row_stride = 0, col_stride = 1;

  Mat transposed() const { return {data, dtype, col_stride, row_stride}; }
};
inline Mat row_major(const float* data, int64_t row_stride) { return {data, DType::f32, row_stride, 1}; }

struct GemmOptions {
  float alpha = 1.0f;
  bool accumulate = false;      // add to what c holds; else overwrite it, NaN included
  const float* bias = nullptr;  // (N), added once to every row
};

// c (M, N) = [c +] alpha * a (M, K) b (K, N) [+ bias]. c is row-major f32, rows ldc apart, and overlaps neither a nor
// b. K == 0 gives [c +] bias. Throws Unsupported for a dtype other than f32, bf16, f16.
void gemm(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
          const GemmOptions& options = {});

// Plain loops with sums in double: the yardstick. Same arguments.
void gemm_ref(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
              const GemmOptions& options = {});

// b (K, N), laid out once for the kernel in its own dtype: for weights that are used again and again. Kept by value,
// copies share the panels. Bound to the kernels in force when it was packed.
class PackedMatrix {
 public:
  PackedMatrix() = default;
  int64_t K() const { return K_; }
  int64_t N() const { return N_; }
  DType dtype() const { return dtype_; }
  int64_t size_bytes() const { return size_bytes_; }
  explicit operator bool() const { return data_ != nullptr; }

  // Blocks of kGemmBlockK rows; in a block, panels of panel_width() columns; in a panel, k-major rows, zero-filled
  // past N. For kernels.
  const void* data() const { return data_.get(); }
  int64_t panel_width() const { return panel_width_; }

 private:
  friend PackedMatrix pack_b(int64_t K, int64_t N, const Mat& b);
  std::shared_ptr<void> data_;
  int64_t K_ = 0, N_ = 0, panel_width_ = 0, size_bytes_ = 0;
  DType dtype_ = DType::f32;
};
PackedMatrix pack_b(int64_t K, int64_t N, const Mat& b);

// gemm() with packed b, equal to it bit for bit. With few rows (decode) it reads the panels once, at memory speed.
void gemm_packed(int64_t M, const Mat& a, const PackedMatrix& b, float* c, int64_t ldc,
                 const GemmOptions& options = {});

// `count` products of one shape, whose operands lie a_step, b_step and c_step elements apart (0 shares an operand).
// Threads divide the products when there are enough of them. options.bias is shared.
void gemm_batched(int64_t count, int64_t M, int64_t N, int64_t K, const Mat& a, int64_t a_step, const Mat& b,
                  int64_t b_step, float* c, int64_t ldc, int64_t c_step, const GemmOptions& options = {});

}  // namespace quern
