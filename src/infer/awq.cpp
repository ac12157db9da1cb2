// SPDX-License-Identifier: MIT
#include "infer/awq.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/threads.h"
#include "formats/quantise_model.h"
#include "tensor/ops.h"

namespace quern {

namespace {
constexpr int64_t kSearchRows = 192;  // of each matrix, spread evenly: enough to tell alphas apart
constexpr float kSmallestScale = 1e-4f;

// The rows of a matrix that the search looks at, and what they are quantised to.
struct SearchedMatrix {
  Tensor rows;  // (m, K) f32
  DType dtype;
};

// Scales of the channels: magnitudes^alpha, centred so that the largest and the smallest are each other's inverse.
std::vector<float> scales_of(const std::vector<double>& magnitudes, double alpha) {
  std::vector<float> s;
  for (const double m : magnitudes) s.push_back(std::max(kSmallestScale, float(std::pow(m, alpha))));
  const auto [low, high] = std::ranges::minmax(s);
  const float centre = std::sqrt(low * high);
  for (float& v : s) v /= centre;
  return s;
}

// Mean |x| of each channel over the samples (n, K) and the columns that share it.
std::vector<double> magnitudes_of(const AwqGroup& group, const Tensor& samples) {
  std::vector<double> sums(size_t(group.num_channels), 0.0), counts(size_t(group.num_channels), 0.0);
  const int64_t N = samples.size(0), K = samples.size(1);
  for (int64_t n = 0; n < N; ++n)
    for (int64_t k = 0; k < K; ++k) {
      const size_t channel = size_t(group.channels[size_t(k)]);
      sums[channel] += std::fabs(samples.data()[n * K + k]);
      counts[channel] += 1;
    }
  for (size_t i = 0; i < sums.size(); ++i) sums[i] = counts[i] > 0 ? sums[i] / counts[i] : 0.0;
  return sums;
}

Tensor with_columns(const Tensor& values, const std::vector<float>& factors) {
  return rescaled("matrix", values, {.rows = {}, .columns = factors});
}

std::vector<float> inverses(const std::vector<float>& s) {
  std::vector<float> out;
  for (const float v : s) out.push_back(1 / v);
  return out;
}

// One group's search, on the model as rescaled so far.
class GroupSearch {
 public:
  GroupSearch(const AwqGroup& group, std::vector<SearchedMatrix> matrices, const Tensor& samples,
              std::vector<float> importance)
      : group_(group), matrices_(std::move(matrices)), samples_(samples), importance_(std::move(importance)) {}

  // Squared error of the outputs when the columns are quantised with these scales (of channels).
  double error(const std::vector<float>& scales) const {
    std::vector<float> columns, weights = importance_;
    for (const int64_t channel : group_.channels) columns.push_back(scales[size_t(channel)]);
    for (size_t k = 0; k < weights.size(); ++k) weights[k] /= columns[k] * columns[k];
    const std::vector<float> back = inverses(columns);
    double sum = 0;
    for (const SearchedMatrix& m : matrices_) {
      const Tensor scaled = with_columns(m.rows, columns);
      const Tensor lossy = encoded_by_importance("matrix", scaled, m.dtype, weights).to(DType::f32);
      const Tensor wrong = with_columns(lossy, back);
      for (int64_t i = 0; i < wrong.numel(); ++i) wrong.data()[i] -= m.rows.data()[i];
      const Tensor y = linear(samples_, wrong);
      for (const float v : y.span()) sum += double{v} * v;
    }
    return sum;
  }

 private:
  const AwqGroup& group_;
  std::vector<SearchedMatrix> matrices_;
  const Tensor& samples_;
  std::vector<float> importance_;
};

// (outputs, inputs) in f32, as rescaled so far; every n-th row.
Tensor some_rows(const Weights& weights, const ScaledTensor& t, const Rescalings& so_far) {
  Tensor w = *weights.find(t.stored);
  if (const auto it = so_far.find(t.stored); it != so_far.end()) w = rescaled(t.name, w, it->second);
  w = w.to(DType::f32);
  if (t.transposed) w = w.transpose(0, 1).contiguous();
  const int64_t M = w.size(0), K = w.size(1), m = std::min(M, kSearchRows);
  const Tensor out = Tensor::empty({m, K});
  for (int64_t i = 0; i < m; ++i) std::copy_n(w.data() + i * M / m * K, K, out.data() + i * K);
  return out;
}

void multiply(std::vector<float>& factors, size_t size, size_t at, float by) {
  if (factors.empty()) factors.assign(size, 1.0f);
  factors[at] *= by;
}

// Multiplies what reads the channels, divides what makes them.
void fold(const AwqGroup& group, const std::vector<float>& scales, const Weights& weights, Rescalings& out) {
  for (const ScaledTensor& t : group.linears) {
    Rescaling& r = out[t.stored];
    for (size_t k = 0; k < group.channels.size(); ++k)
      multiply(t.transposed ? r.rows : r.columns, group.channels.size(), k, scales[size_t(group.channels[k])]);
  }
  for (const ChannelSource& source : group.sources) {
    Rescaling& r = out[source.tensor.stored];
    const Shape shape = weights.find(source.tensor.stored)->shape();
    const size_t size = size_t(source.tensor.transposed && shape.size() == 2 ? shape[1] : shape[0]);
    r.offset = source.offset;
    for (size_t i = 0; i < source.rows.size(); ++i)
      multiply(source.tensor.transposed && shape.size() == 2 ? r.columns : r.rows, size, size_t(source.rows[i]),
               1 / scales[i]);
  }
}

// What the rescaled model's columns meet.
void rescale_inputs(const AwqGroup& group, const std::vector<float>& scales, Calibration& c,
                    const std::vector<std::string>& names) {
  std::vector<float> back;
  for (const int64_t channel : group.channels) back.push_back(1 / scales[size_t(channel)]);
  const Tensor samples = with_columns(c.samples.at(names.front()), back);
  for (const std::string& name : names) {
    c.samples[name] = samples;
    std::vector<float>& squares = c.importance.by_weight.at(name).sum_squares;
    for (size_t k = 0; k < squares.size(); ++k) squares[k] *= back[k] * back[k];
  }
}
}  // namespace

AwqResult search_awq(const ModelSource& source, const Calibration& calibrated, const AwqOptions& options) {
  AwqResult result{.rescalings = {}, .calibrated = calibrated};
  const std::vector<AwqGroup> groups = awq_groups(source);
  const std::unique_ptr<Weights> weights = source.weights();
  double before = 0, after = 0;
  for (const AwqGroup& group : groups) {
    std::vector<std::string> names;
    for (const ScaledTensor& t : group.linears) names.push_back(t.name);
    QUERN_CHECK(calibrated.samples.contains(names.front()), "no samples of '{}'", names.front());
    const Tensor samples = result.calibrated.samples.at(names.front());
    std::vector<SearchedMatrix> matrices;
    for (const ScaledTensor& t : group.linears) {
      const Tensor rows = some_rows(*weights, t, result.rescalings);
      matrices.push_back({rows, plan_tensor(t.name, rows.shape(), options.plan).dtype});
    }
    const GroupSearch search(group, std::move(matrices), samples, result.calibrated.importance.of(names.front()));
    const std::vector<double> magnitudes = magnitudes_of(group, samples);
    double best_error = INFINITY, best_alpha = 0, plain_error = 0;
    std::vector<float> best;
    for (int64_t step = 0; step < options.steps; ++step) {
      const double alpha = double(step) / double(options.steps);
      const std::vector<float> scales = scales_of(magnitudes, alpha);
      const double error = search.error(scales);
      if (step == 0) plain_error = error;
      if (error < best_error) best_error = error, best_alpha = alpha, best = scales;
    }
    before += plain_error;
    after += std::min(plain_error, best_error);
    if (best_alpha > 0) {
      fold(group, best, *weights, result.rescalings);
      rescale_inputs(group, best, result.calibrated, names);
    }
    result.mean_alpha += best_alpha / double(groups.size());
    ++result.groups;
    if (options.on_progress && !options.on_progress(result.groups, int64_t(groups.size())))
      throw Error(ErrorKind::Interrupted, "stopped while scales were searched");
  }
  if (before > 0) result.error_ratio = after / before;
  return result;
}

// --- clipping ---

namespace {
constexpr float kShares[] = {1.0f, 0.92f, 0.84f, 0.76f, 0.68f};  // of a block's largest value
constexpr int64_t kClipGroup = 32;                               // values that share a limit

// x^T x of each block of B columns: (K / B, B, B)
std::vector<float> block_products(const Tensor& samples, int64_t B) {
  const int64_t N = samples.size(0), K = samples.size(1);
  std::vector<float> out(size_t(K * B));
  parallel_for(K / B, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b)
      for (int64_t n = 0; n < N; ++n) {
        const float* x = samples.data() + n * K + b * B;
        for (int64_t i = 0; i < B; ++i) {
          float* row = out.data() + (b * B + i) * B;
          for (int64_t j = 0; j < B; ++j) row[j] += x[i] * x[j];
        }
      }
  });
  return out;
}

// d^T G d for d = a - b.
double output_error(const float* a, const float* b, const float* G, int64_t B) {
  float d[256], t[256] = {};
  for (int64_t i = 0; i < B; ++i) d[i] = a[i] - b[i];
  for (int64_t i = 0; i < B; ++i)
    for (int64_t j = 0; j < B; ++j) t[j] += d[i] * G[i * B + j];
  double sum = 0;
  for (int64_t i = 0; i < B; ++i) sum += double{d[i]} * t[i];
  return sum;
}

Tensor clipped(const Tensor& values, float share) {
  const Tensor out = values.clone();
  const int64_t groups = out.numel() / kClipGroup;
  parallel_for(groups, 128, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      float *x = out.data() + g * kClipGroup, limit = 0;
      for (int64_t i = 0; i < kClipGroup; ++i) limit = std::max(limit, std::fabs(x[i]));
      limit *= share;
      for (int64_t i = 0; i < kClipGroup; ++i) x[i] = std::clamp(x[i], -limit, limit);
    }
  });
  return out;
}
}  // namespace

Tensor encoded_with_clipping(const std::string& name, const Tensor& values, DType dtype,
                             std::span<const float> importance, const Tensor& samples) {
  const int64_t B = info(dtype).block_size, K = values.size(-1), rows = values.numel() / K;
  if (!is_quantised(dtype) || B > 256 || B % kClipGroup != 0 || !samples || samples.size(1) != K)
    return encoded_by_importance(name, values, dtype, importance);
  const Tensor wide = values.to(DType::f32).contiguous();
  const std::vector<float> products = block_products(samples, B);
  Tensor best;
  std::vector<double> errors(size_t(rows * K / B), INFINITY);
  const size_t bytes = size_t(info(dtype).block_bytes);
  for (const float share : kShares) {
    const Tensor coded = encoded_by_importance(name, share < 1 ? clipped(wide, share) : wide, dtype, importance);
    const Tensor decoded = coded.to(DType::f32);
    if (!best) best = coded.clone();
    parallel_for(int64_t(errors.size()), 64, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        const int64_t block = b % (K / B);
        const double error =
            output_error(decoded.data() + b * B, wide.data() + b * B, products.data() + block * B * B, B);
        if (!(error < errors[size_t(b)])) continue;
        errors[size_t(b)] = error;
        std::copy_n(coded.data<std::byte>() + size_t(b) * bytes, bytes, best.data<std::byte>() + size_t(b) * bytes);
      }
    });
  }
  return best;
}

}  // namespace quern
