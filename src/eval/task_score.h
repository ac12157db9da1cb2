// SPDX-License-Identifier: MIT
#pragma once
// What came of each item, and the scores over all of them.

#include <map>
#include <string>
#include <vector>

#include "eval/interval.h"
#include "eval/task.h"

namespace quern {

struct ItemOutcome {
  std::string group;
  std::vector<double> logprobs;  // of each choice, nats
  size_t gold = 0;               // of choices
  size_t choice = 0;             // the likeliest; the first of several
  size_t choice_normalised = 0;  // by log-likelihood per character (code point) of the continuation
  bool right = false;            // of choices: choice == gold; cloze: what greedy decoding writes; generated: as asked
  bool right_otherwise = false;  // choices: the normalised one; generated: by the flexible reading
  std::string given;             // of generated: what the model wrote
  int64_t tokens = 0;            // of the item, as the model read them
  bool cut = false;              // the beginning of its context was left out, because it is too long for the model

  Json to_json(size_t item, TaskKind kind) const;
  static ItemOutcome from_json(const Json& json, TaskKind kind, const std::string& where);
};

// Settles choice, choice_normalised, right and right_otherwise from the log-probabilities.
//   lengths: code points of each continuation, without the delimiter
void settle_choice(ItemOutcome& outcome, std::span<const size_t> lengths);
size_t code_points(std::string_view utf8);

struct Metric {
  std::string name;
  double value = 0;
  Interval interval;  // 95 %
};

// Adds outcomes up.
class TaskTally {
 public:
  explicit TaskTally(const EvalTask& task) : task_(task) {}
  void add(const ItemOutcome& outcome);
  int64_t items() const { return total_.items; }
  int64_t cut() const { return cut_; }
  int64_t tokens() const { return tokens_; }
  // choices: acc, acc_norm; cloze: acc, perplexity; generated: exact_match, flexible_match. Intervals of shares are
  // Wilson's, that of perplexity from the spread of the items' log-likelihoods.
  std::vector<Metric> metrics() const { return metrics_of(total_); }
  // The same by group, if there is more than one.
  std::map<std::string, std::pair<int64_t, std::vector<Metric>>> groups() const;

 private:
  struct Counts {
    int64_t items = 0, right = 0, right_otherwise = 0;
    double logprob = 0, squares = 0;
  };
  const EvalTask& task_;
  Counts total_;
  std::map<std::string, Counts> groups_;
  int64_t cut_ = 0, tokens_ = 0;
  std::vector<Metric> metrics_of(const Counts& counts) const;
};

}  // namespace quern
