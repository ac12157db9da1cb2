// SPDX-License-Identifier: MIT
#include "tensor/kernels/attention.h"

#include <cmath>

#include "tensor/kernels/paged_attention.h"
#include "tensor/ops.h"

namespace quern {

namespace {
void whole_heads(const char* name, const Tensor& x, int64_t D) {
  QUERN_CHECK(x.ndim() == 3 && x.size(2) == D && x.strides()[2] == 1 && (x.size(1) == 1 || x.strides()[1] == D),
              "attention: {} must be (N, heads, {}) with whole heads", name, D);
}
Heads heads_of(const Tensor& x) { return {x.data(), x.strides()[0]}; }

AttentionShape attention_shape(const Tensor& q, const Tensor& k, int64_t D_v, std::span<const int64_t> segments,
                               const AttentionOptions& options) {
  const int64_t D = q.size(2);
  if (k.size(1) == 0 || q.size(1) % k.size(1) != 0)
    throw Error(ErrorKind::InvalidArgument, "attention: {} query heads can't share {} key heads", q.size(1), k.size(1));
  QUERN_CHECK(segments.size() >= 2 && segments.front() == 0 && segments.back() == q.size(0),
              "attention: segments must run from 0 to N");
  AttentionShape shape{};
  shape.H = q.size(1);
  shape.K = k.size(1);
  shape.D = D;
  shape.D_v = D_v;
  shape.segments = segments.data();
  shape.num_segments = int64_t(segments.size()) - 1;
  shape.scale = options.scale > 0 ? options.scale : 1.0f / std::sqrt(float(D));
  shape.causal = options.causal;
  shape.window = options.window;
  shape.softcap = options.softcap;
  return shape;
}
}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, std::span<const int64_t> segments,
                 const AttentionOptions& options) {
  const int64_t N = q.size(0), H = q.size(1), K = k.size(1), D = q.size(2), D_v = v.size(2);
  QUERN_SHAPE(k, N, K, D);
  QUERN_SHAPE(v, N, K, D_v);
  for (const auto& [name, t, size] : {std::tuple{"q", &q, D}, {"k", &k, D}, {"v", &v, D_v}})
    whole_heads(name, *t, size);
  AttentionShape shape = attention_shape(q, k, D_v, segments, options);
  Tensor out = Tensor::empty({N, H, D_v});
  if (!any_trainable({&q, &k, &v})) {
    attention_simd(heads_of(q), heads_of(k), heads_of(v), heads_of(out), nullptr, shape);
    return out;
  }
  Tensor lse = Tensor::empty({N, H});
  attention_simd(heads_of(q), heads_of(k), heads_of(v), heads_of(out), lse.data(), shape);
  auto owned = std::make_shared<std::vector<int64_t>>(segments.begin(), segments.end());
  const Tensor kept = out.detach();
  out.record("attention", {q, k, v}, [q, k, v, kept, lse, owned, shape](const Tensor& dy) mutable {
    shape.segments = owned->data();
    if (const auto fresh = Tensor::fresh_grads_of_parts({q, k, v})) {
      attention_backward_simd(heads_of(q), heads_of(k), heads_of(v), heads_of(kept), lse.data(), heads_of(dy),
                              heads_of((*fresh)[0]), heads_of((*fresh)[1]), heads_of((*fresh)[2]), false, shape);
      return;
    }
    Tensor dq = Tensor::empty(q.shape()), dk = Tensor::empty(k.shape()), dv = Tensor::empty(v.shape());
    attention_backward_simd(heads_of(q), heads_of(k), heads_of(v), heads_of(kept), lse.data(), heads_of(dy),
                            heads_of(dq), heads_of(dk), heads_of(dv), false, shape);
    if (q.trainable()) q.add_grad(dq);
    if (k.trainable()) k.add_grad(dk);
    if (v.trainable()) v.add_grad(dv);
  });
  return out;
}

std::vector<Tensor> attention_probabilities(const Tensor& q, const Tensor& k, std::span<const int64_t> segments,
                                            const AttentionOptions& options) {
  const AttentionShape shape = attention_shape(q, k, q.size(2), segments, options);
  Tensor all = Tensor::empty({attention_probabilities_size(shape)});
  attention_probabilities_ref(heads_of(q), heads_of(k), all.data(), shape);
  std::vector<Tensor> out;
  int64_t begin = 0;
  for (size_t s = 0; s + 1 < segments.size(); ++s) {
    const int64_t T = segments[s + 1] - segments[s], n = shape.H * T * T;
    out.push_back(all.slice(0, begin, begin + n).reshape({shape.H, T, T}));
    begin += n;
  }
  return out;
}

namespace {
PagedKv paged(const LayerPages& pages, const Tensor& block_tables) {
  return {.k_pages = pages.k.raw(),
          .v_pages = pages.v ? pages.v.raw() : nullptr,
          .k_page_stride = pages.k.strides()[0],
          .v_page_stride = pages.v ? pages.v.strides()[0] : 0,
          .block_table = block_tables.data<int32_t>(),
          .max_blocks = block_tables.size(1),
          .storage = pages.k.dtype()};
}
}  // namespace

void write_pages(const LayerPages& pages, const Tensor& k, const Tensor& v, std::span<const int32_t> slots,
                 std::span<const int32_t> positions, const Tensor& block_tables) {
  const int64_t N = k.size(0), K = pages.k.size(1), D = pages.k.size(2) / kPageSize, D_v = pages.D_v;
  QUERN_SHAPE(k, N, K, D);
  whole_heads("k", k, D);
  if (pages.v) {
    QUERN_SHAPE(v, N, K, D_v);
    whole_heads("v", v, D_v);
  }
  const PagedAttentionShape shape{.N = N, .H = K, .K = K, .D = D, .D_v = D_v};
  paged_write_simd(k.data(), k.strides()[0], pages.v ? v.data() : nullptr, pages.v ? v.strides()[0] : 0,
                   {slots.data(), positions.data()}, paged(pages, block_tables), shape);
}

Tensor paged_attention(const Tensor& q, const LayerPages& pages, std::span<const int32_t> slots,
                       std::span<const int32_t> positions, const Tensor& block_tables,
                       const AttentionOptions& options) {
  const int64_t N = q.size(0), H = q.size(1), K = pages.k.size(1), D = pages.k.size(2) / kPageSize, D_v = pages.D_v;
  QUERN_SHAPE(q, N, H, D);
  whole_heads("q", q, D);
  Tensor out = Tensor::empty({N, H, D_v});
  const PagedAttentionShape shape{.N = N,
                                  .H = H,
                                  .K = K,
                                  .D = D,
                                  .D_v = D_v,
                                  .scale = options.scale > 0 ? options.scale : 1.0f / std::sqrt(float(D)),
                                  .window = options.window,
                                  .softcap = options.softcap};
  paged_attention_simd(q.data(), q.strides()[0], {slots.data(), positions.data()}, paged(pages, block_tables),
                       out.data(), H * D_v, shape);
  return out;
}

}  // namespace quern
