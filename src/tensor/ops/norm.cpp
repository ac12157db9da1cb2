// SPDX-License-Identifier: MIT
#include "tensor/kernels/layer_norm.h"
#include "tensor/kernels/rms_norm.h"
#include "tensor/ops.h"

namespace quern {

namespace {
// A gradient that kernels only ever add to: zeros when nothing is there yet, nullptr when nobody wants it.
float* added_grad(const Tensor& t) {
  if (!t.defined() || !t.trainable()) return nullptr;
  const Tensor::GradSlot slot = t.grad_slot();
  if (!slot.accumulate) slot.buffer.fill(0);
  return slot.buffer.data();
}
}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& w, float eps, float w_offset) {
  const int64_t C = x.size(-1), N = x.numel() / C;
  QUERN_SHAPE(w, C);
  const Tensor c = x.contiguous();
  Tensor y = Tensor::empty(x.shape()), rstd = Tensor::empty({N});
  rms_norm_simd(c.data(), w.data(), w_offset, eps, y.data(), rstd.data(), N, C);
  y.record("rms_norm", {c, w}, [c, w, rstd, w_offset, N, C](const Tensor& dy) {
    float* dw = added_grad(w);
    if (c.trainable()) {
      const Tensor::GradSlot dx = c.grad_slot();
      rms_norm_backward_simd(c.data(), w.data(), w_offset, rstd.data(), dy.data(), dx.buffer.data(), dx.accumulate, dw,
                             N, C);
    } else {
      Tensor unused = Tensor::empty(c.shape());
      rms_norm_backward_simd(c.data(), w.data(), w_offset, rstd.data(), dy.data(), unused.data(), false, dw, N, C);
    }
  });
  return y;
}

Tensor layer_norm(const Tensor& x, const Tensor& w, const Tensor& b, float eps) {
  const int64_t C = x.size(-1), N = x.numel() / C;
  QUERN_SHAPE(w, C);
  QUERN_SHAPE(b, C);
  const Tensor c = x.contiguous();
  Tensor y = Tensor::empty(x.shape()), mean = Tensor::empty({N}), rstd = Tensor::empty({N});
  layer_norm_simd(c.data(), w.data(), b.data(), eps, y.data(), mean.data(), rstd.data(), N, C);
  y.record("layer_norm", {c, w, b}, [c, w, b, mean, rstd, N, C](const Tensor& dy) {
    float *dw = added_grad(w), *db = added_grad(b);
    Tensor::GradSlot dx = c.trainable() ? c.grad_slot() : Tensor::GradSlot{Tensor::empty(c.shape()), false};
    layer_norm_backward_simd(c.data(), w.data(), mean.data(), rstd.data(), dy.data(), dx.buffer.data(), dx.accumulate,
                             dw, db, N, C);
  });
  return y;
}

}  // namespace quern
