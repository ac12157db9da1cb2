// SPDX-License-Identifier: MIT
#pragma once
// Asking a model the village's questions and comparing with the ledger.

#include <map>

#include "data/village/village.h"
#include "infer/engine.h"

namespace quern {

struct QuizAnswer {
  Question question;
  std::string answer;
  bool right = false, declined = false;  // declined: "I don't know."
};

struct QuizScore {
  int64_t asked = 0, right = 0, declined = 0;
  double accuracy() const { return asked ? double(right) / double(asked) : 0; }
};

struct QuizResult {
  std::vector<QuizAnswer> answers;
  std::map<std::string, QuizScore> kinds;
  std::map<AnswerSource, QuizScore> sources;
  // Answerable from the prompt or taught often, all kinds together; unknowables; refusals of what can be known.
  QuizScore answerable, unknowable;
  double false_refusals() const {
    return answerable.asked ? double(answerable.declined) / double(answerable.asked) : 0;
  }
};

enum class Asking {
  chat,  // as a user's turn, to a model that was taught conversations
  text,  // "Question: …\nAnswer:", to a model that has only read
};

// Greedy answers to `per_kind` questions of each kind. `portable_only` leaves out what only readers of that village can
// know.
QuizResult ask(Engine& engine, const Village& village, int64_t per_kind, uint64_t stream, Split split,
               bool portable_only, Asking asking);

}  // namespace quern
