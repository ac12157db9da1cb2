// SPDX-License-Identifier: MIT
#include "pipeline/quiz.h"

#include "infer/chat.h"

namespace quern {

namespace {
std::vector<int32_t> prompt_of(const Tokenizer& tokenizer, const Question& q, Asking asking) {
  if (asking == Asking::chat) {
    const ChatMessage messages[] = {{"user", q.prompt}};
    return joined_ids(render_chat(tokenizer, messages, true));
  }
  // The passage stands before the question, as in the texts that were read.
  std::string text = q.prompt;
  if (!q.question.empty() && text.size() > q.question.size() && text.ends_with(q.question))
    text = text.substr(0, text.size() - q.question.size() - 1) + "\nQuestion: " + q.question;
  else
    text = "Question: " + text;
  std::vector<int32_t> ids;
  if (const auto begin = tokenizer.token_to_id(kEndOfText)) ids.push_back(*begin);
  tokenizer.encode_append(text + "\nAnswer:", {}, ids);
  return ids;
}
}  // namespace

QuizResult ask(Engine& engine, const Village& village, int64_t per_kind, uint64_t stream, Split split,
               bool portable_only, Asking asking) {
  const Tokenizer& tokenizer = engine.tokenizer();
  QuizResult result;
  std::vector<Request> requests;
  for (const std::string& kind : Village::kinds()) {
    for (Question& q : village.questions(kind, size_t(per_kind), stream, split)) {
      if (portable_only && !q.portable) continue;
      Request request{.prompt = prompt_of(tokenizer, q, asking), .max_new_tokens = 64};
      if (int64_t(request.prompt.size()) + 2 > engine.context()) continue;
      request.sampling.temperature = 0;
      for (std::string_view end : {kTurnEnd, kEndOfText})
        if (const auto id = tokenizer.token_to_id(end)) request.stop_ids.push_back(*id);
      if (asking == Asking::text) request.stop.push_back("\n");
      requests.push_back(std::move(request));
      result.answers.push_back({.question = std::move(q)});
    }
  }
  const std::vector<GenerationResult> texts = engine.generate_all(std::move(requests));
  for (size_t i = 0; i < result.answers.size(); ++i) {
    QuizAnswer& a = result.answers[i];
    a.answer = texts[i].text;
    while (!a.answer.empty() && a.answer.front() == ' ') a.answer.erase(0, 1);
    a.right = Village::accepts(a.question, a.answer);
    a.declined = Village::says_unknown(a.answer);
    const auto count = [&](QuizScore& s) {
      ++s.asked;
      s.right += a.right;
      s.declined += a.declined;
    };
    count(result.kinds[a.question.kind]);
    count(result.sources[a.question.source]);
    if (a.question.source == AnswerSource::from_prompt || a.question.source == AnswerSource::often)
      count(result.answerable);
    if (a.question.source == AnswerSource::unknowable) count(result.unknowable);
  }
  return result;
}

}  // namespace quern
