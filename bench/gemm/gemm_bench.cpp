// SPDX-License-Identifier: MIT
// Dense products at training shapes: ours, and oneDNN's where it was found at configuration. Prints GFLOP/s and the
// share of the measured multiply-add peak; best of several runs, checked against each other first.
//   gemm_bench [threads] [runs]
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <vector>

#include "base/rng.h"
#include "base/threads.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/int8_gemm.h"
#ifdef QUERN_BENCH_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif

namespace {
using namespace quern;

// Time on the processor, summed over threads: other programs on the machine do not count. So a figure is per core.
double now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

double best_seconds(int runs, const std::function<void()>& work) {
  double best = 1e30;
  for (int i = 0; i < runs; ++i) {
    const double start = now();
    work();
    best = std::min(best, now() - start);
  }
  return best;
}

#if defined(__x86_64__)
#include <immintrin.h>
__attribute__((target("avx2,fma"))) double fma_peak() {
  double best = 0;
  for (int run = 0; run < 20; ++run) {
    const __m256 x = _mm256_set1_ps(0.5f);
    __m256 s0 = x, s1 = x, s2 = x, s3 = x, s4 = x, s5 = x, s6 = x, s7 = x, s8 = x, s9 = x;
    const double start = now();
    for (int n = 0; n < 200000; ++n) {
      s0 = _mm256_fmadd_ps(s0, x, x), s1 = _mm256_fmadd_ps(s1, x, x), s2 = _mm256_fmadd_ps(s2, x, x);
      s3 = _mm256_fmadd_ps(s3, x, x), s4 = _mm256_fmadd_ps(s4, x, x), s5 = _mm256_fmadd_ps(s5, x, x);
      s6 = _mm256_fmadd_ps(s6, x, x), s7 = _mm256_fmadd_ps(s7, x, x), s8 = _mm256_fmadd_ps(s8, x, x);
      s9 = _mm256_fmadd_ps(s9, x, x);
      asm volatile(""
                   : "+x"(s0), "+x"(s1), "+x"(s2), "+x"(s3), "+x"(s4), "+x"(s5), "+x"(s6), "+x"(s7), "+x"(s8),
                     "+x"(s9));
    }
    best = std::max(best, 200000.0 * 10 * 16 / (now() - start));
  }
  return best / 1e9;
}
#else
double fma_peak() { return NAN; }
#endif

struct Shape {
  const char* what;
  int64_t M, N, K;
  char ta, tb;  // T: stored transposed
};

const Shape kShapes[] = {
    {"y = x w^T  qkv/up 384", 3072, 1536, 384, 'N', 'T'},
    {"y = x w^T  down 384", 3072, 384, 1536, 'N', 'T'},
    {"y = x w^T  384", 3072, 384, 384, 'N', 'T'},
    {"dx = dy w  up 384", 3072, 384, 1536, 'N', 'N'},
    {"dx = dy w  down 384", 3072, 1536, 384, 'N', 'N'},
    {"dw = dy^T x  384", 1536, 384, 3072, 'T', 'N'},
    {"dw = dy^T x  384 long", 1536, 384, 16384, 'T', 'N'},
    {"dw = dy^T x  384x384", 384, 384, 3072, 'T', 'N'},
    {"y = x w^T  head 65", 3072, 65, 384, 'N', 'T'},
    {"y = x w^T  768", 4096, 3072, 768, 'N', 'T'},
    {"dx = dy w  768", 4096, 768, 3072, 'N', 'N'},
    {"dw = dy^T x  768", 3072, 768, 4096, 'T', 'N'},
    {"y = x w^T  head 50257", 512, 50257, 768, 'N', 'T'},
    {"64 x 16384 x 64", 64, 64, 16384, 'T', 'N'},
    {"square 2048", 2048, 2048, 2048, 'N', 'N'},
    {"small y = x w^T", 768, 512, 128, 'N', 'T'},
    {"small y = x w^T 128", 768, 128, 128, 'N', 'T'},
    {"small dw", 128, 512, 768, 'T', 'N'},
    {"small dx", 768, 128, 512, 'N', 'N'},
    {"small head", 768, 65, 128, 'N', 'T'},
};
}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1, runs = argc > 2 ? std::atoi(argv[2]) : 7;
  const char* only = argc > 3 ? argv[3] : "";
  set_compute_threads(threads);
  const double peak = fma_peak();
  fmt::print("{} threads, figures per core; f32 peak {:.1f} GFLOP/s\n", threads, peak);
  fmt::print("{:24} {:>6} {:>6} {:>6}  {:>8} {:>6}  {:>8} {:>6}  {:>8}\n", "", "M", "N", "K", "ours", "%", "oneDNN",
             "ratio", "int8 x");
  Rng rng(1);
  for (const Shape& s : kShapes) {
    if (!std::string_view(s.what).starts_with(only)) continue;
    std::vector<float> a(size_t(s.M * s.K)), b(size_t(s.K * s.N));
    for (float& x : a) x = float(rng.uniform()) - 0.5f;
    for (float& x : b) x = float(rng.uniform()) - 0.5f;
    std::vector<float> c(size_t(s.M * s.N)), peer(c.size()), c8(c.size());
    const Mat ma = s.ta == 'N' ? row_major(a.data(), s.K) : row_major(a.data(), s.M).transposed();
    const Mat mb = s.tb == 'N' ? row_major(b.data(), s.N) : row_major(b.data(), s.K).transposed();
    const auto ours = [&] { gemm(s.M, s.N, s.K, ma, mb, c.data(), s.N); };
    const auto int8 = [&] { int8_gemm(s.M, s.N, s.K, ma, mb, c8.data(), s.N, {.block_k = s.ta == 'T' ? 128 : 0}); };
    ours();
    const double flops = 2.0 * double(s.M) * double(s.N) * double(s.K);
    double t_peer = NAN;
#ifdef QUERN_BENCH_ONEDNN
    const auto onednn = [&] {
      dnnl_sgemm(s.ta, s.tb, s.M, s.N, s.K, 1.0f, a.data(), s.ta == 'N' ? s.K : s.M, b.data(), s.tb == 'N' ? s.N : s.K,
                 0.0f, peer.data(), s.N);
    };
    onednn();
    float worst = 0;
    for (size_t i = 0; i < c.size(); ++i) worst = std::max(worst, std::fabs(c[i] - peer[i]));
    if (worst > 1e-3f * std::sqrt(float(s.K))) fmt::print("MISMATCH {}\n", worst);
    t_peer = best_seconds(runs, onednn);
#endif
    const double t = best_seconds(runs, ours);
    double t8 = NAN;
#ifndef NO_INT8
    int8();
    t8 = best_seconds(runs, int8);
#endif
    fmt::print("{:24} {:6} {:6} {:6}  {:8.1f} {:5.1f}%  {:8.1f} {:6.2f}  {:8.2f}\n", s.what, s.M, s.N, s.K,
               flops / t / 1e9, 100 * flops / t / 1e9 / peak, flops / t_peer / 1e9, t_peer / t, t / t8);
    std::fflush(stdout);
  }
}
