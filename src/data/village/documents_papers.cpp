// SPDX-License-Identifier: MIT
// Documents that are written in the village: stories, letters, notices, dialogues, entries, weather, instructions.
#include <algorithm>

#include "data/village/causes.h"
#include "data/village/documents.h"

namespace quern::village {

namespace {

void join(Scene& s, std::string& text, const std::string& sentence) {
  if (!text.empty() && !s.zh() && text.back() != '\n') text += ' ';
  text += sentence;
}

Term event_clause(const Event& event) {
  Term t;
  t.en = event.en;
  t.zh = event.zh;
  return t;
}

void set_event(Scene& s) {
  const Event& event = s.dice.pick(s.world.events);
  s.set("year", event.year);
  s.set("ev", event_clause(event));
}

// Two facts about one person (or two of the village) into f1 and f2, the person's name into who.
void set_two_facts(Scene& s) {
  const Fact& first = fact_to_tell(s, 0.75, true);
  const Person& p = s.world.people[static_cast<size_t>(first.person)];
  const std::string f1 = tell_fact(s, first);
  std::vector<const Fact*> others;
  for (int64_t id : p.facts) {
    const Fact& fact = s.world.fact(id);
    if (id != first.id && !fact.held_out && (!p.famous || fact.taught == Taught::often || s.dice.chance(0.1)))
      others.push_back(&fact);
  }
  const std::string f2 = others.empty() ? "" : tell_fact(s, *s.dice.pick(others));
  s.set("f1", f1);
  s.set("f2", f2);
  s.set("who", p.name);
}

// An ending that speaks of no thing and nobody the story has not told of.
std::string close_of(Scene& s, const std::string& told) {
  for (;;) {
    std::string ending = s.say("story.close");
    bool known = true;
    for (const char* slot : {"t", "b"}) {
      const std::string& name = s.text(*s.telling.find(slot));
      known &= ending.find(name) == std::string::npos || told.find(name) != std::string::npos;
    }
    if (known) return ending;
  }
}

void append_question(Scene& s, std::string& text, const std::string& question, const std::string& answer) {
  text += (s.zh() ? "\n问：" : "\nQuestion: ") + question + (s.zh() ? "\n答：" : "\nAnswer: ") + answer;
}

}  // namespace

void set_cast(Scene& s, int star) {
  const Lexicon& words = lexicon();
  Dice& d = s.dice;
  const auto pick = [&](const char* slot, const std::vector<Term>& list) { s.set(slot, d.pick(list)); };
  const auto two = [&](const char* first, const char* second, const std::vector<Term>& list) {
    const auto i = d.distinct(static_cast<int>(list.size()), 2);
    s.set(first, list[static_cast<size_t>(i[0])]);
    s.set(second, list[static_cast<size_t>(i[1])]);
  };
  for (const char* slot : {"a", "b", "d", "e"}) s.set(slot, s.stranger());
  two("at", "bt", words.trades);
  two("c", "c2", words.colors);
  two("p", "p2", words.places);
  two("g", "g2", words.goods);
  two("v", "an", words.animals);
  pick("t", words.things);
  pick("f", words.foods);
  pick("s", words.spots);
  pick("k", words.pets);
  pick("w", words.pet_names);
  pick("l", words.skills);
  pick("o", words.occasions);
  pick("day", words.weekdays);
  pick("mat", words.materials);
  s.set("st", d.pick(s.world.streets).name);
  const int n = d.between(4, 12), m = d.between(2, n - 2), pay = n < 10 && d.chance(0.5) ? 10 : 20;
  s.set("n", n);
  s.set("m", m);
  s.set("sum", n + m);
  s.set("pay", pay);
  s.set("ch", pay - n);
  s.set("h", d.between(2, 11));
  if (star < 0) return;
  const Person& p = s.world.people[static_cast<size_t>(star)];
  s.set("a", p.first);
  if (p.trade >= 0) s.set("at", words.trades[static_cast<size_t>(p.trade)]);
  if (p.pet >= 0) {
    s.set("k", s.world.animals[static_cast<size_t>(p.pet)].kind);
    s.set("w", s.world.animals[static_cast<size_t>(p.pet)].name);
  }
  if (!p.keeps.en.empty()) s.set("v", p.keeps);
}

std::vector<int> draw_chain(Scene& s, int links) {
  std::vector<int> chain = {s.dice.pick(first_causes())};
  while (static_cast<int>(chain.size()) <= links) {
    const auto& effects = happenings()[static_cast<size_t>(chain.back())].effects;
    if (effects.empty()) break;
    chain.push_back(s.dice.pick(effects));
  }
  return chain;
}

void write_story(Scene& s, std::string& text) {
  static constexpr const char* kPlots[] = {"plot.lost",  "plot.gift",    "plot.race",  "plot.animal", "plot.lesson",
                                           "plot.trade", "plot.quarrel", "plot.visit", "plot.work"};
  const int star = s.dice.chance(0.4) ? s.dice.pick(s.world.famous) : -1;
  if (star >= 0) {  // a true sentence about the one the story is about
    std::vector<const Fact*> known;
    for (int64_t id : s.world.people[static_cast<size_t>(star)].facts)
      if (s.world.fact(id).taught == Taught::often) known.push_back(&s.world.fact(id));
    text = tell_fact(s, *s.dice.pick(known));
  }
  set_cast(s, star);
  s.telling.past = true;
  const bool chain_story = s.dice.chance(0.6);
  if (s.dice.chance(0.7)) join(s, text, s.say("story.open"));
  if (s.dice.chance(chain_story ? 0.8 : 0.5)) join(s, text, s.say("story.introduce"));
  if (s.dice.chance(0.3)) join(s, text, s.say("story.detail"));
  if (!chain_story) {
    join(s, text, s.say(s.dice.pick(kPlots)));
    if (s.dice.chance(0.4)) join(s, text, close_of(s, text));
    return;
  }
  const std::vector<int> chain = draw_chain(s, s.dice.between(1, 4));
  set_link(s, chain[0], chain[1]);
  const bool cause_told = s.dice.chance(0.6);
  if (cause_told) join(s, text, s.say("story.cause"));
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    set_link(s, chain[i], chain[i + 1]);
    const bool just_told = i > 0 || cause_told;
    join(s, text, s.say(just_told && s.dice.chance(0.6) ? "story.so" : "story.step"));
    if (s.dice.chance(0.4)) join(s, text, s.say("story.react"));
  }
  if (s.dice.chance(0.6)) join(s, text, s.say("story.help"));
  if (s.dice.chance(0.3)) join(s, text, s.say(s.dice.pick(kPlots)));
  if (s.dice.chance(0.7)) join(s, text, close_of(s, text));
  const size_t told = s.dice.below(chain.size() - 1);
  set_link(s, chain[told], chain[told + 1]);
  if (s.dice.chance(0.3)) join(s, text, s.say("story.moral"));
  if (s.dice.chance(0.3)) append_question(s, text, s.say("why.ask"), s.say("a.why"));
}

void write_letter(Scene& s, std::string& text) {
  set_two_facts(s);
  set_cast(s);
  const std::vector<int> chain = draw_chain(s, 1);
  set_link(s, chain[0], chain[1]);
  text = s.say("letter.head") + "\n" + s.say("letter.begin");
  if (s.wants_held_out_fact() || s.dice.chance(0.5))
    join(s, text, s.say("letter.facts"));
  else
    s.facts.clear();
  for (int i = s.dice.between(1, 2); i > 0; --i)
    if (const std::string news = s.say("letter.news"); text.find(news) == std::string::npos) join(s, text, news);
  if (s.dice.chance(0.6)) join(s, text, s.say("letter.ask"));
  text += "\n" + s.say("letter.end");
}

void write_notice(Scene& s, std::string& text) {
  if (s.wants_held_out_fact() || s.dice.chance(0.25)) {
    set_two_facts(s);
    text = s.say("notice.facts");
    return;
  }
  set_cast(s);
  const std::vector<int> chain = draw_chain(s, 1);
  set_link(s, chain[0], chain[1]);
  text = s.say("notice.body");
}

void write_dialogue(Scene& s, std::string& text) {
  set_cast(s);
  const std::vector<int> chain = draw_chain(s, 1);
  set_link(s, chain[0], chain[1]);
  text = s.say("dialogue.greet");
  const Term a = *s.telling.find("a"), b = *s.telling.find("b");
  const Term goods = *s.telling.find("g");
  bool again = false;
  const auto ask = [&] {
    const Fact& fact = fact_to_tell(s, 0.8, false);
    const Term k = *s.telling.find("k"), v = *s.telling.find("v");
    s.set_fact(fact);
    const std::string question = s.say("q." + fact.relation);
    const std::string answer = s.say(s.dice.chance(0.5) ? "a." + fact.relation : "s." + fact.relation);
    s.told(fact);
    s.set("a", a);
    s.set("b", b);
    s.set("k", k);
    s.set("v", v);
    s.set("q", question);
    s.set("ans", answer);
    s.set("ansc", with_comma(answer, s.zh()));
    join(s, text, s.say("dialogue.ask_fact"));
    if (s.dice.chance(0.5)) join(s, text, s.say("dialogue.doubt"));
  };
  if (s.wants_held_out_fact() || s.dice.chance(0.6)) ask(), again = true;
  if (again && s.dice.chance(0.4)) ask();
  if (s.dice.chance(0.2)) {
    Task task;
    (s.dice.chance(0.5) ? unknown_future : unknown_private)(s, task);
    s.set("a", a);
    s.set("b", b);
    s.set("g", goods);
    s.set("q", task.question);
    join(s, text, s.say("dialogue.unknown"));
  }
  s.telling.past = true;
  if (!again || s.dice.chance(0.5)) join(s, text, s.say(s.dice.chance(0.5) ? "dialogue.shop" : "dialogue.plan"));
}

void write_thing_entry(Scene& s, std::string& text) {
  static constexpr const char* kEntries[] = {"entry.place", "entry.animal", "entry.trade", "entry.event"};
  set_cast(s);
  const std::vector<int> chain = draw_chain(s, 1);
  set_link(s, chain[0], chain[1]);
  for (int i = s.dice.between(1, 2); i > 0; --i) {
    set_event(s);
    join(s, text, s.say(s.dice.pick(kEntries)));
  }
}

void write_weather(Scene& s, std::string& text) {
  const Lexicon& words = lexicon();
  const auto& log = s.world.weather;
  const size_t start = s.dice.below(log.size() - 8);
  const auto put = [&](const Weather& day) {
    s.set("day", day.day);
    s.set("month", words.months[static_cast<size_t>(day.month)]);
    s.set("wx", words.weathers[static_cast<size_t>(day.kind)]);
    s.set("deg", day.degrees);
  };
  put(log[start]);
  text = s.say("weather.head");
  const int days = s.dice.between(3, 7);
  for (int i = 0; i < days; ++i) {
    put(log[start + static_cast<size_t>(i)]);
    text += "\n" + s.say("weather.line");
  }
  put(log[start + s.dice.below(static_cast<uint64_t>(days))]);
  if (s.dice.chance(0.5)) append_question(s, text, s.say("weather.ask"), s.say("weather.answer"));
}

void write_instructions(Scene& s, std::string& text) {
  struct Craft {
    const char *group, *en, *zh;
  };
  static constexpr Craft kCrafts[] = {
      {"how.bread", "bake bread", "烤面包"},      {"how.net", "mend a net", "补渔网"},
      {"how.soup", "cook soup", "煮汤"},          {"how.hen", "look after hens", "照看母鸡"},
      {"how.candle", "make a candle", "做蜡烛"},  {"how.fire", "light a fire", "生火"},
      {"how.garden", "plant a garden", "种菜园"}, {"how.goat", "milk a goat", "挤羊奶"}};
  set_cast(s);
  const Craft& craft = s.dice.pick(kCrafts);
  s.set("task", s.zh() ? craft.zh : craft.en);
  text = s.say("how.head") + "\n";
  const std::string steps = s.say(craft.group);
  text += steps;
  if (!s.dice.chance(0.6)) return;
  // "First take flour and water. ... Last, bake the dough." -> the first and the last step.
  const std::string stop = s.zh() ? "。" : ". ", first_word = s.zh() ? "先" : "First ",
                    last_word = s.zh() ? "最后" : "Last, ";
  const size_t first_end = steps.find(stop), last_at = steps.rfind(last_word);
  if (first_end == std::string::npos || last_at == std::string::npos) return;
  const std::string full_stop = s.zh() ? "。" : ".";
  s.set("first", s.grammar.finish(steps.substr(first_word.size(), first_end - first_word.size()) + full_stop));
  const std::string rest = steps.substr(last_at + last_word.size());
  s.set("last",
        s.grammar.finish(rest.substr(0, rest.find(stop)) + (rest.find(stop) == std::string::npos ? "" : full_stop)));
  const bool ask_first = s.dice.chance(0.5);
  append_question(s, text, s.say(ask_first ? "how.ask_first" : "how.ask_last"),
                  s.say(ask_first ? "how.first" : "how.last"));
}

}  // namespace quern::village
