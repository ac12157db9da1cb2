// SPDX-License-Identifier: MIT
#include "train/optimizer.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "tensor/kernels/adamw.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/reduce.h"

namespace quern {

namespace {
// Matrices inside blocks: "model.layers.3.mlp.down_proj.weight", "transformer.h.3.mlp.c_fc.weight".
bool is_hidden_matrix(const Parameter& p) {
  if (p.value.ndim() != 2) return false;
  for (const char* outside : {"embed", "wte", "wpe", "lm_head"})
    if (p.name.find(outside) != std::string::npos) return false;
  return true;
}

float master_value(uint16_t high, uint16_t low) { return std::bit_cast<float>(uint32_t{high} << 16 | low); }
}  // namespace

Tensor orthogonalised(const Tensor& input, int iterations, float eps) {
  const bool tall = input.size(0) > input.size(1);
  Tensor x = (tall ? input.transpose(0, 1) : input).contiguous().clone();
  const int64_t R = x.size(0), C = x.size(1);
  double squares = 0;
  for (float v : x.span()) squares += double(v) * v;
  const float inverse = 1.0f / std::max(float(std::sqrt(squares)), eps);
  for (float& v : x.span()) v *= inverse;
  Tensor a = Tensor::empty({R, R}), b = Tensor::empty({R, R}), next = Tensor::empty({R, C});
  const Mat xm = row_major(x.data(), C), am = row_major(a.data(), R), bm = row_major(b.data(), R);
  for (int i = 0; i < iterations; ++i) {
    gemm(R, R, C, xm, xm.transposed(), a.data(), R);
    for (int64_t j = 0; j < R * R; ++j) b.data()[j] = -4.7750f * a.data()[j];
    gemm(R, R, R, am, am, b.data(), R, {.alpha = 2.0315f, .accumulate = true});
    for (int64_t j = 0; j < R * C; ++j) next.data()[j] = 3.4445f * x.data()[j];
    gemm(R, C, R, bm, xm, next.data(), C, {.accumulate = true});
    std::copy_n(next.data(), R * C, x.data());
  }
  return tall ? x.transpose(0, 1).contiguous() : x;
}

Optimizer::Optimizer(const ParamStore& params, const OptimizerConfig& config) : config_(config) {
  for (const Parameter& p : params.parameters()) {
    if (!p.value.trainable()) continue;
    Slot slot{.parameter = p, .muon = config.kind == OptimizerConfig::Kind::muon && is_hidden_matrix(p)};
    slot.m = Tensor::zeros(p.value.shape());
    if (!slot.muon) slot.v = Tensor::zeros(p.value.shape());
    if (p.value.dtype() == DType::bf16) slot.low = Tensor::zeros(p.value.shape(), DType::bf16);
    slots_.push_back(std::move(slot));
  }
}

Optimizer::GradNorm Optimizer::grad_norm() const {
  std::vector<std::span<const float>> grads;
  std::vector<Tensor> kept;
  std::vector<const std::string*> names;
  for (const Slot& slot : slots_) {
    const Tensor g = slot.parameter.value.grad();
    if (!g.defined()) continue;
    kept.push_back(g);
    grads.push_back(g.span());
    names.push_back(&slot.parameter.name);
  }
  const GlobalNorm norm = global_norm(grads);
  return {norm.norm, norm.first_non_finite < 0 ? "" : *names[size_t(norm.first_non_finite)]};
}

void Optimizer::muon_update(Slot& slot, float lr, float grad_scale) {
  const Tensor g = slot.parameter.value.grad();
  const int64_t n = g.numel();
  Tensor update = Tensor::empty(g.shape());
  for (int64_t i = 0; i < n; ++i) {
    const float gi = g.data()[i] * grad_scale;
    float& m = slot.m.data()[i];
    m += (gi - m) * (1 - config_.muon_momentum);
    update.data()[i] = config_.muon_nesterov ? gi + (m - gi) * config_.muon_momentum : m;
  }
  update = orthogonalised(update, config_.muon_iterations);
  const float muon_lr = lr * config_.muon_lr_ratio;
  const float rows = float(g.size(0)), cols = float(g.size(1));
  const float scale = muon_lr * std::sqrt(std::max(1.0f, rows / cols)), keep = 1 - muon_lr * config_.weight_decay;
  if (slot.low) {
    auto *high = slot.parameter.value.data<uint16_t>(), *low = slot.low.data<uint16_t>();
    for (int64_t i = 0; i < n; ++i) {
      const uint32_t bits = std::bit_cast<uint32_t>(master_value(high[i], low[i]) * keep - scale * update.data()[i]);
      high[i] = uint16_t(bits >> 16);
      low[i] = uint16_t(bits);
    }
  } else {
    float* w = slot.parameter.value.data();
    for (int64_t i = 0; i < n; ++i) w[i] = w[i] * keep - scale * update.data()[i];
  }
}

void Optimizer::step(float lr, float grad_scale) {
  ++steps_;
  std::vector<AdamwTensor> tensors;
  std::vector<Tensor> kept;
  for (Slot& slot : slots_) {
    const Tensor g = slot.parameter.value.grad();
    if (!g.defined()) continue;
    if (slot.muon) {
      muon_update(slot, lr, grad_scale);
      continue;
    }
    kept.push_back(g);
    AdamwTensor t{.grad = g.data(),
                  .m = slot.m.data(),
                  .v = slot.v.data(),
                  .n = g.numel(),
                  .decay = slot.parameter.value.ndim() >= 2};
    if (slot.low) {
      t.param_bf16 = slot.parameter.value.data<uint16_t>();
      t.param_low = slot.low.data<uint16_t>();
    } else {
      t.param = slot.parameter.value.data();
    }
    tensors.push_back(t);
  }
  adamw_simd(tensors, {.lr = lr,
                       .beta1 = config_.beta1,
                       .beta2 = config_.beta2,
                       .eps = config_.eps,
                       .weight_decay = config_.weight_decay,
                       .step = steps_,
                       .grad_scale = grad_scale});
}

std::vector<std::pair<std::string, Tensor>> Optimizer::state() const {
  std::vector<std::pair<std::string, Tensor>> out;
  for (const Slot& slot : slots_) {
    out.emplace_back(slot.parameter.name + ".m", slot.m);
    if (slot.v) out.emplace_back(slot.parameter.name + ".v", slot.v);
    if (slot.low) out.emplace_back(slot.parameter.name + ".low", slot.low);
  }
  return out;
}

void Optimizer::restore(int64_t steps, const std::function<std::optional<Tensor>(const std::string&)>& find,
                        const std::string& where) {
  for (const auto& [name, tensor] : state()) {
    const std::optional<Tensor> found = find(name);
    if (!found || found->shape() != tensor.shape() || found->dtype() != tensor.dtype())
      throw Error(ErrorKind::InvalidData, "{}: optimizer state '{}' is missing or of another shape", where, name)
          .hint("the checkpoint belongs to another model or optimizer");
    tensor.copy_from(*found);
  }
  steps_ = steps;
}

}  // namespace quern
