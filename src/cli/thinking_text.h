// SPDX-License-Identifier: MIT
#pragma once
// An answer as it comes, with what stands between <think> and </think> shown dimmed.

#include <string>
#include <string_view>

namespace quern {

class ThinkingText {
 public:
  // Without colour the text goes through as it is. `inside`: the answer begins within a thought.
  ThinkingText(bool color, bool inside) : color_(color), inside_(inside) {}
  // What can be shown now: a part that may yet become a tag is held back.
  std::string push(std::string_view piece);
  std::string finish();

 private:
  bool color_, inside_, dimmed_ = false;
  std::string held_;

  void show(std::string& out, std::string_view text);
};

}  // namespace quern
