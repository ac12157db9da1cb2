// SPDX-License-Identifier: MIT
#include "text/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace quern {
namespace {

namespace fs = std::filesystem;

fs::path goldens() {
  if (const char* shared = std::getenv("QUERN_SHARED")) return fs::path(shared) / "goldens" / "tokenizers";
  fs::path here = fs::absolute(__FILE__).parent_path();  // src/text
  return here.parent_path().parent_path().parent_path() / "shared" / "goldens" / "tokenizers";
}

class TokenizerGolden : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerGolden, EveryCaseMatchesTheReference) {
  const fs::path folder = goldens() / GetParam();
  if (!fs::exists(folder)) GTEST_SKIP() << "no reference values at " << folder << "; set QUERN_SHARED";
  const TokenizerGoldenResult result = check_tokenizer_golden(folder);
  EXPECT_EQ(result.wrong, 0) << result.message;
  EXPECT_EQ(result.status, TokenizerGoldenResult::Status::Pass) << result.message;
}
INSTANTIATE_TEST_SUITE_P(All, TokenizerGolden,
                         testing::Values("bert-cased-wordpiece", "bert-uncased-wordpiece", "char-level",
                                         "deepseek-bytelevel", "gemma-spm-bpe", "gpt2-bytelevel", "llama2-spm-bpe",
                                         "llama3-bytelevel", "mistral-spm-bpe", "qwen2-bytelevel", "roberta-bytelevel",
                                         "smollm2-bytelevel", "t5-unigram", "word-level", "xlnet-unigram"));

}  // namespace
}  // namespace quern
