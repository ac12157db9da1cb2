// SPDX-License-Identifier: MIT
#pragma once
// How a model wants conversations: by the chat template that came with it, or, for the models grown here, as chat.h
// says. Special tokens come from the template alone; those that somebody wrote into a message are read as plain text.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "text/jinja/chat_template.h"
#include "text/tokenizer.h"

namespace quern {

class ChatFormat {
 public:
  // The template of a model folder: chat_template.jinja, else the field chat_template of tokenizer_config.json (a text,
  // or a list of named ones); additional_chat_templates/NAME.jinja besides. Nothing when there is none and the
  // tokenizer does not know the format of chat.h either. Throws InvalidModel naming the file, TemplateError naming the
  // line.
  static std::optional<ChatFormat> of_folder(const std::filesystem::path& folder, const Tokenizer& tokenizer);
  // `tokens`: names and texts of special tokens, as {"bos_token", "<s>"}.
  ChatFormat(std::string_view source, Tokenizer tokenizer, std::vector<std::pair<std::string, std::string>> tokens);

  // What the template writes. `input.tokens` are filled in. With tools the template named tool_use is taken if there is
  // one.
  RenderedChat render(ChatTemplateInput input) const;
  std::vector<TokenId> encode(const ChatTemplateInput& input) const;
  // Tokens that end an answer, besides those of generation_config.json.
  std::vector<TokenId> stop_ids() const;

 private:
  ChatFormat() = default;
  Tokenizer tokenizer_;
  std::map<std::string, ChatTemplate> templates_;  // "default", "tool_use", ...; none: the format of chat.h
  std::vector<std::pair<std::string, std::string>> tokens_;
  bool grown_here_ = false;
};

// Ids of a rendered conversation. A special token that touches a foreign byte is plain text.
std::vector<TokenId> encode_rendered(const Tokenizer& tokenizer, const RenderedChat& chat);

}  // namespace quern
