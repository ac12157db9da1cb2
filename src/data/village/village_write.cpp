// SPDX-License-Identifier: MIT
// The village as files, and what is counted on the way.
#include <algorithm>
#include <map>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "base/rng.h"
#include "data/village/village.h"
#include "data/village/village_impl.h"

namespace quern {

using namespace village;

namespace {

// JSON by hand for the long files: a document library is ten times slower than the text is made.
void put_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  out += '"';
}

void put_facts(std::string& out, const std::vector<int64_t>& facts) {
  out += ",\"facts\":[";
  for (size_t i = 0; i < facts.size(); ++i) out += (i ? "," : "") + std::to_string(facts[i]);
  out += ']';
}

std::string line_of(const VillageDocument& d) {
  std::string out = "{\"text\":";
  put_string(out, d.text);
  out += ",\"kind\":\"" + d.kind + "\"";
  put_facts(out, d.facts);
  out += ",\"template\":" + std::to_string(d.template_id) + ",\"lang\":\"" + d.lang + "\"}\n";
  return out;
}

std::string line_of(const InstructPair& p) {
  std::string out = "{\"kind\":\"" + p.kind + "\",\"prompt\":";
  put_string(out, p.prompt);
  out += ",\"answer\":";
  put_string(out, p.answer);
  if (!p.more.empty()) {
    const auto turn = [&](const char* role, std::string_view content) {
      out += std::string("{\"role\":\"") + role + "\",\"content\":";
      put_string(out, content);
      out += "},";
    };
    out += ",\"messages\":[";
    turn("user", p.prompt);
    turn("assistant", p.answer);
    for (const auto& [question, answer] : p.more) {
      turn("user", question);
      turn("assistant", answer);
    }
    out.back() = ']';
  }
  put_facts(out, p.facts);
  out += ",\"template\":" + std::to_string(p.template_id) + ",\"knowable\":" + (p.knowable ? "true" : "false") +
         ",\"lang\":\"" + p.lang + "\"}\n";
  return out;
}

std::string line_of(const Question& q, Split split) {
  static constexpr const char* kSplits[] = {"train", "held_out_fact", "held_out_template"};
  std::string out = "{\"kind\":\"" + q.kind + "\",\"source\":\"" + answer_source_name(q.source) + "\",\"split\":\"" +
                    kSplits[static_cast<int>(split)] + "\",\"prompt\":";
  put_string(out, q.prompt);
  out += ",\"accepted\":[";
  for (size_t i = 0; i < q.accepted.size(); ++i) {
    if (i) out += ',';
    put_string(out, q.accepted[i]);
  }
  out += ']';
  put_facts(out, q.facts);
  out += ",\"template\":" + std::to_string(q.template_id) + ",\"portable\":" + (q.portable ? "true" : "false") +
         ",\"lang\":\"" + q.lang + "\"}\n";
  return out;
}

}  // namespace

namespace village {

// Words are runs of letters and digits; every other character, and every character that is not ASCII, is a word.
void DistinctNgrams::add(std::string_view text) {
  std::vector<uint64_t> words;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    } else if (std::isalnum(c)) {
      while (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end]))) ++end;
    } else if (c == ' ' || c == '\n') {
      i = end;
      continue;
    }
    words.push_back(stream_id(text.substr(i, end - i)));
    i = end;
  }
  for (size_t n = 0; n < 4; ++n)
    for (size_t i = 0; i + n < words.size(); ++i) {
      uint64_t hash = 0;
      for (size_t j = 0; j <= n; ++j) hash = (hash ^ words[i + j]) * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull;
      hashes_[n].push_back(hash);
      ++totals_[n];
      if (hashes_[n].size() >= (1u << 24)) squeeze(static_cast<int>(n));
    }
}

void DistinctNgrams::squeeze(int n) {
  auto& h = hashes_[n];
  std::sort(h.begin(), h.end());
  h.erase(std::unique(h.begin(), h.end()), h.end());
}

std::vector<DistinctNgrams::Count> DistinctNgrams::counts() {
  std::vector<Count> result;
  for (int n = 0; n < 4; ++n) {
    squeeze(n);
    result.push_back({hashes_[n].size(), totals_[n]});
  }
  return result;
}

}  // namespace village

std::string Village::write(const std::filesystem::path& out,
                           const std::function<void(const Progress&)>& progress) const {
  constexpr size_t kHeldOutDocuments = 2000, kPairs = 20000, kQuestionsPerKind = 100;
  const uint64_t size = impl_->options.size_bytes;
  require_writable(out, size + size / 2 + 30'000'000);
  const auto report = [&](uint64_t done, const char* stage) {
    if (progress) progress({done, size, stage});
  };

  std::map<std::string, std::pair<uint64_t, uint64_t>> by_kind;  // documents, bytes
  uint64_t documents = 0, bytes = 0, told_often = 0;
  DistinctNgrams ngrams;
  {
    AtomicFile file(out / "train.jsonl");
    generate([&](VillageDocument&& d) {
      file.write(line_of(d));
      ngrams.add(d.text);
      auto& [count, size_of_kind] = by_kind[d.kind];
      ++count, ++documents;
      size_of_kind += d.text.size(), bytes += d.text.size();
      for (int64_t id : d.facts) told_often += facts()[static_cast<size_t>(id)].taught == Taught::often;
      if (documents % 1024 == 0) report(bytes, "training text");
    });
    file.commit();
  }
  report(bytes, "held-out text");
  const auto held_out = [&](const char* name, Split split) {
    AtomicFile file(out / name);
    for (const VillageDocument& d : held_out_documents(split, kHeldOutDocuments)) file.write(line_of(d));
    file.commit();
  };
  held_out("valid.jsonl", Split::train);
  held_out("heldout_facts.jsonl", Split::held_out_fact);
  held_out("heldout_templates.jsonl", Split::held_out_template);

  report(bytes, "instruction pairs and questions");
  AtomicFile pairs(out / "instruct.jsonl");
  for (const InstructPair& p : instruct(kPairs, 0)) pairs.write(line_of(p));
  pairs.commit();
  AtomicFile asked(out / "questions.jsonl");
  for (const TaskKind& kind : task_kinds())
    for (Split split : {Split::train, Split::held_out_fact, Split::held_out_template}) {
      if (split == Split::held_out_fact && std::string_view(kind.name) != "read_ledger") continue;
      for (const Question& q : questions(kind.name, kQuestionsPerKind, 1, split)) asked.write(line_of(q, split));
    }
  asked.commit();

  report(bytes, "ledger");
  std::vector<Template> templates = impl_->en.templates();
  templates.insert(templates.end(), impl_->zh.templates().begin(), impl_->zh.templates().end());
  write_ledger(world(), templates, out / "ledger.sqlite");

  const World& w = world();
  Json json;
  json["name"] = name();
  json["seed"] = impl_->options.seed;
  json["lang"] = impl_->options.lang == VillageOptions::both ? "both"
                 : impl_->options.lang == VillageOptions::zh ? "zh"
                                                             : "en";
  json["documents"] = documents;
  json["bytes"] = bytes;
  json["people"] = w.people.size();
  json["living"] = w.living.size();
  json["families"] = w.families.size();
  json["houses"] = w.houses.size();
  json["animals"] = w.animals.size();
  json["facts"] = {{"all", w.facts.size()},
                   {"taught_often", w.often_people.size() + w.often_village.size()},
                   {"taught_rarely", w.rare.size()},
                   {"held_out", w.held_out.size()}};
  json["tellings_of_an_often_taught_fact"] =
      static_cast<double>(told_often) / static_cast<double>(w.often_people.size() + w.often_village.size());
  json["templates"] = {{"en", impl_->en.templates().size()}, {"zh", impl_->zh.templates().size()}};
  for (const auto& [kind, counts] : by_kind)
    json["kinds"][kind] = {{"documents", counts.first}, {"bytes", counts.second}};
  const auto counts = ngrams.counts();
  for (size_t n = 0; n < counts.size(); ++n)
    json["distinct_ngrams"][std::to_string(n + 1)] = {{"distinct", counts[n].distinct}, {"of", counts[n].total}};
  std::string text = json.dump(2) + "\n";
  write_file(out / "village.json", text);
  return text;
}

}  // namespace quern
