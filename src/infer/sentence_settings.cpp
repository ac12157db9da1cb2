// SPDX-License-Identifier: MIT
#include "infer/sentence_settings.h"

#include "formats/weights.h"

namespace quern {

namespace {
constexpr const char* kModules = "modules.json";

// A folder that modules.json names, which must lie below the model's.
fs::path module_folder(const fs::path& folder, const std::string& path) {
  const fs::path relative = fs::path(path).lexically_normal();
  const bool inside = !relative.is_absolute() && (relative.empty() || *relative.begin() != "..");
  if (!inside)
    throw Error(ErrorKind::InvalidModel, "{}: the path '{}' leads out of the folder", (folder / kModules).string(),
                path);
  return path.empty() ? folder : folder / relative;
}

Json object_of(const fs::path& file) {
  Json json = read_json(file, ErrorKind::InvalidModel);
  if (!json.is_object()) throw Error(ErrorKind::InvalidModel, "{}: an object is expected", file.string());
  return json;
}

template <typename T>
T value_or(const Json& json, const char* key, T otherwise, const fs::path& where) {
  const auto it = json.find(key);
  if (it == json.end() || it->is_null()) return otherwise;
  try {
    return it->get<T>();
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::InvalidModel, "{}: '{}' has a value of another kind: {}", where.string(), key,
                to_line(*it).substr(0, 60));
  }
}

void add_pooling(const std::string& word, const fs::path& file, SentenceSettings& out) {
  const auto pooling = pooling_from_name(word);
  if (!pooling)
    throw Error(ErrorKind::Unsupported, "{}: pooling '{}' is not known", file.string(), word)
        .hint("known are {}", pooling_names());
  out.poolings.push_back(*pooling);
}

void read_pooling(const fs::path& folder, SentenceSettings& out) {
  const fs::path file = folder / "config.json";
  const Json json = object_of(file);
  out.include_prompt = value_or(json, "include_prompt", true, file);
  if (const auto mode = json.find("pooling_mode"); mode != json.end()) {  // newer files
    for (const Json& item : mode->is_array() ? *mode : Json::array({*mode}))
      add_pooling(item.is_string() ? item.get<std::string>() : to_line(item), file, out);
  } else {  // older ones; several count in this order, whatever the order of the keys
    for (const char* flag :
         {"pooling_mode_cls_token", "pooling_mode_max_tokens", "pooling_mode_mean_tokens",
          "pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken"})
      if (value_or(json, flag, false, file)) add_pooling(flag, file, out);
  }
  if (out.poolings.empty()) out.poolings.push_back(Pooling::mean);
}

// "torch.nn.modules.activation.Tanh"
std::optional<Activation> torch_activation(const std::string& full, const fs::path& where) {
  const std::string leaf = full.substr(full.rfind('.') + 1);
  if (leaf == "Identity") return std::nullopt;
  if (leaf == "Tanh") return Activation::tanh;
  if (leaf == "ReLU") return Activation::relu;
  if (leaf == "GELU") return Activation::gelu_erf;
  if (leaf == "SiLU") return Activation::silu;
  if (leaf == "Sigmoid") return Activation::sigmoid;
  throw Error(ErrorKind::Unsupported, "{}: activation '{}' is not known", where.string(), full);
}

SentenceStep read_dense(const fs::path& folder) {
  const fs::path file = folder / "config.json";
  const Json json = object_of(file);
  SentenceStep step;
  step.activation = torch_activation(
      value_or<std::string>(json, "activation_function", "torch.nn.modules.activation.Tanh", file), file);
  const auto weights = open_folder_weights(folder);
  const auto tensor = [&](const char* name, const Shape& shape) {
    const std::optional<Tensor> found = weights->find(name);
    if (!found) throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' is missing", folder.string(), name);
    if (found->shape() != shape)
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has shape {}, the config asks for {}", folder.string(),
                  name, to_string(found->shape()), to_string(shape));
    return found->to(DType::f32);
  };
  const auto K = value_or<int64_t>(json, "in_features", 0, file), M = value_or<int64_t>(json, "out_features", 0, file);
  step.weight = tensor("linear.weight", {M, K});
  if (value_or(json, "bias", true, file)) step.bias = tensor("linear.bias", {M});
  return step;
}

void read_module(const fs::path& folder, const std::string& type, SentenceSettings& out) {
  const std::string kind = type.substr(type.rfind('.') + 1);
  if (kind == "Transformer") {
    out.model = folder;
  } else if (kind == "Pooling") {
    read_pooling(folder, out);
  } else if (kind == "Normalize") {
    out.steps.push_back({.normalize = true, .weight = {}, .bias = {}, .activation = {}});
  } else if (kind == "Dense") {
    out.steps.push_back(read_dense(folder));
  } else if (kind != "Dropout") {  // which does nothing once training is over
    throw Error(ErrorKind::Unsupported, "{}: modules of type '{}' are not known", folder.string(), type)
        .hint("known are Transformer, Pooling, Dense and Normalize");
  }
}

void read_modules(const fs::path& folder, SentenceSettings& out) {
  const fs::path file = folder / kModules;
  const Json modules = read_json(file, ErrorKind::InvalidModel);
  if (!modules.is_array()) throw Error(ErrorKind::InvalidModel, "{}: a list is expected", file.string());
  for (const Json& module : modules) {
    if (!module.is_object()) throw Error(ErrorKind::InvalidModel, "{}: a list of objects is expected", file.string());
    read_module(module_folder(folder, value_or<std::string>(module, "path", "", file)),
                value_or<std::string>(module, "type", "", file), out);
  }
  if (out.poolings.empty())
    throw Error(ErrorKind::Unsupported, "{}: no module makes one vector of a text's tokens", file.string());
}

void read_prompts(const fs::path& file, SentenceSettings& out) {
  const Json json = object_of(file);
  out.prompts = value_or(json, "prompts", std::map<std::string, std::string>{}, file);
  out.default_prompt = value_or<std::string>(json, "default_prompt_name", "", file);
  if (!out.default_prompt.empty() && !out.prompts.contains(out.default_prompt))
    throw Error(ErrorKind::InvalidModel, "{}: default_prompt_name '{}' is none of the prompts", file.string(),
                out.default_prompt);
}
}  // namespace

SentenceSettings read_sentence_settings(const fs::path& path) {
  SentenceSettings out;
  out.model = path;
  if (!fs::is_directory(path)) return out;
  if (fs::exists(path / kModules)) read_modules(path, out);
  if (const fs::path file = path / "config_sentence_transformers.json"; fs::exists(file)) read_prompts(file, out);
  for (const char* name : {"sentence_bert_config.json", "sentence_roberta_config.json",
                           "sentence_distilbert_config.json", "sentence_xlm-roberta_config.json"}) {
    const fs::path file = out.model / name;
    if (!fs::exists(file)) continue;
    const Json json = object_of(file);
    out.max_tokens = value_or<int64_t>(json, "max_seq_length", 0, file);
    out.lower_case = value_or(json, "do_lower_case", false, file);
    if (out.max_tokens < 0)
      throw Error(ErrorKind::InvalidModel, "{}: max_seq_length is {}", file.string(), out.max_tokens);
    break;
  }
  return out;
}

}  // namespace quern
