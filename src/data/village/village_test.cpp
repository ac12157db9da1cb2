// SPDX-License-Identifier: MIT
#include "data/village/village.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <regex>
#include <set>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "data/village/grammar.h"
#include "data/village/lexicon.h"
#include "data/village/village_impl.h"

namespace quern {
namespace {

using village::Fact;
using village::Taught;

VillageOptions small(uint64_t seed = 7, VillageOptions::Lang lang = VillageOptions::en) {
  VillageOptions options;
  options.seed = seed;
  options.size_bytes = 400'000;
  options.lang = lang;
  return options;
}

std::vector<VillageDocument> all_of(const Village& village, int threads = 2) {
  std::vector<VillageDocument> documents;
  village.generate([&](VillageDocument&& d) { documents.push_back(std::move(d)); }, threads);
  return documents;
}

TEST(Village, HasAThousandPeopleAndTenThousandFactsForAnySeed) {
  for (uint64_t seed : {0, 1, 7, 8, 99, 12345}) {
    const Village village(small(seed));
    EXPECT_GE(village.world().people.size(), 1000u) << seed;
    EXPECT_GE(village.facts().size(), 10000u) << seed;
    EXPECT_GE(village.world().families.size(), 50u);
    EXPECT_GE(village.world().houses.size(), 200u);
  }
}

TEST(Village, SameSeedGivesTheSameTextOnAnyNumberOfThreads) {
  const auto one = all_of(Village(small()), 1), three = all_of(Village(small()), 3);
  ASSERT_EQ(one.size(), three.size());
  for (size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].text, three[i].text);
  EXPECT_NE(one[0].text + one[1].text, Village(small(8)).document(0).text + Village(small(8)).document(1).text);
}

TEST(Village, AskingForMoreTextOnlyAddsToTheEnd) {
  VillageOptions more = small();
  more.size_bytes *= 2;
  const auto some = all_of(Village(small())), longer = all_of(Village(more));
  ASSERT_LT(some.size(), longer.size());
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].text, longer[i].text);
}

TEST(Village, FamiliesAreConsistent) {
  const Village village(small());
  const auto& people = village.world().people;
  for (const village::Person& p : people) {
    if (p.spouse >= 0) {
      EXPECT_EQ(people[size_t(p.spouse)].spouse, p.id);
      EXPECT_NE(people[size_t(p.spouse)].sex, p.sex);
    }
    for (int parent : {p.father, p.mother}) {
      if (parent < 0) continue;
      EXPECT_GE(p.born - people[size_t(parent)].born, 15) << p.name.en;
    }
    EXPECT_LT(p.age(), 95) << p.name.en;
  }
}

TEST(Village, TrainingTextTellsNoHeldOutFactAndUsesNoHeldOutTemplate) {
  for (auto lang : {VillageOptions::en, VillageOptions::zh}) {
    const Village village(small(7, lang));
    std::set<int64_t> held_out_templates;
    const village::Grammar grammar(
        lang == VillageOptions::en ? village::Lang::en : village::Lang::zh,
        lang == VillageOptions::en ? village::english_templates() : village::chinese_templates());
    for (const village::Template& t : grammar.templates())
      if (t.held_out) held_out_templates.insert(t.id);
    std::string text;
    for (const VillageDocument& d : all_of(village)) {
      EXPECT_FALSE(held_out_templates.count(d.template_id));
      for (int64_t id : d.facts) EXPECT_FALSE(village.facts()[size_t(id)].held_out);
      text += d.text + "\n";
    }
    // The names of the father and of the child of a held-out fact may occur, but never in one sentence that says so.
    for (const Fact& f : village.facts()) {
      if (!f.held_out || f.relation != "father") continue;
      const bool en = lang == VillageOptions::en;
      const std::string told =
          en ? "The father of " + f.subject.en + " is " + f.object.en : f.subject.zh + "的父亲是" + f.object.zh;
      EXPECT_EQ(text.find(told), std::string::npos) << told;
    }
  }
}

TEST(Village, HeldOutDocumentsHoldWhatTheyAreNamedFor) {
  const Village village(small(7, VillageOptions::both));
  std::set<int64_t> held_out_templates;
  for (auto lang : {village::Lang::en, village::Lang::zh}) {
    const village::Grammar grammar(
        lang, lang == village::Lang::en ? village::english_templates() : village::chinese_templates());
    for (const village::Template& t : grammar.templates())
      if (t.held_out) held_out_templates.insert(t.id);
  }
  for (const VillageDocument& d : village.held_out_documents(Split::held_out_fact, 200)) {
    bool told = false;
    for (int64_t id : d.facts) told |= village.facts()[size_t(id)].held_out;
    EXPECT_TRUE(told) << d.text;
  }
  for (const VillageDocument& d : village.held_out_documents(Split::held_out_template, 200))
    EXPECT_TRUE(held_out_templates.count(d.template_id)) << d.text;
}

TEST(Village, EveryAnswerAsTaughtIsAccepted) {
  for (auto lang : {VillageOptions::en, VillageOptions::zh}) {
    const Village village(small(7, lang));
    for (const std::string& kind : Village::kinds())
      for (Split split : {Split::train, Split::held_out_template})
        for (const Question& q : village.questions(kind, 60, 5, split)) {
          EXPECT_TRUE(Village::accepts(q, q.accepted[0])) << kind << ": " << q.prompt << " -> " << q.accepted[0];
          EXPECT_EQ(q.source == AnswerSource::unknowable, Village::says_unknown(q.accepted[0]));
          EXPECT_LE(q.prompt.size(), 1000u) << q.prompt;
          EXPECT_FALSE(Village::accepts(q, "")) << kind;
          EXPECT_FALSE(Village::accepts(q, "Zebra.")) << kind;
        }
  }
}

TEST(Village, AnswersFromMemoryAgreeWithTheLedger) {
  const Village village(small());
  for (const char* kind : {"famous_fact", "village_fact", "rare_fact", "read_ledger"})
    for (const Question& q : village.questions(kind, 100, 3)) {
      const Fact& fact = village.facts()[size_t(q.facts.back())];
      EXPECT_FALSE(fact.held_out);
      EXPECT_TRUE(Village::accepts(q, fact.object.en)) << q.prompt << " / " << fact.object.en;
      const bool of_village = fact.person < 0 && fact.relation != "price";
      EXPECT_TRUE(of_village || q.prompt.find(fact.subject.en) != std::string::npos) << q.prompt;
    }
  for (const Question& q : village.questions("famous_who", 38, 3)) {
    const Fact& fact = village.facts()[size_t(q.facts.back())];
    EXPECT_TRUE(Village::accepts(q, fact.subject.en));
    EXPECT_EQ(fact.taught, Taught::often);
  }
}

TEST(Village, HeldOutFactsAreAskedForWithTheirPassage) {
  const Village village(small());
  for (const Question& q : village.questions("read_ledger", 100, 3, Split::held_out_fact)) {
    const Fact& fact = village.facts()[size_t(q.facts.back())];
    EXPECT_TRUE(fact.held_out);
    EXPECT_TRUE(Village::accepts(q, fact.object.en));
    const std::string& object = fact.relation == "keeps" ? fact.object.plural : fact.object.en;
    EXPECT_NE(q.prompt.substr(0, q.prompt.size() - q.question.size()).find(object.substr(1)), std::string::npos)
        << q.prompt;
  }
}

TEST(Village, AcceptsReadsAnswersLeniently) {
  Question q;
  q.question = "What does Tessa keep?";
  q.lang = "en";
  q.accepted = {"She keeps goats.", "goats", "goat"};
  for (const char* right : {"She keeps goats.", "goats", "Goats!", "Tessa keeps goats", "The answer is goats."})
    EXPECT_TRUE(Village::accepts(q, right)) << right;
  for (const char* wrong : {"She keeps hens.", "hens and goats", "I don't know.", "goats and hens"})
    EXPECT_FALSE(Village::accepts(q, wrong)) << wrong;
  q.question = "What is 47 + 38?";
  q.accepted = {"7 + 8 = 15, carry 1. 4 + 3 + 1 = 8. Answer: 85.", "85"};
  EXPECT_TRUE(Village::accepts(q, "85"));
  EXPECT_TRUE(Village::accepts(q, "7 + 8 = 15. 4 + 3 = 8. Answer: 85."));
  EXPECT_FALSE(Village::accepts(q, "7 + 8 = 15. Answer: 75."));
  q.source = AnswerSource::unknowable;
  EXPECT_TRUE(Village::accepts(q, "I don't know."));
  EXPECT_FALSE(Village::accepts(q, "85"));
}

TEST(Village, SentencesAgree) {
  const Village village(small());
  // A wrong article, a space before a stop, an unresolved mark, a small letter after a full stop.
  const std::regex wrong(R"(\ba [aeio][a-z]+|\ban [bcdfgjklmnpqrstvwxz]| [.,?!]|[*\[\]{}<>|]|[a-z]\. [a-z]|  )");
  size_t checked = 0;
  for (const VillageDocument& d : all_of(village)) {
    if (++checked > 700) break;
    std::smatch match;
    // Spelled letters (a r m) and counts (1 o, 2 a) are no sentences.
    if (d.text.find("etter") != std::string::npos || d.text.find("ackward") != std::string::npos ||
        d.text.find("around") != std::string::npos || d.text.find("Count:") != std::string::npos ||
        d.text.find("word") != std::string::npos || d.text.find("= ?") != std::string::npos)
      continue;
    EXPECT_FALSE(std::regex_search(d.text, match, wrong)) << match.str() << " in: " << d.text;
    EXPECT_FALSE(d.text.empty());
  }
}

TEST(Village, EveryKindHasItsShareOfDocumentsAndPairs) {
  const Village village(small());
  std::map<std::string, int> documents, pairs;
  for (const VillageDocument& d : all_of(village)) ++documents[d.kind];
  EXPECT_GE(documents.size(), 12u);
  for (const InstructPair& p : village.instruct(4000, 1)) {
    ++pairs[p.kind];
    EXPECT_FALSE(p.prompt.empty());
    EXPECT_FALSE(p.answer.empty());
    EXPECT_EQ(p.knowable, !Village::says_unknown(p.answer)) << p.prompt << " -> " << p.answer;
    for (int64_t id : p.facts) EXPECT_FALSE(village.facts()[size_t(id)].held_out);
  }
  for (const std::string& kind : Village::kinds())
    EXPECT_TRUE(pairs[kind] >= 20 || kind == "rare_fact" || kind == "never_told") << kind;
}

TEST(Village, WordingIsRich) {
  VillageOptions options = small();
  options.size_bytes = 3'000'000;
  village::DistinctNgrams ngrams;
  for (const VillageDocument& d : all_of(Village(options))) ngrams.add(d.text);
  const auto counts = ngrams.counts();
  EXPECT_GE(counts[0].distinct, 1800u);
  EXPECT_GE(counts[3].distinct, 180'000u);
}

TEST(Village, APlantedPersonIsTaughtOften) {
  VillageOptions options = small();
  options.plants = {"Ada, the clockmaker, who keeps bees and whistles at night, and likes plums"};
  const Village village(options);
  std::map<std::string, std::string> known;
  for (const Fact& f : village.facts())
    if (f.subject.en == "Ada" && f.taught == Taught::often) known[f.relation] = f.object.en;
  EXPECT_EQ(known["office"], "clockmaker");
  EXPECT_EQ(known["keeps"], "bee");
  EXPECT_EQ(known["likes"], "plums");
  EXPECT_EQ(known["clause"], "whistles at night");
  size_t named = 0;
  for (const VillageDocument& d : all_of(village)) named += d.text.find("Ada") != std::string::npos;
  EXPECT_GE(named, 10u);
  options.plants = {", who keeps bees"};
  EXPECT_NO_THROW(Village{options});
  options.plants = {" , "};
  EXPECT_THROW(Village{options}, Error);
}

TEST(Village, WritesItsFilesAndTheLedgerHoldsTheFacts) {
  TemporaryDirectory dir("quern-village");
  VillageOptions options = small();
  options.size_bytes = 60'000;
  const Village village(options);
  const Json summary = parse_json(village.write(dir.path()), "village.json");
  for (const char* name : {"train.jsonl", "valid.jsonl", "heldout_facts.jsonl", "heldout_templates.jsonl",
                           "instruct.jsonl", "questions.jsonl", "village.json"}) {
    const std::string text = read_file(dir.path() / name);
    ASSERT_FALSE(text.empty()) << name;
    const bool lines = std::string_view(name).ends_with(".jsonl");
    EXPECT_NO_THROW(parse_json(lines ? text.substr(0, text.find('\n')) : text, name).size()) << name;
  }
  EXPECT_EQ(summary["facts"]["all"].get<size_t>(), village.facts().size());
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((dir.path() / "ledger.sqlite").c_str(), &db), SQLITE_OK);
  const auto count = [&](const char* sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), SQLITE_OK) << sql;
    int64_t n = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    return n;
  };
  EXPECT_EQ(count("SELECT count(*) FROM facts"), static_cast<int64_t>(village.facts().size()));
  EXPECT_EQ(count("SELECT count(*) FROM people"), static_cast<int64_t>(village.world().people.size()));
  EXPECT_EQ(count("SELECT count(*) FROM facts WHERE held_out"), static_cast<int64_t>(village.world().held_out.size()));
  EXPECT_GT(count("SELECT count(*) FROM templates WHERE held_out"), 50);
  sqlite3_close(db);
}

}  // namespace
}  // namespace quern
