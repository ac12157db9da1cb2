// SPDX-License-Identifier: MIT
// Stands in for fast kernels that are still to come: the reference under their names.

#include "tensor/kernels/activation.h"
#include "tensor/kernels/adamw.h"
#include "tensor/kernels/attention.h"
#include "tensor/kernels/convert.h"
#include "tensor/kernels/cross_entropy.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/embedding.h"
#include "tensor/kernels/layer_norm.h"
#include "tensor/kernels/paged_attention.h"
#include "tensor/kernels/reduce.h"
#include "tensor/kernels/rms_norm.h"
#include "tensor/kernels/rope.h"
#include "tensor/kernels/rows.h"
#include "tensor/kernels/softmax.h"

namespace quern {

void activation_simd(Activation f, const float* x, float* y, int64_t n) { activation_ref(f, x, y, n); }
void activation_backward_simd(Activation f, const float* x, const float* dy, float* dx, bool accumulate, int64_t n) {
  activation_backward_ref(f, x, dy, dx, accumulate, n);
}
void glu_simd(Activation f, const float* gate, int64_t gate_stride, const float* up, int64_t up_stride, float* out,
              int64_t N, int64_t F) {
  glu_ref(f, gate, gate_stride, up, up_stride, out, N, F);
}
void glu_backward_simd(Activation f, const float* gate, const float* up, const float* dout, float* dgate, float* dup,
                       int64_t gate_stride, int64_t up_stride, int64_t N, int64_t F) {
  glu_backward_ref(f, gate, up, dout, dgate, dup, gate_stride, up_stride, N, F);
}
void adamw_simd(std::span<const AdamwTensor> tensors, const AdamwStep& step) { adamw_ref(tensors, step); }
std::vector<double> sum_squares_simd(std::span<const std::span<const float>> tensors) {
  return sum_squares_ref(tensors);
}
void attention_simd(ConstHeads q, ConstHeads k, ConstHeads v, Heads out, float* lse, const AttentionShape& shape) {
  attention_ref(q, k, v, out, lse, shape);
}
void attention_backward_simd(ConstHeads q, ConstHeads k, ConstHeads v, ConstHeads out, const float* lse,
                             ConstHeads dout, Heads dq, Heads dk, Heads dv, bool accumulate,
                             const AttentionShape& shape) {
  attention_backward_ref(q, k, v, out, lse, dout, dq, dk, dv, accumulate, shape);
}
void convert_to_f32_simd(DType dtype, const void* in, float* out, int64_t n) { convert_to_f32_ref(dtype, in, out, n); }
void convert_from_f32_simd(DType dtype, const float* in, void* out, int64_t n) {
  convert_from_f32_ref(dtype, in, out, n);
}
void cross_entropy_simd(float* logits, int64_t stride, const int32_t* labels, const float* row_weight, float* loss,
                        float* lse, const CrossEntropyOptions& options, int64_t N, int64_t V) {
  cross_entropy_ref(logits, stride, labels, row_weight, loss, lse, options, N, V);
}
void add_simd(const float* a, const float* b, float* out, int64_t n) { add_ref(a, b, out, n); }
void subtract_simd(const float* a, const float* b, float* out, int64_t n) { subtract_ref(a, b, out, n); }
void multiply_simd(const float* a, const float* b, float* out, int64_t n) { multiply_ref(a, b, out, n); }
void multiply_add_simd(const float* a, const float* b, float* out, int64_t n) { multiply_add_ref(a, b, out, n); }
void scale_simd(const float* x, float factor, float* out, int64_t n) { scale_ref(x, factor, out, n); }
void axpy_simd(const float* x, float factor, float* out, int64_t n) { axpy_ref(x, factor, out, n); }
void bias_add_simd(const float* x, const float* b, float* out, int64_t N, int64_t C) { bias_add_ref(x, b, out, N, C); }
void column_scale_simd(const float* x, const float* b, float* out, int64_t N, int64_t C) {
  column_scale_ref(x, b, out, N, C);
}
void row_scale_simd(const float* x, const float* s, float* out, int64_t N, int64_t C) {
  row_scale_ref(x, s, out, N, C);
}
void embedding_simd(const void* table, DType dtype, const int32_t* ids, float scale, float* out, int64_t N, int64_t C) {
  embedding_ref(table, dtype, ids, scale, out, N, C);
}
void embedding_backward_simd(const float* dy, const int32_t* ids, float scale, float* dtable, int64_t N, int64_t C) {
  embedding_backward_ref(dy, ids, scale, dtable, N, C);
}
void layer_norm_simd(const float* x, const float* w, const float* b, float eps, float* y, float* mean, float* rstd,
                     int64_t N, int64_t C) {
  layer_norm_ref(x, w, b, eps, y, mean, rstd, N, C);
}
void layer_norm_backward_simd(const float* x, const float* w, const float* mean, const float* rstd, const float* dy,
                              float* dx, bool accumulate_dx, float* dw, float* db, int64_t N, int64_t C) {
  layer_norm_backward_ref(x, w, mean, rstd, dy, dx, accumulate_dx, dw, db, N, C);
}
void paged_write_simd(const float* k, int64_t k_stride, const float* v, int64_t v_stride, const PagedRows& rows,
                      const PagedKv& cache, const PagedAttentionShape& shape) {
  paged_write_ref(k, k_stride, v, v_stride, rows, cache, shape);
}
void paged_attention_simd(const float* q, int64_t q_stride, const PagedRows& rows, const PagedKv& cache, float* out,
                          int64_t out_stride, const PagedAttentionShape& shape) {
  paged_attention_ref(q, q_stride, rows, cache, out, out_stride, shape);
}
void column_sum_simd(const float* x, int64_t stride, float* out, int64_t N, int64_t C) {
  column_sum_ref(x, stride, out, N, C);
}
void row_sum_simd(const float* x, float* out, int64_t N, int64_t C) { row_sum_ref(x, out, N, C); }
void row_dot_simd(const float* a, const float* b, float* out, int64_t N, int64_t C) { row_dot_ref(a, b, out, N, C); }
double sum_simd(const float* x, int64_t n) { return sum_ref(x, n); }
void row_argmax_simd(const float* x, float* value, int32_t* place, int64_t N, int64_t C) {
  row_argmax_ref(x, value, place, N, C);
}
void row_top_k_simd(const float* x, int64_t k, float* value, int32_t* place, int64_t N, int64_t C) {
  row_top_k_ref(x, k, value, place, N, C);
}
void rms_norm_simd(const float* x, const float* w, float w_offset, float eps, float* y, float* rstd, int64_t N,
                   int64_t C) {
  rms_norm_ref(x, w, w_offset, eps, y, rstd, N, C);
}
void rms_norm_backward_simd(const float* x, const float* w, float w_offset, const float* rstd, const float* dy,
                            float* dx, bool accumulate_dx, float* dw, int64_t N, int64_t C) {
  rms_norm_backward_ref(x, w, w_offset, rstd, dy, dx, accumulate_dx, dw, N, C);
}
void rope_simd(const float* x, int64_t x_stride, float* out, int64_t out_stride, const float* cos, const float* sin,
               const int32_t* positions, const RopeShape& shape) {
  rope_ref(x, x_stride, out, out_stride, cos, sin, positions, shape);
}
void transpose_simd(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C) {
  transpose_ref(x, x_stride, out, out_stride, N, C);
}
void gather_rows_simd(const float* x, int64_t x_stride, const int32_t* rows, float* out, int64_t N, int64_t C) {
  gather_rows_ref(x, x_stride, rows, out, N, C);
}
void scatter_rows_simd(const float* x, const int32_t* rows, float* out, int64_t out_stride, bool accumulate, int64_t N,
                       int64_t C) {
  scatter_rows_ref(x, rows, out, out_stride, accumulate, N, C);
}
void copy_rows_simd(const float* x, int64_t x_stride, float* out, int64_t out_stride, int64_t N, int64_t C) {
  copy_rows_ref(x, x_stride, out, out_stride, N, C);
}
void softmax_simd(const float* x, float scale, float* y, int64_t N, int64_t C) { softmax_ref(x, scale, y, N, C); }
void softmax_backward_simd(const float* y, const float* dy, float scale, float* dx, bool accumulate, int64_t N,
                           int64_t C) {
  softmax_backward_ref(y, dy, scale, dx, accumulate, N, C);
}
void log_softmax_simd(const float* x, float* y, int64_t N, int64_t C) { log_softmax_ref(x, y, N, C); }
void log_softmax_backward_simd(const float* y, const float* dy, float* dx, bool accumulate, int64_t N, int64_t C) {
  log_softmax_backward_ref(y, dy, dx, accumulate, N, C);
}

}  // namespace quern
