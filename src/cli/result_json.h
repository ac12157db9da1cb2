// SPDX-License-Identifier: MIT
#pragma once
// A generation's result as JSON and as a table.

#include <nlohmann/json_fwd.hpp>

#include "infer/request.h"
#include "text/tokenizer.h"

namespace quern {

struct ResultJsonOptions {
  bool logprobs = false;
  size_t beams = 0;  // how many of them to list
};
nlohmann::ordered_json result_json(const GenerationResult& result, const Tokenizer& tokenizer,
                                   const ResultJsonOptions& options);

// A token as one can read it: control characters escaped, "" for an empty tokenizer.
std::string shown_token(const Tokenizer& tokenizer, int32_t id);

// Each token with its log-probability and the likeliest ones, on standard output.
void print_logprobs(const GenerationResult& result, const Tokenizer& tokenizer);

}  // namespace quern
