// SPDX-License-Identifier: MIT
#include "tensor/kernels/gemm.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/error.h"
#include "base/threads.h"
#include "tensor/kernels/gemm_kernels.h"
#include "tensor/kernels/gemm_team.h"

namespace quern {

namespace {

constexpr int64_t kPageBytes = 4096, kHugePageBytes = 2 << 20;
constexpr int64_t kSharedPanelFloats = 3 << 18;  // 3 MiB of packed b: a share of L3, and rare barriers
constexpr int64_t kFewRows = 48;                 // up to here b is packed in pieces that stay in L2

void require_plain(DType dtype) {
  if (dtype != DType::f32 && dtype != DType::bf16 && dtype != DType::f16)
    throw Error(ErrorKind::Unsupported, "dense products take f32, bf16 and f16, not {}", name(dtype));
}

void* allocate_pages(int64_t bytes) {
  const int64_t align = bytes >= kHugePageBytes ? kHugePageBytes : kPageBytes;
  const int64_t size = round_up(bytes, align);
  void* p = std::aligned_alloc(size_t(align), size_t(size));
  if (!p) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  if (align == kHugePageBytes) madvise(p, size_t(size), MADV_HUGEPAGE);
#endif
  return p;
}

GemmTarget target_at(float* c, int64_t ldc, const GemmOptions& options, int64_t row, int64_t col, bool first) {
  return {c + row * ldc + col, ldc, options.alpha, options.accumulate || !first,
          first && options.bias ? options.bias + col : nullptr};
}

void without_sum(int64_t M, int64_t N, float* c, int64_t ldc, const GemmOptions& options) {
  for (int64_t m = 0; m < M; ++m)
    for (int64_t n = 0; n < N; ++n) {
      float& c_mn = c[m * ldc + n];
      c_mn = (options.accumulate ? c_mn : 0.0f) + (options.bias ? options.bias[n] : 0.0f);
    }
}

// Rows `rows` of a, one block of K, times columns `cols` of packed b at `panels` (which begins with column cols.begin).
void block_product(const GemmKernels& kernels, Range rows, Range cols, int64_t k, int64_t depth, const Mat& a,
                   const void* panels, DType b_dtype, float* c, int64_t ldc, const GemmOptions& options) {
  if (cols.size() <= 0) return;
  const int64_t blocks = (rows.size() + kernels.MC - 1) / kernels.MC;
  for (int64_t block = 0; block < blocks; ++block) {
    Range part = share(rows.size(), kernels.MR, block, blocks);
    part = {part.begin + rows.begin, part.end + rows.begin};
    if (part.size() == 0) continue;
    const int64_t height = panel_height(part.size(), kernels.MR);
    auto* packed = static_cast<float*>(
        gemm_scratch(0, ((kernels.MC + kernels.MR) * kGemmBlockK + kernels.slack) * int64_t(sizeof(float))));
    kernels.pack_a(a, part.begin, part.size(), height, k, depth, packed);
    kernels.multiply(part.size(), cols.size(), depth, packed, height, panels, b_dtype,
                     target_at(c, ldc, options, part.begin, cols.begin, k == 0));
  }
}

// Few rows: each thread takes a range of columns and packs its own b, a piece at a time, so nobody waits.
void gemm_few_rows(const GemmKernels& kernels, int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c,
                   int64_t ldc, const GemmOptions& options) {
  constexpr int64_t kPanels = 8;  // of b at a time: with NR = 16, 192 KiB
  run_team(team_for(M, N, K), [&](int thread, int team) {
    const Range cols = share(N, kernels.NR, thread, team);
    auto* panels = static_cast<float*>(gemm_scratch(1, kPanels * kernels.NR * kGemmBlockK * int64_t(sizeof(float))));
    for (int64_t n = cols.begin; n < cols.end; n += kPanels * kernels.NR) {
      const Range part{n, std::min(cols.end, n + kPanels * kernels.NR)};
      for (int64_t k = 0; k < K; k += kGemmBlockK) {
        const int64_t depth = std::min(kGemmBlockK, K - k);
        kernels.pack_b(b, k, depth, part.begin, part.size(), panels);
        block_product(kernels, {0, M}, part, k, depth, a, panels, DType::f32, c, ldc, options);
      }
    }
  });
}

void gemm_many_rows(const GemmKernels& kernels, int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c,
                    int64_t ldc, const GemmOptions& options) {
  // The team packs a chunk of b together: chunk_cols wide, chunk_depth deep, blocks of K one after the other.
  const int64_t most_cols = kSharedPanelFloats / kGemmBlockK, chunks = (N + most_cols - 1) / most_cols;
  const int64_t chunk_cols = round_up((N + chunks - 1) / chunks, kernels.NR);
  const int64_t blocks_deep = std::max<int64_t>(1, kSharedPanelFloats / (chunk_cols * kGemmBlockK));
  const int64_t chunk_depth = std::min(round_up(K, kGemmBlockK), blocks_deep * kGemmBlockK);
  auto* panels = static_cast<float*>(gemm_scratch(1, chunk_cols * chunk_depth * int64_t(sizeof(float))));
  run_team(team_for(M, N, K), [&](int thread, int team) {
    for (int64_t n0 = 0; n0 < N; n0 += chunk_cols) {
      const int64_t width = std::min(chunk_cols, N - n0), padded = round_up(width, kernels.NR);
      const Grid grid = best_grid(M, width, team, kernels.MR, kernels.NR);
      const Range rows = share(M, kernels.MR, thread % grid.rows, grid.rows);
      const Range cols = share(width, kernels.NR, thread / grid.rows, grid.cols);
      for (int64_t k0 = 0; k0 < K; k0 += chunk_depth) {
        const int64_t k_end = std::min(K, k0 + chunk_depth);
        const Range mine = share(width, kernels.NR, thread, team);
        for (int64_t k = k0; k < k_end; k += kGemmBlockK) {
          const int64_t depth = std::min(kGemmBlockK, k_end - k);
          kernels.pack_b(b, k, depth, n0 + mine.begin, mine.size(), panels + (k - k0) * padded + mine.begin * depth);
        }
        team_barrier(team);
        for (int64_t k = k0; k < k_end; k += kGemmBlockK) {
          const int64_t depth = std::min(kGemmBlockK, k_end - k);
          block_product(kernels, rows, {n0 + cols.begin, n0 + cols.end}, k, depth, a,
                        panels + (k - k0) * padded + cols.begin * depth, DType::f32, c, ldc, options);
        }
        team_barrier(team);
      }
    }
  });
}

}  // namespace

void* gemm_scratch(int slot, int64_t size_bytes) {
  struct Area {
    void* data = nullptr;
    int64_t size = 0;
    ~Area() { std::free(data); }
  };
  thread_local Area areas[4];
  Area& area = areas[slot];
  if (area.size < size_bytes) {
    std::free(area.data);
    area = {nullptr, 0};
    area.data = allocate_pages(size_bytes);
    area.size = size_bytes;
  }
  return area.data;
}

void gemm(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
          const GemmOptions& options) {
  require_plain(a.dtype);
  require_plain(b.dtype);
  if (M <= 0 || N <= 0) return;
  if (K <= 0) return without_sum(M, N, c, ldc, options);
  const GemmKernels& kernels = gemm_kernels();
  if (M <= kFewRows)
    gemm_few_rows(kernels, M, N, K, a, b, c, ldc, options);
  else
    gemm_many_rows(kernels, M, N, K, a, b, c, ldc, options);
}

namespace {

template <typename E>
void pack_columns(const Mat& m, int64_t K, int64_t N, Range cols, int64_t NR, E* out) {
  const E* b = static_cast<const E*>(m.data);
  const int64_t padded = round_up(N, NR);
  for (int64_t k0 = 0; k0 < K; k0 += kGemmBlockK) {
    const int64_t depth = std::min(kGemmBlockK, K - k0);
    for (int64_t n0 = cols.begin; n0 < cols.end; n0 += NR) {
      E* panel = out + k0 * padded + n0 * depth;
      for (int64_t j = 0; j < NR; ++j)
        for (int64_t k = 0; k < depth; ++k)
          panel[k * NR + j] = n0 + j < N ? b[(k0 + k) * m.row_stride + (n0 + j) * m.col_stride] : E{};
    }
  }
}

}  // namespace

PackedMatrix pack_b(int64_t K, int64_t N, const Mat& b) {
  require_plain(b.dtype);
  const GemmKernels& kernels = gemm_kernels();
  PackedMatrix packed;
  packed.K_ = K, packed.N_ = N, packed.panel_width_ = kernels.NR, packed.dtype_ = b.dtype;
  packed.size_bytes_ =
      int64_t(size_bytes(b.dtype, std::max<int64_t>(K, 0) * round_up(std::max<int64_t>(N, 0), kernels.NR)));
  packed.data_ = std::shared_ptr<void>(allocate_pages(packed.size_bytes_ + 64), std::free);
  parallel_for(N, kernels.NR, [&](int64_t begin, int64_t end) {
    const Range cols{begin, end};
    if (b.dtype == DType::f32)
      pack_columns(b, K, N, cols, kernels.NR, static_cast<float*>(packed.data_.get()));
    else
      pack_columns(b, K, N, cols, kernels.NR, static_cast<uint16_t*>(packed.data_.get()));
  });
  return packed;
}

void gemm_packed(int64_t M, const Mat& a, const PackedMatrix& b, float* c, int64_t ldc, const GemmOptions& options) {
  require_plain(a.dtype);
  const int64_t N = b.N(), K = b.K();
  if (M <= 0 || N <= 0) return;
  if (K <= 0) return without_sum(M, N, c, ldc, options);
  const GemmKernels& kernels = gemm_kernels();
  QUERN_CHECK(b.panel_width() == kernels.NR, "the matrix was packed for other kernels than {}", kernels.name);
  const int64_t padded = round_up(N, kernels.NR), element = int64_t(size_bytes(b.dtype(), 1));
  run_team(team_for(M, N, K), [&](int thread, int team) {
    Grid grid = best_grid(M, N, team, kernels.MR, kernels.NR);
    if (M <= kFewRows) grid = {1, team};  // then each panel is read by one thread only
    const Range rows = share(M, kernels.MR, thread % grid.rows, grid.rows);
    const Range cols = share(N, kernels.NR, thread / grid.rows, grid.cols);
    for (int64_t k = 0; k < K; k += kGemmBlockK) {
      const int64_t depth = std::min(kGemmBlockK, K - k);
      const auto* panels = static_cast<const char*>(b.data()) + (k * padded + cols.begin * depth) * element;
      block_product(kernels, rows, cols, k, depth, a, panels, b.dtype(), c, ldc, options);
    }
  });
}

void gemm_batched(int64_t count, int64_t M, int64_t N, int64_t K, const Mat& a, int64_t a_step, const Mat& b,
                  int64_t b_step, float* c, int64_t ldc, int64_t c_step, const GemmOptions& options) {
  require_plain(a.dtype);
  require_plain(b.dtype);
  const auto product = [&](int64_t i) {
    Mat a_i = a, b_i = b;
    a_i.data = static_cast<const char*>(a.data) + i * a_step * int64_t(size_bytes(a.dtype, 1));
    b_i.data = static_cast<const char*>(b.data) + i * b_step * int64_t(size_bytes(b.dtype, 1));
    gemm(M, N, K, a_i, b_i, c + i * c_step, ldc, options);
  };
  // Inside a team every product runs on its one thread; c_step == 0 would race, so that runs in order.
  if (c_step == 0 || count < compute_threads()) {
    for (int64_t i = 0; i < count; ++i) product(i);
  } else {
    const double work = double(M) * double(N) * double(std::max<int64_t>(K, 1));
    const int64_t grain = std::max<int64_t>(1, int64_t(kWorthATeam / std::max(1.0, work)));
    parallel_for(count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) product(i);
    });
  }
}

}  // namespace quern
