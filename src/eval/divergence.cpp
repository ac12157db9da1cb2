// SPDX-License-Identifier: MIT
#include "eval/divergence.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/threads.h"

namespace quern {

namespace {
constexpr int64_t kSliceRows = 128;  // whose logits exist at once

struct RowDivergence {
  double loss = 0, divergence = 0;
  bool same_top = false;
};

double log_sum_exp(const float* x, int64_t n, float largest) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - largest);
  return double{largest} + std::log(sum);
}

// p and q: logits (V) of parent and model.
RowDivergence compare_row(const float* p, const float* q, int64_t V, int32_t label) {
  const int64_t top_p = std::max_element(p, p + V) - p, top_q = std::max_element(q, q + V) - q;
  const double norm_p = log_sum_exp(p, V, p[top_p]), norm_q = log_sum_exp(q, V, q[top_q]);
  double sum = 0;
  for (int64_t v = 0; v < V; ++v)
    sum += double{std::exp(float(p[v] - norm_p))} * ((double{p[v]} - norm_p) - (double{q[v]} - norm_q));
  return {.loss = norm_q - q[label], .divergence = std::max(0.0, sum), .same_top = top_p == top_q};
}
}  // namespace

double Divergence::perplexity() const { return std::exp(loss); }

DivergenceMeter::DivergenceMeter(std::shared_ptr<const CausalLm> parent, std::span<const int32_t> ids,
                                 const DivergenceOptions& options)
    : parent_(std::move(parent)) {
  const int64_t start = options.start_id >= 0;
  const int64_t T = std::min(options.context, parent_->shape().context) - start;
  const int64_t size = std::min<int64_t>(int64_t(ids.size()), std::max<int64_t>(2, options.tokens));
  if (T < 2 || size < 2) throw Error(ErrorKind::InvalidData, "a text of {} tokens tells nothing", size);
  for (int64_t begin = 0; begin + 1 < size || (begin < size && start); begin += T) {
    const int64_t end = std::min(begin + T, size);
    Window w;
    if (start) w.ids.push_back(options.start_id);
    w.ids.insert(w.ids.end(), ids.begin() + begin, ids.begin() + end);
    w.labels.assign(w.ids.begin() + 1, w.ids.end());
    w.ids.pop_back();
    if (w.ids.empty()) continue;
    w.hidden = parent_->forward(Batch::of(w.ids)).detach();
    windows_.push_back(std::move(w));
  }
}

Divergence DivergenceMeter::measure(const CausalLm& model, const OnProgress& on_progress) const {
  const int64_t V = parent_->shape().V;
  if (model.shape().V != V)
    throw Error(ErrorKind::InvalidArgument, "vocabularies of {} and {} tokens can't be compared", V, model.shape().V);
  int64_t total = 0;
  for (const Window& w : windows_) total += int64_t(w.labels.size());
  Divergence out;
  for (const Window& w : windows_) {
    const Tensor hidden = model.forward(Batch::of(w.ids)).detach();
    for (int64_t begin = 0; begin < hidden.size(0); begin += kSliceRows) {
      const int64_t end = std::min(begin + kSliceRows, hidden.size(0));
      const Tensor p = parent_->logits(w.hidden.slice(0, begin, end)), q = model.logits(hidden.slice(0, begin, end));
      std::vector<RowDivergence> rows(static_cast<size_t>(end - begin));
      parallel_for(end - begin, 1, [&](int64_t from, int64_t to) {
        for (int64_t n = from; n < to; ++n)
          rows[size_t(n)] = compare_row(p.data() + n * V, q.data() + n * V, V, w.labels[size_t(begin + n)]);
      });
      for (const RowDivergence& row : rows) {
        ++out.tokens;
        out.loss += row.loss;
        out.mean += row.divergence;
        out.same_top += row.same_top;
      }
    }
    if (on_progress && !on_progress(out.tokens, total)) break;
  }
  const double n = double(std::max<int64_t>(1, out.tokens));
  out.loss /= n, out.mean /= n, out.same_top /= n;
  return out;
}

}  // namespace quern
