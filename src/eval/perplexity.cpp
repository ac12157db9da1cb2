// SPDX-License-Identifier: MIT
#include "eval/perplexity.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "data/token_file.h"

namespace quern {

double PerplexityResult::perplexity() const { return std::exp(loss()); }
double PerplexityResult::bits_per_byte() const {
  return total.bytes ? total.text_nll / std::numbers::ln2 / double(total.bytes) : 0;
}

PerplexityMeter::PerplexityMeter(const CausalLm& model, std::vector<uint16_t> token_bytes, PerplexityOptions options)
    : model_(model), token_bytes_(std::move(token_bytes)), options_(std::move(options)) {
  PerplexityOptions& o = options_;
  const int64_t made_for = model.shape().context;
  if (o.context <= 0) o.context = made_for;
  if (o.stride <= 0) o.stride = std::max<int64_t>(1, o.context / 2);
  if (o.context > made_for)
    throw Error(ErrorKind::InvalidArgument, "context {} is more than the {} tokens this model was made for", o.context,
                made_for);
  if (o.context < 2 && o.start_id < 0)
    throw Error(ErrorKind::InvalidArgument, "a context of {} predicts nothing", o.context);
  if (o.stride > o.context)
    throw Error(ErrorKind::InvalidArgument, "stride {} would skip tokens between windows of {}", o.stride, o.context);
}

// The model reads x_0 .. x_{n-1} and predicts x_1 .. x_n: a window of `context` inputs holds one label more.
bool PerplexityMeter::add(std::span<const int32_t> document) {
  if (stopped_) return false;
  std::vector<int32_t> x;
  if (options_.start_id >= 0) x.push_back(options_.start_id);
  x.insert(x.end(), document.begin(), document.end());
  const int64_t labels = int64_t(x.size()) - 1;  // label i is x[i + 1]
  scores_.emplace_back();
  for (int64_t begin = 0, counted = 0; counted < labels; begin += options_.stride) {
    const int64_t end = std::min(begin + options_.context, labels);
    const size_t first = size_t(counted - begin);
    if (!push({scores_.size() - 1, {x.begin() + begin, x.begin() + end + 1}, first})) return false;
    counted = end;
  }
  return true;
}

bool PerplexityMeter::add_second_halves(std::span<const int32_t> text, int32_t bos_id) {
  const size_t T = size_t(options_.context);
  if (text.size() < T)
    throw Error(ErrorKind::InvalidData, "the text has {} tokens, which fill no window of {}", text.size(), T)
        .hint("take a longer text or a smaller --context");
  for (size_t begin = 0; begin + T <= text.size() && !stopped_; begin += T) {
    scores_.emplace_back();
    Window window{scores_.size() - 1, {text.begin() + int64_t(begin), text.begin() + int64_t(begin + T)}, T / 2};
    if (bos_id >= 0) window.ids[0] = bos_id;
    push(std::move(window));
  }
  return !stopped_;
}

bool PerplexityMeter::push(Window window) {
  if (stopped_) return false;
  pending_tokens_ += int64_t(window.ids.size()) - 1;
  pending_.push_back(std::move(window));
  if (pending_tokens_ >= options_.batch_tokens) run_pending();
  return !stopped_;
}

namespace {
constexpr int64_t kHeadRows = 128;  // whose logits exist at once

Tensor picked_rows(const Tensor& hidden, std::span<const int64_t> rows) {
  const int64_t C = hidden.size(1);
  Tensor out = Tensor::empty({int64_t(rows.size()), C});
  for (size_t i = 0; i < rows.size(); ++i) std::copy_n(hidden.data() + rows[i] * C, C, out.data() + int64_t(i) * C);
  return out;
}

// -ln p of each label, given the hidden states that predict them.
std::vector<float> label_nlls(const CausalLm& model, const Tensor& hidden, std::span<const int32_t> labels) {
  const Linear& head = model.head();
  // Weights read as they are stored are measured with the kernels that also answer.
  if (head.ready.empty() || !head.ready.front().stored)
    return cross_entropy_head(hidden, head.weight.detach(), labels, {.softcap = model.shape().logit_softcap}).row_nll;
  std::vector<float> nll;
  for (int64_t begin = 0; begin < hidden.size(0); begin += kHeadRows) {
    const int64_t end = std::min(begin + kHeadRows, hidden.size(0));
    const auto part =
        cross_entropy(model.logits(hidden.slice(0, begin, end)), labels.subspan(size_t(begin), size_t(end - begin)));
    nll.insert(nll.end(), part.row_nll.begin(), part.row_nll.end());
  }
  return nll;
}
}  // namespace

void PerplexityMeter::run_pending() {
  if (pending_.empty()) return;
  std::vector<std::vector<int32_t>> inputs;
  std::vector<int64_t> rows;  // that predict a label which counts
  std::vector<int32_t> labels;
  int64_t row = 0;
  for (const Window& w : pending_) {
    inputs.emplace_back(w.ids.begin(), w.ids.end() - 1);
    for (size_t i = 0; i + 1 < w.ids.size(); ++i, ++row) {
      if (i < w.first_counted) continue;
      rows.push_back(row);
      labels.push_back(w.ids[i + 1]);
    }
  }
  const Tensor hidden = model_.forward(Batch::of(inputs)).detach();
  const std::vector<float> nll =
      label_nlls(model_, int64_t(rows.size()) == row ? hidden : picked_rows(hidden, rows), labels);
  size_t n = 0;
  for (const Window& w : pending_) {
    DocumentScore& s = scores_[w.document];
    for (size_t i = w.first_counted; i + 1 < w.ids.size(); ++i, ++n) {
      const int32_t label = w.ids[i + 1];
      const int64_t bytes = size_t(label) < token_bytes_.size() ? token_bytes_[size_t(label)] : 0;
      s.nll += nll[n];
      if (bytes > 0) s.text_nll += nll[n];
      s.bytes += bytes;
      ++s.tokens;
      ++done_;
    }
  }
  pending_.clear();
  pending_tokens_ = 0;
  if (options_.on_progress && !options_.on_progress(done_)) stopped_ = true;
}

namespace {
// Standard error of sum(y) / sum(x) over documents: residuals of the ratio (Cochran 1977, "Sampling techniques", 2.11).
template <typename Y, typename X>
double ratio_error(const std::vector<DocumentScore>& scores, double ratio, const Y& y, const X& x) {
  double sum_x = 0, squares = 0;
  for (const DocumentScore& s : scores) {
    sum_x += x(s);
    const double residual = y(s) - ratio * x(s);
    squares += residual * residual;
  }
  const double n = double(scores.size());
  return sum_x > 0 ? std::sqrt(squares * n / (n - 1)) / sum_x : 0;
}
}  // namespace

PerplexityResult PerplexityMeter::result() {
  if (!stopped_) run_pending();
  std::erase_if(scores_, [](const DocumentScore& s) { return s.tokens == 0; });
  PerplexityResult r;
  r.stopped = stopped_;
  r.documents = int64_t(scores_.size());
  for (const DocumentScore& s : scores_) {
    r.total.nll += s.nll;
    r.total.text_nll += s.text_nll;
    r.total.tokens += s.tokens;
    r.total.bytes += s.bytes;
  }
  r.has_interval = r.documents >= 2 && r.total.bytes > 0;
  if (!r.has_interval) return r;
  constexpr double z = k95;
  const double loss_error = ratio_error(
      scores_, r.loss(), [](const DocumentScore& s) { return s.nll; },
      [](const DocumentScore& s) { return double(s.tokens); });
  r.perplexity_interval = {std::exp(r.loss() - z * loss_error), std::exp(r.loss() + z * loss_error)};
  const double bpb = r.bits_per_byte();
  const double bpb_error = ratio_error(
      scores_, bpb, [](const DocumentScore& s) { return s.text_nll / std::numbers::ln2; },
      [](const DocumentScore& s) { return double(s.bytes); });
  r.bits_per_byte_interval = {bpb - z * bpb_error, bpb + z * bpb_error};
  return r;
}

PerplexityResult eval_bits_per_byte(const CausalLm& model, const TokenStore& store, int64_t max_tokens,
                                    PerplexityOptions options) {
  if (options.context <= 0) options.context = model.shape().context;
  if (options.stride <= 0) options.stride = options.context;
  if (options.start_id < 0) options.start_id = store.separator();
  PerplexityMeter meter(model, {store.token_bytes().begin(), store.token_bytes().end()}, options);
  const uint64_t size = store.size(), documents = store.num_documents();
  const uint64_t wanted = max_tokens > 0 ? std::min(uint64_t(max_tokens), size) : size;
  std::vector<int32_t> ids;
  uint64_t taken = 0, passed = 0;
  for (uint64_t d = 0; d < documents; ++d) {
    const uint64_t begin = store.document_begin(d), end = store.document_end(d);
    passed += end - begin;
    // Taken so that the share taken of what was passed keeps up with the share wanted of all.
    if (double(taken) > double(wanted) * double(passed - (end - begin)) / double(std::max<uint64_t>(1, size))) continue;
    const uint64_t n = std::min(end - begin, wanted - std::min(taken, wanted));
    if (n == 0) break;
    ids.resize(size_t(n));
    store.copy(begin, ids);
    taken += n;
    if (!meter.add(ids)) break;
  }
  return meter.result();
}

}  // namespace quern
