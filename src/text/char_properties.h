// SPDX-License-Identifier: MIT
#pragma once
// What normalizers and pre-tokenizers of Hugging Face's format ask of a character beyond CharTable. Where the tables of
// that library are of an older Unicode version than ours, these follow it, so that the ids are the same.

#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

bool is_white_space(char32_t c);        // White_Space
bool is_split_punctuation(char32_t c);  // ASCII punctuation and P* of Unicode 7
bool is_combining_mark(char32_t c);     // M* of Unicode 9
bool is_nonspacing_mark(char32_t c);    // Mn of Unicode 7
bool is_bert_control(char32_t c);       // C* but for tab and line ends
bool is_cjk_ideograph(char32_t c);      // the blocks that BERT sets spaces around
bool is_whitespace_word(char32_t c);    // \w of the Whitespace pre-tokenizer: Alphabetic, M*, Nd, Pc, Join_Control

// The lower-case form, one or two characters.
void append_lower(std::string& out, char32_t c);

// Bytes of the extended grapheme cluster that begins `text` (not empty, well-formed).
size_t grapheme_length(std::string_view text);

}  // namespace quern
