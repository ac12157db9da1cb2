// SPDX-License-Identifier: MIT
#pragma once
// The village: an invented place whose every fact lies in a ledger, and any amount of text about it. A laboratory for
// language models: what was told how often, what was never told, and what nobody can know, is known exactly.
//
// Everything is a pure function of the options: document i is the same whatever the size asked for, the number of
// threads, or what was written before. docs/village.md describes kinds, splits and files.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/village/task.h"
#include "data/village/world.h"

namespace quern {

struct VillageOptions {
  enum Lang { en, zh, both };
  uint64_t seed = 7;
  uint64_t size_bytes = 30'000'000;  // of training text
  Lang lang = en;
  std::string name;                 // of the village; invented when empty
  std::vector<std::string> plants;  // people to plant: "Ada, the clockmaker, who keeps bees"
};

class Village {
 public:
  explicit Village(const VillageOptions& options);  // throws InvalidArgument for a plant that can't be read
  ~Village();
  Village(Village&&) noexcept;

  const VillageOptions& options() const;
  const std::string& name() const;  // in the (first) language of the options
  const village::World& world() const;
  const std::vector<village::Fact>& facts() const { return world().facts; }

  // Document `index` of a split; `stream` 0 is the training text, other streams are as long and never the same.
  VillageDocument document(uint64_t index, Split split = Split::train, uint64_t stream = 0) const;
  // Training documents in order until their text adds up to options().size_bytes. Uses `threads` threads (0: all).
  void generate(const std::function<void(VillageDocument&&)>& sink, int threads = 0) const;
  // The first `count` documents of a held-out split, or (Split::train) fresh ones that training never sees.
  std::vector<VillageDocument> held_out_documents(Split split, size_t count) const;

  std::vector<InstructPair> instruct(size_t count, uint64_t stream, Split split = Split::train) const;

  static std::vector<std::string> kinds();  // of questions
  static AnswerSource source_of(std::string_view kind);
  // Questions of one kind, different from each other where the kind has enough. Streams are independent.
  std::vector<Question> questions(const std::string& kind, size_t count, uint64_t stream,
                                  Split split = Split::train) const;
  // Whether the answer is right: case, punctuation and a leading "She keeps" don't matter; after worked steps the part
  // after the last "Answer:" counts.
  static bool accepts(const Question& question, std::string_view model_answer);
  static bool says_unknown(std::string_view model_answer);  // "I don't know." / 我不知道。

  struct Progress {
    uint64_t done_bytes, total_bytes;
    const char* stage;
  };
  // Writes train.jsonl, valid.jsonl, heldout_facts.jsonl, heldout_templates.jsonl, instruct.jsonl, questions.jsonl,
  // ledger.sqlite and village.json into `out`. Returns the text of village.json.
  std::string write(const std::filesystem::path& out, const std::function<void(const Progress&)>& progress = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

namespace village {
struct Template;
// The ledger as an SQLite file; docs/village.md lists its tables. Throws Io.
void write_ledger(const World& world, const std::vector<Template>& templates, const std::filesystem::path& path);
// Number of different n-grams of words (characters in Chinese), n = 1..4.
class DistinctNgrams {
 public:
  void add(std::string_view text);
  struct Count {
    uint64_t distinct, total;
  };
  std::vector<Count> counts();

 private:
  std::vector<uint64_t> hashes_[4];
  uint64_t totals_[4] = {0, 0, 0, 0};
  void squeeze(int n);
};
}  // namespace village

}  // namespace quern
