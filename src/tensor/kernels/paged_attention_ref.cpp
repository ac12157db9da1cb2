// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/kernels/paged_storage.h"

namespace quern {

namespace {
// The page of a sequence's position.
int64_t page_of(const PagedKv& cache, int64_t sequence, int64_t position) {
  return cache.block_table[sequence * cache.max_blocks + position / kPageSize];
}

// Number d of the key of head j at a sequence's position, counted from the first page.
int64_t key_at(const PagedKv& cache, const PagedAttentionShape& shape, int64_t sequence, int64_t position, int64_t j,
               int64_t d) {
  const int64_t head = page_of(cache, sequence, position) * cache.k_page_stride + j * shape.D * kPageSize;
  const int64_t slot = position % kPageSize;
  return head + (cache.keys_in_rows() ? slot * shape.D + d : d * kPageSize + slot);
}
// The same of the value, where it is stored apart.
int64_t value_at(const PagedKv& cache, const PagedAttentionShape& shape, int64_t sequence, int64_t position, int64_t j,
                 int64_t d) {
  const int64_t D_v = shape.value_size();
  return page_of(cache, sequence, position) * cache.v_page_stride + j * D_v * kPageSize + position % kPageSize * D_v +
         d;
}

double read(const void* pages, DType storage, int64_t index) {
  if (storage == DType::q8_0) {
    const BlockQ8_0& block = static_cast<const BlockQ8_0*>(pages)[index / 32];
    return double{f16_to_f32(block.d)} * block.qs[index % 32];
  }
  if (storage == DType::f32) return static_cast<const float*>(pages)[index];
  const uint16_t bits = static_cast<const uint16_t*>(pages)[index];
  return storage == DType::f16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

void write(void* pages, DType storage, int64_t index, float value) {
  convert_from_f32_ref(storage, &value, static_cast<std::byte*>(pages) + size_bytes(storage, index), 1);
}
}  // namespace

void paged_write_ref(const float* k, int64_t k_stride, const float* v, int64_t v_stride, const PagedRows& rows,
                     const PagedKv& cache, const PagedAttentionShape& shape) {
  const int64_t D = shape.D, D_v = shape.value_size();
  for (int64_t n = 0; n < shape.N; ++n) {
    const int64_t sequence = rows.sequences[n], position = rows.positions[n];
    for (int64_t j = 0; j < shape.K; ++j) {
      const float *k_n = k + n * k_stride + j * D, *v_n = v + n * v_stride + j * D_v;
      const auto key = [&](int64_t d) { return key_at(cache, shape, sequence, position, j, d); };
      const auto value = [&](int64_t d) { return value_at(cache, shape, sequence, position, j, d); };
      if (cache.storage == DType::q8_0) {
        store_q8_0(k_n, D, static_cast<BlockQ8_0*>(cache.k_pages) + key(0) / 32);
        if (!cache.values_in_keys()) store_q8_0(v_n, D_v, static_cast<BlockQ8_0*>(cache.v_pages) + value(0) / 32);
        continue;
      }
      for (int64_t d = 0; d < D; ++d) write(cache.k_pages, cache.storage, key(d), k_n[d]);
      if (cache.values_in_keys()) continue;
      for (int64_t d = 0; d < D_v; ++d) write(cache.v_pages, cache.storage, value(d), v_n[d]);
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
          value += double{q[n * q_stride + h * D + d]} *
                   read(cache.k_pages, cache.storage, key_at(cache, shape, rows.sequences[n], i, j, d));
        value *= shape.scale;
        if (shape.softcap > 0) value = shape.softcap * std::tanh(value / shape.softcap);
        s[size_t(i)] = value;
        largest = std::max(largest, value);
      }
      std::fill(sum_v.begin(), sum_v.end(), 0.0);
      for (int64_t i = first; i < last; ++i) {
        const double p = std::exp(s[size_t(i)] - largest);
        sum += p;
        for (int64_t d = 0; d < D_v; ++d)
          sum_v[size_t(d)] +=
              p * (cache.values_in_keys()
                       ? read(cache.k_pages, cache.storage, key_at(cache, shape, rows.sequences[n], i, j, d))
                       : read(cache.v_pages, cache.storage, value_at(cache, shape, rows.sequences[n], i, j, d)));
      }
      for (int64_t d = 0; d < D_v; ++d) out[n * out_stride + h * D_v + d] = float(sum_v[size_t(d)] / sum);
    }
  }
}

}  // namespace quern
