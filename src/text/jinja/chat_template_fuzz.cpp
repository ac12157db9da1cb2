// SPDX-License-Identifier: MIT
// Any bytes as a template: an error or a text, in bounded time and memory.
#include <cstdlib>
#include <string_view>

#include "text/jinja/chat_template.h"
#include "text/jinja/runtime.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  static const Json messages = Json::parse(
      R"([{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \u77f3 <|im_end|>"},
          {"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"a":[1,2.5]}}}]}])");
  try {
    const ChatTemplate parsed = ChatTemplate::parse({reinterpret_cast<const char*>(data), size});
    ChatTemplateInput input{
        .messages = messages, .tools = Json::array({Json{{"name", "f"}}}), .add_generation_prompt = true};
    input.tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
    input.clock = [] { return int64_t{1'700'000'000}; };
    input.limits = {.steps = 300'000, .bytes = 32 << 20};
    const RenderedChat chat = parsed.render(input);
    size_t end = 0;
    for (const TextSpan& span : chat.foreign) {
      if (span.begin < end || span.end <= span.begin || span.end > chat.text.size()) std::abort();
      end = span.end;
    }
  } catch (const Error&) {
  }
  return 0;
}
