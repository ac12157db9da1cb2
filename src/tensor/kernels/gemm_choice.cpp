// SPDX-License-Identifier: MIT
#include "tensor/kernels/gemm_choice.h"

#include <atomic>
#include <vector>

#include "tensor/kernels/cpu_features.h"
#include "tensor/kernels/int8_kernels.h"
#include "tensor/kernels/probe.h"
#include "tensor/kernels/quant_tiles.h"

namespace quern {
namespace {

std::vector<KernelSet> all_sets() {
  const CpuFeatures& cpu = cpu_features();
  std::vector<KernelSet> sets;
  const auto add = [&](const char* name, const GemmKernels* f32, const Int8Kernels* int8, bool present,
                       const char* needs, const QuantInstructions* quant) {
    if (f32 && int8) sets.push_back({name, f32, int8, present ? nullptr : needs, quant});
  };
  const bool avx2 = cpu.avx2 && cpu.fma && cpu.f16c;
  add("avx512_vnni", gemm_kernels_avx512(), int8_kernels_avx512_vnni(), avx2 && cpu.avx512_vnni, "AVX-512 with VNNI",
      quant_instructions_avx512_vnni());
  add("avx_vnni", gemm_kernels_avx2(), int8_kernels_avx_vnni(), avx2 && cpu.avx_vnni, "AVX-VNNI",
      quant_instructions_avx_vnni());
  add("avx512", gemm_kernels_avx512(), int8_kernels_avx2(), avx2 && cpu.avx512, "AVX-512 (F, CD, BW, DQ, VL)",
      quant_instructions_avx2());
  add("avx2", gemm_kernels_avx2(), int8_kernels_avx2(), avx2, "AVX2 with FMA and F16C", quant_instructions_avx2());
  add("portable", gemm_kernels_portable(), int8_kernels_portable(), true, nullptr, nullptr);
  return sets;
}

std::atomic<const KernelSet*> g_in_force = nullptr;

}  // namespace

std::span<const KernelSet> kernel_sets() {
  static const std::vector<KernelSet> sets = all_sets();
  return sets;
}

void put_in_force(const KernelSet& set) { g_in_force.store(&set, std::memory_order_release); }

const KernelSet* kernels_in_force_or_null() { return g_in_force.load(std::memory_order_acquire); }

const KernelSet& kernels_in_force() {
  if (const KernelSet* set = kernels_in_force_or_null()) return *set;
  kernel_choice();  // probes, and puts its choice in force
  return *kernels_in_force_or_null();
}

const GemmKernels& gemm_kernels() { return *kernels_in_force().f32; }
const Int8Kernels& int8_kernels() { return *kernels_in_force().int8; }

}  // namespace quern
