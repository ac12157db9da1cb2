// SPDX-License-Identifier: MIT
#pragma once
// The word lists every village shares, in both languages, and the syllables its names are made of.

#include <string>
#include <string_view>
#include <vector>

#include "data/village/dice.h"
#include "data/village/term.h"

namespace quern::village {

struct Pair {
  std::string left, right;
};

struct Lexicon {
  // Kinds of things. Countable ones have a plural and a Chinese measure word.
  std::vector<Term> animals, pets, trades, foods, goods, things, colors, places, spots, skills, streets, hair, weekdays,
      months, seasons, festivals, weathers, crops, materials, tools, occasions;
  std::vector<Term> pet_names, inns, rivers;
  std::vector<std::string> puzzle_words;     // 3 to 5 letters, English
  std::vector<std::string> puzzle_words_zh;  // 2 to 4 characters
  std::vector<Pair> opposites, opposites_zh;
  std::vector<Term> far_towns;  // places of which nothing is ever told
  // Syllables. A first name is head + tail; the tail shows whether a man or a woman bears it.
  std::vector<std::string> name_heads, male_tails, female_tails, family_heads, family_tails, stranger_tails;
  std::vector<std::string> zh_families, zh_male, zh_female, zh_stranger_families, town_heads, town_tails, zh_towns;

  // Every first name, men's (or women's) in a fixed order; names[h * tails + t] has head h.
  std::vector<Term> male_names, female_names;
};

const Lexicon& lexicon();

// Kinds of things, with their names in both languages: what is an animal, a colour, ...
struct WordFamily {
  const char *en, *zh;
  const std::vector<Term>* members;
};
const std::vector<WordFamily>& word_families();  // immutable, built on first use

Term number_term(int n);                           // the same digits in both languages
std::string letters_apart(std::string_view word);  // "lamp" -> "l a m p"; UTF-8 characters likewise
std::vector<std::string> characters(std::string_view utf8);

}  // namespace quern::village
