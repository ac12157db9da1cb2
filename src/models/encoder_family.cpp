// SPDX-License-Identifier: MIT
// From config.json to an encoder: the family, what its class puts on top, the names in a checkpoint.
#include <algorithm>

#include "models/encoder_families.h"

namespace quern {

namespace {
constexpr int64_t kMostEncoderLayers = 10'000;

std::string first_architecture(const ModelConfig& config) {
  const auto it = config.is_object() ? config.find("architectures") : config.end();
  if (it == config.end() || !it->is_array() || it->empty() || !(*it)[0].is_string()) return "";
  return (*it)[0].get<std::string>();
}

const EncoderTask* task_of(const EncoderFamily& family, const std::string& architecture) {
  for (const auto& [name, task] : family.classes)
    if (name == architecture) return &task;
  return nullptr;
}

EncoderTask known_task(const EncoderFamily& family, const std::string& architecture) {
  if (architecture.empty()) return EncoderTask::none;
  if (const EncoderTask* task = task_of(family, architecture)) return *task;
  std::string list;
  for (const auto& [name, task] : family.classes) list += (list.empty() ? "" : ", ") + name;
  throw Error(ErrorKind::Unsupported, "config.json: encoders of class '{}' are not known", architecture)
      .hint("known are {}", list);
}

int64_t number_of_labels(const ConfigReader& r) {
  if (const Json* labels = r.value("id2label"); labels && labels->is_object() && !labels->empty())
    return int64_t(labels->size());
  const int64_t n = r.integer("num_labels", 2);
  if (n == 0) throw Error(ErrorKind::InvalidModel, "config.json: 'num_labels' is 0");
  return n;
}

void check_sizes(const EncoderConfig& c) {
  if (c.C % c.H != 0)
    throw Error(ErrorKind::InvalidModel, "config.json: {} values can't be shared by {} heads", c.C, c.H);
  if (c.L > kMostEncoderLayers) throw Error(ErrorKind::InvalidModel, "config.json: {} layers make no sense", c.L);
}
}  // namespace

const EncoderFamily* encoder_family_of(const ModelConfig& config) {
  const std::string architecture = first_architecture(config);
  for (const EncoderFamily* family : kEncoderFamilies)
    if (task_of(*family, architecture)) return family;
  const auto it = config.is_object() ? config.find("model_type") : config.end();
  if (it == config.end() || !it->is_string()) return nullptr;
  for (const EncoderFamily* family : kEncoderFamilies)
    if (std::ranges::find(family->model_types, it->get<std::string>()) != family->model_types.end()) return family;
  return nullptr;
}

EncoderConfig read_encoder_config(const ModelConfig& config, bool body_only, const HoldsTensor& holds) {
  const EncoderFamily* family = encoder_family_of(config);
  const std::string architecture = first_architecture(config);
  if (!family)
    throw Error(ErrorKind::Unsupported, "config.json: encoders of class '{}' are not known", architecture)
        .hint("known are BERT, RoBERTa and DistilBERT");
  const ConfigReader r(config);
  EncoderConfig c = family->read(r);
  check_sizes(c);
  c.labels = number_of_labels(r);
  c.task = body_only ? EncoderTask::none : known_task(*family, architecture);
  const bool bare = architecture.empty() || (task_of(*family, architecture) && architecture.ends_with("Model"));
  c.names.prefix = bare ? "" : family->prefix;
  // Bare encoders are published with and without a pooler.
  const bool through_pooler =
      c.names.text_dense.empty() &&
      (c.task == EncoderTask::sequence || c.task == EncoderTask::pretraining || c.task == EncoderTask::next_sentence);
  const std::string pooler = (bare ? "" : family->prefix + ".") + c.names.pooler + ".weight";
  const bool there = !holds || holds(pooler);
  c.pooler = through_pooler || (c.task == EncoderTask::none && !c.names.pooler.empty() && there);
  return c;
}

std::unique_ptr<Encoder> build_encoder(const ModelConfig& config, std::shared_ptr<ParamStore> params, bool body_only,
                                       const HoldsTensor& holds) {
  auto encoder = std::make_unique<Encoder>(Params(params), config, read_encoder_config(config, body_only, holds));
  encoder->params = std::move(params);
  return encoder;
}

std::vector<std::string> encoder_aliases(const EncoderFamily& family, const std::string& name) {
  const std::string prefix = family.prefix + ".";
  std::vector<std::string> names{name};
  if (name.starts_with(prefix))
    names.push_back(name.substr(prefix.size()));
  else
    names.push_back(prefix + name);
  if (family.more_names)
    for (std::string& other : family.more_names(name)) names.push_back(std::move(other));
  const std::string weight = "LayerNorm.weight", bias = "LayerNorm.bias";
  for (size_t i = 0, n = names.size(); i < n; ++i) {
    const std::string full = names[i];  // a copy: the list grows
    if (full.ends_with(weight)) names.push_back(full.substr(0, full.size() - weight.size()) + "LayerNorm.gamma");
    if (full.ends_with(bias)) names.push_back(full.substr(0, full.size() - bias.size()) + "LayerNorm.beta");
  }
  names.erase(names.begin());
  return names;
}

bool is_other_head_or_buffer(const EncoderFamily& family, const std::string& name) {
  const std::string prefix = family.prefix + ".";
  const std::string leaf = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  for (const char* start : {"pooler.", "cls.", "classifier.", "qa_outputs.", "lm_head.", "vocab_", "pre_classifier.",
                            "embeddings.position_ids", "embeddings.token_type_ids"})
    if (leaf.starts_with(start)) return true;
  return false;
}

}  // namespace quern
