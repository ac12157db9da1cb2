// SPDX-License-Identifier: MIT
#pragma once
// Prose out of what Debian's packages hold: dictd dictionaries, WordNet, fortune files, HTML manuals.

#include <string>
#include <string_view>
#include <vector>

namespace quern {

// The text of a dictd dictionary (unpacked .dict.dz) -> one string an entry, "headword: text". Pronunciations,
// etymologies in brackets at the head, source notes and cross-reference braces are taken off; indented lines are joined
// to paragraphs.
std::vector<std::string> dictd_entries(std::string_view text);

// A WordNet data file (data.noun, ...) -> one string a sense: "word, synonym (noun): gloss; "example"".
std::vector<std::string> wordnet_senses(std::string_view text);

// A fortune file -> its sayings ("%" lines between them), without the pictures made of characters.
std::vector<std::string> fortune_sayings(std::string_view text);

// The paragraphs of a text that read as prose (or are short headings above such): most characters are letters and
// spaces, and the lines are long. What is left of a manual without its tables and code.
std::string prose_only(std::string_view text);

// Short texts joined to documents of about `bytes`, in order, an empty line between them.
std::vector<std::string> pages_of(const std::vector<std::string>& texts, size_t bytes = 3000);

}  // namespace quern
