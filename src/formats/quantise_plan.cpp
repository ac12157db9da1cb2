// SPDX-License-Identifier: MIT
#include "formats/quantise_plan.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace quern {

namespace {

bool ends_in_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view end) { return name.ends_with(end); });
}

bool is_embedding_name(std::string_view name) {
  return ends_in_any(
      name, {"embed_tokens.weight", "wte.weight", "embed_in.weight", "tokens_embed.weight", "word_embeddings.weight"});
}
// Bits per weight, scales included.
double bits_of(DType dtype) { return 8.0 * info(dtype).block_bytes / info(dtype).block_size; }

DType at_least_q6(DType dtype) { return bits_of(dtype) < bits_of(DType::q6_k) ? DType::q6_k : dtype; }

}  // namespace

bool stays_f32(std::string_view name) {
  return ends_in_any(
      name, {"wpe.weight", "positions_embed.weight", "position_embeddings.weight", "token_type_embeddings.weight",
             "mlp.gate.weight", "block_sparse_moe.gate.weight", "shared_expert_gate.weight"});
}

bool is_head_name(std::string_view name) { return ends_in_any(name, {"lm_head.weight", "embed_out.weight"}); }

void require_written(DType dtype) {
  if ((is_quantised(dtype) && !is_read_only(dtype)) || dtype == DType::f32 || dtype == DType::f16 ||
      dtype == DType::bf16)
    return;
  std::string known;
  for (int d = 0; d < kNumDTypes; ++d)
    if (is_quantised(DType(d)) && !is_read_only(DType(d))) known += fmt::format(", {}", name(DType(d)));
  throw Error(ErrorKind::InvalidArgument, "models are not written in {}", name(dtype))
      .hint("these are: f32, f16, bf16{}", known);
}

DType dtype_for_rows(DType dtype, int64_t K) {
  if (K % info(dtype).block_size == 0) return dtype;
  if (K % 32 != 0) return DType::f16;
  switch (dtype) {
    case DType::q4_k:
      return DType::q5_0;
    case DType::q5_k:
      return DType::q5_1;
    case DType::q6_k:
      return DType::q8_0;
    default:
      return DType::iq4_nl;
  }
}

PlannedTensor plan_tensor(const std::string& name, const Shape& shape, const QuantisePlanOptions& options) {
  PlannedTensor planned{.name = name, .shape = shape, .dtype = DType::f32, .reason = ""};
  if (shape.size() < 2 || stays_f32(name)) {
    if (options.dtype != DType::f32) planned.reason = shape.size() < 2 ? "a vector" : "small, and decides much";
    return planned;
  }
  const bool embedding = is_embedding_name(name);
  const bool head = is_head_name(name) || (embedding && options.tied);
  DType wanted = options.dtype;
  if (head) wanted = options.head.value_or(at_least_q6(options.dtype));
  if (embedding && options.embedding) wanted = *options.embedding;
  if (wanted != options.dtype) planned.reason = head ? "the head" : "the embedding";
  planned.dtype = dtype_for_rows(wanted, shape.back());
  if (planned.dtype != wanted)
    planned.reason = fmt::format("rows of {} are no blocks of {}", shape.back(), info(wanted).block_size);
  return planned;
}

}  // namespace quern
