// SPDX-License-Identifier: MIT
#include "tensor/kernels/int8_kernels.h"
namespace quern {
const Int8Kernels* int8_kernels_avx_vnni() { return nullptr; }
const Int8Kernels* int8_kernels_avx512_vnni() { return nullptr; }
}  // namespace quern
