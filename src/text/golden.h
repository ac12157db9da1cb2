// SPDX-License-Identifier: MIT
#pragma once
// Holds a tokenizer to reference results: a folder with tokenizer.json, cases.jsonl and, where there are any,
// pairs.jsonl and document.jsonl. Ids, tokens, offsets, type ids, masks and decoded texts must match exactly.

#include <filesystem>
#include <string>

namespace quern {

struct TokenizerGoldenResult {
  enum class Status { Pass, Fail, Skip } status = Status::Skip;
  int cases = 0, wrong = 0;
  std::string message;  // the first case that is wrong, or why the folder was skipped
};

// Skip: the tokenizer is of a kind that is not supported, or the folder has no tokenizer.json. Never throws for what
// stands in the folder.
TokenizerGoldenResult check_tokenizer_golden(const std::filesystem::path& folder);

}  // namespace quern
