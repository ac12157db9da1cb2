// SPDX-License-Identifier: MIT
// Integer tiles for processors with a dot product of four unsigned by four signed bytes: written once, included by each
// file that defines the vector. All eight bits of both operands are used, sums are exact.
//   QUERN_TARGET   function attributes          Vector, VectorF    integer and float vectors of kLanes 32-bit lanes
//   kMR, kVectors  rows and vectors of a tile   load, load_f, store_f, broadcast, broadcast_f, dot, to_float, add, mul,
//   fma

constexpr int64_t kNR = kVectors * kLanes;

QUERN_TARGET void tile(int64_t padded, int64_t block_k, int64_t blocks, const int8_t* a, const int8_t* b,
                       const float* a_scales, const float* b_scales, const int32_t* start, float* total) {
  for (int64_t k = 0, block = 0; block < blocks; k += block_k, ++block) {
    Vector sum[kMR][kVectors];
#pragma GCC unroll 16
    for (int i = 0; i < kMR; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[i][v] = load(start + block * kNR + v * kLanes);
    const int64_t end = block + 1 == blocks ? padded : k + block_k;
    for (int64_t kk = k; kk < end; kk += 4) {
      Vector b_k[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) b_k[v] = load(b + kk * kNR + v * kLanes * 4);
#pragma GCC unroll 16
      for (int i = 0; i < kMR; ++i) {
        const Vector a_ik = broadcast(a + kk * kMR + i * 4);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sum[i][v] = dot(sum[i][v], a_ik, b_k[v]);
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < kMR; ++i) {
      const VectorF a_i = broadcast_f(a_scales + block * kMR + i);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        float* t = total + i * kNR + v * kLanes;
        const VectorF scale = mul(a_i, load_f(b_scales + block * kNR + v * kLanes));
        store_f(t, block == 0 ? mul(to_float(sum[i][v]), scale) : fma(to_float(sum[i][v]), scale, load_f(t)));
      }
    }
  }
}

QUERN_TARGET void multiply(int64_t rows, int64_t cols, int64_t depth, int64_t block_k, const Int8Kernels::Panels& a,
                           const Int8Kernels::Panels& b, float* c, int64_t ldc, bool add_c, const float* bias) {
  const int64_t blocks = (depth + block_k - 1) / block_k, padded = (depth + 7) / 8 * 8;
  alignas(64) float total[kMR * kNR];
  for (int64_t j = 0; j < cols; j += kNR)
    for (int64_t i = 0; i < rows; i += kMR) {
      tile(padded, block_k, blocks, a.data + i * padded, b.data + j * padded, a.scales + i * blocks,
           b.scales + j * blocks, b.start + j * blocks, total);
      const int64_t tile_rows = std::min<int64_t>(kMR, rows - i), tile_cols = std::min<int64_t>(kNR, cols - j);
      for (int64_t r = 0; r < tile_rows; ++r) {
        float* c_r = c + (i + r) * ldc + j;
        int64_t n = 0;
        for (; n + kLanes <= tile_cols; n += kLanes) {
          VectorF base = bias ? load_f(bias + j + n) : zero_f();
          if (add_c) base = add(load_f(c_r + n), base);
          store_f(c_r + n, add(base, load_f(total + r * kNR + n)));
        }
        for (; n < tile_cols; ++n) {
          const float more = bias ? bias[j + n] : 0.0f;
          c_r[n] = (add_c ? c_r[n] + more : more) + total[r * kNR + n];
        }
      }
    }
}
