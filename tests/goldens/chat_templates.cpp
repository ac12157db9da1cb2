// SPDX-License-Identifier: MIT
// chat_templates/: the rendered text, or the words with which the template refuses, exactly.

#include <algorithm>
#include <array>

#include "golden.h"
#include "text/jinja/chat_template.h"
#include "text/jinja/runtime.h"

namespace quern::goldens {

namespace {
// The files of cases have the keys of each object sorted, while what was rendered had those of tools and of their calls
// in the order in which people write them. This puts them back.
Json usual_key_order(const Json& json) {
  static constexpr std::array kOrder = {"id",        "type",       "function", "name", "description", "parameters",
                                        "arguments", "properties", "required", "enum", "default"};
  if (json.is_array()) {
    Json out = Json::array();
    for (const Json& item : json) out.push_back(usual_key_order(item));
    return out;
  }
  if (!json.is_object()) return json;
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  std::ranges::stable_sort(keys, {},
                           [](const std::string& key) { return std::ranges::find(kOrder, key) - kOrder.begin(); });
  Json out = Json::object();
  for (const std::string& key : keys) out[key] = usual_key_order(json[key]);
  return out;
}

bool is_sorted(const Json& json) {
  if (json.is_array()) return std::ranges::all_of(json, is_sorted);
  if (!json.is_object()) return true;
  std::string last;
  for (const auto& [key, value] : json.items()) {
    if (key < last || !is_sorted(value)) return false;
    last = key;
  }
  return true;
}

ChatTemplateInput input_of(const Json& c) {
  ChatTemplateInput input;
  input.messages = c.at("messages");
  input.tools = c.value("tools", Json());
  input.add_generation_prompt = c.value("add_generation_prompt", false);
  input.variables = c.value("variables", Json::object());
  for (const char* token : {"bos_token", "eos_token"})
    if (c.contains(token) && c[token].is_string()) input.tokens.emplace_back(token, c[token].get<std::string>());
  if (is_sorted(c)) {
    input.tools = usual_key_order(input.tools);
    for (Json& message : input.messages)
      if (message.contains("tool_calls")) message["tool_calls"] = usual_key_order(message["tool_calls"]);
  }
  return input;
}

void compare_case(const ChatTemplate& chat_template, const Json& c, const std::string& where, Comparison& comparison) {
  std::string rendered, refusal;
  try {
    rendered = chat_template.render(input_of(c)).text;
  } catch (const jinja::TemplateError& e) {
    refusal = e.reason();
  }
  if (c.contains("error"))
    comparison.require(where + ": is refused with the same words", refusal == c["error"]);
  else
    comparison.require(where + ": the same text" + (refusal.empty() ? "" : ", not: " + refusal),
                       refusal.empty() && rendered == c.at("rendered"));
}

Outcome check_template(const fs::path& base) {
  const ChatTemplate chat_template = ChatTemplate::parse(read_file(base / "template.jinja"));
  const std::string cases = read_file(base / "cases.jsonl");
  Comparison comparison;
  int number = 0;
  for (size_t begin = 0; begin < cases.size();) {
    const size_t end = std::min(cases.find('\n', begin), cases.size());
    const std::string line = cases.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \r") == std::string::npos) continue;
    const std::string where = fmt::format("line {}", number);
    compare_case(chat_template, parse_json(line, where), where, comparison);
  }
  return comparison.outcome();
}
}  // namespace

Area chat_templates_area() { return {"chat_templates", folder_with("cases.jsonl"), check_template}; }

}  // namespace quern::goldens
