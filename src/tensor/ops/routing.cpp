// SPDX-License-Identifier: MIT
// Rows on their way to experts and back.
#include "tensor/kernels/rows.h"
#include "tensor/kernels/weighted_rows.h"
#include "tensor/ops.h"

namespace quern {

Tensor gather_rows(const Tensor& x, std::span<const int32_t> rows) {
  const int64_t N = x.size(0), C = x.size(1), M = int64_t(rows.size());
  QUERN_CHECK(x.ndim() == 2 && x.strides()[1] == 1, "gather_rows wants whole rows");
  for (const int32_t row : rows) QUERN_CHECK(row >= 0 && row < N, "gather_rows: row {} of {}", row, N);
  Tensor y = Tensor::empty({M, C});
  gather_rows_simd(x.data(), x.strides()[0], rows.data(), y.data(), M, C);
  y.record("gather_rows", {x}, [x, M, C, kept = std::vector<int32_t>(rows.begin(), rows.end())](const Tensor& dy) {
    const Tensor::GradSlot slot = x.grad_slot();
    if (!slot.accumulate) slot.buffer.fill(0);
    scatter_rows_simd(dy.data(), kept.data(), slot.buffer.data(), slot.buffer.strides()[0], true, M, C);
  });
  return y;
}

Tensor pick_columns(const Tensor& x, std::span<const int32_t> columns, int64_t J) {
  const int64_t N = x.size(0), E = x.size(1);
  QUERN_CHECK(int64_t(columns.size()) == N * J, "pick_columns: {} places for ({}, {})", columns.size(), N, J);
  const Tensor c = x.contiguous();
  Tensor y = Tensor::empty({N, J});
  for (int64_t i = 0; i < N * J; ++i) {
    const int32_t column = columns[size_t(i)];
    QUERN_CHECK(column >= 0 && column < E, "pick_columns: column {} of {}", column, E);
    y.data()[i] = c.data()[i / J * E + column];
  }
  y.record("pick_columns", {c},
           [c, E, J, kept = std::vector<int32_t>(columns.begin(), columns.end())](const Tensor& dy) {
             const Tensor g = Tensor::zeros(c.shape());
             for (size_t i = 0; i < kept.size(); ++i) g.data()[int64_t(i) / J * E + kept[i]] += dy.data()[i];
             c.add_grad(g);
           });
  return y;
}

// With s = sum(x) + eps:  y = x / s,  dx = (dy - dot(dy, y)) / s.
Tensor divide_by_sum(const Tensor& x, float eps) {
  const Tensor c = x.contiguous();
  const int64_t J = c.size(-1), N = c.numel() / std::max<int64_t>(J, 1);
  Tensor y = Tensor::empty(c.shape()), inverse = Tensor::empty({N});
  for (int64_t n = 0; n < N; ++n) {
    float sum = 0;
    for (int64_t j = 0; j < J; ++j) sum += c.data()[n * J + j];
    inverse.data()[n] = 1.0f / (sum + eps);
    for (int64_t j = 0; j < J; ++j) y.data()[n * J + j] = c.data()[n * J + j] * inverse.data()[n];
  }
  const Tensor kept = y.detach();
  y.record("divide_by_sum", {c}, [c, kept, inverse, N, J](const Tensor& dy) {
    const Tensor g = Tensor::empty(c.shape());
    for (int64_t n = 0; n < N; ++n) {
      float dot = 0;
      for (int64_t j = 0; j < J; ++j) dot += dy.data()[n * J + j] * kept.data()[n * J + j];
      for (int64_t j = 0; j < J; ++j) g.data()[n * J + j] = (dy.data()[n * J + j] - dot) * inverse.data()[n];
    }
    c.add_grad(g);
  });
  return y;
}

namespace {
// Pointers to the rows at `places`, counted through the parts.
template <typename T>
std::vector<T*> rows_at(const std::vector<Tensor>& parts, std::span<const int32_t> places) {
  std::vector<T*> all, out;
  for (const Tensor& part : parts)
    for (int64_t m = 0; m < (part ? part.size(0) : 0); ++m) all.push_back(part.data() + m * part.strides()[0]);
  for (const int32_t place : places) {
    QUERN_CHECK(place >= 0 && size_t(place) < all.size(), "weighted_rows: row {} of {}", place, all.size());
    out.push_back(all[size_t(place)]);
  }
  return out;
}
}  // namespace

Tensor weighted_rows(const std::vector<Tensor>& parts, const Tensor& w, std::span<const int32_t> places) {
  const int64_t N = w.size(0), J = w.size(1);
  QUERN_CHECK(!parts.empty() && int64_t(places.size()) == N * J && w.is_contiguous(),
              "weighted_rows: {} places for weights {}", places.size(), to_string(w.shape()));
  const int64_t C = parts.front().size(1);
  for (const Tensor& part : parts)
    QUERN_CHECK(part.size(1) == C && part.strides()[1] == 1, "weighted_rows: a part has shape {}, not (.., {})",
                to_string(part.shape()), C);
  Tensor y = Tensor::empty({N, C});
  weighted_rows_simd(rows_at<const float>(parts, places).data(), w.data(), y.data(), N, J, C);
  std::vector<Tensor> inputs = parts;
  inputs.push_back(w);
  y.record("weighted_rows", std::move(inputs),
           [parts, w, N, J, C, kept = std::vector<int32_t>(places.begin(), places.end())](const Tensor& dy) {
             // Rows that no place names get nothing.
             std::vector<Tensor> d_parts;
             for (const Tensor& part : parts) d_parts.push_back(Tensor::zeros(part.shape()));
             const Tensor dw = Tensor::empty(w.shape());
             weighted_rows_backward_simd(rows_at<const float>(parts, kept).data(), w.data(), dy.data(), dw.data(),
                                         rows_at<float>(d_parts, kept).data(), N, J, C);
             for (size_t i = 0; i < parts.size(); ++i)
               if (parts[i].trainable()) parts[i].add_grad(d_parts[i]);
             if (w.trainable()) w.add_grad(dw);
           });
  return y;
}

}  // namespace quern
