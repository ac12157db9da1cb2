// SPDX-License-Identifier: MIT
#include "formats/hf_folder.h"

#include <set>

#include "formats/fp8_blocks.h"
#include "formats/safetensors.h"

namespace quern {

namespace {
constexpr int64_t kMostParameters = int64_t{1} << 44;

}  // namespace

std::vector<int32_t> end_of_text_ids(const Json& generation_config, const Json& config) {
  for (const Json* from : {&generation_config, &config}) {
    if (!from->is_object() || !from->contains("eos_token_id")) continue;
    const Json& value = (*from)["eos_token_id"];
    std::vector<int32_t> ids;
    if (value.is_number_integer()) ids.push_back(value.get<int32_t>());
    if (value.is_array())
      for (const Json& id : value)
        if (id.is_number_integer()) ids.push_back(id.get<int32_t>());
    if (!ids.empty()) return ids;
  }
  return {};
}

std::unique_ptr<CausalLm> load_model(const fs::path& path, const ParamOptions& options) {
  return load_model(*ModelSource::open(path), options);
}

std::unique_ptr<CausalLm> load_model(const ModelSource& files, const ParamOptions& options) {
  const Json& config = files.config();
  const std::string where = files.path().string();
  const Family& family = family_of(config);
  const std::unique_ptr<Weights> weights = files.weights();
  const int64_t total = weights->num_values();
  // A config can ask for more than any file holds; compare before anything is allocated.
  const bool nested = config.contains("text_config") && config["text_config"].is_object();
  const Json& sizes = nested ? config["text_config"] : config;
  for (const char* key : {"vocab_size",
                          "hidden_size",
                          "n_embd",
                          "intermediate_size",
                          "moe_intermediate_size",
                          "kv_lora_rank",
                          "q_lora_rank",
                          "n_inner",
                          "n_positions",
                          "num_experts",
                          "num_local_experts",
                          "n_routed_experts",
                          "head_dim",
                          "v_head_dim",
                          "qk_nope_head_dim",
                          "qk_rope_head_dim",
                          "num_attention_heads",
                          "num_key_value_heads",
                          "n_head",
                          "num_hidden_layers",
                          "n_layer"})
    if (sizes.contains(key) && sizes[key].is_number_integer() &&
        (sizes[key].get<int64_t>() > total || total > kMostParameters))
      throw Error(ErrorKind::InvalidModel, "{}: '{}' is {}, but the weights hold only {} values", where, key,
                  sizes[key].get<int64_t>(), total);
  std::set<std::string> used;
  const std::optional<Fp8Blocks> fp8 = read_fp8_blocks(config);
  const auto tensor = [&](const std::string& name) -> std::optional<Tensor> {
    std::optional<Tensor> value = weights->find(name);
    std::optional<Tensor> scales = value && fp8 ? weights->find(name + "_scale_inv") : std::nullopt;
    if (!scales) return value;
    used.insert(name + "_scale_inv");
    return from_fp8_blocks(name, *value, *scales, *fp8);
  };
  auto find = [&](const std::string& name) -> std::optional<Tensor> {
    std::vector<std::string> names{name};
    if (family.aliases)
      for (std::string& alias : family.aliases(name)) names.push_back(std::move(alias));
    for (const std::string& candidate : names) {
      if (std::optional<Tensor> t = tensor(candidate)) {
        used.insert(candidate);
        return t;
      }
    }
    return std::nullopt;
  };
  auto store = ParamStore::from_checkpoint(find, where, options);
  std::unique_ptr<CausalLm> model = build_model(config, store);
  for (const std::string& name : weights->names())
    if (!used.contains(name) && !(family.ignorable && family.ignorable(name)) &&
        !(family.unused && family.unused(name, config)))
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has no place in this model", where, name)
          .hint("config.json and weights may belong to different models");
  store->forget_source();
  return model;
}

void save_model(const fs::path& folder, const CausalLm& model, const SaveOptions& options) {
  std::vector<SafetensorsSource> sources;
  std::vector<Tensor> kept;
  for (const Parameter& p : model.params->parameters()) {
    const DType dtype = p.value.ndim() >= 2 ? options.dtype : DType::f32;
    const Tensor source = p.value.detach().contiguous();
    if (source.dtype() == dtype) {
      kept.push_back(source);
      sources.push_back({p.name, dtype, source.shape(), {source.data<std::byte>(), source.size_bytes()}, {}});
    } else {
      sources.push_back({p.name, dtype, source.shape(), {}, [source, dtype](const ByteSink& sink) {
                           const Tensor converted = source.to(dtype);
                           sink({converted.data<std::byte>(), converted.size_bytes()});
                         }});
    }
  }
  save_safetensors_model(folder, std::move(sources), options.max_shard_bytes);
  Json config = model.config();
  config["torch_dtype"] = options.dtype == DType::f32    ? "float32"
                          : options.dtype == DType::bf16 ? "bfloat16"
                                                         : "float16";
  if (config.contains("dtype")) config.erase("dtype");
  write_file(folder / "config.json", config.dump(2) + "\n");
}

void save_tensors(const fs::path& file, const std::vector<std::pair<std::string, Tensor>>& tensors) {
  std::vector<SafetensorsSource> sources;
  std::vector<Tensor> kept;
  for (const auto& [name, tensor] : tensors) {
    kept.push_back(tensor.detach().contiguous());
    sources.push_back(
        {name, tensor.dtype(), tensor.shape(), {kept.back().data<std::byte>(), kept.back().size_bytes()}, {}});
  }
  save_safetensors(file, std::move(sources));
}

}  // namespace quern
