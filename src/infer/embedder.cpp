// SPDX-License-Identifier: MIT
#include "infer/embedder.h"

#include <algorithm>

#include "base/threads.h"

namespace quern {

Embedder Embedder::open(const std::string& argument) {
  Embedder e;
  e.settings_ = read_sentence_settings(resolve_text_model_path(argument));
  e.model_ = TextModel::open(e.settings_.model, /*body_only=*/true);
  return e;
}

// --- what the options and the folder come to ---

std::vector<Pooling> Embedder::poolings(const EmbedOptions& options) const {
  if (options.pooling) return {*options.pooling};
  if (!settings_.poolings.empty()) return settings_.poolings;
  // llama.cpp's number, which a GGUF file's config has: 1 mean, 2 the first token, 3 the last.
  const auto it = model_.config.find("pooling_type");
  if (it != model_.config.end() && it->is_number_integer())
    for (const auto& [number, pooling] : {std::pair{1, Pooling::mean}, {2, Pooling::cls}, {3, Pooling::last}})
      if (*it == number) return {pooling};
  return {model_.encoder ? Pooling::mean : Pooling::last};
}

bool Embedder::normalizes(const EmbedOptions& options) const {
  return options.normalize.value_or(
      std::ranges::any_of(settings_.steps, [](const SentenceStep& step) { return step.normalize; }));
}

int64_t Embedder::max_tokens(const EmbedOptions& options) const {
  int64_t limit = model_.context;
  if (settings_.max_tokens > 0) limit = std::min(limit, settings_.max_tokens);
  if (options.max_tokens > limit)
    throw Error(ErrorKind::InvalidArgument, "texts of {} tokens: this model takes {}", options.max_tokens, limit);
  return options.max_tokens > 0 ? options.max_tokens : limit;
}

int64_t Embedder::dimension(const EmbedOptions& options) const {
  int64_t size = model_.C * int64_t(poolings(options).size());
  for (const SentenceStep& step : settings_.steps) {
    if (!step.weight) continue;
    if (step.weight.size(1) != size)
      throw Error(ErrorKind::InvalidArgument, "pooling gives {} values, the dense layer behind it takes {}", size,
                  step.weight.size(1))
          .hint("leave out --pooling to take what the model's folder says");
    size = step.weight.size(0);
  }
  if (options.dimensions > size)
    throw Error(ErrorKind::InvalidArgument, "{} dimensions were asked for, the model has {}", options.dimensions, size);
  return options.dimensions > 0 ? options.dimensions : size;
}

std::string Embedder::prompt_of(const EmbedOptions& options) const {
  if (options.prompt) return *options.prompt;
  const std::string& name = options.prompt_name.empty() ? settings_.default_prompt : options.prompt_name;
  if (name.empty()) return "";
  if (const auto it = settings_.prompts.find(name); it != settings_.prompts.end()) return it->second;
  std::string known;
  for (const auto& [other, text] : settings_.prompts) known += (known.empty() ? "" : ", ") + other;
  throw Error(ErrorKind::InvalidArgument, "this model has no prompt '{}'", name)
      .hint("{}", known.empty() ? "it has none at all; give one as text" : "it has " + known);
}

// --- the work ---

std::vector<TextEmbedding> Embedder::embed(std::span<const std::string> texts, const EmbedOptions& options) const {
  const int64_t limit = max_tokens(options);
  const std::string prompt = prompt_of(options);
  const Tokenizer& tokenizer = model_.tokenizer;
  int64_t skip = 0;
  if (!prompt.empty() && !settings_.include_prompt) {
    // What stands before the text: the prompt's tokens and what is put in front, not what is put behind.
    const Encoding e = tokenizer.encode_full(settings_.lower_case ? lower_cased(prompt) : prompt);
    skip = int64_t(e.ids.size());
    while (skip > 0 && e.special_mask[size_t(skip) - 1]) --skip;
  }
  std::vector<FittedText> fitted(texts.size());
  parallel_for(int64_t(texts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const std::string text = prompt + texts[size_t(i)];
      fitted[size_t(i)] = fit_text(tokenizer, settings_.lower_case ? lower_cased(text) : text, limit);
    }
  });
  for (size_t i = 0; i < fitted.size(); ++i) {
    if (fitted[i].cut > 0 && !options.cut)
      throw Error(ErrorKind::InvalidArgument, "text {} has {} tokens, {} are allowed", i, fitted[i].full_size(), limit);
    if (fitted[i].ids.empty())
      throw Error(ErrorKind::InvalidArgument, "text {} is empty, and this model has no token to begin with", i);
  }
  return run(std::move(fitted), skip, options);
}

std::vector<TextEmbedding> Embedder::embed_ids(std::span<const std::vector<int32_t>> texts,
                                               const EmbedOptions& options) const {
  const size_t limit = size_t(max_tokens(options));
  std::vector<FittedText> fitted(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::vector<int32_t>& ids = texts[i];
    if (ids.empty()) throw Error(ErrorKind::InvalidArgument, "text {} has no tokens", i);
    if (ids.size() > limit && !options.cut)
      throw Error(ErrorKind::InvalidArgument, "text {} has {} tokens, {} are allowed", i, ids.size(), limit);
    const size_t kept = std::min(ids.size(), limit);
    fitted[i] = {{ids.begin(), ids.begin() + int64_t(kept)}, {}, int64_t(ids.size() - kept)};
  }
  return run(std::move(fitted), 0, options);
}

std::vector<TextEmbedding> Embedder::run(std::vector<FittedText>&& texts, int64_t skip,
                                         const EmbedOptions& options) const {
  dimension(options);  // refuses what does not fit
  if (options.batch < 1) throw Error(ErrorKind::InvalidArgument, "a batch of {} texts", options.batch);
  const std::vector<Pooling> ways = poolings(options);
  const TextRuns runs = plan_runs(texts, options.batch);
  std::vector<TextEmbedding> out(texts.size());
  size_t begin = 0;
  for (const size_t end : runs.ends) {
    std::vector<const FittedText*> together;
    for (size_t i = begin; i < end; ++i) together.push_back(&texts[runs.order[i]]);
    const TextModel::States states = model_.run(together);
    parallel_for(int64_t(end - begin), 1, [&](int64_t first, int64_t last) {
      for (int64_t s = first; s < last; ++s) {
        const size_t at = runs.order[begin + size_t(s)];
        const int64_t row = states.batch.segments[size_t(s)], rows = states.batch.segments[size_t(s) + 1] - row;
        const std::span<const float> hidden(states.hidden.data() + row * model_.C, size_t(rows * model_.C));
        std::vector<float> pooled;
        for (const Pooling way : ways) pool(way, hidden, model_.C, skip, pooled);
        out[at] = {finish(std::move(pooled), options), rows, texts[at].cut};
      }
    });
    begin = end;
  }
  return out;
}

namespace {
std::vector<float> dense_step(const SentenceStep& step, const std::vector<float>& x) {
  const int64_t M = step.weight.size(0), K = step.weight.size(1);
  std::vector<float> y(static_cast<size_t>(M));
  for (int64_t m = 0; m < M; ++m) {
    double sum = step.bias ? double{step.bias.data()[m]} : 0.0;
    for (int64_t k = 0; k < K; ++k) sum += double{step.weight.data()[m * K + k]} * x[size_t(k)];
    y[size_t(m)] = float(sum);
  }
  if (step.activation) activation_ref(*step.activation, y.data(), y.data(), M);
  return y;
}
}  // namespace

// The steps behind pooling. They are small beside the model, and one vector at a time keeps it free of its company.
std::vector<float> Embedder::finish(std::vector<float> pooled, const EmbedOptions& options) const {
  std::vector<float> x = std::move(pooled);
  const bool to_length_one = normalizes(options);
  bool has_length_one = false;
  for (const SentenceStep& step : settings_.steps) {
    if (step.weight) {
      x = dense_step(step, x);
      has_length_one = false;
    } else if (to_length_one) {
      normalize_length(x);
      has_length_one = true;
    }
  }
  if (options.dimensions > 0 && size_t(options.dimensions) < x.size()) {
    x.resize(size_t(options.dimensions));
    has_length_one = false;
  }
  if (to_length_one && !has_length_one) normalize_length(x);
  return x;
}

}  // namespace quern
