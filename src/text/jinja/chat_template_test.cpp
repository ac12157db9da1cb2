// SPDX-License-Identifier: MIT
#include "text/jinja/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/jinja/jinja2_cases.h"
#include "text/jinja/runtime.h"

namespace quern {
namespace {

using jinja::TemplateError;
using testing::ElementsAre;
using testing::HasSubstr;

ChatTemplateInput three_messages() {
  ChatTemplateInput input;
  input.messages = Json::parse(R"([{"role":"system","content":"Be brief."},
    {"role":"user","content":"Who mills, the wind or water?"},{"role":"assistant","content":"Both do."}])");
  input.add_generation_prompt = true;
  input.tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}};
  return input;
}

std::string rendered(std::string_view source, const ChatTemplateInput& input = three_messages()) {
  return ChatTemplate::parse(source).render(input).text;
}

std::optional<TemplateError> error_of(std::string_view source, const ChatTemplateInput& input = three_messages()) {
  try {
    ChatTemplate::parse(source).render(input);
  } catch (const TemplateError& e) {
    return e;
  }
  return std::nullopt;
}

TEST(ChatTemplate, GivesWhatJinja2Gives) {
  for (const auto& one : jinja::kJinja2Cases) {
    SCOPED_TRACE(one.source);
    if (one.rendered) {
      std::string got;
      EXPECT_NO_THROW(got = rendered(one.source));
      EXPECT_EQ(got, one.rendered);
      continue;
    }
    const auto error = error_of(one.source);
    ASSERT_TRUE(error);
    // Jinja finds unknown filters and tests when it compiles, this when they are used.
    if (std::string_view(one.error) != "syntax") EXPECT_EQ(error->reason(), one.error);
  }
}

TEST(ChatTemplate, ErrorsNameTheLine) {
  EXPECT_EQ(error_of("a\n{% if true %}\n\n{{ x.y }}{% endif %}")->line(), 4);
  EXPECT_EQ(error_of("{# one\ntwo #}\n{{ 1 + }}")->line(), 3);
  EXPECT_EQ(error_of("{%- set a = 1 -%}\n\n\n{{ raise_exception('no') }}")->line(), 4);
  EXPECT_THAT(error_of("\n{{ x.y }}")->message(), HasSubstr("chat template, line 2: 'x' is undefined"));
}

TEST(ChatTemplate, ARefusalIsToldFromAFailure) {
  EXPECT_EQ(error_of("{{ raise_exception('no') }}")->kind(), ErrorKind::InvalidArgument);
  EXPECT_EQ(error_of("{{ 1 + 'a' }}")->kind(), ErrorKind::InvalidModel);
}

TEST(ChatTemplate, TheClockIsGivenByTheCaller) {
  ChatTemplateInput input;
  input.clock = [] { return int64_t{1'700'000'000}; };  // 14 November 2023, 22:13:20 UTC
  EXPECT_THAT(rendered("{{ strftime_now('%Y %B') }}", input), "2023 November");
}

TEST(ChatTemplate, VariablesWinOverWhatIsAlwaysThere) {
  ChatTemplateInput input = three_messages();
  input.variables = {{"bos_token", "<x>"}, {"depth", 3}};
  EXPECT_EQ(rendered("{{ bos_token }}{{ depth }}{{ tools is none }}", input), "<x>3True");
}

std::vector<std::string> texts_of(const RenderedChat& chat, const std::vector<TextSpan>& spans) {
  std::vector<std::string> out;
  for (const TextSpan& span : spans) out.push_back(chat.text.substr(span.begin, span.end - span.begin));
  return out;
}

TEST(ChatTemplate, KnowsWhichBytesTheConversationWrote) {
  const RenderedChat chat =
      ChatTemplate::parse(
          "{% for m in messages %}<|{{ m.role }}|>{{ m.content | upper | replace('I', 'ı') }}<e>{% endfor %}")
          .render(three_messages());
  EXPECT_THAT(texts_of(chat, chat.foreign),
              ElementsAre("BE BR", "EF.", "WHO M", "LLS, THE W", "ND OR WATER?", "BOTH DO."));
}

TEST(ChatTemplate, WhateverIsDoneWithATextItStaysForeign) {
  for (const char* how : {"m | trim",
                          "m[::-1][::-1]",
                          "m.split('x') | join('x')",
                          "'%s' % m",
                          "'{}'.format(m)",
                          "m ~ ''",
                          "[m] | first",
                          "m | tojson",
                          "m | indent",
                          "{'k': m}.k",
                          "m | string | list | join",
                          "m.partition('x') | join",
                          "dict(a=m).a",
                          "namespace(a=m).a",
                          "m | e | upper | lower",
                          "m | title | lower",
                          "[m] | map('trim') | join",
                          "m.center(3)",
                          "(m ~ 'y')[:-1]",
                          "m | urlencode",
                          "m.replace('q', 'z')",
                          "[[m]] | string",
                          "m.splitlines() | join",
                          "m | truncate(99)"}) {
    SCOPED_TRACE(how);
    ChatTemplateInput input;
    input.messages = Json::parse(R"([{"role": "user", "content": "abc"}])");
    const RenderedChat chat =
        ChatTemplate::parse(std::string("{% set m = messages[0].content %}({{ ") + how + " }})").render(input);
    std::string foreign;
    for (const std::string& text : texts_of(chat, chat.foreign)) foreign += text;
    EXPECT_EQ(foreign, "abc");
  }
}

TEST(ChatTemplate, ARoleThatIsAWordBelongsToTheTemplate) {
  ChatTemplateInput input;
  input.messages = Json::parse(R"([{"role": "user", "content": ""}, {"role": "user|>", "content": ""}])");
  const RenderedChat chat = ChatTemplate::parse("{% for m in messages %}<|{{ m.role }}|>{% endfor %}").render(input);
  EXPECT_THAT(texts_of(chat, chat.foreign), ElementsAre("user|>"));
}

TEST(ChatTemplate, MarksWhatTheAssistantSays) {
  const RenderedChat chat =
      ChatTemplate::parse(
          "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}<e>"
          "{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}!")
          .render(three_messages());
  EXPECT_THAT(texts_of(chat, chat.generated), ElementsAre("Both do.<e>"));
}

TEST(ChatTemplate, HostileTemplatesEndWithAnErrorSoon) {
  const auto repeated = [](std::string_view part) {
    std::string out;
    for (int i = 0; i < 100'000; ++i) out += part;
    return out;
  };
  const std::vector<std::string> hostile = {
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{{ 'a' * 999999999999 }}",
      "{{ ('a' * 99999) | replace('', 'b' * 99999) }}",
      "{{ '%999999999s' % 'a' }}",
      "{{ '{:999999999}'.format('a') }}",
      "{{ 'a'.ljust(999999999999) }}",
      "{{ [0] * 999999999 }}",
      "{{ range(9999999999999) }}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
      "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
      "{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}",
      "{% for i in range(99999) %}{{ 'a' * 99999 }}{% endfor %}",
      "{{ [1] | batch(999999999, 'x') | list }}",
      "{{ 'a' | indent(99999999) }}",
      "{{ 2 ** 999999999999 }}",
      "{{ " + repeated("(") + "1",
      "{{ " + repeated("-") + "1 }}",
      "{{ 1" + repeated("+1") + " }}",
      repeated("{% if 1 %}"),
  };
  for (const std::string& source : hostile) {
    SCOPED_TRACE(source.substr(0, 80));
    EXPECT_TRUE(error_of(source));
  }
}

TEST(ChatTemplate, AJustTooLargeWholeNumberIsAnError) {
  EXPECT_EQ(rendered("{{ 9223372036854775807 }}"), "9223372036854775807");
  EXPECT_TRUE(error_of("{{ 9223372036854775807 + 1 }}"));
  EXPECT_TRUE(error_of("{{ 9223372036854775808 }}"));
  EXPECT_EQ(rendered("{{ (-9223372036854775807 - 1) % -1 }}"), "0");
}

}  // namespace
}  // namespace quern
