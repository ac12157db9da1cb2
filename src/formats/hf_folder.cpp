// SPDX-License-Identifier: MIT
#include "formats/hf_folder.h"

#include "formats/checkpoint.h"
#include "formats/safetensors.h"

namespace quern {

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
  const Family& family = family_of(config);
  Checkpoint checkpoint(files, family.aliases);
  const bool nested = config.contains("text_config") && config["text_config"].is_object();
  checkpoint.check_sizes(nested ? config["text_config"] : config, {"vocab_size",
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
                                                                   "n_layer"});
  auto store = ParamStore::from_checkpoint([&](const std::string& name) { return checkpoint.find(name); },
                                           files.path().string(), options);
  std::unique_ptr<CausalLm> model = build_model(config, store);
  checkpoint.refuse_the_rest([&](const std::string& name) {
    return (family.ignorable && family.ignorable(name)) || (family.unused && family.unused(name, config));
  });
  store->forget_source();
  return model;
}

std::unique_ptr<Encoder> load_encoder(const ModelSource& files, const ParamOptions& options, bool body_only) {
  const Json& config = files.config();
  const EncoderFamily* family = encoder_family_of(config);
  if (!family) family_of(config);  // says which are known
  if (!family) throw Error(ErrorKind::Unsupported, "{}: is a decoder, not an encoder", files.path().string());
  Checkpoint checkpoint(files, [family](const std::string& name) { return encoder_aliases(*family, name); });
  checkpoint.check_sizes(config, {"vocab_size", "hidden_size", "intermediate_size", "max_position_embeddings",
                                  "type_vocab_size", "num_labels", "dim", "hidden_dim"});
  auto store = ParamStore::from_checkpoint([&](const std::string& name) { return checkpoint.find(name); },
                                           files.path().string(), options);
  const auto holds = [&](const std::string& name) { return checkpoint.holds(name); };
  std::unique_ptr<Encoder> encoder = build_encoder(config, store, body_only, holds);
  checkpoint.refuse_the_rest([&](const std::string& name) { return is_other_head_or_buffer(*family, name); });
  store->forget_source();
  return encoder;
}

namespace {
void save_parameters(const fs::path& folder, const ParamStore& params, Json config, const SaveOptions& options) {
  std::vector<SafetensorsSource> sources;
  std::vector<Tensor> kept;
  for (const Parameter& p : params.parameters()) {
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
  config["torch_dtype"] = options.dtype == DType::f32    ? "float32"
                          : options.dtype == DType::bf16 ? "bfloat16"
                                                         : "float16";
  if (config.contains("dtype")) config.erase("dtype");
  write_file(folder / "config.json", config.dump(2) + "\n");
}
}  // namespace

void save_model(const fs::path& folder, const CausalLm& model, const SaveOptions& options) {
  save_parameters(folder, *model.params, model.config(), options);
}

void save_encoder(const fs::path& folder, const Encoder& encoder, const SaveOptions& options) {
  save_parameters(folder, *encoder.params, encoder.config(), options);
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
