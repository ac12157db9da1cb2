// SPDX-License-Identifier: MIT
#pragma once
// A model on this machine as partner of a conversation.

#include <optional>

#include "cli/chat_partner.h"
#include "cli/engine_options.h"
#include "infer/chat_format.h"
#include "infer/engine.h"

namespace quern {

class LocalPartner final : public ChatPartner {
 public:
  LocalPartner(LoadedModel model, const EngineFlags& engine);

  std::string introduction() const override;
  bool knows_chat() const override { return format_.has_value(); }
  bool starts_thinking() const override { return starts_thinking_; }
  ChatAnswer answer(std::span<const ChatMessage> messages, const SamplingFlags& sampling, uint64_t turn,
                    const Show& show) override;
  void check(const SamplingFlags& sampling) const override;
  std::string settings(const SamplingFlags& sampling) const override;
  std::string tokens_used(std::span<const ChatMessage> messages) const override;
  void require_readable(std::span<const ChatMessage> messages) const override;

 private:
  LoadedModel model_;
  Engine engine_;
  int64_t guess_ahead_;
  std::optional<ChatFormat> format_;  // nothing: the model was not taught conversations
  bool starts_thinking_ = false;

  std::vector<int32_t> prompt_for(std::span<const ChatMessage> messages);
  LikelyToken shown(int32_t id, float logprob) const;
};

// Messages as a template wants them.
ChatTemplateInput template_input(std::span<const ChatMessage> messages, bool add_generation_prompt);

}  // namespace quern
