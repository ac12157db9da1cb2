// SPDX-License-Identifier: MIT
#pragma once
// A thing that can be named in both languages: "goose, geese, 鹅, counted with 只".

#include <string>

namespace quern::village {

enum class Lang { en, zh };

struct Term {
  std::string en, plural, zh, measure;  // plural and measure may be empty: mass nouns, phrases, names
  char sex = 'n';                       // 'm', 'f' for people, 'n' for things, 'p' for more than one
  const std::string& text(Lang lang) const { return lang == Lang::en ? en : zh; }
  bool operator==(const Term& other) const { return en == other.en && zh == other.zh; }
};

}  // namespace quern::village
