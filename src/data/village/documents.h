// SPDX-License-Identifier: MIT
#pragma once
// Whole documents, by kind. Each writer fills a scene's text; the village labels it and keeps what may be kept.

#include <string>
#include <vector>

#include "data/village/scene.h"

namespace quern::village {

struct DocumentKind {
  const char* name;
  double weight;     // share of documents in training text
  bool tells_facts;  // can be asked to tell a held-out fact
  void (*write)(Scene& scene, std::string& text);
};

const std::vector<DocumentKind>& document_kinds();

// People, things, places and numbers for stories and papers, into the slots the templates use. `star` (a person id, or
// -1) takes the place of {a} by first name, with their own trade and pet.
void set_cast(Scene& scene, int star = -1);
// A short chain of causes, first cause first; consecutive entries are cause and effect.
std::vector<int> draw_chain(Scene& scene, int links);

void write_story(Scene&, std::string&);
void write_letter(Scene&, std::string&);
void write_notice(Scene&, std::string&);
void write_person_entry(Scene&, std::string&);
void write_village_entry(Scene&, std::string&);
void write_thing_entry(Scene&, std::string&);
void write_dialogue(Scene&, std::string&);
void write_weather(Scene&, std::string&);
void write_instructions(Scene&, std::string&);
void write_exercises(Scene&, std::string&);
void write_reading(Scene&, std::string&);
void write_quiz(Scene&, std::string&);
void write_primer(Scene&, std::string&);

// "Question: ... Answer: ..." or the same in speech.
void append_exercise(Scene& scene, const Task& task, std::string& text);
// A fact to tell: mostly a famous one, held out when the split asks for it. `person_only`: about a person.
const Fact& fact_to_tell(Scene& scene, double often_share, bool person_only);
// "It is Ada." -> "It is Ada,", for what is said inside a sentence.
std::string with_comma(const std::string& sentence, bool zh);
std::string tell_fact(Scene& scene, const Fact& fact);
void entry_about(Scene& scene, int person, std::string& text);

}  // namespace quern::village
