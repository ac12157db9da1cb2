// SPDX-License-Identifier: MIT
#include "tensor/kernels/embedding.h"

#include "tensor/kernels/convert.h"

namespace quern {

void embedding_ref(const void* table, DType dtype, const int32_t* ids, float scale, float* out, int64_t N, int64_t C) {
  const auto* bytes = static_cast<const uint8_t*>(table);
  const int64_t row_bytes = int64_t(size_bytes(dtype, C));
  for (int64_t n = 0; n < N; ++n) {
    convert_to_f32_ref(dtype, bytes + ids[n] * row_bytes, out + n * C, C);
    for (int64_t c = 0; c < C; ++c) out[n * C + c] *= scale;
  }
}

void embedding_backward_ref(const float* dy, const int32_t* ids, float scale, float* dtable, int64_t N, int64_t C) {
  for (int64_t n = 0; n < N; ++n)
    for (int64_t c = 0; c < C; ++c) dtable[ids[n] * C + c] += scale * dy[n * C + c];
}

}  // namespace quern
