// SPDX-License-Identifier: MIT
// tokenizers/: ids, tokens, offsets and decoded texts, all exactly.

#include "golden.h"
#include "text/golden.h"

namespace quern::goldens {

namespace {
Outcome check(const fs::path& base) {
  const TokenizerGoldenResult result = check_tokenizer_golden(base);
  if (result.status == TokenizerGoldenResult::Status::Skip) throw not_yet(result.message);
  const bool pass = result.status == TokenizerGoldenResult::Status::Pass && result.cases > 0;
  return {pass ? Outcome::Status::Pass : Outcome::Status::Fail, double(result.wrong), 0, result.message};
}
}  // namespace

Area tokenizers_area() { return {"tokenizers", folder_with("cases.jsonl"), check}; }

}  // namespace quern::goldens
