// SPDX-License-Identifier: MIT
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/gemm_choice.h"
#include "tensor/kernels/quant_linear.h"
#include "tensor/kernels/quant_panels.h"
#include "tensor/kernels/quant_products.h"
#include "tensor/kernels/quant_tiles.h"

namespace quern {
namespace {

std::shared_ptr<const void> pack_halves(const QuantMatrix& w) {
  return std::make_shared<PackedMatrix>(pack_b(w.K, w.M, Mat{w.data, w.dtype, w.K, 1}.transposed()));
}
void multiply_halves(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy) {
  for (const QuantPart& part : parts)
    gemm_packed(x.N, row_major(x.x, x.row_stride), *static_cast<const PackedMatrix*>(part.w->layout()), y + part.column,
                ldy, {.bias = part.bias});
}

}  // namespace

const QuantInstructions* quant_instructions() { return kernels_in_force().quant; }

const QuantKernels* quant_kernels(DType dtype) {
  static const QuantKernels halves{"f32", pack_halves, multiply_halves};
  static const QuantKernels avx2{"avx2", quant_products_pack, quant_products};
  if (dtype == DType::f16 || dtype == DType::bf16) return &halves;
  return has_panels(dtype) && quant_instructions() ? &avx2 : nullptr;
}

}  // namespace quern
