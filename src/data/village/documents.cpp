// SPDX-License-Identifier: MIT
// Documents that teach: entries about people and the village, exercises, readings and quizzes.
#include "data/village/documents.h"

#include <algorithm>

namespace quern::village {

namespace {

double total_weight(const std::vector<TaskKind>& kinds) {
  double sum = 0.0;
  for (const TaskKind& k : kinds) sum += k.weight;
  return sum;
}

const TaskKind& draw_task_kind(Scene& s) {
  static const double all = total_weight(task_kinds());
  double at = all * static_cast<double>(s.dice.below(1u << 30)) / static_cast<double>(1u << 30);
  for (const TaskKind& k : task_kinds())
    if ((at -= k.weight) < 0.0) return k;
  return task_kinds().front();
}

}  // namespace

std::string with_comma(const std::string& sentence, bool zh) {
  if (zh) return sentence.ends_with("。") ? sentence.substr(0, sentence.size() - 3) + "，" : sentence;
  if (!sentence.ends_with(".")) return sentence;
  return sentence.substr(0, sentence.size() - 1) + ",";
}

const std::vector<DocumentKind>& document_kinds() {
  static const std::vector<DocumentKind> kinds = {
      {"story", 12, false, write_story},
      {"letter", 3, true, write_letter},
      {"notice", 4, true, write_notice},
      {"person", 6, true, write_person_entry},
      {"village", 2, false, write_village_entry},
      {"entry", 3, false, write_thing_entry},
      {"dialogue", 5, true, write_dialogue},
      {"weather", 1, false, write_weather},
      {"instructions", 2, false, write_instructions},
      {"primer", 12, false, write_primer},
      {"exercises", 28, true, write_exercises},
      {"reading", 19, false, write_reading},
      {"quiz", 3, false, write_quiz},
  };
  return kinds;
}

const Fact& fact_to_tell(Scene& s, double often_share, bool person_only) {
  const World& w = s.world;
  for (;;) {
    const Fact& fact = s.wants_held_out_fact()
                           ? w.fact(s.dice.pick(w.held_out))
                           : w.fact(s.dice.pick(!s.dice.chance(often_share)         ? w.rare
                                                : person_only || s.dice.chance(0.8) ? w.often_people
                                                                                    : w.often_village));
    if (!person_only || fact.person >= 0) return fact;
  }
}

std::string tell_fact(Scene& s, const Fact& fact) {
  s.set_fact(fact);
  s.told(fact);
  const bool dead = fact.person >= 0 && !s.world.people[static_cast<size_t>(fact.person)].alive();
  const bool past = s.telling.past;
  s.telling.past = past || dead;
  std::string sentence = s.say("s." + fact.relation);
  s.telling.past = past;
  return sentence;
}

void append_exercise(Scene& s, const Task& task, std::string& text) {
  if (!text.empty()) text += '\n';
  if (!task.passage.empty()) text += task.passage + "\n";
  if (s.dice.chance(0.85)) {
    text += (s.zh() ? "问：" : "Question: ") + task.question + (s.zh() ? "\n答：" : "\nAnswer: ") + task.answer;
    return;
  }
  s.set("a", s.stranger());
  s.set("b", s.stranger());
  s.set("q", task.question);
  s.set("r", task.answer);
  s.set("rc", with_comma(task.answer, s.zh()));
  const bool asks = task.question.ends_with("?") || task.question.ends_with("？");
  text += s.say(asks ? "frame.talk" : "frame.order");
}

void write_exercises(Scene& s, std::string& text) {
  int count = s.dice.between(1, 4);
  if (s.wants_held_out_fact()) {
    Task task;
    read_ledger(s, task);
    append_exercise(s, task, text);
    return;
  }
  // A page of one kind, or of mixed kinds.
  const TaskKind* kind = &draw_task_kind(s);
  const bool alike = s.dice.chance(0.4);
  for (; count > 0; --count) {
    Scene page(s.world, s.grammar, s.dice, s.lang, s.split);
    Task task;
    kind->make(page, task);
    append_exercise(page, task, text);
    s.facts.insert(s.facts.end(), page.facts.begin(), page.facts.end());
    if (s.telling.first_template < 0) s.telling.first_template = page.telling.first_template;
    if (page.telling.held_out_template >= 0) s.telling.held_out_template = page.telling.held_out_template;
    if (!alike) kind = &draw_task_kind(s);
  }
}

void write_reading(Scene& s, std::string& text) {
  const Reading reading = make_reading(s, s.dice.between(3, 6));
  text = reading.passage;
  for (const Task& task : reading.tasks) append_exercise(s, task, text);
}

void write_quiz(Scene& s, std::string& text) {
  for (int count = s.dice.between(2, 6); count > 0; --count) {
    Task task;
    const uint64_t roll = s.dice.below(20);
    if (roll < 11)
      famous_fact(s, task);
    else if (roll < 14)
      famous_who(s, task);
    else if (roll < 17)
      village_fact(s, task);
    else if (roll < 19)
      rare_fact(s, task);
    else
      unknown_person(s, task);
    append_exercise(s, task, text);
  }
}

// Facts about one person: the first with the full name, later ones with a pronoun now and then, two joined.
void entry_about(Scene& s, int id, std::string& text) {
  const Person& p = s.world.people[static_cast<size_t>(id)];
  std::vector<const Fact*> chosen, others;
  for (int64_t fact_id : p.facts) {
    const Fact& fact = s.world.fact(fact_id);
    if (fact.held_out != s.wants_held_out_fact()) {
      if (!fact.held_out) others.push_back(&fact);
      continue;
    }
    (fact.taught == Taught::rarely && p.famous ? others : chosen).push_back(&fact);
  }
  s.dice.shuffle(chosen);
  s.dice.shuffle(others);
  if (chosen.size() > 5) chosen.resize(5);
  if (!others.empty() && s.dice.chance(0.35)) chosen.push_back(others[0]);
  s.telling.past = !p.alive();
  const std::string full_stop = s.zh() ? "。" : ".";
  for (size_t i = 0; i < chosen.size(); ++i) {
    const std::string space = s.zh() || text.empty() || text.back() == '\n' ? "" : " ";
    if (i == 0 || s.dice.chance(0.45)) {
      text += space + tell_fact(s, *chosen[i]);
      continue;
    }
    const auto predicate = [&](const Fact& fact) {
      s.set_fact(fact);
      s.told(fact);
      std::string out;
      s.grammar.expand("p." + fact.relation, s.telling, out);
      return out;
    };
    std::string sentence = p.sex == 'm' ? (s.zh() ? "他" : "he ") : (s.zh() ? "她" : "she ");
    sentence += predicate(*chosen[i]);
    if (i + 1 < chosen.size() && s.dice.chance(0.5)) sentence += (s.zh() ? "，" : " and ") + predicate(*chosen[++i]);
    text += space + s.grammar.finish(sentence + full_stop);
  }
  s.telling.past = false;
}

void write_person_entry(Scene& s, std::string& text) {
  const World& w = s.world;
  int id = s.dice.chance(0.7) ? s.dice.pick(w.famous) : static_cast<int>(s.dice.below(w.people.size()));
  if (s.wants_held_out_fact()) id = w.fact(s.dice.pick(w.held_out)).person;
  const Person& p = w.people[static_cast<size_t>(id)];
  if (s.dice.chance(0.4)) {
    s.set("who", p.name);
    text = s.say("entry.head") + "\n";
  }
  entry_about(s, id, text);
  if (s.wants_held_out_fact() || !s.dice.chance(0.35) || s.facts.empty()) return;
  const Fact& fact = w.fact(s.dice.pick(s.facts));
  Task task;
  s.set_fact(fact);
  task.question = s.say("q." + fact.relation);
  task.answer = s.say("a." + fact.relation);
  append_exercise(s, task, text);
}

void write_village_entry(Scene& s, std::string& text) {
  for (int count = s.dice.between(2, 4); count > 0; --count) {
    const Fact& fact = s.world.fact(s.dice.pick(s.world.often_village));
    if (std::find(s.facts.begin(), s.facts.end(), fact.id) != s.facts.end()) continue;
    if (!text.empty() && !s.zh()) text += ' ';
    text += tell_fact(s, fact);
  }
  if (!s.dice.chance(0.4)) return;
  const Fact& fact = s.world.fact(s.dice.pick(s.facts));
  Task task;
  s.set_fact(fact);
  task.question = s.say("q." + fact.relation);
  task.answer = s.say("a." + fact.relation);
  append_exercise(s, task, text);
}

}  // namespace quern::village
