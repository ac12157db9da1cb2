// SPDX-License-Identifier: MIT
#pragma once
// Conversations as ids, in the format of the models grown here ("ChatML"):
//   <|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHello, you.<|im_end|>\n
// The marks are special tokens, put in as ids: nobody's text is searched for them, so that it can't forge them.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

inline constexpr std::string_view kEndOfText = "<|endoftext|>", kTurnStart = "<|im_start|>", kTurnEnd = "<|im_end|>";
inline constexpr std::array<std::string_view, 3> kChatTokens = {kEndOfText, kTurnStart, kTurnEnd};

// The same for other programs, as a chat template.
inline constexpr std::string_view kGrownChatTemplate =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
};

struct ChatPiece {
  std::vector<int32_t> ids;
  bool trained = false;  // what the assistant says, and the mark with which it stops: what its training counts
};

bool knows_chat_format(const Tokenizer& tokenizer);
// Throws InvalidModel when the tokenizer has no such marks, InvalidArgument for a role with a line break or mark in it.
// With `add_generation_prompt` the pieces end where the assistant is to go on.
std::vector<ChatPiece> render_chat(const Tokenizer& tokenizer, std::span<const ChatMessage> messages,
                                   bool add_generation_prompt);
std::vector<int32_t> joined_ids(std::span<const ChatPiece> pieces);
// The mark that ends an answer.
int32_t turn_end_id(const Tokenizer& tokenizer);

}  // namespace quern
