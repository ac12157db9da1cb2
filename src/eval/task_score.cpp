// SPDX-License-Identifier: MIT
#include "eval/task_score.h"

#include <algorithm>
#include <cmath>

namespace quern {

size_t code_points(std::string_view utf8) {
  return size_t(std::ranges::count_if(utf8, [](char c) { return (uint8_t(c) & 0xC0) != 0x80; }));
}

void settle_choice(ItemOutcome& o, std::span<const size_t> lengths) {
  const auto per_character = [&](size_t i) { return o.logprobs[i] / double(std::max<size_t>(1, lengths[i])); };
  o.choice = o.choice_normalised = 0;
  for (size_t i = 1; i < o.logprobs.size(); ++i) {
    if (o.logprobs[i] > o.logprobs[o.choice]) o.choice = i;
    if (per_character(i) > per_character(o.choice_normalised)) o.choice_normalised = i;
  }
  o.right = o.choice == o.gold;
  o.right_otherwise = o.choice_normalised == o.gold;
}

Json ItemOutcome::to_json(size_t item, TaskKind kind) const {
  Json out{{"item", item}};
  if (!group.empty()) out["group"] = group;
  if (kind == TaskKind::choices) {
    out["gold"] = gold;
    out["choice"] = choice;
    out["choice_normalised"] = choice_normalised;
  }
  if (kind == TaskKind::generated) out["given"] = given;
  out["right"] = right;
  out["right_otherwise"] = right_otherwise;
  if (kind != TaskKind::generated) out["logprobs"] = logprobs;
  out["tokens"] = tokens;
  if (cut) out["cut"] = true;
  return out;
}

ItemOutcome ItemOutcome::from_json(const Json& json, TaskKind kind, const std::string& where) {
  ItemOutcome o;
  try {
    o.group = json.value("group", std::string());
    if (kind == TaskKind::choices) {
      o.gold = json.at("gold").get<size_t>();
      o.choice = json.at("choice").get<size_t>();
      o.choice_normalised = json.at("choice_normalised").get<size_t>();
    }
    if (kind == TaskKind::generated) o.given = json.at("given").get<std::string>();
    o.right = json.at("right").get<bool>();
    o.right_otherwise = json.at("right_otherwise").get<bool>();
    if (kind != TaskKind::generated) o.logprobs = json.at("logprobs").get<std::vector<double>>();
    o.tokens = json.at("tokens").get<int64_t>();
    o.cut = json.value("cut", false);
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::InvalidData, "{}: item {} can't be read: {}", where, to_line(json.value("item", Json())),
                e.what());
  }
  if (kind != TaskKind::generated && o.logprobs.empty())
    throw Error(ErrorKind::InvalidData, "{}: item {} has no log-probabilities", where,
                to_line(json.value("item", Json())));
  return o;
}

void TaskTally::add(const ItemOutcome& o) {
  const auto count = [&](Counts& c) {
    ++c.items;
    c.right += o.right;
    c.right_otherwise += o.right_otherwise;
    if (task_.kind == TaskKind::cloze) {
      c.logprob += o.logprobs[0];
      c.squares += o.logprobs[0] * o.logprobs[0];
    }
  };
  count(total_);
  if (!o.group.empty()) count(groups_[o.group]);
  cut_ += o.cut;
  tokens_ += o.tokens;
}

std::vector<Metric> TaskTally::metrics_of(const Counts& c) const {
  std::vector<Metric> out;
  if (c.items == 0) return out;
  const double n = double(c.items);
  const auto share = [&](const char* name, int64_t right) {
    out.push_back({name, double(right) / n, wilson_interval(right, c.items)});
  };
  const bool generated = task_.kind == TaskKind::generated;
  share(generated ? "exact_match" : "acc", c.right);
  if (task_.normalised) share("acc_norm", c.right_otherwise);
  if (generated && task_.flexible_answer_of) share("flexible_match", c.right_otherwise);
  if (task_.kind == TaskKind::cloze) {
    const double mean = c.logprob / n;
    const double variance = c.items > 1 ? std::max(0.0, (c.squares - n * mean * mean) / (n - 1)) : 0;
    const double half = k95 * std::sqrt(variance / n);
    out.push_back({"perplexity", std::exp(-mean), {std::exp(-mean - half), std::exp(-mean + half)}});
  }
  return out;
}

std::map<std::string, std::pair<int64_t, std::vector<Metric>>> TaskTally::groups() const {
  std::map<std::string, std::pair<int64_t, std::vector<Metric>>> out;
  if (groups_.size() > 1)
    for (const auto& [name, counts] : groups_) out[name] = {counts.items, metrics_of(counts)};
  return out;
}

}  // namespace quern
