// SPDX-License-Identifier: MIT
#include "tensor/kernels/embedding.h"

#include "tensor/kernels/rope.h"
#include "tensor/ops.h"

namespace quern {

Tensor embedding(const Tensor& table, const Tensor& ids) {
  const int64_t V = table.size(0), C = table.size(1), N = ids.numel();
  QUERN_CHECK(table.is_contiguous() && ids.dtype() == DType::i32, "embedding wants a contiguous table and i32 ids");
  for (int32_t id : ids.span<int32_t>())
    if (id < 0 || id >= V)
      throw Error(ErrorKind::InvalidArgument, "token id {} is outside the vocabulary of {}", id, V)
          .hint("the text was encoded with another tokenizer than the model's");
  Tensor y = Tensor::empty({N, C});
  embedding_simd(table.raw(), table.dtype(), ids.data<int32_t>(), 1.0f, y.data(), N, C);
  y.record("embedding", {table}, [table, ids, N, C](const Tensor& dy) {
    const Tensor::GradSlot slot = table.grad_slot();
    if (!slot.accumulate) slot.buffer.fill(0);
    embedding_backward_simd(dy.data(), ids.data<int32_t>(), 1.0f, slot.buffer.data(), N, C);
  });
  return y;
}

namespace {
RopeShape rope_shape(const Tensor& x, const Tensor& cos, const Tensor& sin, int64_t heads) {
  const int64_t N = x.size(0), D = x.size(2), R = cos.size(1);
  QUERN_SHAPE(cos, N, R);
  QUERN_SHAPE(sin, N, R);
  QUERN_CHECK(2 * R <= D && x.strides()[2] == 1 && x.strides()[1] == D, "rope wants whole heads");
  return {.N = N, .H = heads, .D = D, .R = 2 * R};
}
}  // namespace

Tensor rope(const Tensor& x, const Tensor& cos, const Tensor& sin) {
  RopeShape shape = rope_shape(x, cos, sin, x.size(1));
  Tensor y = Tensor::empty(x.shape());
  const int64_t stride = shape.H * shape.D;
  rope_simd(x.data(), x.strides()[0], y.data(), stride, cos.data(), sin.data(), nullptr, shape);
  shape.inverse = true;
  y.record("rope", {x}, [x, cos, sin, shape, stride](const Tensor& dy) {
    Tensor dx = Tensor::empty(x.shape());
    rope_simd(dy.data(), stride, dx.data(), stride, cos.data(), sin.data(), nullptr, shape);
    x.add_grad(dx);
  });
  return y;
}

Tensor rope_in_place(const Tensor& x, const Tensor& cos, const Tensor& sin, int64_t heads, int64_t first,
                     RopePairs pairs) {
  RopeShape shape = rope_shape(x, cos, sin, heads);
  QUERN_CHECK(x.is_contiguous() && heads <= x.size(1), "rope_in_place wants a contiguous (N, heads, D)");
  QUERN_CHECK(first >= 0 && first + shape.R <= shape.D, "rope_in_place: values {} to {} of {}", first, first + shape.R,
              shape.D);
  shape.pairs = pairs;
  const int64_t stride = x.strides()[0];
  Tensor y = x.alias();
  // What stands around the turning values is left alone when the kernel works in place.
  const auto turn = [=](const Tensor& t, const RopeShape& s) {
    rope_simd(t.data() + first, stride, t.data() + first, stride, cos.data(), sin.data(), nullptr, s);
  };
  turn(y, shape);
  shape.inverse = true;
  y.record("rope_in_place", {x}, [x, turn, shape](const Tensor& dy) {
    Tensor dx = dy.clone_if_shared();
    turn(dx, shape);
    x.add_grad(dx);
  });
  return y;
}

}  // namespace quern
