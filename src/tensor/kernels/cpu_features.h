// SPDX-License-Identifier: MIT
#pragma once
// What this processor can do and the operating system has enabled, and which family of kernels is in force.

#include <cstdint>
#include <string>
#include <vector>

namespace quern {

struct CpuFeatures {
  std::string vendor, model;  // "AuthenticAMD", "AMD EPYC ..."; empty where the system does not say
  int family = 0, model_number = 0, stepping = 0;
  // x86-64
  bool avx2 = false, fma = false, f16c = false;
  bool avx512 = false;  // F, BW, DQ and VL together
  bool avx512_vnni = false, avx512_bf16 = false, avx512_fp16 = false;
  bool avx_vnni = false, amx_int8 = false, amx_bf16 = false;
  // aarch64
  bool neon = false, dotprod = false, i8mm = false, bf16 = false, sve = false;
  // Data caches in bytes, 0 when unknown.
  int64_t l1_bytes = 0, l2_bytes = 0, l3_bytes = 0;

  std::vector<std::string> names() const;  // those that are true, for printing: "avx2", "fma"
};
const CpuFeatures& cpu_features();  // detected once

}  // namespace quern
