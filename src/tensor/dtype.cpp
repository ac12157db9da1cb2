// SPDX-License-Identifier: MIT
#include "tensor/dtype.h"

#include <array>

namespace quern {

namespace {
// Sizes of the block types: ggml's block structs (scales and quants, K-types in superblocks of 256).
constexpr std::array<DTypeInfo, kNumDTypes> kTypes{{
    {"f32", 1, 4, true},         {"bf16", 1, 2, true},       {"f16", 1, 2, true},       {"f8_e4m3", 1, 1, true},
    {"f8_e5m2", 1, 1, true},     {"i32", 1, 4, false},       {"i64", 1, 8, false},      {"u8", 1, 1, false},
    {"bool", 1, 1, false},       {"q4_0", 32, 18, false},    {"q4_1", 32, 20, false},   {"q5_0", 32, 22, false},
    {"q5_1", 32, 24, false},     {"q8_0", 32, 34, false},    {"q2_k", 256, 84, false},  {"q3_k", 256, 110, false},
    {"q4_k", 256, 144, false},   {"q5_k", 256, 176, false},  {"q6_k", 256, 210, false}, {"iq4_nl", 32, 18, false},
    {"iq4_xs", 256, 136, false}, {"mxfp4", 32, 17, false},   {"iq1_s", 256, 50, false}, {"iq1_m", 256, 56, false},
    {"iq2_xxs", 256, 66, false}, {"iq2_xs", 256, 74, false}, {"iq2_s", 256, 82, false}, {"iq3_xxs", 256, 98, false},
    {"iq3_s", 256, 110, false},  {"tq1_0", 256, 54, false},  {"tq2_0", 256, 66, false}, {"nvfp4", 64, 36, false},
}};
}  // namespace

const DTypeInfo& info(DType dtype) { return kTypes[size_t(dtype)]; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i)
    if (kTypes[i].name == name) return DType(i);
  return std::nullopt;
}

}  // namespace quern
