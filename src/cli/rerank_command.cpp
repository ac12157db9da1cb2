// SPDX-License-Identifier: MIT
// quern rerank ./ms-marco-MiniLM-L6-v2 "Who keeps bees?" "The miller keeps bees." "Bread is baked on Monday."
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/text_list.h"
#include "infer/reranker.h"

namespace quern {

namespace {
struct RerankVerbOptions {
  CommonOptions common;
  RerankOptions rerank;
  std::string model, query, file;
  std::vector<std::string> texts;
  int64_t top = 0;
  bool no_cut = false;
};

void rerank_texts(const RerankVerbOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  const std::vector<std::string> texts = o.file.empty() ? o.texts : lines_of_file(o.file);
  if (texts.empty()) throw Error(ErrorKind::InvalidArgument, "there is no text to put in order");
  RerankOptions options = o.rerank;
  options.cut = !o.no_cut;
  const Reranker reranker = Reranker::open(o.model);
  const std::vector<RerankScore> scores = reranker.score(o.query, texts, options);

  size_t cut = 0;
  int64_t longest = 0, limit = 0;
  for (const RerankScore& s : scores) {
    cut += s.cut_tokens > 0;
    longest = std::max(longest, s.tokens + s.cut_tokens);
    if (s.cut_tokens > 0) limit = s.tokens;
  }
  warn_of_cut_texts(cut, scores.size(), longest, limit);

  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>{}, [&](size_t i) { return scores[i].score; });
  if (o.top > 0 && size_t(o.top) < order.size()) order.resize(size_t(o.top));

  if (o.common.json) {
    Json out{
        {"model", o.model}, {"query", o.query}, {"score", reranker.kind_of_score(options)}, {"results", Json::array()}};
    for (const size_t i : order)
      out["results"].push_back({{"index", i},
                                {"score", scores[i].score},
                                {"tokens", scores[i].tokens},
                                {"cut_tokens", scores[i].cut_tokens},
                                {"text", texts[i]}});
    fmt::print("{}\n", to_line(out));
    return;
  }
  for (const size_t i : order) fmt::print("{:8.4f}  {:>4}  {}\n", scores[i].score, i, texts[i]);
}
}  // namespace

void add_rerank_command(CLI::App& app) {
  auto o = std::make_shared<RerankVerbOptions>();
  auto* cmd = app.add_subcommand("rerank", "Put texts in order of how well they answer a question");
  cmd->add_option("model", o->model,
                  "a cross-encoder (a BERT, RoBERTa or DistilBERT classifier with one label), or any model that "
                  "`quern embed` takes, whose vectors are then compared")
      ->required();
  cmd->add_option("query", o->query, "the question")->required();
  auto* texts = cmd->add_option("text", o->texts, "the texts");
  cmd->add_option("--file,-f", o->file, "take them from this file instead, one a line; -: standard input")
      ->excludes(texts);
  cmd->add_option("--top", o->top, "print the best N only")->check(CLI::PositiveNumber);
  cmd->add_flag("--raw", o->rerank.raw_scores, "a cross-encoder's scores as its head gives them, not as probabilities");
  cmd->add_option("--query-prompt", o->rerank.query_prompt_name,
                  "where vectors are compared: the folder's prompt for the question; left out, `query` if it has that");
  cmd->add_option("--text-prompt", o->rerank.text_prompt_name,
                  "and for the texts; left out, `document` or `passage` if it has one");
  cmd->add_option("--max-tokens", o->rerank.max_tokens,
                  "most tokens of question and text together; left out, as many as the model takes")
      ->check(CLI::PositiveNumber);
  cmd->add_flag("--no-cut", o->no_cut, "refuse longer ones instead of cutting their end off");
  cmd->add_option("--batch", o->rerank.batch, "most texts that are read side by side; changes no bit")
      ->check(CLI::Range(1, 65536));
  add_common_options(cmd, o->common);
  add_examples(
      cmd,
      "  quern rerank ./ms-marco-MiniLM-L6-v2 \"Who keeps bees?\" \"The miller keeps bees.\" \"Bread is dear.\"\n"
      "  quern rerank ./bge-reranker-base \"Who keeps bees?\" --file passages.txt --top 5 --json");
  cmd->callback([o] { rerank_texts(*o); });
}

}  // namespace quern
