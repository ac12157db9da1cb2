// SPDX-License-Identifier: MIT
// models/: checkpoints with their logits, hidden states, greedy continuations and beams. The sequences are fed whole
// here, without a cache: that cached and whole give the same bits is a test of the engine.

#include "causal_case.h"
#include "encoder_case.h"
#include "infer/beam.h"
#include "infer/sampler.h"

namespace quern::goldens {

namespace {
std::vector<float> last_logits(const CausalLm& model, std::span<const int32_t> ids) {
  const Tensor hidden = model.forward(Batch::of(ids));
  return model.logits(hidden.slice(0, int64_t(ids.size()) - 1, int64_t(ids.size())).contiguous()).to_vector();
}

void check_greedy(const CausalLm& model, const Expected& expected, const std::string& i, double factor,
                  Comparison& compare) {
  std::vector<int32_t> ids = expected.ids("input_ids." + i);
  const std::vector<int32_t> want = expected.ids("greedy_ids." + i);
  const size_t prompt_size = ids.size();
  for (size_t n = 0; n < want.size(); ++n) ids.push_back(argmax(last_logits(model, ids)));
  compare.same_ids("greedy_ids." + i, std::span(ids).subspan(prompt_size), want);
  if (expected.has("greedy_logits_last." + i))
    compare.close_by_std("greedy_logits_last." + i, last_logits(model, ids), expected.floats("greedy_logits_last." + i),
                         factor);
}

void check_beams(const CausalLm& model, const Expected& expected, const Json& golden, const std::string& prefix,
                 const std::string& i, const std::vector<int32_t>& eos, Comparison& compare) {
  const Json& beam = golden.at("beam");
  const Json& early = beam.at("early_stopping");
  BeamSearch search({.num_beams = beam.at("num_beams"),
                     .length_penalty = beam.at("length_penalty"),
                     .early_stopping = early == true    ? EarlyStopping::Always
                                       : early == false ? EarlyStopping::Heuristic
                                                        : EarlyStopping::Never,
                     .max_new_tokens = beam.at("max_new_tokens"),
                     .eos_token_ids = eos});
  const std::vector<int32_t> prompt = expected.ids("input_ids." + i);
  const int64_t V = model.shape().V;
  while (!search.done()) {
    std::vector<float> log_probs;
    for (const std::vector<int32_t>& generated : search.running()) {
      std::vector<int32_t> ids = prompt;
      ids.insert(ids.end(), generated.begin(), generated.end());
      const std::vector<float> logits = last_logits(model, ids);
      const double log_sum = log_sum_exp(logits);
      for (const float l : logits) log_probs.push_back(float(l - log_sum));
    }
    search.advance(log_probs, V);
  }
  const std::string ids_name = prefix + "_ids." + i, scores_name = prefix + "_scores." + i;
  const auto width = size_t(expected.shape(ids_name).at(1));
  const std::vector<int32_t> want = expected.ids(ids_name);
  std::vector<int32_t> ids;
  std::vector<float> scores;
  for (const FinishedBeam& b : search.finish()) {
    ids.insert(ids.end(), b.tokens.begin(), b.tokens.end());
    // Rows are filled up with the padding id or, where that is 0, with the end token (transformers takes `pad or eos`).
    for (size_t n = b.tokens.size(); n < width && ids.size() < want.size(); ++n) {
      const int32_t filler = want[ids.size()];
      const bool padding = filler == beam.value("pad_token_id", 0) || (!eos.empty() && filler == eos[0]);
      ids.push_back(padding ? filler : -1);
    }
    scores.push_back(float(b.score));
  }
  compare.same_ids(ids_name, ids, want);
  compare.close(scores_name, scores, expected.floats(scores_name), 1e-4);
}

Outcome check(const fs::path& base) {
  const Json golden = read_json(base / "golden.json");
  if (golden.at("kind") == "encoder") return check_encoder(base, golden);
  if (golden.at("kind") != "causal")
    throw not_yet(fmt::format("models of kind '{}'", golden.at("kind").get<std::string>()));
  const std::unique_ptr<CausalLm> model = load_causal_model(base);
  const Expected expected(base / "golden.safetensors");
  const double factor = golden.value("tolerance_logits_rel_std", 2e-4);

  Comparison compare;
  for (const std::string& key : expected.names("input_ids.")) {
    const std::string i = key.substr(key.rfind('.') + 1);
    const std::vector<int32_t> ids = expected.ids(key);
    const Tensor hidden = model->forward(Batch::of(ids));
    if (expected.has("hidden_last." + i))
      compare.close_by_std("hidden_last." + i, hidden.to_vector(), expected.floats("hidden_last." + i), factor);
    compare.close_by_std("logits." + i, model->logits(hidden).to_vector(), expected.floats("logits." + i), factor);
    if (expected.has("greedy_ids." + i)) check_greedy(*model, expected, i, factor, compare);
    for (const std::string& name : expected.names("beam")) {  // beam4_ids.1, beam4_eos_ids.1
      const size_t end = name.find("_ids." + i);
      if (end == std::string::npos) continue;
      const std::string prefix = name.substr(0, end);
      std::vector<int32_t> eos;
      if (prefix.ends_with("_eos")) eos.push_back(golden.at("beam_eos_token_id"));
      check_beams(*model, expected, golden, prefix, i, eos, compare);
    }
  }
  expected.require_all_read();
  return compare.outcome();
}
}  // namespace

Area models_area() { return {"models", folder_with("golden.json"), check}; }

}  // namespace quern::goldens
