// SPDX-License-Identifier: MIT
#pragma once
// A model's chat template: turns a conversation into the text the model was taught, as transformers'
// apply_chat_template does (Jinja 3.1, sandboxed, trim_blocks and lstrip_blocks on).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/jinja/objects.h"

namespace quern {

struct ChatTemplateInput {
  Json messages = Json::array();                            // of {role, content, ...}
  Json tools, documents;                                    // null: none
  bool add_generation_prompt = false;                       // end where the assistant is to go on
  Json variables = Json::object();                          // further names; they win over those above
  std::vector<std::pair<std::string, std::string>> tokens;  // bos_token, eos_token, ...: names of special tokens
  jinja::Clock clock;                                       // for strftime_now; empty: the time of day
  jinja::Limits limits;
};

// Bytes [begin, end) of a text.
struct TextSpan {
  size_t begin, end;
  bool operator==(const TextSpan&) const = default;
};

struct RenderedChat {
  std::string text;
  // What came from messages, tools, documents and variables. A special token is one only where none of its bytes lies
  // in such a span: so no user can forge it.
  std::vector<TextSpan> foreign;
  // What stands in {% generation %} blocks: what training on the assistant's words counts.
  std::vector<TextSpan> generated;
};

class ChatTemplate {
 public:
  // Throws jinja::TemplateError naming the line.
  static ChatTemplate parse(std::string_view source);
  // Throws jinja::TemplateError; its cause is Refusal where the template says no to the conversation.
  RenderedChat render(const ChatTemplateInput& input) const;
  const std::string& source() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace quern
