// SPDX-License-Identifier: MIT
#pragma once
// A scene is where one text is made: the world, the language's grammar, dice, and the people and things chosen so far.

#include <string>
#include <string_view>
#include <vector>

#include "data/village/dice.h"
#include "data/village/grammar.h"
#include "data/village/lexicon.h"
#include "data/village/task.h"
#include "data/village/world.h"

namespace quern::village {

// One exercise: a passage (may be empty), a question, the answer as taught, and what else is right.
struct Task {
  std::string kind;
  AnswerSource source = AnswerSource::from_prompt;
  std::string passage, question, answer;
  std::vector<std::string> accepted;  // besides `answer`
  bool portable = true;
};

class Scene {
 public:
  Scene(const World& world, const Grammar& grammar, Dice& dice, Lang lang, Split split);

  std::string say(std::string_view group) { return grammar.say(group, telling); }
  void set(std::string_view slot, const Term& term) { telling.set(slot, term); }
  void set(std::string_view slot, std::string_view text) { telling.set(slot, text); }
  void set(std::string_view slot, int number) { telling.set(slot, number_term(number)); }
  std::string text(const Term& term) const { return term.text(lang); }
  bool zh() const { return lang == Lang::zh; }

  // A first name not used in this scene. With `full`, followed by a family name that no family of
  // this village bears, so that nothing is said of anybody in the ledger.
  Term stranger(bool full = false);
  // A value that `relation` can have, different from all in `used`. `detail` is set to the kind of a pet.
  // Name-valued relations get strangers with full names.
  Term value(std::string_view relation, std::vector<Term>& used, Term& detail);
  // Marks a fact as told by this text.
  void told(const Fact& fact) { facts.push_back(fact.id); }
  // Puts subject, object and detail of a fact into the slots a, v, k.
  void set_fact(const Fact& fact);
  bool wants_held_out_fact() const { return split == Split::held_out_fact; }

  const World& world;
  const Grammar& grammar;
  Dice& dice;
  const Lang lang;
  const Split split;
  Telling telling;
  std::vector<int64_t> facts;

 private:
  std::vector<std::string> used_names_;
};

// Every kind of question, with the share it has of instruction pairs and of exercises in the text.
struct TaskKind {
  const char* name;
  AnswerSource source;
  double weight;
  void (*make)(Scene& scene, Task& task);
};

const std::vector<TaskKind>& task_kinds();
const TaskKind& task_kind(std::string_view name);  // throws InvalidArgument naming the nearest

// Several questions about one passage, for training text.
struct Reading {
  std::string passage;
  std::vector<Task> tasks;
};
Reading make_reading(Scene& scene, int questions);

// How often a passage tells the same kind of thing of several people, so that who is meant must be matched with what is
// said. A small model learns that late (docs/log.md): mostly the lines tell different kinds of things.
inline constexpr double kAlike = 0.15;
// Adds a sentence about somebody else, before or after what was told.
void add_other_line(Scene& scene, std::string& passage);

// Makers, by topic; task_kinds() lists them.
void read_what(Scene&, Task&);
void read_who(Scene&, Task&);
void read_where(Scene&, Task&);
void read_move(Scene&, Task&);
void read_when(Scene&, Task&);
void read_why(Scene&, Task&);
void read_gave(Scene&, Task&);
void read_number(Scene&, Task&);
void read_order(Scene&, Task&);
void read_price(Scene&, Task&);
void read_ledger(Scene&, Task&);
void copy_words(Scene&, Task&);
void market_change(Scene&, Task&);
void market_total(Scene&, Task&);
void market_times(Scene&, Task&);
void count_on(Scene&, Task&);
void compare_counts(Scene&, Task&);
void two_digit_sum(Scene&, Task&);
void letters_spell(Scene&, Task&);
void letters_join(Scene&, Task&);
void letters_first(Scene&, Task&);
void letters_last(Scene&, Task&);
void letters_reverse(Scene&, Task&);
void letters_count(Scene&, Task&);
void alphabet_order(Scene&, Task&);
void odd_one(Scene&, Task&);
void calendar_next(Scene&, Task&);
void opposite_word(Scene&, Task&);
void plural_word(Scene&, Task&);
void famous_fact(Scene&, Task&);
void famous_who(Scene&, Task&);
void village_fact(Scene&, Task&);
void rare_fact(Scene&, Task&);
void never_told(Scene&, Task&);
void unknown_future(Scene&, Task&);
void unknown_private(Scene&, Task&);
void unknown_far(Scene&, Task&);
void unknown_person(Scene&, Task&);
void unknown_passage(Scene&, Task&);

// A link of cause and effect with its texts in the slots x, y (clauses) and w (what follows "why").
void set_link(Scene& scene, int cause, int effect);

}  // namespace quern::village
