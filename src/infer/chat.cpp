// SPDX-License-Identifier: MIT
#include "infer/chat.h"

#include <algorithm>

#include "base/error.h"

namespace quern {

namespace {
int32_t mark(const Tokenizer& tokenizer, std::string_view token) {
  const auto id = tokenizer.token_to_id(token);
  if (!id)
    throw Error(ErrorKind::InvalidModel, "the tokenizer has no token {}, so this model was not taught conversations",
                token)
        .hint("`quern generate` continues a text with any model");
  return *id;
}
}  // namespace

bool knows_chat_format(const Tokenizer& tokenizer) {
  return tokenizer.valid() && tokenizer.token_to_id(kTurnStart) && tokenizer.token_to_id(kTurnEnd);
}

int32_t turn_end_id(const Tokenizer& tokenizer) { return mark(tokenizer, kTurnEnd); }

std::vector<ChatPiece> render_chat(const Tokenizer& tokenizer, std::span<const ChatMessage> messages,
                                   bool add_generation_prompt) {
  const int32_t start = mark(tokenizer, kTurnStart), end = mark(tokenizer, kTurnEnd);
  const EncodeOptions plain{.add_special = false, .parse_special = false};
  const std::vector<int32_t> newline = tokenizer.encode("\n", plain);
  std::vector<ChatPiece> pieces;
  const auto open = [&](const std::string& role) {
    if (role.empty() || role.find('\n') != std::string::npos || role.find("<|") != std::string::npos)
      throw Error(ErrorKind::InvalidArgument, "'{}' is no role of a conversation", role);
    ChatPiece piece{.ids = {start}};
    tokenizer.encode_append(role + "\n", plain, piece.ids);
    pieces.push_back(std::move(piece));
  };
  for (const ChatMessage& message : messages) {
    open(message.role);
    ChatPiece said{.ids = tokenizer.encode(message.content, plain), .trained = message.role == "assistant"};
    said.ids.push_back(end);
    pieces.push_back(std::move(said));
    pieces.push_back({.ids = newline});
  }
  if (add_generation_prompt) open("assistant");
  return pieces;
}

std::vector<int32_t> joined_ids(std::span<const ChatPiece> pieces) {
  std::vector<int32_t> ids;
  for (const ChatPiece& piece : pieces) ids.insert(ids.end(), piece.ids.begin(), piece.ids.end());
  return ids;
}

}  // namespace quern
