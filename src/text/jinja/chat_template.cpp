// SPDX-License-Identifier: MIT
#include "text/jinja/chat_template.h"

#include <ctime>

#include "text/jinja/interpreter.h"
#include "text/jinja/json_values.h"
#include "text/jinja/parser.h"
#include "text/unicode.h"

namespace quern {

struct ChatTemplate::Impl {
  std::string source;
  std::vector<jinja::Statement> statements;
};

ChatTemplate ChatTemplate::parse(std::string_view source) {
  ChatTemplate made;
  made.impl_ = std::make_shared<const Impl>(Impl{std::string(source), jinja::parse_template(source)});
  return made;
}

const std::string& ChatTemplate::source() const { return impl_->source; }

namespace {
jinja::ScopePtr globals_of(jinja::Runtime& runtime, const ChatTemplateInput& input) {
  using jinja::kForeign;
  auto globals = std::make_shared<jinja::Scope>();
  const auto clock = input.clock ? input.clock : [] { return int64_t{std::time(nullptr)}; };
  for (auto& [name, value] : jinja::make_globals(runtime, clock)) globals->set(name, std::move(value));
  globals->set("messages", value_of(runtime, input.messages, kForeign));
  globals->set("tools", value_of(runtime, input.tools, kForeign));
  globals->set("documents", value_of(runtime, input.documents, kForeign));
  globals->set("add_generation_prompt", {input.add_generation_prompt});
  for (const auto& [name, token] : input.tokens) globals->set(name, runtime.str(token));
  if (!input.variables.is_object() && !input.variables.is_null())
    throw Error(ErrorKind::InvalidArgument, "the variables of a chat template are an object of names and values");
  for (const auto& [name, value] : input.variables.items()) globals->set(name, value_of(runtime, value, kForeign));
  return globals;
}

void add_to(std::vector<TextSpan>& spans, bool marked, size_t begin, size_t end) {
  if (!marked) return;
  if (!spans.empty() && spans.back().end == begin)
    spans.back().end = end;
  else
    spans.push_back({begin, end});
}
}  // namespace

RenderedChat ChatTemplate::render(const ChatTemplateInput& input) const {
  jinja::Runtime runtime(input.limits);
  jinja::Interpreter interpreter(runtime);
  const jinja::Chars out = interpreter.run(impl_->statements, globals_of(runtime, input));
  RenderedChat rendered;
  for (const char32_t c : out) {
    const size_t begin = rendered.text.size();
    const char32_t value = jinja::plain(c);
    append_utf8(rendered.text, value >= 0xD800 && value < 0xE000 ? 0xFFFD : value);
    add_to(rendered.foreign, c & jinja::kForeign, begin, rendered.text.size());
    add_to(rendered.generated, c & jinja::kGenerated, begin, rendered.text.size());
  }
  return rendered;
}

}  // namespace quern
