// SPDX-License-Identifier: MIT
// What the model was made of: text, tokens, sizes, machine, lineage, recipe.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/terminal.h"
#include "pipeline/report_sections.h"

namespace quern::report {

namespace {

std::string number(int64_t n) { return n > 0 ? grouped(n) : ""; }
std::string size_of(int64_t bytes) { return bytes > 0 ? format_size(uint64_t(bytes)) : ""; }

// The labels given here are the page's own words; those of `more` come from outside.
std::vector<ReportFact> translated(std::vector<ReportFact> facts, const Labels& tr,
                                   const std::vector<ReportFact>& more = {}) {
  for (ReportFact& fact : facts) fact.label = tr(fact.label);
  facts.insert(facts.end(), more.begin(), more.end());
  return facts;
}

// Spaces and line ends made visible, so that a token's edges can be seen.
std::string visible(std::string_view token) {
  std::string text = escape(token, 200), out;
  for (const char c : text) {
    if (c == ' ')
      out += "·";
    else if (c == '\n')
      out += "↵";
    else if (c == '\t')
      out += "⇥";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string corpus_section(const ReportData& data, const Labels& tr) {
  const ReportCorpus& c = data.corpus;
  std::string out = fact_list(translated({{"Source", c.source},
                                          {"Language", c.language},
                                          {"Size", size_of(c.bytes)},
                                          {"Documents", number(c.documents)},
                                          {"Tokens", number(c.tokens)},
                                          {"Tokens seen in training", number(c.tokens_seen)},
                                          {"Epochs", c.epochs > 0 ? fixed(c.epochs, 2) : ""}},
                                         tr));
  double total = 0;
  for (const ReportShare& share : c.kinds) total += share.amount > 0 && std::isfinite(share.amount) ? share.amount : 0;
  if (total > 0) {
    std::string stack, keys;
    size_t color = 0;
    for (const ReportShare& share : c.kinds) {
      if (!(share.amount > 0) || !std::isfinite(share.amount)) continue;
      const std::string name = escape(share.name, 100);
      stack += fmt::format("<i class=k{} style=\"flex-grow:{:.4f}\" title=\"{} {}\"></i>", color % 12,
                           share.amount / total, name, percent(share.amount / total));
      keys +=
          fmt::format("<span><i class=k{}></i>{} <b>{}</b></span>", color % 12, name, percent(share.amount / total));
      ++color;
    }
    out +=
        fmt::format("<h4>{}</h4><div class=stack>{}</div><div class=keys>{}</div>\n", tr("Kinds of text"), stack, keys);
  }
  if (const std::string hygiene = fact_list(c.hygiene); !hygiene.empty())
    out += fmt::format("<h4>{}</h4>{}", tr("What cleaning found"), hygiene);
  for (const std::string& note : c.notes) out += fmt::format("<p class=note>{}</p>\n", escape(note, 1500));
  return out;
}

std::string tokenizer_section(const ReportData& data, const Labels& tr) {
  const ReportTokenizer& t = data.tokenizer;
  std::string out =
      fact_list(translated({{"Kind", t.kind},
                            {"Vocabulary", number(t.vocab)},
                            {"Bytes per token", t.bytes_per_token > 0 ? fixed(t.bytes_per_token, 2) : ""}},
                           tr, t.more));
  if (!t.sentence.empty()) {
    std::string tokens;
    for (size_t i = 0; i < std::min<size_t>(t.sentence.size(), 200); ++i)
      tokens += fmt::format("<span>{}</span>", visible(t.sentence[i]));
    out += fmt::format("<h4>{} <small>{} {}</small></h4><p class=tokens>{}</p>\n",
                       tr("A sentence as the model sees it"), t.sentence.size(), tr("tokens"), tokens);
  }
  if (!t.longest.empty()) {
    std::string tokens;
    for (size_t i = 0; i < std::min<size_t>(t.longest.size(), 60); ++i)
      tokens += fmt::format("<code>{}</code> ", visible(t.longest[i]));
    out += fmt::format("<h4>{}</h4><p class=codes>{}</p>\n", tr("Longest tokens"), tokens);
  }
  return out;
}

std::string model_section(const ReportData& data, const Labels& tr) {
  const ReportModel& m = data.model;
  return fact_list(
      translated({{"Family", m.family},
                  {"Parameters", number(m.parameters)},
                  {"Layers", number(m.layers)},
                  {"Width", number(m.width)},
                  {"Heads", m.kv_heads > 0 && m.kv_heads != m.heads ? fmt::format("{} / {}", m.heads, m.kv_heads)
                                                                    : number(m.heads)},
                  {"Feed-forward width", number(m.ffn_width)},
                  {"Vocabulary", number(m.vocab)},
                  {"Context (tokens)", number(m.context)},
                  {"Precision", m.precision},
                  {"Optimizer", m.optimizer},
                  {"FLOPs per token", m.flops_per_token > 0 ? format_count(m.flops_per_token) : ""},
                  {"FLOPs of training", m.flops_total > 0 ? format_count(m.flops_total) : ""}},
                 tr, m.more));
}

std::string machine_section(const ReportData& data, const Labels& tr) {
  const ReportMachine& m = data.machine;
  return fact_list(translated({{"Processor", m.cpu},
                               {"Cores", number(m.cores)},
                               {"Threads used", number(m.threads)},
                               {"Memory", size_of(m.memory_bytes)},
                               {"Memory used at most", size_of(m.peak_memory_bytes)},
                               {"System", m.system},
                               {"Kernels", m.kernels}},
                              tr, m.more));
}

std::string lineage_section(const ReportData& data, const Labels& tr) {
  std::vector<ReportFact> facts = data.scores;
  facts.insert(facts.end(), data.lineage.begin(), data.lineage.end());
  if (!data.version.empty()) facts.push_back({tr("Code version"), data.version});
  const std::string list = fact_list(facts);
  return list.empty() ? "" : "<div class=mono>" + list + "</div>";
}

std::string recipe_section(const ReportData& data, const Labels& tr) {
  if (data.recipe.empty()) return "";
  return fmt::format("<details><summary>{}</summary><pre>{}</pre></details>\n",
                     tr("Every setting, as it was used; save it as a .toml file to run it again"),
                     escape(data.recipe, 100000));
}

}  // namespace quern::report
