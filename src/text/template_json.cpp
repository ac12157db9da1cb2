// SPDX-License-Identifier: MIT
#include "text/template_json.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"

namespace quern {

void add_extra_tokens(const TokenizerExtras& extras, TokenizerParts& parts) {
  for (const AddedToken& token : extras.added) {
    const auto known = std::find_if(parts.added.begin(), parts.added.end(), [&](const AddedToken& t) {
      return t.id == token.id && t.content == token.content;
    });
    known == parts.added.end() ? parts.added.push_back(token) : void(*known = token);
  }
}

std::string template_json(const TokenizerExtras& extras, const std::string& bos, const std::string& eos,
                          const TokenizerParts& parts, const std::string& where) {
  if (!extras.bos && !extras.eos) return "null";
  Json special = Json::object();
  const auto special_item = [&](const std::string& token, int type_id) {
    TokenId id = parts.model->surfaces().find(token);
    for (const AddedToken& added : parts.added) {
      if (added.content == token) id = added.id;
    }
    if (id < 0) {
      throw Error(ErrorKind::InvalidModel, "{}: tokenizer_config.json puts '{}' around texts, which is no token", where,
                  token);
    }
    special[token] = {{"id", token}, {"ids", Json::array({id})}, {"tokens", Json::array({token})}};
    return Json{{"SpecialToken", {{"id", token}, {"type_id", type_id}}}};
  };
  const auto add_text = [&](Json& items, const char* name, int type_id) {
    if (extras.bos) items.push_back(special_item(extras.bos->empty() ? bos : *extras.bos, type_id));
    items.push_back({{"Sequence", {{"id", name}, {"type_id", type_id}}}});
    if (extras.eos) items.push_back(special_item(extras.eos->empty() ? eos : *extras.eos, type_id));
  };
  Json single = Json::array();
  add_text(single, "A", 0);
  Json pair = single;
  add_text(pair, "B", 1);
  return Json{{"type", "TemplateProcessing"}, {"single", single}, {"pair", pair}, {"special_tokens", special}}.dump();
}

}  // namespace quern
