// SPDX-License-Identifier: MIT
#include "tensor/kernels/probe_peaks.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/threads.h"
#include "tensor/kernels/cpu_features.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace quern {
namespace {

constexpr int kTurns = 8000, kRuns = 12;

// The fastest of several short runs: what disturbs a run only makes it slower.
double best_rate(double operations, void (*work)()) {
  double best = 1e30;
  for (int run = 0; run < kRuns; ++run) {
    const double start = now_s();
    work();
    best = std::min(best, now_s() - start);
  }
  return operations / best / 1e9;
}

// Twelve independent chains hide the latency of any of these instructions; the empty asm keeps each result alive.
#define QUERN_CHAINS(TYPE, INIT, STEP)                                                                               \
  TYPE s0 = INIT, s1 = INIT, s2 = INIT, s3 = INIT, s4 = INIT, s5 = INIT, s6 = INIT, s7 = INIT, s8 = INIT, s9 = INIT, \
       s10 = INIT, s11 = INIT;                                                                                       \
  for (int turn = 0; turn < kTurns; ++turn) {                                                                        \
    STEP(s0) STEP(s1) STEP(s2) STEP(s3) STEP(s4) STEP(s5) STEP(s6) STEP(s7) STEP(s8) STEP(s9) STEP(s10) STEP(s11)    \
  }
constexpr double kSteps = 12.0 * kTurns;

#if defined(__x86_64__)

__attribute__((target("avx2,fma"))) void f32_avx2() {
  __m256 x = _mm256_set1_ps(0.5f);
#define STEP(s)                 \
  s = _mm256_fmadd_ps(s, x, x); \
  asm volatile("" : "+x"(s));
  QUERN_CHAINS(__m256, x, STEP)
#undef STEP
}
__attribute__((target("avx512f"))) void f32_avx512() {
  __m512 x = _mm512_set1_ps(0.5f);
#define STEP(s)                 \
  s = _mm512_fmadd_ps(s, x, x); \
  asm volatile("" : "+v"(s));
  QUERN_CHAINS(__m512, x, STEP)
#undef STEP
}
__attribute__((target("avx512f,avx512bf16"))) void bf16_avx512() {
  const __m512bh x = (__m512bh)_mm512_set1_epi16(0x3F00);
  const __m512 zero = _mm512_setzero_ps();
#define STEP(s)                  \
  s = _mm512_dpbf16_ps(s, x, x); \
  asm volatile("" : "+v"(s));
  QUERN_CHAINS(__m512, zero, STEP)
#undef STEP
}
// One vpmaddubsw each: 32 products. How many of them a widening serves is the kernel's affair.
__attribute__((target("avx2"))) void int8_avx2() {
  __m256i x = _mm256_set1_epi8(1);
#define STEP(s)                   \
  s = _mm256_maddubs_epi16(s, x); \
  asm volatile("" : "+x"(s));
  QUERN_CHAINS(__m256i, x, STEP)
#undef STEP
}
__attribute__((target("avx2,avxvnni"))) void int8_avx_vnni() {
  __m256i x = _mm256_set1_epi8(1);
#define STEP(s)                         \
  s = _mm256_dpbusd_avx_epi32(s, x, x); \
  asm volatile("" : "+x"(s));
  QUERN_CHAINS(__m256i, x, STEP)
#undef STEP
}
__attribute__((target("avx512f,avx512vnni"))) void int8_avx512() {
  __m512i x = _mm512_set1_epi8(1);
#define STEP(s)                     \
  s = _mm512_dpbusd_epi32(s, x, x); \
  asm volatile("" : "+v"(s));
  QUERN_CHAINS(__m512i, x, STEP)
#undef STEP
}

#elif defined(__aarch64__)

void f32_neon() {
  float32x4_t x = vdupq_n_f32(0.5f);
#define STEP(s)           \
  s = vfmaq_f32(x, s, x); \
  asm volatile("" : "+w"(s));
  QUERN_CHAINS(float32x4_t, x, STEP)
#undef STEP
}

#endif

}  // namespace

double f32_peak_gflops() {
#if defined(__x86_64__)
  const CpuFeatures& cpu = cpu_features();
  if (cpu.avx512) return std::max(best_rate(kSteps * 32, f32_avx512), best_rate(kSteps * 16, f32_avx2));
  if (cpu.avx2 && cpu.fma) return best_rate(kSteps * 16, f32_avx2);
#elif defined(__aarch64__)
  return best_rate(kSteps * 8, f32_neon);
#endif
  return 0;
}

double bf16_peak_gflops() {
#if defined(__x86_64__)
  if (cpu_features().avx512_bf16) return best_rate(kSteps * 64, bf16_avx512);
#endif
  return 0;
}

double int8_peak_gops() {
#if defined(__x86_64__)
  const CpuFeatures& cpu = cpu_features();
  if (cpu.avx512_vnni) return best_rate(kSteps * 128, int8_avx512);
  if (cpu.avx_vnni) return best_rate(kSteps * 64, int8_avx_vnni);
  if (cpu.avx2) return best_rate(kSteps * 64, int8_avx2);
#endif
  return 0;
}

double memory_gb_per_s() {
  constexpr int64_t kBytes = 64 << 20, kWords = kBytes / 8;  // beyond most last-level caches' share of one process
  const std::unique_ptr<uint64_t[]> words(new (std::nothrow) uint64_t[kWords]);
  if (!words) return 0;
  parallel_for(kWords, 4096,
               [&](int64_t begin, int64_t end) { std::memset(&words[begin], 1, size_t(end - begin) * 8); });
  double best = 1e30;
  for (int run = 0; run < 3; ++run) {
    const double start = now_s();
    parallel_for(kWords, 4096, [&](int64_t begin, int64_t end) {
      uint64_t sum[8] = {};
      for (int64_t i = begin; i + 8 <= end; i += 8)
        for (int64_t lane = 0; lane < 8; ++lane) sum[lane] += words[i + lane];
      for (uint64_t& s : sum) asm volatile("" : "+r"(s));
    });
    best = std::min(best, now_s() - start);
  }
  return double(kBytes) / best / 1e9;
}

}  // namespace quern
