// SPDX-License-Identifier: MIT
#pragma once
// A Llama of 0.8 B random weights (16 layers of 2048, 32 heads, 8 for keys and values, 5632 in the middle, 32 000
// tokens), so that K-types and memory bandwidth are really measured. Rows are drawn from a pool of 512 quantised once
// per type and width: searching scales for all of them would take longer than the bench.

#include <string>

#include "tensor/dtype.h"

namespace quern {

// All matrices as `dtype`. Throws Unsupported, Io.
void write_random_model(DType dtype, const std::string& path);

}  // namespace quern
