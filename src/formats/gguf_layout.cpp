// SPDX-License-Identifier: MIT
// Values in the arrangement of llama.cpp and in that of the checkpoints.
#include <cstring>
#include <numeric>

#include "base/error.h"
#include "formats/gguf_weights.h"

namespace quern {

namespace {
// Row r of the result is row order[r] of `t`; of a vector, value by value.
Tensor gather_rows(const Tensor& t, const std::vector<int64_t>& order) {
  Tensor out = Tensor::empty(t.shape(), t.dtype());
  const size_t row_bytes = t.size_bytes() / size_t(t.size(0));
  for (size_t r = 0; r < order.size(); ++r)
    std::memcpy(out.data<std::byte>() + r * row_bytes, t.data<std::byte>() + size_t(order[r]) * row_bytes, row_bytes);
  return out;
}

void require_rows(const Tensor& t, int64_t heads, int64_t per_head, const char* what) {
  if (heads > 0 && t.ndim() >= 1 && t.size(0) % (heads * per_head) == 0) return;
  throw Error(ErrorKind::InvalidModel, "{} of shape {} can't be cut into {} heads", what, to_string(t.shape()), heads);
}

// order[GGUF's row] = checkpoint's row, for pairs of turning values.
std::vector<int64_t> rope_order(int64_t rows, int64_t heads) {
  const int64_t D = rows / heads;
  std::vector<int64_t> order;
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t i = 0; i < D / 2; ++i)
      for (int64_t j = 0; j < 2; ++j) order.push_back(h * D + j * (D / 2) + i);
  return order;
}

// order[GGUF's row] = checkpoint's row, for queries, keys and values of all heads.
std::vector<int64_t> qkv_order(int64_t rows, int64_t heads) {
  const int64_t D = rows / (3 * heads);
  std::vector<int64_t> order;
  for (int64_t part = 0; part < 3; ++part)
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t d = 0; d < D; ++d) order.push_back((h * 3 + part) * D + d);
  return order;
}

std::vector<int64_t> inverse(const std::vector<int64_t>& order) {
  std::vector<int64_t> out(order.size());
  for (size_t r = 0; r < order.size(); ++r) out[size_t(order[r])] = int64_t(r);
  return out;
}

Tensor transposed_copy(const Tensor& t) {  // (M, K) -> (K, M)
  if (t.ndim() != 2) return t;
  const Tensor plain = is_quantised(t.dtype()) ? t.to(DType::f32) : t;
  const int64_t M = plain.size(0), K = plain.size(1);
  const auto each = size_t(info(plain.dtype()).block_bytes);
  Tensor out = Tensor::empty({K, M}, plain.dtype());
  for (int64_t m = 0; m < M; ++m)
    for (int64_t k = 0; k < K; ++k)
      std::memcpy(out.data<std::byte>() + size_t(k * M + m) * each, plain.data<std::byte>() + size_t(m * K + k) * each,
                  each);
  return out;
}

Tensor shifted(const Tensor& t, float by) {
  Tensor out = t.to(DType::f32).clone();
  for (float& v : out.span()) v += by;
  return out;
}

Tensor rearranged(const Tensor& t, GgufLayout layout, GgufHeads heads, bool to_gguf) {
  const auto gathered = [&](std::vector<int64_t> order) { return gather_rows(t, to_gguf ? order : inverse(order)); };
  switch (layout) {
    case GgufLayout::rope_q:
    case GgufLayout::rope_k: {
      const int64_t H = layout == GgufLayout::rope_q ? heads.queries : heads.keys;
      require_rows(t, H, 2, "a projection");
      return gathered(rope_order(t.size(0), H));
    }
    case GgufLayout::qkv_by_head:
      require_rows(t, heads.queries, 3, "a query, key and value projection");
      return gathered(qkv_order(t.size(0), heads.queries));
    case GgufLayout::transposed:
      return transposed_copy(t);
    case GgufLayout::plus_one:
      return shifted(t, to_gguf ? 1.0f : -1.0f);
    case GgufLayout::row:
      return t.reshape(to_gguf ? Shape{t.numel()} : Shape{1, t.numel()});
    default:
      return t;
  }
}
}  // namespace

Tensor from_gguf_layout(const Tensor& t, GgufLayout layout, GgufHeads heads) {
  return rearranged(t, layout, heads, /*to_gguf=*/false);
}

Tensor to_gguf_layout(const Tensor& t, GgufLayout layout, GgufHeads heads) {
  return rearranged(t, layout, heads, /*to_gguf=*/true);
}

GgufHeads heads_of_config(const Json& config) {
  const auto size = [&](const char* key, int64_t otherwise) {
    return config.contains(key) && config[key].is_number_integer() ? config[key].get<int64_t>() : otherwise;
  };
  const int64_t H = size("num_attention_heads", size("n_head", 0));
  return {.queries = H, .keys = size("num_key_value_heads", H)};
}

bool is_rope_table(std::string_view name) {
  return name == "rope_freqs.weight" || name == "rope_factors_long.weight" || name == "rope_factors_short.weight";
}

}  // namespace quern
