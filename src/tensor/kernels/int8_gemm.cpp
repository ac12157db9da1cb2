// SPDX-License-Identifier: MIT
#include "tensor/kernels/int8_gemm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/deal.h"
#include "base/error.h"
#include "tensor/kernels/gemm_kernels.h"
#include "tensor/kernels/gemm_team.h"
#include "tensor/kernels/int8_kernels.h"

namespace quern {
namespace {

constexpr int64_t kLeftBytes = 192 << 10;  // a packed block of a: a share of L2
constexpr int64_t kRightBytes = 4 << 20;   // packed b, shared by the team: a share of L3

int64_t padded(int64_t depth) { return round_up(depth, 8); }

// Room for `rows` rows of one chunk of K, panels of `width`, at `area`.
struct Room {
  int64_t panels, depth, blocks, width;
  Room(int64_t rows, int64_t depth, int64_t block_k, int64_t width)
      : panels((rows + width - 1) / width), depth(depth), blocks((depth + block_k - 1) / block_k), width(width) {}
  int64_t data_bytes() const { return round_up(panels * width * padded(depth), 64); }
  int64_t scales_bytes() const { return round_up(panels * width * blocks * 4, 64); }
  int64_t bytes() const { return data_bytes() + 2 * scales_bytes(); }
  Int8Kernels::Panels at(void* area) const {
    auto* p = static_cast<int8_t*>(area);
    return {p, reinterpret_cast<float*>(p + data_bytes()),
            reinterpret_cast<int32_t*>(p + data_bytes() + scales_bytes())};
  }
  Int8Kernels::Panels from(const Int8Kernels::Panels& all, int64_t panel) const {
    const int64_t step = panel * blocks * width;
    return {all.data + panel * width * padded(depth), all.scales + step, all.start ? all.start + step : nullptr};
  }
};

// Into how many pieces `rows` are cut for `threads`: eight each, so that little is left to wait for at the end, but
// none narrower than a cache line, which is what the rows of a transposed operand lie in.
int64_t pieces_for(int64_t rows, int64_t threads) {
  return threads > 1 ? std::clamp<int64_t>(rows / 16, threads, 8 * threads) : 1;
}

// What is to be packed and multiplied between two barriers.
struct Stage {
  Deal right;              // panels of b
  std::vector<Deal> left;  // for each part of the columns: blocks of rows
  Stage(int64_t right_pieces, int64_t col_parts, int64_t left_pieces) : right(right_pieces) {
    for (int64_t i = 0; i < col_parts; ++i) left.emplace_back(left_pieces);
  }
};

}  // namespace

void int8_gemm(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
               const Int8Options& options) {
  QUERN_CHECK(options.block_k >= 0 && options.block_k % 64 == 0, "block_k {} is no multiple of 64", options.block_k);
  if (M <= 0 || N <= 0) return;
  if (K <= 0) return gemm(M, N, 0, a, b, c, ldc, {.accumulate = options.accumulate, .bias = options.bias});
  const Int8Kernels& kernels = int8_kernels();
  const int64_t MR = kernels.MR, NR = kernels.NR;
  const int64_t block_k = options.block_k ? std::min(options.block_k, kInt8ChunkK) : kInt8ChunkK;
  const int64_t chunk_k = kInt8ChunkK / block_k * block_k, deepest = std::min(chunk_k, K);
  const Mat bt = b.transposed();

  const int64_t most_cols = std::max(NR, kRightBytes / padded(deepest) / NR * NR);
  const int64_t col_chunks = (N + most_cols - 1) / most_cols, k_chunks = (K + chunk_k - 1) / chunk_k;
  const int64_t chunk_cols = round_up((N + col_chunks - 1) / col_chunks, NR);
  const int64_t most_rows = std::clamp<int64_t>(kLeftBytes / padded(deepest) / MR * MR, 8 * MR, 256 * MR);
  void* right = gemm_scratch(1, Room(chunk_cols, deepest, block_k, NR).bytes());

  const int team_size = team_for(M, N, K);
  const Grid grid = best_grid(M, std::min(N, chunk_cols), team_size, MR, NR);
  const int64_t units = (M + MR - 1) / MR, b_units = chunk_cols / NR;
  const int64_t pieces = std::min(units, std::max((M + most_rows - 1) / most_rows, pieces_for(M, grid.rows)));
  const int64_t b_pieces = std::min(b_units, pieces_for(chunk_cols, team_size));
  std::vector<Stage> stages;
  for (int64_t i = 0; i < col_chunks * k_chunks; ++i) stages.emplace_back(b_pieces, grid.cols, pieces);

  run_team(team_size, [&](int thread, int team) {
    Stage* stage = stages.data();
    for (int64_t n0 = 0; n0 < N; n0 += chunk_cols) {
      const int64_t width = std::min(chunk_cols, N - n0);
      for (int64_t k = 0; k < K; k += chunk_k, ++stage) {
        const int64_t depth = std::min(chunk_k, K - k);
        const Room b_room(width, depth, block_k, NR);
        const Int8Kernels::Panels b_panels = b_room.at(right);
        stage->right.each(thread, team, [&](int64_t piece) {
          const Range part = share(width, NR, piece, b_pieces);
          if (part.size() > 0)
            kernels.pack(bt, n0 + part.begin, part.size(), k, depth, block_k, NR, kernels.right_max,
                         kernels.left_offset, b_room.from(b_panels, part.begin / NR));
        });
        team_barrier(team);
        for (int col = 0; col < grid.cols; ++col) {
          const int col_part = (thread + col) % grid.cols;
          const Range cols = share(width, NR, col_part, grid.cols);
          stage->left[size_t(col_part)].each(thread / grid.cols % grid.rows, grid.rows, [&](int64_t piece) {
            const Range part = share(M, MR, piece, pieces);
            if (part.size() == 0 || cols.size() == 0) return;
            const Room a_room(part.size(), depth, block_k, MR);
            Int8Kernels::Panels a_panels = a_room.at(gemm_scratch(0, a_room.bytes()));
            a_panels.start = nullptr;
            kernels.pack(a, part.begin, part.size(), k, depth, block_k, MR, kernels.left_max, kernels.left_offset,
                         a_panels);
            const bool first = k == 0;
            kernels.multiply(part.size(), cols.size(), depth, block_k, a_panels, b_room.from(b_panels, cols.begin / NR),
                             c + part.begin * ldc + n0 + cols.begin, ldc, options.accumulate || !first,
                             first && options.bias ? options.bias + n0 + cols.begin : nullptr);
          });
        }
        if (stage != &stages.back()) team_barrier(team);
      }
    }
  });
}

void int8_gemm_ref(int64_t M, int64_t N, int64_t K, const Mat& a, const Mat& b, float* c, int64_t ldc,
                   const Int8Options& options) {
  const Int8Kernels& kernels = int8_kernels();
  const int64_t block_k = options.block_k ? std::min(options.block_k, kInt8ChunkK) : kInt8ChunkK;
  const int64_t chunk_k = kInt8ChunkK / block_k * block_k;
  for (int64_t m = 0; m < M; ++m)
    for (int64_t n = 0; n < N; ++n) {
      float& c_mn = c[m * ldc + n];
      c_mn = (options.accumulate ? c_mn : 0.0f) + (options.bias ? options.bias[n] : 0.0f);
    }
  // q (rows, depth) and scale (rows) of k in [k0, k0 + depth); a row that is not finite scales to NaN.
  const auto quantise = [](const Mat& m, int64_t rows, int64_t k0, int64_t depth, int32_t max) {
    std::pair<std::vector<int32_t>, std::vector<float>> out{std::vector<int32_t>(size_t(rows * depth)),
                                                            std::vector<float>(size_t(rows))};
    std::vector<float> x(static_cast<size_t>(depth));
    for (int64_t i = 0; i < rows; ++i) {
      float largest = 0.0f;
      bool finite = true;
      for (int64_t k = 0; k < depth; ++k) {
        const int64_t at = i * m.row_stride + (k0 + k) * m.col_stride;
        x[size_t(k)] = m.dtype == DType::bf16  ? to_f32(static_cast<const Bf16*>(m.data)[at])
                       : m.dtype == DType::f16 ? to_f32(static_cast<const F16*>(m.data)[at])
                                               : static_cast<const float*>(m.data)[at];
        finite = finite && std::isfinite(x[size_t(k)]);
        largest = std::max(largest, std::fabs(x[size_t(k)]));
      }
      const Int8Scale scale = int8_scale(finite ? largest : NAN, max);
      out.second[size_t(i)] = scale.scale;
      for (int64_t k = 0; k < depth && finite; ++k)
        out.first[size_t(i * depth + k)] = int32_t(std::lrintf(x[size_t(k)] * scale.inverse));
    }
    return out;
  };
  for (int64_t k0 = 0; k0 < K; k0 += chunk_k) {
    const int64_t chunk_end = std::min(K, k0 + chunk_k);
    std::vector<float> sums(size_t(M * N), 0.0f);
    for (int64_t k = k0; k < chunk_end; k += block_k) {
      const int64_t depth = std::min(block_k, chunk_end - k);
      const auto [qa, sa] = quantise(a, M, k, depth, kernels.left_max);
      const auto [qb, sb] = quantise(b.transposed(), N, k, depth, kernels.right_max);
      for (int64_t m = 0; m < M; ++m)
        for (int64_t n = 0; n < N; ++n) {
          int64_t sum = 0;
          for (int64_t i = 0; i < depth; ++i) sum += int64_t{qa[size_t(m * depth + i)]} * qb[size_t(n * depth + i)];
          float& total = sums[size_t(m * N + n)];
          total = std::fma(float(sum), sa[size_t(m)] * sb[size_t(n)], total);
        }
    }
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) c[m * ldc + n] += sums[size_t(m * N + n)];
  }
}

}  // namespace quern
