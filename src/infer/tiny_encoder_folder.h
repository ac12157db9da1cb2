// SPDX-License-Identifier: MIT
#pragma once
// For tests: folders of tiny encoders with random weights and a WordPiece tokenizer of letters.

#include <string>

#include "base/files.h"
#include "formats/hf_folder.h"
#include "models/tiny_encoders.h"

namespace quern::testing_models {

// A letter is a token, one inside a word a token with ##.
inline Json letters_tokenizer() {
  Json vocab = Json::object();
  const auto add = [&](const std::string& token) { vocab[token] = vocab.size(); };
  for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) add(special);
  for (char c = 'a'; c <= 'z'; ++c) add(std::string(1, c)), add("##" + std::string(1, c));
  for (const char* mark : {".", "?", ":", ","}) add(mark);
  Json added = Json::array();
  for (int id = 0; id < 5; ++id)
    added.push_back({{"id", id},
                     {"content", vocab.items().begin().key()},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  int id = 0;
  for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) added[size_t(id++)]["content"] = special;
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added},
          {"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", true},
            {"handle_chinese_chars", true},
            {"strip_accents", nullptr},
            {"lowercase", true}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"post_processor", {{"type", "BertProcessing"}, {"sep", {"[SEP]", 3}}, {"cls", {"[CLS]", 2}}}},
          {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", "[UNK]"},
            {"continuing_subword_prefix", "##"},
            {"max_input_chars_per_word", 100},
            {"vocab", vocab}}}};
}

inline void write_json(const fs::path& file, const Json& json) {
  fs::create_directories(file.parent_path());
  write_file(file, json.dump());
}

// `config`: as of tiny_encoder_config(); its vocabulary is made the tokenizer's.
inline void write_encoder_folder(const fs::path& folder, Json config, uint64_t seed = 1) {
  fs::create_directories(folder);
  config["vocab_size"] = letters_tokenizer()["model"]["vocab"].size();
  save_encoder(folder, *build_encoder(config, ParamStore::fresh(seed, {})));
  write_json(folder / "tokenizer.json", letters_tokenizer());
}

// modules.json and the files of its modules: the transformer at the top, `pooling` as 1_Pooling/config.json.
inline void write_sentence_modules(const fs::path& folder, const Json& pooling, bool normalize) {
  Json modules = {{{"idx", 0}, {"name", "0"}, {"path", ""}, {"type", "sentence_transformers.models.Transformer"}},
                  {{"idx", 1}, {"name", "1"}, {"path", "1_Pooling"}, {"type", "sentence_transformers.models.Pooling"}}};
  if (normalize)
    modules.push_back(
        {{"idx", 2}, {"name", "2"}, {"path", "2_Normalize"}, {"type", "sentence_transformers.models.Normalize"}});
  write_json(folder / "modules.json", modules);
  write_json(folder / "1_Pooling/config.json", pooling);
}

}  // namespace quern::testing_models
