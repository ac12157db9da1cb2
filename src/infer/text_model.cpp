// SPDX-License-Identifier: MIT
#include "infer/text_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/hf_folder.h"
#include "formats/model_path.h"

namespace quern {

namespace {
constexpr int64_t kTokensPerRun = 8192;  // some 300 MB of intermediate values in a model of BERT's size

// model_max_length of tokenizer_config.json; some say 1e30, which means none.
int64_t tokenizer_limit(const Json& tokenizer_config) {
  if (!tokenizer_config.is_object()) return 0;
  const auto it = tokenizer_config.find("model_max_length");
  if (it == tokenizer_config.end() || !it->is_number()) return 0;
  const double n = it->get<double>();
  return n >= 1 && n < 1e9 ? int64_t(n) : 0;
}
}  // namespace

fs::path resolve_text_model_path(const std::string& argument) {
  if (fs::is_directory(argument) && fs::exists(fs::path(argument) / "modules.json")) return argument;
  return resolve_model_path(argument);
}

TextModel TextModel::open(const fs::path& path, bool body_only) {
  const std::unique_ptr<const ModelSource> files = ModelSource::open(path);
  const ParamOptions options{.packed_products = true, .keep_stored = true, .compute = QuantCompute::fast};
  TextModel m;
  m.config = files->config();
  if (encoder_family_of(m.config)) {
    m.encoder = load_encoder(*files, options, body_only);
    m.C = m.encoder->shape().C;
    m.context = m.encoder->shape().context();
  } else {
    m.decoder = load_model(*files, options);
    m.C = m.decoder->shape().C;
    m.context = m.decoder->shape().context;
  }
  if (const int64_t limit = tokenizer_limit(files->tokenizer_config()); limit > 0)
    m.context = std::min(m.context, limit);
  m.tokenizer = files->tokenizer();
  return m;
}

TextModel::States TextModel::run(const std::vector<const FittedText*>& texts) const {
  std::vector<std::vector<int32_t>> sequences;
  std::vector<int32_t> types;
  for (const FittedText* text : texts) {
    sequences.push_back(text->ids);
    types.insert(types.end(), text->types.begin(), text->types.end());
    if (text->types.empty()) types.insert(types.end(), text->ids.size(), 0);
  }
  States states{Batch::of(sequences), {}};
  if (encoder) {
    // A table of one row knows no second text; such models are made with pairs all of type 0.
    if (encoder->shape().types < 2) std::ranges::fill(types, 0);
    states.hidden = encoder->forward(states.batch, types);
  } else {
    states.hidden = decoder->forward(states.batch);
  }
  return states;
}

TextRuns plan_runs(const std::vector<FittedText>& texts, int64_t batch) {
  TextRuns runs;
  runs.order.resize(texts.size());
  std::iota(runs.order.begin(), runs.order.end(), size_t{0});
  std::ranges::stable_sort(runs.order, std::greater<>{}, [&](size_t i) { return texts[i].ids.size(); });
  int64_t tokens = 0;
  size_t first = 0;
  for (size_t i = 0; i < runs.order.size(); ++i) {
    const int64_t more = int64_t(texts[runs.order[i]].ids.size());
    if (i > first && (int64_t(i - first) == batch || tokens + more > kTokensPerRun)) {
      runs.ends.push_back(i);
      first = i;
      tokens = 0;
    }
    tokens += more;
  }
  if (!texts.empty()) runs.ends.push_back(texts.size());
  return runs;
}

}  // namespace quern
