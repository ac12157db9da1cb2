// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/rng.h"
#include "text/tokenizer.h"
#include "text/tokenizer_train.h"

namespace quern {
namespace {

const std::string& good_json() {
  static const std::string json = [] {
    bool done = false;
    const DocumentSource one = [&](std::string& document) {
      document = "the mill grinds, the miller sleeps";
      return !std::exchange(done, true);
    };
    return train_bpe(one, {.vocab_size = 280, .special_tokens = {"<s>"}, .threads = 1}).to_json();
  }();
  return json;
}

// The file with one piece of it exchanged.
std::string with(const std::string& old_text, const std::string& new_text) {
  std::string json = good_json();
  const size_t at = json.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return json.replace(at, old_text.size(), new_text);
}

std::string nested(int depth) {
  return std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']');
}

TEST(TokenizerJson, DamageOfEveryKindIsOneClearError) {
  const struct {
    std::string what, json;
  } cases[] = {
      {"empty", ""},
      {"not an object", "[]"},
      {"not UTF-8", "{\"\xFF\": 1}"},
      {"text behind it", good_json() + "x"},
      {"no model", "{}"},
      {"deep nesting", with("\"version\": \"1.0\"", "\"version\": " + nested(100000))},
      {"a key twice", with("\"version\": \"1.0\"", "\"version\": 1, \"version\": 1")},
      {"an id that is a string", with("\"!\": 1,", "\"!\": \"1\",")},
      {"a fraction as id", with("\"!\": 1,", "\"!\": 1.5,")},
      {"a negative id", with("\"!\": 1,", "\"!\": -1,")},
      {"a huge id", with("\"!\": 1,", "\"!\": 2000000000,")},
      {"an id of 30 digits", with("\"!\": 1,", "\"!\": 100000000000000000000000000000,")},
      {"an id twice", with("\"!\": 1,", "\"!\": 2,")},
      {"a token twice", with("\"!\": 1,", "\"!\": 1, \"!\": 900,")},
      {"merges of unknown tokens", with("\"merges\": [", "\"merges\": [[\"q\", \"zz\"],")},
      {"merges that make no token", with("\"merges\": [", "\"merges\": [[\"q\", \"q\"],")},
      {"merges of three", with("\"merges\": [", "\"merges\": [\"a b c\",")},
      {"merges missing", with("\"merges\": [", "\"murges\": [")},
      {"no type of its own", with("\"type\": \"BPE\"", "\"type\": \"Magic\"")},
      {"a type that is a number", with("\"type\": \"BPE\"", "\"type\": 7")},
      {"an added token with another id", with("\"id\": 0", "\"id\": 7")},
      {"an added token without content", with("\"content\": \"<s>\"", "\"content\": \"\"")},
      {"an added token without id", with("\"id\": 0", "\"ad\": 0")},
      {"flags that are numbers", with("\"lstrip\": false", "\"lstrip\": 0")},
      {"a pattern that does not compile", with("\\\\p{N}{1,3}", "\\\\p{N}{1,3}(")},
      {"a behaviour that is none", with("\"Isolated\"", "\"Shredded\"")},
      {"an empty vocabulary", "{\"model\": {\"type\": \"WordLevel\", \"vocab\": {}}}"},
      {"a template for no text", with("\"post_processor\": null",
                                      "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [], "
                                      "\"pair\": [], \"special_tokens\": {}}")},
      {"a template with an unknown token",
       with("\"post_processor\": null",
            "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": "
            "\"<x>\", \"type_id\": 0}}], \"pair\": [], \"special_tokens\": {}}")},
  };
  for (const auto& [what, json] : cases) {
    SCOPED_TRACE(what);
    try {
      Tokenizer::from_json(json, "dir/tokenizer.json");
      ADD_FAILURE() << "was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::InvalidModel) << error.what();
      EXPECT_TRUE(error.message().starts_with("dir/tokenizer.json: ")) << error.what();
      EXPECT_LT(error.message().size(), 400u);
    }
  }
}

TEST(TokenizerJson, WhatIsNotBuiltSaysSo) {
  for (const std::string& json :
       {with("\"dropout\": null", "\"dropout\": 0.1"),
        with("\"normalizer\": null", "\"normalizer\": {\"type\": \"Shuffle\"}"),
        with("\"pre_tokenizer\": {", "\"pre_tokenizer\": {\"type\": \"UnicodeScripts\"}, \"unused\": {")}) {
    try {
      Tokenizer::from_json(json, "tokenizer.json");
      ADD_FAILURE() << "was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Unsupported) << error.what();
    }
  }
}

TEST(TokenizerJson, EveryTruncationIsAnError) {
  for (size_t size = 0; size + 2 < good_json().size(); size += 1 + size / 50) {
    EXPECT_THROW(Tokenizer::from_json(std::string_view(good_json()).substr(0, size), "t"), Error) << size;
  }
}

TEST(TokenizerJson, FlippedBytesNeverDoMoreThanThrow) {
  Rng rng(1);
  for (int i = 0; i < 1000; ++i) {
    std::string json = good_json();
    for (uint64_t k = 1 + rng.below(4); k > 0; --k) json[rng.below(json.size())] = static_cast<char>(rng.below(128));
    try {
      const Tokenizer tokenizer = Tokenizer::from_json(json, "t");
      (void)tokenizer.encode("the mill", {.parse_special = true});
    } catch (const Error&) {
    }
  }
}

TEST(TokenizerJson, MissingFileAndFolderAreNamed) {
  const TemporaryDirectory folder;
  try {
    Tokenizer::load(folder.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  }
  EXPECT_THROW(Tokenizer::load(folder.path() / "tokenizer.json"), Error);
}

TEST(TokenizerJson, OldFormOfMergesAndFlagsIsRead) {
  std::string json = good_json();
  // ["a", "b"] -> "a b"
  const size_t merges = json.find("\"merges\"");
  for (size_t at = json.find("[\"", merges); at != std::string::npos; at = json.find("[\"", at)) {
    const size_t middle = json.find("\", \"", at), end = json.find("\"]", at);
    json.replace(end, 2, "\"");
    json.replace(middle, 4, " ");
    json.replace(at, 2, "\"");
  }
  const Tokenizer old = Tokenizer::from_json(json, "t"), now = Tokenizer::from_json(good_json(), "t");
  EXPECT_EQ(old.encode("the miller grinds"), now.encode("the miller grinds"));
}

}  // namespace
}  // namespace quern
