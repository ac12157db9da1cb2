// SPDX-License-Identifier: MIT
#pragma once
// Which instruction sets the Highway kernels are compiled for; included before any Highway header. On x86: the portable
// baseline, AVX2 with FMA, AVX-512; the sets between would only cost compile time. Scalable vectors (SVE, RVV) can't be
// held in arrays, which register tiles need; NEON serves there.

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
