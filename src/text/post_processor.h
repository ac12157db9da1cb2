// SPDX-License-Identifier: MIT
#pragma once
// What is put around the model's ids: begin and end tokens, separators between two texts; and offsets trimmed of
// spaces.

#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace quern {

struct PostProcessor {
  // One item of a template: either a text (0: first, 1: second) or added ids.
  struct Item {
    int sequence = -1;
    uint8_t type_id = 0;
    std::vector<TokenId> ids;
    std::vector<std::string> tokens;
  };
  bool has_template = false;
  std::vector<Item> single, pair;
  bool zero_type_ids = false;  // RoBERTa: 0 everywhere, even without special tokens

  struct Trim {
    bool add_prefix_space;
  };
  std::vector<Trim> trims;  // in order

  // `encodings`: one or two. Their type_ids are 0 and 1.
  Encoding apply(std::vector<Encoding> encodings, bool add_special) const;
};

}  // namespace quern
