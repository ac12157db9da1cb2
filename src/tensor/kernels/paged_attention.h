// SPDX-License-Identifier: MIT
#pragma once
// Attention over a paged cache of keys and values, for inference. Pages: Kwon et al. 2023, arXiv:2309.06180; online
// softmax: Rabe & Staats 2021, arXiv:2112.05682; keys split into spans that are merged: Flash-Decoding (Dao et al.
// 2023).

#include <cstdint>

#include "tensor/dtype.h"

namespace quern {

inline constexpr int64_t kPageSize = 64;  // positions per page

// A page holds kPageSize positions of all K heads of one layer. Key head j of page p starts at k_pages + p *
// k_page_stride + j * D * 64 and is stored transposed, [D][64], so that 64 scores are sums of D vectors; value head j
// starts at v_pages + p * v_page_stride + j * 64 * D_v and is [64][D_v]. Pages are 64-byte aligned.
//
// Where the values are the first D_v numbers of the keys (a latent: DeepSeek-V2, arXiv:2405.04434, sect. 2.1), each
// position is stored once, as a row: key head j of a page is [64][D], and there are no value pages.
struct PagedKv {
  void* k_pages = nullptr;
  void* v_pages = nullptr;                       // nullptr: values are the keys' beginnings
  int64_t k_page_stride = 0, v_page_stride = 0;  // values from page to page, at least K * D * 64 and K * 64 * D_v
  const int32_t* block_table = nullptr;          // (sequences, max_blocks): page of positions 64 b .. 64 b + 63
  int64_t max_blocks = 0;
  // f32, f16, bf16, or q8_0: blocks of 32 values of a row, so that keys are rows [64][D] there too, and D and D_v must
  // be multiples of 32.
  DType storage = DType::f32;

  bool values_in_keys() const { return v_pages == nullptr; }
  bool keys_in_rows() const { return values_in_keys() || is_quantised(storage); }
};

struct PagedAttentionShape {
  int64_t N, H, K, D;  // rows of this batch, query heads, key/value heads, size of a head
  int64_t D_v = 0;     // size of a value head; 0 = D
  float scale = 1.0f;
  int64_t window = 0;    // > 0: only the last `window` positions, the row's own included
  float softcap = 0.0f;  // > 0: scores become cap * tanh(scores / cap)

  int64_t value_size() const { return D_v > 0 ? D_v : D; }
};

// Row n belongs to sequence sequences[n] at position positions[n].
struct PagedRows {
  const int32_t* sequences;
  const int32_t* positions;
};

// Puts the keys and values of new rows into their pages: k (N, K, D), v (N, K, D_v), rows k_stride and v_stride apart;
// v is not looked at where values are the keys' beginnings.
using PagedWriteFn = void(const float* k, int64_t k_stride, const float* v, int64_t v_stride, const PagedRows& rows,
                          const PagedKv& cache, const PagedAttentionShape& shape);
PagedWriteFn paged_write_ref, paged_write_simd;

// Throws Unsupported, naming what a cache may be stored in.
void check_cache_storage(DType storage, int64_t D, int64_t D_v);

// Row n attends to positions 0 .. positions[n] of its sequence, all of them already written.
//   q (N, H, D), rows q_stride apart   ->   out (N, H, D_v), rows out_stride apart
// A row's bits are the same alone or in a batch, with its prompt fed at once or in pieces, with any number of threads:
// keys are taken in blocks of 64 from position 0 on, spans of 8 blocks are summed on their own and merged in order.
using PagedAttentionFn = void(const float* q, int64_t q_stride, const PagedRows& rows, const PagedKv& cache, float* out,
                              int64_t out_stride, const PagedAttentionShape& shape);
PagedAttentionFn paged_attention_ref, paged_attention_simd;

}  // namespace quern
