// SPDX-License-Identifier: MIT
// Speed of the compute kernels: GFLOP/s and the share of this core's multiply-add peak for attention, GB/s for the
// rest.
//   quern_bench_kernels [NAME-PART] [--threads N]
// Each is run for half a second and the fastest run counts, since others may use the machine; on one thread the clock
// is the processor time used.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/threads.h"
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

using namespace quern;

namespace {

std::string wanted;
double peak_gflops = 0.0;

double now() {
  timespec t;
  clock_gettime(compute_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

double fastest_seconds(const std::function<void()>& run) {
  double begin = now();
  run();
  const int repeat = int(1 + 1e-4 / (now() - begin + 1e-7));  // the clock's grain is some microseconds
  double best = 1e9;
  for (const double start = now(); now() < start + 0.5;) {
    begin = now();
    for (int i = 0; i < repeat; ++i) run();
    best = std::min(best, (now() - begin) / repeat);
  }
  return best;
}

void bench_flops(const std::string& name, double flops, const std::function<void()>& run) {
  if (name.find(wanted) == std::string::npos) return;
  const double seconds = fastest_seconds(run);
  fmt::print("{:<52} {:>9.3f} ms {:>8.1f} GFLOP/s {:>5.0f} % of peak\n", name, seconds * 1e3, flops / seconds * 1e-9,
             100 * flops / seconds * 1e-9 / peak_gflops);
}

void bench_bytes(const std::string& name, double bytes, const std::function<void()>& run) {
  if (name.find(wanted) == std::string::npos) return;
  const double seconds = fastest_seconds(run);
  fmt::print("{:<52} {:>9.3f} ms {:>8.1f} GB/s\n", name, seconds * 1e3, bytes / seconds * 1e-9);
}

std::vector<float> normal(int64_t n, uint64_t seed = 1) {
  std::vector<float> x(static_cast<size_t>(n));
  Rng rng(seed);
  uint64_t state = rng.u64();
  for (float& v : x) {  // fast and good enough for a bench: a sum of four uniforms
    float sum = -2.0f;
    for (int i = 0; i < 4; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      sum += float(state >> 40) * 0x1p-24f;
    }
    v = sum * 1.7f;
  }
  return x;
}

// Multiply-adds that never wait for each other or for memory, on one core.
#if defined(__x86_64__)
using Vector = float __attribute__((vector_size(32)));
__attribute__((target("avx2,fma"), noinline)) float multiply_add_chain(int64_t n) {
  const Vector a = Vector{} + 0.999f, b = Vector{} + 1e-3f;
  Vector s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = a, s7 = a, s8 = a, s9 = a;
  for (int64_t i = 0; i < n; ++i) {
    asm volatile(
        "vfmadd213ps %[b], %[a], %[s0]\n\tvfmadd213ps %[b], %[a], %[s1]\n\tvfmadd213ps %[b], %[a], %[s2]\n\t"
        "vfmadd213ps %[b], %[a], %[s3]\n\tvfmadd213ps %[b], %[a], %[s4]\n\tvfmadd213ps %[b], %[a], %[s5]\n\t"
        "vfmadd213ps %[b], %[a], %[s6]\n\tvfmadd213ps %[b], %[a], %[s7]\n\tvfmadd213ps %[b], %[a], %[s8]\n\t"
        "vfmadd213ps %[b], %[a], %[s9]"
        : [s0] "+x"(s0), [s1] "+x"(s1), [s2] "+x"(s2), [s3] "+x"(s3), [s4] "+x"(s4), [s5] "+x"(s5), [s6] "+x"(s6),
          [s7] "+x"(s7), [s8] "+x"(s8), [s9] "+x"(s9)
        : [a] "x"(a), [b] "x"(b));
  }
  return (s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9)[0];
}

double measure_peak() {
  constexpr int64_t kRounds = 200000;
  volatile float sink = 0.0f;
  const double seconds = fastest_seconds([&] { sink = multiply_add_chain(kRounds); });
  (void)sink;
  return double(kRounds) * 10 * 16 / seconds * 1e-9 * compute_threads();
}
#else
double measure_peak() { return NAN; }
#endif

void bench_attention(const std::string& name, int64_t sequences, int64_t T, int64_t H, int64_t K, int64_t D,
                     int64_t window = 0) {
  const int64_t N = sequences * T, stride = (H + 2 * K) * D;
  std::vector<float> qkv = normal(N * stride), out(size_t(N * H * D)), lse(size_t(N * H)), dout = normal(N * H * D, 2),
                     dqkv(qkv.size());
  std::vector<int64_t> segments;
  for (int64_t s = 0; s <= sequences; ++s) segments.push_back(s * T);
  const AttentionShape shape = {.H = H,
                                .K = K,
                                .D = D,
                                .segments = segments.data(),
                                .num_segments = sequences,
                                .scale = 1 / std::sqrt(float(D)),
                                .window = window};
  const ConstHeads q = {qkv.data(), stride}, k = {qkv.data() + H * D, stride}, v = {qkv.data() + (H + K) * D, stride};
  double pairs = 0;  // query-key pairs that count, per head
  for (int64_t t = 0; t < T; ++t) pairs += double(window > 0 ? std::min(window, t + 1) : t + 1);
  pairs *= double(sequences * H);
  bench_flops("attention forward " + name, 4 * pairs * double(D),
              [&] { attention_simd(q, k, v, {out.data(), H * D}, lse.data(), shape); });
  bench_flops("attention backward " + name, 10 * pairs * double(D), [&] {
    attention_backward_simd(q, k, v, {out.data(), H * D}, lse.data(), {dout.data(), H * D}, {dqkv.data(), stride},
                            {dqkv.data() + H * D, stride}, {dqkv.data() + (H + K) * D, stride}, false, shape);
  });
}

void bench_paged(const std::string& name, int64_t sequences, int64_t rows, int64_t past, int64_t H, int64_t K,
                 int64_t D) {
  const int64_t blocks = (past + rows + kPageSize - 1) / kPageSize, N = sequences * rows;
  std::vector<float> k_pages = normal(sequences * blocks * K * D * kPageSize), v_pages = k_pages;
  std::vector<int32_t> table, sequence, position;
  for (int64_t i = 0; i < sequences * blocks; ++i) table.push_back(int32_t(i));
  double keys = 0;
  for (int64_t s = 0; s < sequences; ++s) {
    for (int64_t r = 0; r < rows; ++r) {
      sequence.push_back(int32_t(s));
      position.push_back(int32_t(past + r));
      keys += double(past + r + 1);
    }
  }
  const PagedKv cache = {.k_pages = k_pages.data(),
                         .v_pages = v_pages.data(),
                         .k_page_stride = K * D * kPageSize,
                         .v_page_stride = K * D * kPageSize,
                         .block_table = table.data(),
                         .max_blocks = blocks};
  const PagedAttentionShape shape = {.N = N, .H = H, .K = K, .D = D, .scale = 1 / std::sqrt(float(D))};
  std::vector<float> q = normal(N * H * D), out(q.size());
  const auto run = [&] {
    paged_attention_simd(q.data(), H * D, {sequence.data(), position.data()}, cache, out.data(), H * D, shape);
  };
  bench_flops("paged attention " + name, 4 * keys * double(H * D), run);
  if (rows == 1) bench_bytes("paged attention " + name + ", cache read", 8 * keys * double(K * D), run);
}

void bench_rows(const std::string& size, int64_t N, int64_t C) {
  const double row_bytes = 4.0 * double(N * C);
  std::vector<float> x = normal(N * C), y(x.size()), dy = normal(N * C, 2), dx(x.size()), w = normal(C, 3),
                     b = normal(C, 4), dw(w), db(w), mean(static_cast<size_t>(N)), rstd(static_cast<size_t>(N), 1.0f);
  bench_bytes("rms_norm " + size, 2 * row_bytes,
              [&] { rms_norm_simd(x.data(), w.data(), 0, 1e-5f, y.data(), rstd.data(), N, C); });
  bench_bytes("rms_norm_backward " + size, 3 * row_bytes, [&] {
    rms_norm_backward_simd(x.data(), w.data(), 0, rstd.data(), dy.data(), dx.data(), false, dw.data(), N, C);
  });
  bench_bytes("layer_norm " + size, 2 * row_bytes,
              [&] { layer_norm_simd(x.data(), w.data(), b.data(), 1e-5f, y.data(), mean.data(), rstd.data(), N, C); });
  bench_bytes("layer_norm_backward " + size, 3 * row_bytes, [&] {
    layer_norm_backward_simd(x.data(), w.data(), mean.data(), rstd.data(), dy.data(), dx.data(), false, dw.data(),
                             db.data(), N, C);
  });
  bench_bytes("softmax " + size, 2 * row_bytes, [&] { softmax_simd(x.data(), 1, y.data(), N, C); });
  bench_bytes("add " + size, 3 * row_bytes, [&] { add_simd(x.data(), dy.data(), y.data(), N * C); });
  bench_bytes("bias_add " + size, 2 * row_bytes, [&] { bias_add_simd(x.data(), b.data(), y.data(), N, C); });
  bench_bytes("column_sum " + size, row_bytes, [&] { column_sum_simd(x.data(), C, db.data(), N, C); });
  bench_bytes("transpose " + size, 2 * row_bytes, [&] { transpose_simd(x.data(), C, y.data(), N, N, C); });
  bench_bytes("sum_squares " + size, row_bytes, [&] {
    const std::span<const float> all = x;
    sum_squares_simd({&all, 1});
  });
  std::vector<uint16_t> half(x.size());
  for (DType dtype : {DType::bf16, DType::f16, DType::f8_e4m3}) {
    const std::string to = std::string(name(dtype)) + " " + size;
    const double bytes = row_bytes + double(size_bytes(dtype, N * C));
    bench_bytes("convert to " + to, bytes, [&] { convert_from_f32_simd(dtype, x.data(), half.data(), N * C); });
    bench_bytes("convert from " + to, bytes, [&] { convert_to_f32_simd(dtype, half.data(), y.data(), N * C); });
  }
  for (auto [f, f_name] : {std::pair{Activation::gelu_tanh, "gelu_tanh "},
                           {Activation::gelu_erf, "gelu_erf "},
                           {Activation::silu, "silu "}}) {
    bench_bytes(f_name + size, 2 * row_bytes, [&] { activation_simd(f, x.data(), y.data(), N * C); });
    bench_bytes(std::string(f_name) + "backward " + size, 3 * row_bytes,
                [&] { activation_backward_simd(f, x.data(), dy.data(), dx.data(), false, N * C); });
  }
  const int64_t F = C / 2;
  bench_bytes("swiglu " + size, 1.5 * row_bytes,
              [&] { glu_simd(Activation::silu, x.data(), C, x.data() + F, C, y.data(), N, F); });
  bench_bytes("swiglu_backward " + size, 2.5 * row_bytes, [&] {
    glu_backward_simd(Activation::silu, x.data(), x.data() + F, dy.data(), dx.data(), dx.data() + F, C, C, N, F);
  });
  const int64_t D = 64, H = C / D;
  const std::vector<float> table = normal(N * D / 2);
  bench_bytes("rope " + size, 2 * row_bytes, [&] {
    rope_simd(x.data(), C, y.data(), C, table.data(), table.data(), nullptr, {.N = N, .H = H, .D = D, .R = D});
  });
  std::vector<int32_t> ids;
  for (int64_t n = 0; n < N; ++n) ids.push_back(int32_t(n * 7919 % 997));
  std::vector<float> embed = normal(997 * C);
  bench_bytes("embedding " + size, 2 * row_bytes,
              [&] { embedding_simd(embed.data(), DType::f32, ids.data(), 1, y.data(), N, C); });
  bench_bytes("embedding_backward " + size, 3 * row_bytes,
              [&] { embedding_backward_simd(dy.data(), ids.data(), 1, embed.data(), N, C); });
}

void bench_loss(int64_t N, int64_t V) {
  const std::vector<float> start = normal(N * V);
  std::vector<float> logits = start, loss(static_cast<size_t>(N));
  const std::vector<int32_t> labels(static_cast<size_t>(N), 3);
  bench_bytes(fmt::format("cross_entropy with gradient {} x {}, copy included", N, V), 4.0 * double(4 * N * V), [&] {
    std::memcpy(logits.data(), start.data(), logits.size() * sizeof(float));
    cross_entropy_simd(logits.data(), V, labels.data(), nullptr, loss.data(), nullptr, {}, N, V);
  });
}

void bench_adamw(int64_t n) {
  std::vector<float> p = normal(n), g = normal(n, 2), m(p.size(), 0.0f), v(p.size(), 0.0f);
  std::vector<uint16_t> high(p.size()), low(p.size());
  const AdamwTensor f32 = {.param = p.data(), .grad = g.data(), .m = m.data(), .v = v.data(), .n = n};
  const AdamwTensor split = {
      .param_bf16 = high.data(), .param_low = low.data(), .grad = g.data(), .m = m.data(), .v = v.data(), .n = n};
  bench_bytes(fmt::format("adamw f32 {}", n), 28.0 * double(n), [&] { adamw_simd({&f32, 1}, {}); });
  bench_bytes(fmt::format("adamw split bf16 {}", n), 28.0 * double(n), [&] { adamw_simd({&split, 1}, {}); });
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else {
      wanted = argv[i];
    }
  }
  set_compute_threads(threads);
  peak_gflops = measure_peak();
  fmt::print("{} threads, multiply-add peak {:.0f} GFLOP/s\n", threads, peak_gflops);
  bench_attention("12 x 256, H 6, D 64", 12, 256, 6, 6, 64);
  bench_attention("1 x 256, H 1, D 64", 1, 256, 1, 1, 64);
  bench_attention("1 x 48, H 1, D 64", 1, 48, 1, 1, 64);
  bench_attention("12 x 64, H 4, D 32", 12, 64, 4, 4, 32);
  bench_attention("32 x 48, H 6, D 64", 32, 48, 6, 6, 64);
  bench_attention("1 x 1024, H 12, D 64", 1, 1024, 12, 12, 64);
  bench_attention("2 x 2048, H 8, K 2, D 64", 2, 2048, 8, 2, 64);
  bench_attention("1 x 4096, window 512, H 4, D 128", 1, 4096, 4, 4, 128, 512);
  bench_paged("decode, 1 x 512, H 6, D 64", 1, 1, 512, 6, 6, 64);
  bench_paged("decode, 1 x 512, H 8, K 2, D 64", 1, 1, 512, 8, 2, 64);
  bench_paged("decode, 1 x 2048, H 32, K 8, D 64", 1, 1, 2048, 32, 8, 64);
  bench_paged("decode, 16 x 1024, H 16, K 4, D 64", 16, 1, 1024, 16, 4, 64);
  bench_paged("prefill, 512 rows, H 6, D 64", 1, 512, 0, 6, 6, 64);
  bench_paged("prefill, 512 rows after 1536, H 16, K 4, D 64", 1, 512, 1536, 16, 4, 64);
  bench_rows("3072 x 384", 3072, 384);
  bench_rows("256 x 1536", 256, 1536);
  bench_loss(4096, 65);
  bench_loss(64, 50257);
  bench_adamw(1 << 14);
  bench_adamw(10 << 20);
}
