// SPDX-License-Identifier: MIT
// sampling/: what each processor of Hugging Face's generation makes of the same logits, through our whole sampler with
// that one option set.

#include <limits>

#include "golden.h"
#include "infer/sampler.h"

namespace quern::goldens {

namespace {
// Sets in `options` what the settings of one processor say.
void set_options(SamplingOptions& options, const Json& settings) {
  for (const auto& [key, value] : settings.items()) {
    if (key == "temperature")
      options.temperature = value;
    else if (key == "top_k")
      options.top_k = value;
    else if (key == "top_p")
      options.top_p = value;
    else if (key == "min_p")
      options.min_p = value;
    else if (key == "typical_p")
      options.typical_p = value;
    else if (key == "epsilon_cutoff")
      options.epsilon_cutoff = value;
    else if (key == "eta_cutoff")
      options.eta_cutoff = value;
    else if (key == "repetition_penalty")
      options.repetition_penalty = value;
    else if (key == "presence_penalty")
      options.presence_penalty = value;
    else if (key == "frequency_penalty")
      options.frequency_penalty = value;
    else if (key == "no_repeat_ngram_size")
      options.no_repeat_ngram_size = value;
    else if (key == "bad_words")
      options.bad_words = value.get<std::vector<std::vector<int32_t>>>();
    else if (key == "min_length")
      options.min_length = value;
    else if (key == "eos_token_id")
      options.eos_token_ids = {value.get<int32_t>()};
    else if (key == "sequence_bias") {
      for (const Json& entry : value)
        options.sequence_bias.push_back({entry[0].get<std::vector<int32_t>>(), entry[1].get<float>()});
    } else
      throw not_yet(fmt::format("the sampling option '{}'", key));
  }
}

// "repetition_penalty, temperature, top_k with the settings above, in this order"
SamplingOptions chain_options(const std::string& text, const Json& settings) {
  static const std::vector<std::string> kOrder = {
      "sequence_bias", "repetition_penalty", "no_repeat_ngram", "bad_words",
      "min_length",    "temperature",        "top_k",           "top_p",
      "min_p",         "typical_p",          "epsilon_cutoff",  "eta_cutoff"};
  SamplingOptions options;
  const std::string list = text.substr(0, text.find(" with "));
  size_t place = 0;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(", ", begin), list.size());
    const std::string name = list.substr(begin, end - begin);
    begin = end + 2;
    while (place < kOrder.size() && kOrder[place] != name) ++place;
    if (place == kOrder.size() || !settings.contains(name))
      throw not_yet(fmt::format("'{}' at this place of a chain", name));
    set_options(options, settings[name]);
  }
  return options;
}

Outcome check(const fs::path& base) {
  const Expected expected(base.string() + ".safetensors");
  const Json settings = read_json(base.string() + ".json").at("settings");
  const std::vector<int64_t> shape = expected.shape("logits");
  const int64_t rows = shape.at(0), V = shape.at(1), T = expected.shape("input_ids").at(1);
  const std::vector<float> logits = expected.floats("logits");
  const std::vector<int32_t> ids = expected.ids("input_ids");

  Comparison compare;
  for (const std::string& key : expected.names("out.")) {
    const std::string name = key.substr(4);
    if (name == "chain_probs") continue;
    SamplingOptions options;
    if (!settings.contains(name)) throw not_yet(fmt::format("the processor '{}'", name));
    if (name == "chain")
      options = chain_options(settings[name], settings);
    else
      set_options(options, settings[name]);
    options.validate(V);
    Sampler sampler(options);
    std::vector<float> processed(logits.size(), -std::numeric_limits<float>::infinity());
    std::vector<float> probabilities(logits.size(), 0.0f);
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<float> work(logits.begin() + row * V, logits.begin() + (row + 1) * V);
      sampler.process(work, std::span(ids).subspan(size_t(row * T), size_t(T)), T);
      Candidates& left = sampler.filter(work);
      const std::span<const float> p = left.probabilities();
      for (size_t i = 0; i < left.items().size(); ++i) {
        const auto& [id, logit] = left.items()[i];
        processed[size_t(row * V + id)] = logit;
        probabilities[size_t(row * V + id)] = p[i];
      }
    }
    compare.close(name, processed, expected.floats(key), 1e-5);
    if (name == "chain" && expected.has("out.chain_probs"))
      compare.close("chain_probs", probabilities, expected.floats("out.chain_probs"), 1e-5);
  }
  expected.require_all_read();
  return compare.outcome();
}
}  // namespace

Area sampling_area() { return {"sampling", is_safetensors, check}; }

}  // namespace quern::goldens
