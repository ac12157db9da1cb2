// SPDX-License-Identifier: MIT
#pragma once
// Paragraphs and sentences, English and Chinese punctuation.

#include <string>
#include <string_view>
#include <vector>

namespace quern {

// Paragraphs as single lines: blank lines part them, hard line breaks inside are joined (with a blank, except between
// Chinese characters). In texts without blank lines every line is a paragraph.
std::vector<std::string> paragraphs_of(std::string_view text);

// Sentences with their closing quotes and brackets; trimmed, in order. "Mr. Bennet" and "3.14" don't end one.
std::vector<std::string_view> sentences_of(std::string_view paragraph);

// Words: runs of letters, digits, ' and - ; Chinese text is one run per stretch between punctuation.
std::vector<std::string_view> words_of(std::string_view text);

bool mostly_han(std::string_view text);
size_t count_characters(std::string_view utf8);

}  // namespace quern
