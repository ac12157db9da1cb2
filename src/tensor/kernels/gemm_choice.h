// SPDX-License-Identifier: MIT
#pragma once
// The named sets of kernels, one of which is in force. For probe.cpp and the drivers.

#include <span>
#include <string>

#include "tensor/kernels/gemm_kernels.h"

namespace quern {

struct Int8Kernels;        // int8_kernels.h
struct QuantInstructions;  // quant_tiles.h

struct KernelSet {
  const char* name;
  const GemmKernels* f32;
  const Int8Kernels* int8;
  const char* missing;                       // what this machine lacks for it, or null
  const QuantInstructions* quant = nullptr;  // null: weights in blocks are computed exactly
};

std::span<const KernelSet> kernel_sets();  // all that are compiled in, best first by features
const KernelSet& kernels_in_force();       // probes when nothing is in force yet
const KernelSet* kernels_in_force_or_null();

void put_in_force(const KernelSet& set);

}  // namespace quern
