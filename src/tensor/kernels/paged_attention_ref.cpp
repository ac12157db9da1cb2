// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/kernels/paged_attention.h"

namespace quern {

namespace {
// The page of a sequence's position.
int64_t page_of(const PagedKv& cache, int64_t sequence, int64_t position) {
  return cache.block_table[sequence * cache.max_blocks + position / kPageSize];
}
}  // namespace

void paged_write_ref(const float* k, int64_t k_stride, const float* v, int64_t v_stride, const PagedRows& rows,
                     const PagedKv& cache, const PagedAttentionShape& shape) {
  const int64_t D = shape.D, D_v = shape.value_size();
  for (int64_t n = 0; n < shape.N; ++n) {
    const int64_t page = page_of(cache, rows.sequences[n], rows.positions[n]), slot = rows.positions[n] % kPageSize;
    for (int64_t j = 0; j < shape.K; ++j) {
      float* k_page = cache.k_pages + page * cache.k_page_stride + j * D * kPageSize;
      float* v_page = cache.v_pages + page * cache.v_page_stride + j * D_v * kPageSize;
      for (int64_t d = 0; d < D; ++d) k_page[d * kPageSize + slot] = k[n * k_stride + j * D + d];
      for (int64_t d = 0; d < D_v; ++d) v_page[slot * D_v + d] = v[n * v_stride + j * D_v + d];
    }
  }
}

void paged_attention_ref(const float* q, int64_t q_stride, const PagedRows& rows, const PagedKv& cache, float* out,
                         int64_t out_stride, const PagedAttentionShape& shape) {
  const int64_t D = shape.D, D_v = shape.value_size();
  std::vector<double> s, sum_v(static_cast<size_t>(D_v));
  for (int64_t n = 0; n < shape.N; ++n) {
    const int64_t last = rows.positions[n] + 1,
                  first = shape.window > 0 ? std::max<int64_t>(0, last - shape.window) : 0;
    for (int64_t h = 0; h < shape.H; ++h) {
      const int64_t j = h / (shape.H / shape.K);
      s.assign(size_t(last), 0.0);
      double largest = -std::numeric_limits<double>::infinity(), sum = 0.0;
      for (int64_t i = first; i < last; ++i) {
        const float* k_page =
            cache.k_pages + page_of(cache, rows.sequences[n], i) * cache.k_page_stride + j * D * kPageSize;
        double value = 0.0;
        for (int64_t d = 0; d < D; ++d)
          value += double{q[n * q_stride + h * D + d]} * k_page[d * kPageSize + i % kPageSize];
        value *= shape.scale;
        if (shape.softcap > 0) value = shape.softcap * std::tanh(value / shape.softcap);
        s[size_t(i)] = value;
        largest = std::max(largest, value);
      }
      std::fill(sum_v.begin(), sum_v.end(), 0.0);
      for (int64_t i = first; i < last; ++i) {
        const float* v_page =
            cache.v_pages + page_of(cache, rows.sequences[n], i) * cache.v_page_stride + j * D_v * kPageSize;
        const double p = std::exp(s[size_t(i)] - largest);
        sum += p;
        for (int64_t d = 0; d < D_v; ++d) sum_v[size_t(d)] += p * v_page[i % kPageSize * D_v + d];
      }
      for (int64_t d = 0; d < D_v; ++d) out[n * out_stride + h * D_v + d] = float(sum_v[size_t(d)] / sum);
    }
  }
}

}  // namespace quern
