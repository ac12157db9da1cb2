// SPDX-License-Identifier: MIT
#pragma once
// Who answers in a conversation: a model on this machine (local_partner.h) or a server (remote_partner.h).

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cli/sampling_options.h"
#include "infer/chat.h"

namespace quern {

struct LikelyToken {
  std::string text;
  double logprob = 0;
};

// A token of an answer, and what might have stood in its place.
struct AnsweredToken {
  LikelyToken chosen;
  std::vector<LikelyToken> others;
};

struct ChatAnswer {
  std::string text;
  std::string finish;  // "stop", "length", "cancelled" or what a server calls it
  int64_t prompt_tokens = 0, tokens = 0;
  double prefill_s = 0, decode_s = 0;  // to the first token, and from there to the last
  std::vector<AnsweredToken> how;      // where it is known
};

class ChatPartner {
 public:
  virtual ~ChatPartner() = default;
  // Pieces of the answer as they come; false ends it.
  using Show = std::function<bool(const std::string& piece)>;

  virtual std::string introduction() const = 0;  // a line or two
  // Without, only the last message is looked at, as a text to go on from.
  virtual bool knows_chat() const { return true; }
  // Does the answer that is coming begin inside a thought?
  virtual bool starts_thinking() const { return false; }
  // `turn` is added to the seed, so that a repeated question is answered anew.
  virtual ChatAnswer answer(std::span<const ChatMessage> messages, const SamplingFlags& sampling, uint64_t turn,
                            const Show& show) = 0;
  // Throws InvalidArgument for settings that can't be followed.
  virtual void check(const SamplingFlags& sampling) const = 0;
  virtual std::string settings(const SamplingFlags& sampling) const = 0;             // all of them, on a line
  virtual std::string tokens_used(std::span<const ChatMessage> messages) const = 0;  // "12 of 2048 tokens"
  virtual void require_readable(std::span<const ChatMessage> messages) const = 0;    // throws when it can't be told
  // What to say when /why is asked and the last answer has no `how`.
  virtual std::string why_not() { return "nothing was answered yet"; }
};

}  // namespace quern
