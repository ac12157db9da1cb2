// SPDX-License-Identifier: MIT
// Stands in for fast kernels that are still to come: the reference under their names.

#include "tensor/kernels/paged_attention.h"

namespace quern {

void paged_write_simd(const float* k, int64_t k_stride, const float* v, int64_t v_stride, const PagedRows& rows,
                      const PagedKv& cache, const PagedAttentionShape& shape) {
  paged_write_ref(k, k_stride, v, v_stride, rows, cache, shape);
}
void paged_attention_simd(const float* q, int64_t q_stride, const PagedRows& rows, const PagedKv& cache, float* out,
                          int64_t out_stride, const PagedAttentionShape& shape) {
  paged_attention_ref(q, q_stride, rows, cache, out, out_stride, shape);
}

}  // namespace quern
