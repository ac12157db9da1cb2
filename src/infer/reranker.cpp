// SPDX-License-Identifier: MIT
#include "infer/reranker.h"

#include <algorithm>
#include <cmath>

#include "base/threads.h"

namespace quern {

namespace {
// What turns the head's number into the score: sigmoid, unless the folder says that nothing does.
bool makes_probability(const Json& config) {
  const auto word = [](const Json& json, const char* key) {
    const auto it = json.find(key);
    return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  std::string function = word(config, "sbert_ce_default_activation_function");
  if (const auto it = config.find("sentence_transformers"); it != config.end() && it->is_object())
    if (const std::string newer = word(*it, "activation_fn"); !newer.empty()) function = newer;
  const std::string leaf = function.substr(function.rfind('.') + 1);
  if (leaf.empty() || leaf == "Sigmoid") return true;
  if (leaf == "Identity") return false;
  throw Error(ErrorKind::Unsupported, "config.json: a score through '{}' is not known", function)
      .hint("known are Sigmoid and Identity");
}

bool scores_pairs(const Json& config) {
  if (!encoder_family_of(config)) return false;
  return read_encoder_config(config, /*body_only=*/false, [](const std::string&) { return true; }).task ==
         EncoderTask::sequence;
}
}  // namespace

Reranker Reranker::open(const std::string& argument) {
  const fs::path path = resolve_text_model_path(argument);
  Reranker r;
  const bool has_config = fs::is_regular_file(path) || fs::exists(path / "config.json");
  const Json config = has_config ? read_model_config(path) : Json::object();
  if (!scores_pairs(config)) {
    r.embedder_ = Embedder::open(argument);
    return r;
  }
  r.cross_encoder_ = true;
  r.sigmoid_ = makes_probability(config);
  r.model_ = TextModel::open(path, /*body_only=*/false);
  r.limit_ = r.model_.context;
  if (const int64_t labels = r.model_.encoder->shape().labels; labels != 1)
    throw Error(ErrorKind::Unsupported, "{}: a classifier with {} labels; a reranker has one", argument, labels);
  return r;
}

std::string Reranker::kind_of_score(const RerankOptions& options) const {
  if (!cross_encoder_) return "cosine";
  return sigmoid_ && !options.raw_scores ? "sigmoid" : "logit";
}

std::vector<RerankScore> Reranker::score(const std::string& query, std::span<const std::string> texts,
                                         const RerankOptions& options) const {
  if (options.batch < 1) throw Error(ErrorKind::InvalidArgument, "a batch of {} pairs", options.batch);
  return cross_encoder_ ? score_pairs(query, texts, options) : compare_vectors(query, texts, options);
}

std::vector<RerankScore> Reranker::score_pairs(const std::string& query, std::span<const std::string> texts,
                                               const RerankOptions& options) const {
  if (options.max_tokens > limit_)
    throw Error(ErrorKind::InvalidArgument, "pairs of {} tokens: this model takes {}", options.max_tokens, limit_);
  const int64_t limit = options.max_tokens > 0 ? options.max_tokens : limit_;
  std::vector<FittedText> pairs(texts.size());
  parallel_for(int64_t(texts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) pairs[size_t(i)] = fit_pair(model_.tokenizer, query, texts[size_t(i)], limit);
  });
  for (size_t i = 0; i < pairs.size(); ++i)
    if (pairs[i].cut > 0 && !options.cut)
      throw Error(ErrorKind::InvalidArgument, "the question and text {} have {} tokens, {} are allowed", i,
                  pairs[i].full_size(), limit);
  std::vector<RerankScore> out(texts.size());
  const TextRuns runs = plan_runs(pairs, options.batch);
  size_t begin = 0;
  for (const size_t end : runs.ends) {
    std::vector<const FittedText*> together;
    for (size_t i = begin; i < end; ++i) together.push_back(&pairs[runs.order[i]]);
    const TextModel::States states = model_.run(together);
    const Tensor scores = model_.encoder->text_scores(states.hidden, states.batch);
    for (size_t i = begin; i < end; ++i) {
      const size_t at = runs.order[i];
      const double logit = scores.data()[i - begin];
      const double score = sigmoid_ && !options.raw_scores ? 1 / (1 + std::exp(-logit)) : logit;
      out[at] = {score, int64_t(pairs[at].ids.size()), pairs[at].cut};
    }
    begin = end;
  }
  return out;
}

std::vector<RerankScore> Reranker::compare_vectors(const std::string& query, std::span<const std::string> texts,
                                                   const RerankOptions& options) const {
  EmbedOptions e;
  e.max_tokens = options.max_tokens;
  e.cut = options.cut;
  e.batch = options.batch;
  // Models that treat the two sides differently name their prompts "query" and, mostly, "document" or "passage".
  const auto& prompts = embedder_->settings().prompts;
  const auto prompt_name = [&](const std::string& asked, std::initializer_list<const char*> usual) {
    if (!asked.empty()) return asked;
    for (const char* name : usual)
      if (prompts.contains(name)) return std::string(name);
    return std::string();
  };
  e.prompt_name = prompt_name(options.query_prompt_name, {"query"});
  const std::vector<TextEmbedding> question = embedder_->embed(std::span(&query, 1), e);
  e.prompt_name = prompt_name(options.text_prompt_name, {"document", "passage"});
  const std::vector<TextEmbedding> vectors = embedder_->embed(texts, e);
  std::vector<RerankScore> out;
  for (const TextEmbedding& v : vectors)
    out.push_back({cosine_similarity(question[0].values, v.values), v.tokens, v.cut_tokens});
  return out;
}

}  // namespace quern
