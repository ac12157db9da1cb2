// SPDX-License-Identifier: MIT
#include "tensor/kernels/elementwise.h"

#include "tensor/kernels/reduce.h"
#include "tensor/kernels/softcap.h"
#include "tensor/kernels/softmax.h"
#include "tensor/ops.h"

namespace quern {

namespace {
void same_shape(const char* op, const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape())
    throw Error(ErrorKind::InvalidArgument, "{}: shapes {} and {} differ", op, to_string(a.shape()),
                to_string(b.shape()));
}
}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  same_shape("add", a, b);
  const Tensor ca = a.contiguous(), cb = b.contiguous();
  Tensor y = Tensor::empty(a.shape());
  add_simd(ca.data(), cb.data(), y.data(), y.numel());
  y.record("add", {ca, cb}, [ca, cb](const Tensor& dy) {
    if (ca.trainable()) ca.add_grad(dy);
    if (cb.trainable()) cb.add_grad(dy);
  });
  return y;
}

Tensor mul(const Tensor& a, const Tensor& b) {
  same_shape("mul", a, b);
  const Tensor ca = a.contiguous(), cb = b.contiguous();
  Tensor y = Tensor::empty(a.shape());
  multiply_simd(ca.data(), cb.data(), y.data(), y.numel());
  y.record("mul", {ca, cb}, [ca, cb](const Tensor& dy) {
    const auto give = [&](const Tensor& to, const Tensor& other) {
      if (!to.trainable()) return;
      Tensor g = Tensor::empty(dy.shape());
      multiply_simd(dy.data(), other.data(), g.data(), g.numel());
      to.add_grad(g);
    };
    give(ca, cb);
    give(cb, ca);
  });
  return y;
}

Tensor scale(const Tensor& x, float factor) {
  const Tensor c = x.contiguous();
  Tensor y = Tensor::empty(x.shape());
  scale_simd(c.data(), factor, y.data(), y.numel());
  y.record("scale", {c}, [c, factor](const Tensor& dy) {
    Tensor g = Tensor::empty(dy.shape());
    scale_simd(dy.data(), factor, g.data(), g.numel());
    c.add_grad(g);
  });
  return y;
}

Tensor sum(const Tensor& x) {
  const Tensor c = x.contiguous();
  Tensor y = Tensor::full({}, float(sum_simd(c.data(), c.numel())));
  y.record("sum", {c}, [c](const Tensor& dy) { c.add_grad(Tensor::full(c.shape(), dy.item())); });
  return y;
}

std::optional<Activation> activation_from_name(std::string_view name) {
  if (name == "relu") return Activation::relu;
  if (name == "relu2" || name == "relu_squared") return Activation::relu2;
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "gelu" || name == "gelu_python") return Activation::gelu_erf;
  for (const char* tanh : {"gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_fast", "gelu_accurate"})
    if (name == tanh) return Activation::gelu_tanh;
  if (name == "quick_gelu") return Activation::quick_gelu;
  if (name == "sigmoid") return Activation::sigmoid;
  if (name == "tanh") return Activation::tanh;
  return std::nullopt;
}

Tensor activate(const Tensor& x, Activation kind) {
  const Tensor c = x.contiguous();
  Tensor y = Tensor::empty(x.shape());
  activation_simd(kind, c.data(), y.data(), y.numel());
  y.record("activate", {c}, [c, kind](const Tensor& dy) {
    const Tensor::GradSlot slot = c.grad_slot();
    if (slot.buffer.is_contiguous()) {
      activation_backward_simd(kind, c.data(), dy.data(), slot.buffer.data(), slot.accumulate, c.numel());
    } else {
      Tensor g = Tensor::empty(c.shape());
      activation_backward_simd(kind, c.data(), dy.data(), g.data(), false, c.numel());
      c.add_grad(g);
    }
  });
  return y;
}

Tensor glu(const Tensor& gate_up, Activation f) {
  const int64_t N = gate_up.size(0), F = gate_up.size(1) / 2;
  QUERN_SHAPE(gate_up, N, 2 * F);
  const Tensor x = gate_up.contiguous();
  Tensor y = Tensor::empty({N, F});
  glu_simd(f, x.data(), 2 * F, x.data() + F, 2 * F, y.data(), N, F);
  y.record("glu", {x}, [x, f, N, F](const Tensor& dy) {
    Tensor g = Tensor::empty(x.shape());
    glu_backward_simd(f, x.data(), x.data() + F, dy.data(), g.data(), g.data() + F, 2 * F, 2 * F, N, F);
    x.add_grad(g);
  });
  return y;
}

Tensor softcap(const Tensor& x, float cap) {
  QUERN_CHECK(cap > 0, "softcap: a cap of {}", cap);
  const Tensor c = x.contiguous();
  Tensor y = Tensor::empty(x.shape());
  softcap_simd(c.data(), cap, y.data(), y.numel());
  const Tensor kept = y.detach();
  y.record("softcap", {c}, [c, kept, cap](const Tensor& dy) {
    Tensor g = Tensor::empty(c.shape());
    softcap_backward_simd(kept.data(), cap, dy.data(), g.data(), g.numel());
    c.add_grad(g);
  });
  return y;
}

namespace {
template <typename Forward, typename Backward>
Tensor over_rows(const char* op, const Tensor& x, Forward forward, Backward backward) {
  const Tensor c = x.contiguous();
  const int64_t C = c.size(-1), N = c.numel() / std::max<int64_t>(C, 1);
  Tensor y = Tensor::empty(x.shape());
  forward(c.data(), y.data(), N, C);
  const Tensor kept = y.detach();
  y.record(op, {c}, [c, kept, N, C, backward](const Tensor& dy) {
    Tensor g = Tensor::empty(c.shape());
    backward(kept.data(), dy.data(), g.data(), N, C);
    c.add_grad(g);
  });
  return y;
}
}  // namespace

Tensor softmax(const Tensor& x) {
  return over_rows(
      "softmax", x, [](const float* in, float* out, int64_t N, int64_t C) { softmax_simd(in, 1.0f, out, N, C); },
      [](const float* y, const float* dy, float* dx, int64_t N, int64_t C) {
        softmax_backward_simd(y, dy, 1.0f, dx, false, N, C);
      });
}

Tensor log_softmax(const Tensor& x) {
  return over_rows(
      "log_softmax", x, [](const float* in, float* out, int64_t N, int64_t C) { log_softmax_simd(in, out, N, C); },
      [](const float* y, const float* dy, float* dx, int64_t N, int64_t C) {
        log_softmax_backward_simd(y, dy, dx, false, N, C);
      });
}

}  // namespace quern
