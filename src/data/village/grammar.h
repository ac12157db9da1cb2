// SPDX-License-Identifier: MIT
#pragma once
// A recursive grammar that writes text. Its source is plain lines:
//
//   #greeting                      a group; every following line is one alternative
//   [hello], {a}! {a.He} <smile>.
//   ! Good day to you, {a}.        held out: never used in training text
//   #hello = good (morning|evening) | hello     a short group on one line
//
//   [group]      expands another group (recursively)
//   (x|y|)       one of the parts, which may nest
//   {a}          the value of a slot; {v.pl} plural, {v.m} measure word, {a.he} {a.him} {a.his} {a.self} pronouns that
//                agree with it ({a.He} {a.His} capital)
//   <keep>       a verb in the third person and the telling's tense (keeps / kept); <keep.pl> plural (keep / kept),
//                <keep.base>, <keep.now> (keeps), <keep.past>, <keep.ing>, <keep.pp>
//   a*           the article a or an, by the sound of what follows
//
// finish() then sets articles, capitals and spaces. Everything a telling draws comes from its dice.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "data/village/dice.h"
#include "data/village/term.h"

namespace quern::village {

struct Template {
  int64_t id;
  Lang lang;
  std::string group, source;
  bool held_out;
};

// What one text is told with: the dice, the slots, the tense, and whether held-out wording is wanted.
class Telling {
 public:
  explicit Telling(Dice& dice) : dice(dice) {}
  void set(std::string_view slot, const Term& value);
  void set(std::string_view slot, std::string_view text);  // the same in both languages
  const Term* find(std::string_view slot) const;

  Dice& dice;
  bool past = false;
  double held_out_share = 0.0;     // chance to take held-out wording where a group has it; 0 in training text
  int64_t first_template = -1;     // of the first group expanded
  int64_t held_out_template = -1;  // the last held-out alternative used, -1 if none

  static uint64_t key_of(std::string_view slot);  // slot names have at most eight letters
  const Term* find(uint64_t key) const;

 private:
  Term& slot(uint64_t key);
  std::vector<uint64_t> keys_;
  std::vector<Term> values_;
};

class Grammar {
 public:
  Grammar(Lang lang, const std::vector<const char*>& sources);

  bool has(std::string_view group) const;
  // Appends one expansion of `group`. Throws InternalError for an unknown group or an empty slot.
  void expand(std::string_view group, Telling& telling, std::string& out) const;
  std::string say(std::string_view group, Telling& telling) const;  // expanded and finished
  std::string finish(std::string_view raw) const;
  const std::vector<Template>& templates() const { return templates_; }
  size_t group_count() const { return groups_.size(); }

 private:
  enum class Kind : uint8_t { Text, Slot, Group, Choice, Verb };
  struct Node {
    Kind kind;
    std::string text;  // text, slot, group or verb (in the present)
    std::string form;  // of a slot or verb
    std::string past;  // a verb in the past
    uint64_t key = 0;  // of a slot
    int group = -1;
    std::vector<std::vector<Node>> parts;  // of a choice
  };
  using Sequence = std::vector<Node>;
  struct Alternative {
    Sequence sequence;
    int64_t id;
    bool held_out;
  };
  struct Group {
    std::string name;
    std::vector<Alternative> open, held_out;
  };

  void add(const char* source);
  void add_alternative(Group& group, std::string_view line);
  Sequence parse(std::string_view text, size_t& at, bool nested, const std::string& where) const;
  void link(Sequence& sequence, const std::string& where);
  void expand(int group, Telling& telling, std::string& out, int depth) const;
  void write(const Sequence& sequence, Telling& telling, std::string& out, int depth) const;
  void write_slot(const Node& node, const Telling& telling, std::string& out) const;

  Lang lang_;
  std::vector<Group> groups_;
  std::map<std::string, int, std::less<>> index_;
  std::vector<Template> templates_;
};

// "keep" -> "keeps", "kept", "keeping"; form as in the grammar's <verb.form>, with past for the tense.
std::string conjugate(std::string_view verb, std::string_view form, bool past);

}  // namespace quern::village
