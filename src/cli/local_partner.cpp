// SPDX-License-Identifier: MIT
#include "cli/local_partner.h"

#include "base/json.h"
#include "base/terminal.h"

namespace quern {

ChatTemplateInput template_input(std::span<const ChatMessage> messages, bool add_generation_prompt) {
  ChatTemplateInput input;
  for (const ChatMessage& m : messages) input.messages.push_back({{"role", m.role}, {"content", m.content}});
  input.add_generation_prompt = add_generation_prompt;
  return input;
}

LocalPartner::LocalPartner(LoadedModel model, const EngineFlags& engine)
    : model_(std::move(model)),
      engine_(model_.model, model_.tokenizer, engine.options(model_)),
      guess_ahead_(engine.guess_ahead()),
      format_(ChatFormat::of_folder(model_.folder, model_.tokenizer)) {}

std::string LocalPartner::introduction() const {
  std::string line = fmt::format("{} · {} parameters · context {}", model_.folder.string(),
                                 format_count(double(model_.model->params->num_values())), engine_.context());
  if (!knows_chat()) line += "\nThis model was not taught conversations: it continues what you write.";
  return line;
}

// The ids to go on from: the conversation so far, or just the text.
std::vector<int32_t> LocalPartner::prompt_for(std::span<const ChatMessage> messages) {
  if (!format_) return model_.encode_prompt(messages.back().content);
  const ChatTemplateInput input = template_input(messages, true);
  const std::string written = format_->render(input).text;
  const size_t opened = written.rfind("<think>"), closed = written.rfind("</think>");
  // A template that begins the thought does so at its very end.
  starts_thinking_ =
      opened != std::string::npos && opened + 20 >= written.size() && (closed == std::string::npos || closed < opened);
  return format_->encode(input);
}

ChatAnswer LocalPartner::answer(std::span<const ChatMessage> messages, const SamplingFlags& sampling, uint64_t turn,
                                const Show& show) {
  constexpr int kAlternatives = 3;  // that /why shows
  Request request = sampling.request(model_);
  request.sampling.seed += turn;
  request.sampling.logprobs = true;
  request.sampling.top_logprobs = kAlternatives;
  request.guess_ahead = guess_ahead_;
  if (format_ && !sampling.ignore_end)
    for (const int32_t id : format_->stop_ids()) request.stop_ids.push_back(id);
  request.prompt = prompt_for(messages);
  const GenerationResult r = engine_.generate(
      std::move(request), [&](const TokenEvent& event) { return event.text.empty() || show(event.text); });
  ChatAnswer answer{.text = r.text,
                    .finish = std::string(name_of(r.finish)),
                    .prompt_tokens = r.prompt_tokens,
                    .tokens = int64_t(r.ids.size()),
                    .prefill_s = r.prefill_s,
                    .decode_s = r.decode_s,
                    .how = {}};
  for (const SampledToken& token : r.tokens) {
    AnsweredToken& one = answer.how.emplace_back();
    one.chosen = shown(token.id, token.logprob);
    for (const TokenLogprob& other : token.top)
      if (other.id != token.id) one.others.push_back(shown(other.id, other.logprob));
  }
  return answer;
}

LikelyToken LocalPartner::shown(int32_t id, float logprob) const {
  std::string text = model_.tokenizer.valid() ? model_.tokenizer.decode(std::span(&id, 1)) : "";
  return {text.empty() ? fmt::format("#{}", id) : std::move(text), double{logprob}};
}

void LocalPartner::check(const SamplingFlags& sampling) const {
  const Request request = sampling.request(model_);
  request.sampling.validate(model_.model->shape().V);
}

std::string LocalPartner::settings(const SamplingFlags& sampling) const {
  const SamplingOptions now = sampling.request(model_).sampling;
  return fmt::format(
      "temperature {}, top_k {}, top_p {}, min_p {}, repetition_penalty {}, presence_penalty {}, frequency_penalty {}, "
      "max_tokens {}, seed {}",
      now.temperature, now.top_k, now.top_p, now.min_p, now.repetition_penalty, now.presence_penalty,
      now.frequency_penalty, sampling.max_tokens, sampling.seed);
}

std::string LocalPartner::tokens_used(std::span<const ChatMessage> messages) const {
  const size_t used = format_ && !messages.empty() ? format_->encode(template_input(messages, false)).size() : 0;
  return fmt::format("{} of {} tokens", used, engine_.context());
}

void LocalPartner::require_readable(std::span<const ChatMessage> messages) const {
  if (!format_)
    throw Error(ErrorKind::InvalidArgument, "this model was not taught conversations, so it can't go on with one");
  const size_t used = messages.empty() ? 0 : format_->encode(template_input(messages, false)).size();
  if (int64_t(used) >= engine_.context())
    throw Error(ErrorKind::InvalidArgument, "the conversation has {} tokens, the context holds {}", used,
                engine_.context());
}

}  // namespace quern
