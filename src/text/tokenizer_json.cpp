// SPDX-License-Identifier: MIT
// tokenizer.json as a whole. Its parts: model_json.cpp, component_json.cpp.
#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "text/json_scanner.h"
#include "text/json_write.h"
#include "text/tokenizer.h"
#include "text/tokenizer_state.h"

namespace quern {

Tokenizer Tokenizer::from_json(std::string_view json_text, const std::string& where) {
  JsonScanner scanner(json_text, where);
  std::string_view added, normalizer = "null", pre_tokenizer = "null", post_processor = "null", decoder = "null", model;
  const std::pair<std::string_view, std::string_view*> sections[] = {{"added_tokens", &added},
                                                                     {"normalizer", &normalizer},
                                                                     {"pre_tokenizer", &pre_tokenizer},
                                                                     {"post_processor", &post_processor},
                                                                     {"decoder", &decoder},
                                                                     {"model", &model}};
  if (scanner.peek() != '{') scanner.fail("a tokenizer.json is an object");
  std::vector<std::string> seen;
  std::string key;
  for (scanner.begin_object(); scanner.next_key(key);) {
    if (std::find(seen.begin(), seen.end(), key) != seen.end())
      scanner.fail(fmt::format("the key '{}' stands twice", key));
    if (seen.size() > 100) scanner.fail("too many keys for a tokenizer.json");
    seen.push_back(key);
    const std::string_view value = scanner.skip_value();
    for (const auto& [name, place] : sections) {
      if (key == name) *place = value;
    }
  }
  scanner.expect_end();
  if (model.empty()) {
    throw Error(ErrorKind::InvalidModel, "{}: no \"model\" in it, so it is not a tokenizer.json", where);
  }
  TokenizerParts parts;
  parse_pre_tokenizer(pre_tokenizer, parts, where);
  parts.model = parse_model(model, parts, where);
  parse_normalizer(normalizer, parts, where);
  if (!added.empty()) parts.added = parse_added_tokens(added, where);
  parse_post_processor(post_processor, parts, where);
  parse_decoder(decoder, parts, where);
  return finish_tokenizer(std::move(parts), where);
}

std::string Tokenizer::to_json() const {
  std::string out = "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n  \"added_tokens\": [";
  std::vector<const AddedToken*> added;
  for (const AddedToken& token : state_->added) added.push_back(&token);
  std::sort(added.begin(), added.end(), [](const AddedToken* a, const AddedToken* b) { return a->id < b->id; });
  const auto flag = [&out](std::string_view name, bool value) {
    out += fmt::format(",\n      \"{}\": {}", name, value ? "true" : "false");
  };
  for (size_t i = 0; i < added.size(); ++i) {
    out += i > 0 ? ",\n    {" : "\n    {";
    out += fmt::format("\n      \"id\": {},\n      \"content\": ", added[i]->id);
    write_json_string(out, added[i]->content);
    flag("single_word", added[i]->single_word);
    flag("lstrip", added[i]->lstrip);
    flag("rstrip", added[i]->rstrip);
    flag("normalized", added[i]->normalized);
    flag("special", added[i]->special);
    out += "\n    }";
  }
  out += added.empty() ? "]" : "\n  ]";
  out += ",\n  \"normalizer\": " + state_->normalizer_json;
  out += ",\n  \"pre_tokenizer\": " + state_->pre_tokenizer_json;
  out += ",\n  \"post_processor\": " + state_->post_processor_json;
  out += ",\n  \"decoder\": " + state_->decoder_json;
  out += ",\n  \"model\": ";
  state_->model->write_json(out);
  out += "\n}\n";
  return out;
}

void Tokenizer::save(const std::filesystem::path& file) const { write_file(file, to_json()); }

}  // namespace quern
