// SPDX-License-Identifier: MIT
#include "data/village/grammar.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "data/village/lexicon.h"
#include "data/village/village_impl.h"

namespace quern::village {
namespace {

std::string tell(const char* source, std::vector<std::pair<const char*, Term>> slots = {}, bool past = false) {
  const Grammar grammar(Lang::en, {source});
  Dice dice(1);
  Telling telling(dice);
  telling.past = past;
  for (const auto& [name, term] : slots) telling.set(name, term);
  return grammar.say("t", telling);
}

Term person(const char* name, char sex) {
  Term t;
  t.en = t.zh = name;
  t.sex = sex;
  return t;
}

TEST(VillageGrammar, ArticleFollowsTheSoundOfTheNextWord) {
  EXPECT_EQ(tell("#t\na* apple, a* cat, a* hour, a* ewe, a* oak."), "An apple, a cat, an hour, a ewe, an oak.");
}

TEST(VillageGrammar, PronounsAgreeWithTheirPerson) {
  const char* source = "#t\n{a} saw {a.self}. {a.He} took {a.his} hat, and {b} thanked {a.him}.";
  EXPECT_EQ(tell(source, {{"a", person("Ada", 'f')}, {"b", person("Tom", 'm')}}),
            "Ada saw herself. She took her hat, and Tom thanked her.");
}

TEST(VillageGrammar, VerbsTakeTenseAndNumber) {
  const char* source = "#t\nShe <keep> hens, they <keep.pl> hens, <stop.ing>, <carry>, <go>, <be.pl>, <write.pp>.";
  EXPECT_EQ(tell(source), "She keeps hens, they keep hens, stopping, carries, goes, are, written.");
  EXPECT_EQ(tell(source, {}, true), "She kept hens, they kept hens, stopping, carried, went, were, written.");
}

TEST(VillageGrammar, QuotedSpeechBeginsWithACapital) {
  EXPECT_EQ(tell("#t\n{a} said, \"the hay is wet.\" so it was. \"why?\" asked {a}.", {{"a", person("Ada", 'f')}}),
            "Ada said, \"The hay is wet.\" So it was. \"Why?\" asked Ada.");
}

TEST(VillageGrammar, HeldOutWordingIsUsedOnlyWhenWanted) {
  const Grammar grammar(Lang::en, {"#t\nplain\n! special\n"});
  Dice dice(3);
  std::set<std::string> plain, wanted;
  for (int i = 0; i < 50; ++i) {
    Telling training(dice), measuring(dice);
    measuring.held_out_share = 1.0;
    plain.insert(grammar.say("t", training));
    wanted.insert(grammar.say("t", measuring));
    EXPECT_EQ(training.held_out_template, -1);
    EXPECT_GE(measuring.held_out_template, 0);
  }
  EXPECT_EQ(plain, std::set<std::string>{"Plain"});
  EXPECT_EQ(wanted, std::set<std::string>{"Special"});
}

TEST(VillageGrammar, UnknownGroupsAndEmptySlotsAreBugs) {
  EXPECT_THROW(tell("#t\n[nothing]"), Error);
  EXPECT_THROW(tell("#t\n{nobody} sleeps."), Error);
  EXPECT_THROW(tell("#t\n(open"), Error);
}

TEST(VillageGrammar, BothLanguagesHaveSeveralHundredTemplates) {
  const Grammar en(Lang::en, english_templates()), zh(Lang::zh, chinese_templates());
  EXPECT_GE(en.templates().size(), 600u);
  EXPECT_GE(2 * zh.templates().size(), en.templates().size());  // at least half as rich
  for (const Grammar* g : {&en, &zh}) {
    size_t held_out = 0;
    std::set<int64_t> ids;
    for (const Template& t : g->templates()) {
      held_out += t.held_out;
      EXPECT_TRUE(ids.insert(t.id).second);
    }
    const double share = static_cast<double>(held_out) / static_cast<double>(g->templates().size());
    EXPECT_GT(share, 0.05);
    EXPECT_LT(share, 0.25);
  }
}

TEST(VillageLexicon, FirstNamesAreDifferentFromEachOther) {
  const Lexicon& words = lexicon();
  std::set<std::string> en, zh;
  for (const auto* list : {&words.male_names, &words.female_names})
    for (const Term& name : *list) {
      EXPECT_TRUE(en.insert(name.en).second) << name.en;
      EXPECT_TRUE(zh.insert(name.zh).second) << name.zh;
    }
}

}  // namespace
}  // namespace quern::village
