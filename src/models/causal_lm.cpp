// SPDX-License-Identifier: MIT
#include "models/causal_lm.h"

#include "base/json.h"
#include "models/encoder.h"
#include "models/families.h"

namespace quern {

const Family& family_of(const ModelConfig& config) {
  std::string architecture, type;
  if (config.contains("architectures") && config["architectures"].is_array() && !config["architectures"].empty() &&
      config["architectures"][0].is_string())
    architecture = config["architectures"][0].get<std::string>();
  if (config.contains("model_type") && config["model_type"].is_string()) type = config["model_type"].get<std::string>();
  for (const Family* family : kFamilies)
    for (const std::string& known : family->architectures)
      if (known == architecture) return *family;
  if (architecture.empty())
    for (const Family* family : kFamilies)
      if (family->model_type == type) return *family;
  if (encoder_family_of(config))
    throw Error(ErrorKind::Unsupported, "config.json: '{}' is an encoder, which predicts no next token",
                architecture.empty() ? type : architecture)
        .hint("`quern embed` and `quern rerank` use it");
  std::string list;
  for (const Family* family : kFamilies) list += (list.empty() ? "" : ", ") + family->architectures.front();
  throw Error(ErrorKind::Unsupported, "config.json: models of class '{}' are not known",
              architecture.empty() ? type : architecture)
      .hint("known are {}", list);
}

std::unique_ptr<CausalLm> build_model(const ModelConfig& config, std::shared_ptr<ParamStore> params) {
  auto model = family_of(config).build(Params(params), config);
  model->params = std::move(params);
  return model;
}

int64_t ModelShape::kv_size() const {
  int64_t sum = 0;
  for (int64_t layer = 0; layer < L; ++layer) sum += kv_format(layer).size();
  return sum;
}

double flops_per_token(const ModelShape& s, int64_t num_parameters, int64_t context) {
  // A tied matrix multiplies once, as the head; an untied embedding only looks up. GPT-2's positions are small.
  const double multiplied = double(num_parameters - s.idle) - (s.tied ? 0.0 : double(s.V) * double(s.C));
  return 2 * multiplied + 2 * 2 * double(s.L) * double(s.H) * double(s.D) * double(context) / 2;
}

}  // namespace quern
