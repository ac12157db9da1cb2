// SPDX-License-Identifier: MIT
// Speed of the products with block-quantised weights, beside what the memory gives.
//   quern_bench_quant [TYPE] [--threads N] [--rows N] [--shape M K] [--kernels NAME]
// Decode (one row) in GB/s of the file's blocks, with matrices that together exceed the caches; more rows in GOP/s,
// the fastest of runs of some milliseconds, since others may use the machine.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/threads.h"
#include "tensor/kernels/probe.h"
#include "tensor/kernels/probe_peaks.h"
#include "tensor/kernels/quant_linear.h"
#include "tensor/quant/quantise.h"

using namespace quern;

namespace {

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Options {
  std::string type;
  int threads = 1;
  std::vector<int64_t> rows = {1, 4, 16, 128, 512};
  std::vector<std::pair<int64_t, int64_t>> shapes = {{1536, 576}, {576, 1536}, {5632, 2048}, {2048, 5632}};
  double cold_bytes = 192e6;  // of weights that decode walks through
};

// Weights of one shape, enough of them for `cold_bytes`.
std::vector<QuantWeight> weights(DType dtype, int64_t M, int64_t K, double cold_bytes) {
  std::vector<float> values(size_t(M * K));
  Rng rng(1);
  uint64_t state = rng.u64();
  for (float& v : values) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    v = float(int64_t(state) >> 40) * 0x1p-24f;
  }
  auto blocks = std::make_shared<std::vector<uint8_t>>(size_bytes(dtype, M * K));
  for (int64_t m = 0; m < M; m += 64) {  // the same 64 rows again and again: searching scales takes long
    const int64_t rows = std::min<int64_t>(64, M - m);
    if (m == 0)
      quantise(dtype, values.data(), rows, K, {}, blocks->data());
    else
      std::memcpy(blocks->data() + size_bytes(dtype, m * K), blocks->data(), size_bytes(dtype, rows * K));
  }
  std::vector<QuantWeight> all;
  const auto count = std::max<int64_t>(1, int64_t(cold_bytes / double(blocks->size())));
  for (int64_t i = 0; i < count; ++i)
    all.emplace_back(QuantMatrix{blocks->data(), dtype, M, K}, blocks, QuantCompute::fast);
  return all;
}

void bench(DType dtype, int64_t M, int64_t K, const Options& options) {
  if (K % info(dtype).block_size) return;
  const std::vector<QuantWeight> all = weights(dtype, M, K, options.cold_bytes);
  const double bytes = double(size_bytes(dtype, M * K));
  for (const int64_t N : options.rows) {
    std::vector<float> x(size_t(N * K), 0.5f), y(size_t(N * M));
    for (size_t i = 0; i < x.size(); ++i) x[i] = float(i * 7919 % 997) / 997.0f - 0.5f;
    const auto run = [&](const QuantWeight& w) {
      const QuantPart part{&w, nullptr, 0};
      quant_linear({x.data(), N, K, K}, {&part, 1}, y.data(), M);
    };
    double cold = 1e9, warm = 1e9;
    for (const double start = now(); now() < start + 0.4;) {
      double begin = now();
      if (N <= 16) {
        for (const QuantWeight& w : all) run(w);
        cold = std::min(cold, (now() - begin) / double(all.size()));
      }
      for (int i = 0; i < 4; ++i) {
        begin = now();
        run(all[0]);
        warm = std::min(warm, now() - begin);
      }
    }
    const double operations = 2.0 * double(N * M * K);
    fmt::print("{:<7} {:>5} x {:<5} rows {:>3}: in cache {:>8.3f} ms {:>6.0f} GOP/s {:>6.1f} GB/s", name(dtype), M, K,
               N, warm * 1e3, operations / warm / 1e9, bytes / warm / 1e9);
    if (N <= 16) fmt::print("   from memory {:>8.3f} ms {:>6.1f} GB/s", cold * 1e3, bytes / cold / 1e9);
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--threads" && i + 1 < argc) {
      options.threads = std::atoi(argv[++i]);
    } else if (arg == "--rows" && i + 1 < argc) {
      options.rows = {std::atoll(argv[++i])};
    } else if (arg == "--kernels" && i + 1 < argc) {
      force_kernels(argv[++i]);
    } else if (arg == "--shape" && i + 2 < argc) {
      options.shapes = {{std::atoll(argv[i + 1]), std::atoll(argv[i + 2])}};
      i += 2;
    } else {
      options.type = arg;
    }
  }
  set_compute_threads(options.threads);
  fmt::print("kernels {}, {} threads; reading memory with all: {:.1f} GB/s\n", kernel_choice(), options.threads,
             memory_gb_per_s());
  for (DType dtype :
       {DType::q4_0, DType::q4_1, DType::q8_0, DType::q4_k, DType::f16, DType::bf16, DType::q5_0, DType::q5_1,
        DType::q5_k, DType::q6_k, DType::q2_k, DType::q3_k, DType::iq4_nl, DType::iq4_xs, DType::mxfp4})
    if (options.type.empty() || options.type == name(dtype))
      for (const auto& [M, K] : options.shapes) bench(dtype, M, K, options);
}
