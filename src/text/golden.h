// SPDX-License-Identifier: MIT
#pragma once
// Holds a tokenizer to reference results: a folder with tokenizer.json, cases.jsonl and, where there are any,
// pairs.jsonl and document.jsonl. Ids, tokens, offsets, type ids, masks and decoded texts must match exactly, and a
// tokenizer that is written out and read again must do the same. spiece.model is held to spm_cases.jsonl.

#include <filesystem>
#include <string>

#include "text/tokenizer.h"

namespace quern {

struct TokenizerGoldenResult {
  enum class Status { Pass, Fail, Skip } status = Status::Skip;
  int cases = 0, wrong = 0;
  std::string message;  // the first case that is wrong, or why the folder was skipped
};

// Skip: the tokenizer is of a kind that is not supported, or the folder has no tokenizer.json. Never throws for what
// stands in the folder.
TokenizerGoldenResult check_tokenizer_golden(const std::filesystem::path& folder);
// The cases of a folder whose vocabulary comes from elsewhere.
TokenizerGoldenResult check_tokenizer_golden(const std::filesystem::path& folder, const Tokenizer& tokenizer);

}  // namespace quern
