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

// Number d of the key, or value, of head j at a sequence's position.
float* key_at(const PagedKv& cache, const PagedAttentionShape& shape, int64_t sequence, int64_t position, int64_t j,
              int64_t d) {
  float* page = cache.k_pages + page_of(cache, sequence, position) * cache.k_page_stride + j * shape.D * kPageSize;
  const int64_t slot = position % kPageSize;
  return page + (cache.values_in_keys() ? slot * shape.D + d : d * kPageSize + slot);
}
float* value_at(const PagedKv& cache, const PagedAttentionShape& shape, int64_t sequence, int64_t position, int64_t j,
                int64_t d) {
  if (cache.values_in_keys()) return key_at(cache, shape, sequence, position, j, d);
  const int64_t D_v = shape.value_size();
  return cache.v_pages + page_of(cache, sequence, position) * cache.v_page_stride + j * D_v * kPageSize +
         position % kPageSize * D_v + d;
}
}  // namespace

void paged_write_ref(const float* k, int64_t k_stride, const float* v, int64_t v_stride, const PagedRows& rows,
                     const PagedKv& cache, const PagedAttentionShape& shape) {
  const int64_t D = shape.D, D_v = shape.value_size();
  for (int64_t n = 0; n < shape.N; ++n) {
    const int64_t sequence = rows.sequences[n], position = rows.positions[n];
    for (int64_t j = 0; j < shape.K; ++j) {
      for (int64_t d = 0; d < D; ++d) *key_at(cache, shape, sequence, position, j, d) = k[n * k_stride + j * D + d];
      if (cache.values_in_keys()) continue;
      for (int64_t d = 0; d < D_v; ++d)
        *value_at(cache, shape, sequence, position, j, d) = v[n * v_stride + j * D_v + d];
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
        double value = 0.0;
        for (int64_t d = 0; d < D; ++d)
          value += double{q[n * q_stride + h * D + d]} * *key_at(cache, shape, rows.sequences[n], i, j, d);
        value *= shape.scale;
        if (shape.softcap > 0) value = shape.softcap * std::tanh(value / shape.softcap);
        s[size_t(i)] = value;
        largest = std::max(largest, value);
      }
      std::fill(sum_v.begin(), sum_v.end(), 0.0);
      for (int64_t i = first; i < last; ++i) {
        const double p = std::exp(s[size_t(i)] - largest);
        sum += p;
        for (int64_t d = 0; d < D_v; ++d) sum_v[size_t(d)] += p * *value_at(cache, shape, rows.sequences[n], i, j, d);
      }
      for (int64_t d = 0; d < D_v; ++d) out[n * out_stride + h * D_v + d] = float(sum_v[size_t(d)] / sum);
    }
  }
}

}  // namespace quern
