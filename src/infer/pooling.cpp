// SPDX-License-Identifier: MIT
#include "infer/pooling.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace quern {

namespace {
struct PoolingName {
  Pooling pooling;
  std::string_view ours, theirs, flag;
};
constexpr PoolingName kPoolings[] = {
    {Pooling::cls, "cls", "cls", "pooling_mode_cls_token"},
    {Pooling::max, "max", "max", "pooling_mode_max_tokens"},
    {Pooling::mean, "mean", "mean", "pooling_mode_mean_tokens"},
    {Pooling::mean_sqrt_len, "mean_sqrt_len", "mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens"},
    {Pooling::weighted_mean, "weighted_mean", "weightedmean", "pooling_mode_weightedmean_tokens"},
    {Pooling::last, "last", "lasttoken", "pooling_mode_lasttoken"},
};
}  // namespace

std::optional<Pooling> pooling_from_name(std::string_view name) {
  for (const PoolingName& p : kPoolings)
    if (name == p.ours || name == p.theirs || name == p.flag) return p.pooling;
  return std::nullopt;
}

std::string_view name(Pooling pooling) {
  for (const PoolingName& p : kPoolings)
    if (p.pooling == pooling) return p.ours;
  return "";
}

std::string pooling_names() {
  std::string list;
  for (const PoolingName& p : kPoolings) list += (list.empty() ? "" : ", ") + std::string(p.ours);
  return list;
}

void pool(Pooling pooling, std::span<const float> hidden, int64_t C, int64_t skip, std::vector<float>& out) {
  const int64_t T = int64_t(hidden.size()) / C;
  QUERN_CHECK(T > 0 && T * C == int64_t(hidden.size()), "pooling of {} values in rows of {}", hidden.size(), C);
  if (pooling == Pooling::cls || pooling == Pooling::last) {
    const int64_t first = skip < T ? skip : 0;
    const auto row = hidden.subspan(size_t((pooling == Pooling::cls ? first : T - 1) * C), size_t(C));
    out.insert(out.end(), row.begin(), row.end());
    return;
  }
  std::vector<double> sum(size_t(C), pooling == Pooling::max ? -HUGE_VAL : 0.0);
  double weights = 0;
  for (int64_t t = skip; t < T; ++t) {
    const float* x = hidden.data() + t * C;
    const double w = pooling == Pooling::weighted_mean ? double(t + 1) : 1.0;
    weights += w;
    for (int64_t c = 0; c < C; ++c) {
      if (pooling == Pooling::max)
        sum[size_t(c)] = std::max(sum[size_t(c)], double{x[c]});
      else
        sum[size_t(c)] += w * x[c];
    }
  }
  double divisor = pooling == Pooling::mean_sqrt_len ? std::sqrt(weights) : weights;
  if (pooling == Pooling::max || weights == 0) divisor = 1;
  for (const double v : sum) out.push_back(std::isinf(v) && weights == 0 ? 0.0f : float(v / divisor));
}

void normalize_length(std::span<float> x) {
  double square = 0;
  for (const float v : x) square += double{v} * v;
  const double length = std::max(std::sqrt(square), 1e-12);
  for (float& v : x) v = float(v / length);
}

double cosine_similarity(std::span<const float> a, std::span<const float> b) {
  QUERN_CHECK(a.size() == b.size(), "cosine of {} and {} values", a.size(), b.size());
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

}  // namespace quern
