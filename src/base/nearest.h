// SPDX-License-Identifier: MIT
#pragma once
// The known word a typo was meant to be, for error messages.

#include <span>
#include <string>
#include <string_view>

namespace quern {

// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`, counted in bytes
// (Damerau 1964, optimal string alignment). Words longer than 64 bytes are cut: nobody mistypes that long a name.
int edit_distance(std::string_view a, std::string_view b);

// The candidate with the smallest edit distance, the first of equals; one that `word` starts, or that starts `word`,
// counts as close. "" when there are none.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace quern
