// SPDX-License-Identifier: MIT
#include "infer/calibrate.h"

#include <algorithm>

#include "base/error.h"
#include "base/threads.h"
#include "formats/hf_folder.h"

namespace quern {

namespace {
constexpr int64_t kColumnsPerThread = 256;

// What one input was, however many matrices it met.
struct InputSums {
  std::vector<std::string> names;
  std::vector<double> squares;  // (K)
  int64_t count = 0;
  std::vector<float> samples;
};

class InputCollector final : public InputTap {
 public:
  // Of every `stride` tokens one is kept; 0: none.
  explicit InputCollector(int64_t stride) : stride_(stride) {}

  void see(std::span<const std::string> weights, const Tensor& x) override {
    const Tensor rows = x.detach().to(DType::f32).contiguous();
    const int64_t K = rows.size(-1), N = rows.numel() / K;
    InputSums& sums = inputs_[weights.front()];
    if (sums.names.empty()) sums.names.assign(weights.begin(), weights.end());
    sums.squares.resize(size_t(K));
    const float* values = rows.data();
    parallel_for(K, kColumnsPerThread, [&](int64_t begin, int64_t end) {
      for (int64_t n = 0; n < N; ++n)
        for (int64_t k = begin; k < end; ++k) {
          const float v = values[n * K + k];
          sums.squares[size_t(k)] += double{v} * v;
        }
    });
    const bool whole = N == window_rows;  // an expert sees only some rows
    for (int64_t n = 0; n < N && whole && stride_ > 0; ++n)
      // From the middle of each stride: a text's first token has inputs like no other.
      if ((sums.count + n) % stride_ == stride_ / 2)
        sums.samples.insert(sums.samples.end(), values + n * K, values + (n + 1) * K);
    sums.count += N;
  }

  Calibration result() {
    Calibration out;
    for (auto& [first, sums] : inputs_) {
      const int64_t K = int64_t(sums.squares.size());
      const ColumnImportance columns{.sum_squares = {sums.squares.begin(), sums.squares.end()}, .count = sums.count};
      const Tensor samples = Tensor::from(sums.samples, {int64_t(sums.samples.size()) / K, K});
      for (const std::string& name : sums.names) {
        out.importance.by_weight[name] = columns;
        if (!sums.samples.empty()) out.samples[name] = samples;
      }
    }
    return out;
  }

  int64_t window_rows = 0;  // of the window that is being read

 private:
  int64_t stride_;
  std::map<std::string, InputSums> inputs_;  // by the first name
};

// The head's own name; a tied one is the embedding.
std::string head_name_of(const CausalLm& model) {
  for (const Parameter& p : model.params->parameters())
    if (model.head().weight && p.value.same_storage(model.head().weight)) return p.name;
  return "";
}
}  // namespace

Calibration calibrate(const ModelSource& source, std::span<const int32_t> ids, const CalibrationOptions& options) {
  auto collector = std::make_shared<InputCollector>(0);
  const int64_t size = int64_t(ids.size());
  const auto model = load_model(
      source, {.packed_products = true, .keep_stored = true, .compute = QuantCompute::fast, .input_tap = collector});
  const int64_t start = options.start_id >= 0;
  const int64_t T = std::min(options.context, model->shape().context) - start;
  if (T < 1) throw Error(ErrorKind::InvalidArgument, "a context of {} is too short to calibrate with", options.context);
  if (size < T)
    throw Error(ErrorKind::InvalidData, "the calibration text has {} tokens, a window {}", size, T)
        .hint("give more text, or a smaller context");
  const int64_t windows = std::max<int64_t>(1, std::min(options.tokens, size) / T);
  const int64_t stride = options.samples > 0 ? (windows * (T + start) + options.samples - 1) / options.samples : 0;
  *collector = InputCollector(stride);
  for (const int32_t id : ids)
    if (id < 0 || id >= model->shape().V)
      throw Error(ErrorKind::InvalidArgument, "token {} is none of the model's {}", id, model->shape().V);

  const std::string head = head_name_of(*model);
  int64_t taken = 0;
  for (int64_t w = 0; w < windows; ++w) {
    const int64_t begin = windows > 1 ? w * (size - T) / (windows - 1) : 0;
    std::vector<int32_t> window(ids.begin() + begin, ids.begin() + begin + T);
    if (start) window.insert(window.begin(), options.start_id);
    collector->window_rows = int64_t(window.size());
    const Tensor hidden = model->forward(Batch::of(window));
    if (!head.empty()) collector->see(std::span(&head, 1), hidden);
    taken += T;
    if (options.on_progress && !options.on_progress(taken, windows * T))
      throw Error(ErrorKind::Interrupted, "stopped while the calibration text was read");
  }
  Calibration out = collector->result();
  out.importance.windows = windows;
  out.importance.window_tokens = T;
  return out;
}

}  // namespace quern
