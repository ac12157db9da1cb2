// SPDX-License-Identifier: MIT
#pragma once
// What one core can do at most: chains of one instruction in registers. In thousand millions of operations per second,
// a multiply-add counting two; 0 where there is no such instruction.

namespace quern {

double f32_peak_gflops();
double bf16_peak_gflops();
double int8_peak_gops();
double memory_gb_per_s();  // reading, the whole team; 1e9 bytes

}  // namespace quern
