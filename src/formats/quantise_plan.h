// SPDX-License-Identifier: MIT
#pragma once
// Which dtype each parameter of a model gets when the model is quantised.
//
// Rules, the first that fits:
//   1. Vectors (norms, biases), tables of positions and a mixture's router stay f32: they are small and decide much.
//   2. The head, and an embedding that is also the head, get no less than q6_k: every logit passes through them.
//   3. Every other matrix gets the type asked for.
//   4. A type with blocks of 256 falls back where rows are no multiple of that, to the next with blocks of 32:
//        q2_k, q3_k, iq4_xs -> iq4_nl    q4_k -> q5_0    q5_k -> q5_1    q6_k -> q8_0
//      and where rows are no multiple of 32 either, to f16.

#include <optional>
#include <string>
#include <string_view>

#include "tensor/tensor.h"

namespace quern {

struct QuantisePlanOptions {
  DType dtype = DType::q4_k;             // f32, f16, bf16 or a block type that is written
  bool tied = false;                     // the embedding is the head as well (ModelShape::tied)
  std::optional<DType> embedding, head;  // instead of what rules 2 and 3 say; rule 4 holds for them as well
};

struct PlannedTensor {
  std::string name;
  Shape shape;
  DType dtype = DType::f32;
  std::string reason;  // why it is not the type asked for; "" when it is
};

// The dtype that rows of K values get when `dtype` is asked for: rule 4.
DType dtype_for_rows(DType dtype, int64_t K);

// What one matrix or vector of that name and shape becomes.
PlannedTensor plan_tensor(const std::string& name, const Shape& shape, const QuantisePlanOptions& options);
bool stays_f32(std::string_view name);     // the matrices of rule 1, by their Hugging Face names
bool is_head_name(std::string_view name);  // "lm_head.weight" and its kin
void require_written(DType dtype);         // throws InvalidArgument for a type that models are not written in

}  // namespace quern
