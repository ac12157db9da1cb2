// SPDX-License-Identifier: MIT
#include "tensor/kernels/cross_entropy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/softcap.h"
#include "tensor/ops.h"
#include "tensor/ops/matrix.h"

namespace quern {

namespace {
void check_labels(std::span<const int32_t> labels, int64_t N, int64_t V) {
  QUERN_CHECK(int64_t(labels.size()) == N, "{} labels for {} rows", labels.size(), N);
  for (int32_t y : labels)
    if (y != kIgnoreLabel && (y < 0 || y >= V))
      throw Error(ErrorKind::InvalidArgument, "label {} is outside the vocabulary of {}", y, V);
}

// Rows per slice: the slice of logits should stay near the cache, and be tall enough for an efficient product.
int64_t slice_rows(int64_t V) { return std::clamp<int64_t>((int64_t{4} << 20) / V, 384, 4096) / 8 * 8; }

// Adds up one slice's rows: totals in double, in row order.
void collect(std::span<const int32_t> labels, std::span<const float> loss, double& total, int64_t& count) {
  for (size_t n = 0; n < labels.size(); ++n) {
    if (labels[n] == kIgnoreLabel) continue;
    total += loss[n];
    ++count;
  }
}
// The gradient at the target is near -1 where all others are small probabilities, which a common integer scale would
// round to 0. In int8 it is therefore taken out of the products and added to both results exactly.
struct TargetGradients {
  std::vector<float> values;  // one a row; 0 where the row is ignored
  std::span<const int32_t> labels;

  TargetGradients(const Tensor& dlogits, std::span<const int32_t> labels) : values(labels.size()), labels(labels) {
    const int64_t V = dlogits.size(1);
    for (size_t n = 0; n < labels.size(); ++n)
      if (labels[n] != kIgnoreLabel) values[n] = std::exchange(dlogits.data()[int64_t(n) * V + labels[n]], 0.0f);
  }
  // to[n] += value w[label]
  void add_to_hidden(float* to, const Tensor& w) const {
    for (size_t n = 0; n < labels.size(); ++n)
      if (labels[n] != kIgnoreLabel) add_scaled(to + int64_t(n) * w.size(1), w.data() + labels[n] * w.size(1), n, w);
  }
  // to[label] += value h[n]
  void add_to_weight(float* to, const Tensor& h) const {
    for (size_t n = 0; n < labels.size(); ++n)
      if (labels[n] != kIgnoreLabel) add_scaled(to + labels[n] * h.size(1), h.data() + int64_t(n) * h.size(1), n, h);
  }

 private:
  void add_scaled(float* to, const float* from, size_t n, const Tensor& rows) const {
    axpy_simd(from, values[n], to, rows.size(1));
  }
};
}  // namespace

CrossEntropyResult cross_entropy_head(const Tensor& hidden, const Tensor& w, std::span<const int32_t> labels,
                                      const LossOptions& options) {
  if (is_quantised(w.dtype())) return cross_entropy_head(hidden, w.to(DType::f32), labels, options);
  const int64_t N = hidden.size(0), C = hidden.size(1), V = w.size(0);
  QUERN_SHAPE(w, V, C);
  check_labels(labels, N, V);
  const bool learn = any_trainable({&hidden, &w});
  const bool plain = options.label_smoothing == 0 && options.z_loss == 0;
  const int64_t slice = std::min(N, slice_rows(V));
  const bool capped = options.softcap > 0;
  Tensor logits = Tensor::empty({slice, V}), loss = Tensor::empty({slice}), lse = Tensor::empty({slice});
  Tensor dh = learn && hidden.trainable() ? Tensor::empty({N, C}) : Tensor{};
  Tensor dw = learn && w.trainable() ? Tensor::empty({V, C}) : Tensor{};
  const Tensor kept = capped && learn ? Tensor::empty({slice, V}) : Tensor{};  // capped logits, for the cap's slope
  CrossEntropyResult result;
  result.row_nll.resize(size_t(N));
  double total = 0;
  const Tensor h = hidden.contiguous();
  const bool exact_targets = options.precision == Precision::int8 && learn && w.dtype() == DType::f32 &&
                             h.dtype() == DType::f32 && w.is_contiguous();
  for (int64_t begin = 0; begin < N; begin += slice) {
    const int64_t rows = std::min(slice, N - begin);
    const auto y = labels.subspan(size_t(begin), size_t(rows));
    const Tensor h_s = h.detach().slice(0, begin, begin + rows);
    multiply(rows, V, C, as_mat(h_s), transposed(as_mat(w)), logits.data(), V, {.precision = options.precision});
    if (capped) softcap_simd(logits.data(), options.softcap, logits.data(), rows * V);
    if (kept) std::copy_n(logits.data(), rows * V, kept.data());
    float* nll = result.row_nll.data() + begin;
    if (!plain)  // what is reported is the plain loss; what is learned has the extra terms
      for (int64_t n = 0; n < rows; ++n)
        nll[n] = y[size_t(n)] == kIgnoreLabel ? 0 : -logits.data()[n * V + y[size_t(n)]];
    cross_entropy_simd(logits.data(), V, y.data(), nullptr, loss.data(), lse.data(),
                       {.label_smoothing = options.label_smoothing, .z_loss = options.z_loss, .write_grad = learn},
                       rows, V);
    for (int64_t n = 0; n < rows; ++n)
      nll[n] = plain ? loss.data()[n] : y[size_t(n)] == kIgnoreLabel ? 0 : nll[n] + lse.data()[n];
    collect(y, {loss.data(), size_t(rows)}, total, result.count);
    if (kept) softcap_backward_simd(kept.data(), options.softcap, logits.data(), logits.data(), rows * V);
    const Tensor dlogits = logits.slice(0, 0, rows);
    std::optional<TargetGradients> targets;
    if (exact_targets) targets.emplace(dlogits, y);
    if (dh)
      multiply(rows, C, V, as_mat(dlogits), as_mat(w), dh.data() + begin * C, C, {.precision = options.precision});
    if (dw)
      multiply(V, C, rows, transposed(as_mat(dlogits)), as_mat(h_s), dw.data(), C,
               {.precision = options.precision, .block_k = kInt8Tokens, .accumulate = begin > 0});
    if (targets && dh) targets->add_to_hidden(dh.data() + begin * C, w);
    if (targets && dw) targets->add_to_weight(dw.data(), h_s);
  }
  for (float v : result.row_nll) result.nll_sum += v;
  result.sum = Tensor::full({}, float(total));
  if (learn) {
    result.sum.record("cross_entropy_head", {hidden, w}, [hidden, w, dh, dw](const Tensor& dy) mutable {
      const auto give = [&](const Tensor& to, Tensor& g) {
        if (!g.defined()) return;
        if (dy.item() != 1.0f) scale_simd(g.data(), dy.item(), g.data(), g.numel());
        const Tensor moved = std::move(g);
        to.add_grad(moved);
      };
      give(hidden, dh);
      give(w, dw);
    });
  }
  return result;
}

CrossEntropyResult cross_entropy(const Tensor& logits, std::span<const int32_t> labels, const LossOptions& options) {
  const int64_t N = logits.size(0), V = logits.size(1);
  check_labels(labels, N, V);
  QUERN_CHECK(options.softcap == 0, "cross_entropy takes logits as they are");
  Tensor work = logits.clone(), loss = Tensor::empty({N}), lse = Tensor::empty({N});
  CrossEntropyResult result;
  result.row_nll.resize(size_t(N));
  for (int64_t n = 0; n < N; ++n)
    if (labels[size_t(n)] != kIgnoreLabel) result.row_nll[size_t(n)] = -work.data()[n * V + labels[size_t(n)]];
  cross_entropy_simd(
      work.data(), V, labels.data(), nullptr, loss.data(), lse.data(),
      {.label_smoothing = options.label_smoothing, .z_loss = options.z_loss, .write_grad = logits.trainable()}, N, V);
  double total = 0;
  collect(labels, loss.span(), total, result.count);
  for (int64_t n = 0; n < N; ++n)
    if (labels[size_t(n)] != kIgnoreLabel) result.nll_sum += (result.row_nll[size_t(n)] += lse.data()[n]);
  result.sum = Tensor::full({}, float(total));
  result.sum.record("cross_entropy", {logits}, [logits, work](const Tensor& dy) {
    if (dy.item() != 1.0f) scale_simd(work.data(), dy.item(), work.data(), work.numel());
    logits.add_grad(work);
  });
  return result;
}

}  // namespace quern
