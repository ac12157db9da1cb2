// SPDX-License-Identifier: MIT
#include "tensor/kernels/cpu_features.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace quern {
namespace {

#if defined(__x86_64__)
struct Leaf {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};
Leaf cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Leaf r;
  if (leaf > __get_cpuid_max(leaf & 0x80000000u, nullptr)) return {};
  __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
  return r;
}
bool bit(uint32_t word, int n) { return word >> n & 1; }

// Which register files the operating system saves on a task switch; an instruction set without that must not be used.
__attribute__((target("xsave"))) uint64_t enabled_state() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

void detect(CpuFeatures& f) {
  const Leaf basic = cpuid(0), one = cpuid(1), seven = cpuid(7), seven_one = seven.eax >= 1 ? cpuid(7, 1) : Leaf{};
  char vendor[13] = {};
  std::memcpy(vendor, &basic.ebx, 4);
  std::memcpy(vendor + 4, &basic.edx, 4);
  std::memcpy(vendor + 8, &basic.ecx, 4);
  f.vendor = vendor;
  char model[49] = {};
  for (uint32_t i = 0; i < 3; ++i) {
    const Leaf name = cpuid(0x80000002u + i);
    std::memcpy(model + 16 * i, &name, 16);
  }
  f.model = model;
  while (!f.model.empty() && f.model.back() == ' ') f.model.pop_back();
  const int base_family = one.eax >> 8 & 15, base_model = one.eax >> 4 & 15;
  f.family = base_family == 15 ? base_family + int(one.eax >> 20 & 255) : base_family;
  f.model_number = base_family == 15 || base_family == 6 ? base_model + int(one.eax >> 16 & 15) * 16 : base_model;
  f.stepping = one.eax & 15;
  const uint64_t state = bit(one.ecx, 27) ? enabled_state() : 0;  // bit 27: OSXSAVE
  const bool ymm = (state & 0x6) == 0x6, zmm = ymm && (state & 0xE0) == 0xE0, tiles = (state & 0x60000) == 0x60000;
  f.fma = ymm && bit(one.ecx, 12);
  f.f16c = ymm && bit(one.ecx, 29);
  f.avx2 = ymm && bit(one.ecx, 28) && bit(seven.ebx, 5);
  // F, DQ, CD, BW, VL: what a server core since 2017 has, and what the compiler may assume of the AVX-512 target.
  f.avx512 =
      zmm && bit(seven.ebx, 16) && bit(seven.ebx, 17) && bit(seven.ebx, 28) && bit(seven.ebx, 30) && bit(seven.ebx, 31);
  f.avx512_vnni = f.avx512 && bit(seven.ecx, 11);
  f.avx512_fp16 = f.avx512 && bit(seven.edx, 23);
  f.avx512_bf16 = f.avx512 && bit(seven_one.eax, 5);
  f.avx_vnni = f.avx2 && bit(seven_one.eax, 4);
  f.amx_bf16 = tiles && bit(seven.edx, 22);
  f.amx_int8 = tiles && bit(seven.edx, 25);
}
#elif defined(__aarch64__)
void detect(CpuFeatures& f) {
  const unsigned long caps = getauxval(AT_HWCAP), caps2 = getauxval(AT_HWCAP2);
  f.neon = caps & HWCAP_ASIMD;
  f.dotprod = caps & HWCAP_ASIMDDP;
#ifdef HWCAP_SVE
  f.sve = caps & HWCAP_SVE;
#endif
#ifdef HWCAP2_I8MM
  f.i8mm = caps2 & HWCAP2_I8MM;
#endif
#ifdef HWCAP2_BF16
  f.bf16 = caps2 & HWCAP2_BF16;
#endif
  (void)caps2;
  f.fma = f.neon;
}
#else
void detect(CpuFeatures&) {}
#endif

CpuFeatures all() {
  CpuFeatures f;
  detect(f);
#ifdef _SC_LEVEL1_DCACHE_SIZE
  f.l1_bytes = std::max(0l, sysconf(_SC_LEVEL1_DCACHE_SIZE));
  f.l2_bytes = std::max(0l, sysconf(_SC_LEVEL2_CACHE_SIZE));
  f.l3_bytes = std::max(0l, sysconf(_SC_LEVEL3_CACHE_SIZE));
#endif
  return f;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = all();
  return features;
}

std::vector<std::string> CpuFeatures::names() const {
  const std::pair<bool, const char*> known[] = {{avx2, "avx2"},
                                                {fma, "fma"},
                                                {f16c, "f16c"},
                                                {avx512, "avx512"},
                                                {avx512_vnni, "avx512_vnni"},
                                                {avx512_bf16, "avx512_bf16"},
                                                {avx512_fp16, "avx512_fp16"},
                                                {avx_vnni, "avx_vnni"},
                                                {amx_int8, "amx_int8"},
                                                {amx_bf16, "amx_bf16"},
                                                {neon, "neon"},
                                                {dotprod, "dotprod"},
                                                {i8mm, "i8mm"},
                                                {bf16, "bf16"},
                                                {sve, "sve"}};
  std::vector<std::string> names;
  for (const auto& [present, name] : known)
    if (present) names.emplace_back(name);
  return names;
}

}  // namespace quern
