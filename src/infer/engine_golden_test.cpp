// SPDX-License-Identifier: MIT
// The engine, cache and all, against transformers' logits, greedy continuations and beam searches on tiny checkpoints.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/files.h"
#include "base/json.h"
#include "formats/hf_folder.h"
#include "formats/safetensors.h"
#include "infer/engine.h"

namespace quern {
namespace {

fs::path models_folder() {
  const char* shared = std::getenv("QUERN_SHARED");
  const fs::path root = shared ? fs::path(shared) : fs::path(__FILE__).parent_path() / "../../../shared";
  return root / "goldens/models";
}

std::vector<int32_t> ids_of(const SafetensorsTensor& t) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < t.num_values(); ++i) {
    int64_t id = 0;
    std::memcpy(&id, t.bytes.data() + i * 8, 8);
    ids.push_back(int32_t(id));
  }
  return ids;
}

std::vector<float> floats_of(const SafetensorsTensor& t) {
  std::vector<float> values(size_t(t.num_values()));
  std::memcpy(values.data(), t.bytes.data(), t.bytes.size());
  return values;
}

Request plain(std::vector<int32_t> prompt, int64_t new_tokens) {
  return {.prompt = std::move(prompt),
          .sampling = {.temperature = 0},
          .max_new_tokens = new_tokens,
          .stop_ids = {},
          .stop = {},
          .on_prompt_logits = {}};
}

void check_logits(Engine& engine, const std::vector<int32_t>& ids, const std::vector<float>& expected) {
  const int64_t V = engine.model().shape().V;
  double square = 0, sum = 0, largest = 0;
  for (const float x : expected) square += double{x} * x, sum += x;
  const double n = double(expected.size()), std = std::sqrt(square / n - sum / n * (sum / n));
  Request request = plain(ids, 0);
  request.on_prompt_logits = [&](int64_t position, std::span<const float> logits) {
    for (int64_t v = 0; v < V; ++v)
      largest = std::max(largest, std::abs(double{logits[size_t(v)]} - expected[size_t(position * V + v)]));
  };
  engine.generate(std::move(request));
  EXPECT_LE(largest, 2e-4 * std);  // the goldens' README
}

void check_beams(Engine& engine, const SafetensorsFile& golden, const Json& about, const std::string& name,
                 const std::vector<int32_t>& prompt) {
  const Json& beam = about.at("beam");
  Request request = plain(prompt, beam.at("max_new_tokens"));
  request.sampling.temperature = 1;
  request.num_beams = beam.at("num_beams");
  request.length_penalty = beam.at("length_penalty");
  if (name.find("_eos") != std::string::npos) request.stop_ids = {about.at("beam_eos_token_id").get<int32_t>()};
  const GenerationResult r = engine.generate(request);
  std::string scores_name = name;
  scores_name.replace(name.find("_ids"), 4, "_scores");
  const std::vector<int32_t> expected = ids_of(golden.at(name));
  const std::vector<float> scores = floats_of(golden.at(scores_name));
  ASSERT_EQ(r.beams.size(), scores.size());
  const size_t width = size_t(golden.at(name).shape[1]);
  for (size_t b = 0; b < scores.size(); ++b) {
    const auto& tokens = r.beams[b].tokens;
    ASSERT_LE(tokens.size(), width);
    for (size_t n = 0; n < tokens.size(); ++n) EXPECT_EQ(tokens[n], expected[b * width + n]) << "beam " << b;
    EXPECT_NEAR(r.beams[b].score, scores[b], 1e-4) << "beam " << b;
  }
  EXPECT_EQ(r.ids, r.beams[0].tokens);
}

bool is_known(const fs::path& folder) {
  try {
    family_of(read_model_config(folder));
    return true;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Unsupported) throw;
    return false;
  }
}

TEST(EngineGoldens, LogitsGreedyTextAndBeamsAreThoseOfTransformers) {
  const fs::path folder = models_folder();
  if (!fs::is_directory(folder)) GTEST_SKIP() << "no goldens at " << folder << "; set QUERN_SHARED";
  int models = 0, beams = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const Json about = read_json(entry.path() / "golden.json");
    if (about.at("kind") != "causal" || !is_known(entry.path())) continue;
    SCOPED_TRACE(name);
    const std::shared_ptr<const CausalLm> model = load_model(entry.path(), {.packed_products = true});
    const SafetensorsFile golden = SafetensorsFile::open(entry.path() / "golden.safetensors");
    // One sequence is longer than its model was made for, to show the scaling of its positions.
    Engine engine(model, {}, {.max_step_tokens = 10, .context = std::max<int64_t>(64, model->shape().context)});
    ++models;
    for (const char* i : {"0", "1"}) {
      const std::vector<int32_t> ids = ids_of(golden.at(fmt::format("input_ids.{}", i)));
      check_logits(engine, ids, floats_of(golden.at(fmt::format("logits.{}", i))));
      if (const SafetensorsTensor* greedy = golden.find(fmt::format("greedy_ids.{}", i))) {
        EXPECT_EQ(engine.generate(plain(ids, greedy->shape[1])).ids, ids_of(*greedy));
      }
      for (const SafetensorsTensor& t : golden.tensors()) {
        if (!t.name.starts_with("beam") || !t.name.ends_with(fmt::format("_ids.{}", i))) continue;
        SCOPED_TRACE(t.name);
        check_beams(engine, golden, about, t.name, ids);
        ++beams;
      }
    }
  }
  EXPECT_GE(models, 25);
  EXPECT_GE(beams, 4);
}

}  // namespace
}  // namespace quern
