// SPDX-License-Identifier: MIT
#include "nn/moe.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace quern {

void RouterConfig::validate() const {
  const auto refuse = [](const std::string& what) { throw Error(ErrorKind::InvalidModel, "config.json: {}", what); };
  if (E < 1 || top_k < 1 || top_k > E) refuse(fmt::format("{} experts per token out of {} make no sense", top_k, E));
  if (groups < 1 || E % groups != 0 || top_groups < 1 || top_groups > groups)
    refuse(fmt::format("{} experts can't be sent to {} of {} groups", E, top_groups, groups));
  const int64_t members = E / groups;
  if (top_k > top_groups * members)
    refuse(fmt::format("{} groups of {} experts hold no {} experts per token", top_groups, members, top_k));
  if (groups > 1 && group_score == GroupScore::best_two && members < 2)
    refuse(fmt::format("groups are chosen by their best two experts, but hold {}", members));
}

namespace {
// The k best of [0, n) by score, ascending; equal scores: the lower index.
std::vector<int32_t> best_places(int64_t n, int64_t k, const std::function<float(int32_t)>& score) {
  std::vector<int32_t> places(static_cast<size_t>(n));
  std::iota(places.begin(), places.end(), 0);
  const auto better = [&](int32_t a, int32_t b) { return score(a) != score(b) ? score(a) > score(b) : a < b; };
  std::partial_sort(places.begin(), places.begin() + k, places.end(), better);
  places.resize(size_t(k));
  std::sort(places.begin(), places.end());
  return places;
}

float score_of_group(std::span<const float> members, GroupScore rule) {
  float first = -std::numeric_limits<float>::infinity(), second = first;
  for (const float s : members) {
    if (s > first)
      second = std::exchange(first, s);
    else if (s > second)
      second = s;
  }
  return rule == GroupScore::best ? first : first + second;
}
}  // namespace

std::vector<int32_t> choose_experts(std::span<const float> scores, const RouterConfig& c) {
  const int64_t members = c.E / c.groups;
  if (c.groups == 1 || c.top_groups == c.groups)
    return best_places(c.E, c.top_k, [&](int32_t e) { return scores[size_t(e)]; });
  std::vector<float> by_group;
  for (int64_t g = 0; g < c.groups; ++g)
    by_group.push_back(score_of_group(scores.subspan(size_t(g * members), size_t(members)), c.group_score));
  const std::vector<int32_t> groups =
      best_places(c.groups, c.top_groups, [&](int32_t g) { return by_group[size_t(g)]; });
  std::vector<int32_t> candidates;  // ascending, because groups are
  for (const int32_t g : groups)
    for (int64_t m = 0; m < members; ++m) candidates.push_back(int32_t(g * members + m));
  std::vector<int32_t> chosen = best_places(int64_t(candidates.size()), c.top_k,
                                            [&](int32_t i) { return scores[size_t(candidates[size_t(i)])]; });
  for (int32_t& place : chosen) place = candidates[size_t(place)];
  return chosen;
}

Router::Router(Params p, const RouterConfig& c, std::string name)
    : config((c.validate(), c)), gate(p, c.C, c.E, Bias::No, c.std), name(std::move(name)) {
  gate.precision = Precision::f32;
  if (!c.correction_bias) return;
  bias = p.tensor("e_score_correction_bias", {c.E}, init::zeros());
  bias.set_trainable(false);
}

Routing Router::operator()(const Tensor& x, const Batch& batch) const {
  const int64_t N = x.size(0), E = config.E;
  const Tensor logits = gate(x);
  batch.tap(name, "router_logits", logits);
  const Tensor scores = config.sigmoid ? activate(logits, Activation::sigmoid) : softmax(logits);
  Routing r{.top_k = config.top_k, .experts = {}, .weights = {}};
  std::vector<float> row(static_cast<size_t>(E));
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t e = 0; e < E; ++e) {
      const float score = scores.data()[n * E + e] + (bias ? bias.data()[e] : 0.0f);
      row[size_t(e)] = std::isnan(score) ? -std::numeric_limits<float>::infinity() : score;
    }
    const std::vector<int32_t> chosen = choose_experts(row, config);
    r.experts.insert(r.experts.end(), chosen.begin(), chosen.end());
  }
  r.weights = pick_columns(scores, r.experts, config.top_k);
  if (config.renormalise) r.weights = divide_by_sum(r.weights, config.eps);
  if (config.factor != 1) r.weights = scale(r.weights, config.factor);
  return r;
}

GatedMlpConfig MoeConfig::expert() const {
  return {.C = router.C, .F = F, .activation = activation, .std = std, .out_std = out_std, .names = names};
}

Moe::Moe(Params p, const MoeConfig& c) : config(c), router(p / "gate", c.router, p.prefix()) {
  const int64_t C = c.router.C;
  GatedMlpConfig one = c.expert();
  for (int64_t e = 0; e < c.router.E; ++e) experts.emplace_back(p / "experts" / e, one);
  one.F = c.shared_F;
  if (c.shared_F > 0) shared.emplace(p / c.shared_name, one);
  if (c.shared_gate) shared_gate.emplace(p / "shared_expert_gate", C, 1, Bias::No, c.std);
}

Tensor Moe::operator()(const Tensor& x, const Batch& batch) const {
  const int64_t N = x.size(0), J = config.router.top_k;
  const Routing routing = router(x, batch);
  std::vector<std::vector<int32_t>> rows(experts.size());  // of x, by expert
  std::vector<int32_t> places(routing.experts.size());     // of each (token, expert) among its expert's rows
  for (size_t i = 0; i < places.size(); ++i) {
    auto& own = rows[size_t(routing.experts[i])];
    places[i] = int32_t(own.size());
    own.push_back(int32_t(int64_t(i) / J));
  }
  std::vector<Tensor> said;  // by the experts that have anything to say
  std::vector<int32_t> first(experts.size());
  int32_t count = 0;
  for (size_t e = 0; e < experts.size(); ++e) {
    first[e] = count;
    if (rows[e].empty()) continue;
    said.push_back(experts[e](gather_rows(x, rows[e])));
    count += int32_t(rows[e].size());
  }
  for (size_t i = 0; i < places.size(); ++i) places[i] += first[size_t(routing.experts[i])];
  Tensor y = weighted_rows(said, routing.weights, places);
  if (!shared) return y;
  Tensor common = (*shared)(x);
  if (shared_gate) {
    std::vector<int32_t> own(static_cast<size_t>(N));
    std::iota(own.begin(), own.end(), 0);
    common = weighted_rows({common}, activate((*shared_gate)(x), Activation::sigmoid), own);
  }
  return y + common;
}

Tensor feed_forward(const FeedForward& ffn, const Tensor& x, const Batch& batch) {
  if (const auto* moe = std::get_if<Moe>(&ffn)) return (*moe)(x, batch);
  return std::get<GatedMlp>(ffn)(x);
}

}  // namespace quern
