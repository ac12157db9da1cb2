// SPDX-License-Identifier: MIT
#include "cli/result_json.h"

#include <cmath>

#include "base/json.h"

namespace quern {

namespace {
std::string text_of(const Tokenizer& tokenizer, int32_t id) {
  return tokenizer.valid() ? tokenizer.decode(std::vector<int32_t>{id}) : "";
}

Json number(float x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }

Json token_json(const Tokenizer& tokenizer, int32_t id, float logprob, const std::vector<TokenLogprob>& top) {
  Json out{{"id", id}, {"token", text_of(tokenizer, id)}, {"logprob", number(logprob)}, {"top", Json::array()}};
  for (const TokenLogprob& t : top)
    out["top"].push_back({{"id", t.id}, {"token", text_of(tokenizer, t.id)}, {"logprob", number(t.logprob)}});
  return out;
}
}  // namespace

Json result_json(const GenerationResult& r, const Tokenizer& tokenizer, const ResultJsonOptions& options) {
  Json out{{"ids", r.ids},
           {"text", r.text},
           {"finish", name_of(r.finish)},
           {"prompt_tokens", r.prompt_tokens},
           {"prefill_s", r.prefill_s},
           {"decode_s", r.decode_s}};
  if (r.cached_prompt_tokens > 0) out["cached_prompt_tokens"] = r.cached_prompt_tokens;
  if (r.guessed_tokens > 0) out["guesses"] = {{"tokens", r.guessed_tokens}, {"right", r.right_guesses}};
  if (!r.stop.empty()) out["stop"] = r.stop;
  if (options.logprobs) {
    out["logprobs"] = Json::array();
    for (const SampledToken& t : r.tokens) out["logprobs"].push_back(token_json(tokenizer, t.id, t.logprob, t.top));
  }
  if (!r.prompt.empty()) {
    out["prompt_logprobs"] = Json::array();
    for (size_t i = 0; i < r.prompt.size(); ++i) {
      out["prompt_logprobs"].push_back(token_json(tokenizer, r.prompt[i].id, r.prompt[i].logprob, r.prompt[i].top));
      if (i == 0) out["prompt_logprobs"][0]["logprob"] = nullptr;  // nothing precedes it
    }
  }
  if (options.beams > 0) {
    out["beams"] = Json::array();
    for (size_t b = 0; b < std::min(options.beams, r.beams.size()); ++b)
      out["beams"].push_back({{"ids", r.beams[b].tokens},
                              {"text", tokenizer.valid() ? tokenizer.decode(r.beams[b].tokens, true) : ""},
                              {"score", r.beams[b].score}});
  }
  return out;
}

std::string shown_token(const Tokenizer& tokenizer, int32_t id) {
  if (!tokenizer.valid()) return "";
  const std::string line = to_line(Json(text_of(tokenizer, id)));
  return line.substr(1, line.size() - 2);  // JSON's escapes, without its quotes
}

void print_logprobs(const GenerationResult& r, const Tokenizer& tokenizer) {
  const auto print = [&](int32_t id, float logprob, const std::vector<TokenLogprob>& top, bool first) {
    std::string line = first ? fmt::format("{:>7}  {:>9}  {}", id, "", shown_token(tokenizer, id))
                             : fmt::format("{:>7}  {:>9.4f}  {}", id, logprob, shown_token(tokenizer, id));
    for (size_t i = 0; i < top.size(); ++i)
      line += fmt::format("{}{} {:.4f}", i ? ", " : "   [", shown_token(tokenizer, top[i].id), top[i].logprob);
    fmt::print("{}{}\n", line, top.empty() ? "" : "]");
  };
  for (size_t i = 0; i < r.prompt.size(); ++i) print(r.prompt[i].id, r.prompt[i].logprob, r.prompt[i].top, i == 0);
  for (const SampledToken& t : r.tokens) print(t.id, t.logprob, t.top, false);
}

}  // namespace quern
