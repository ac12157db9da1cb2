// SPDX-License-Identifier: MIT
#include "formats/hf_folder.h"

#include <set>

#include "formats/fp8_blocks.h"
#include "formats/safetensors.h"

namespace quern {

namespace {
constexpr int64_t kMostParameters = int64_t{1} << 44;

// The tensors' bytes may start anywhere, so they are copied into memory of their own when not aligned.
Tensor tensor_of(const SafetensorsTensor& t, const std::shared_ptr<const MappedFile>& mapping) {
  const DType dtype = t.dtype();
  if (reinterpret_cast<uintptr_t>(t.bytes.data()) % size_t(info(dtype).block_bytes) == 0)
    return Tensor::borrow(t.bytes.data(), t.shape, dtype, mapping);
  Tensor copy = Tensor::empty(t.shape, dtype);
  std::copy(t.bytes.begin(), t.bytes.end(), copy.data<std::byte>());
  return copy;
}

std::shared_ptr<const MappedFile> mapping_of(const SafetensorsModel& weights, const SafetensorsTensor& t) {
  for (const SafetensorsFile& file : weights.files()) {
    const auto all = file.mapping()->bytes();
    if (t.bytes.data() >= all.data() && t.bytes.data() <= all.data() + all.size()) return file.mapping();
  }
  throw Error(ErrorKind::Internal, "tensor '{}' lies in no file", t.name);
}

void refuse_pickles(const fs::path& folder) {
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (fs::exists(folder / name))
      throw Error(ErrorKind::Unsupported, "{}: weights are pickled, and a pickle can run any code when it is read",
                  (folder / name).string())
          .hint("take the safetensors version of this model");
}
}  // namespace

Json read_model_config(const fs::path& folder) {
  if (!fs::exists(folder)) throw Error(ErrorKind::NotFound, "{}: no such folder", folder.string());
  if (!fs::exists(folder / "config.json"))
    throw Error(ErrorKind::NotFound, "{}: no config.json, so this is no model folder", folder.string());
  return read_json(folder / "config.json", ErrorKind::InvalidModel);
}

Json read_generation_config(const fs::path& folder) {
  const fs::path path = folder / "generation_config.json";
  return fs::exists(path) ? read_json(path, ErrorKind::InvalidModel) : Json::object();
}

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

std::unique_ptr<CausalLm> load_model(const fs::path& folder, const ParamOptions& options) {
  const Json config = read_model_config(folder);
  const Family& family = family_of(config);
  if (!fs::exists(folder / "model.safetensors") && !fs::exists(folder / "model.safetensors.index.json"))
    refuse_pickles(folder);
  const SafetensorsModel weights = SafetensorsModel::open(folder);
  int64_t total = 0;
  for (const SafetensorsTensor* t : weights.tensors()) total += t->num_values();
  // A config can ask for more than any file holds; compare before anything is allocated.
  for (const char* key : {"vocab_size", "hidden_size", "n_embd", "intermediate_size", "moe_intermediate_size",
                          "kv_lora_rank", "q_lora_rank", "n_inner", "n_positions"})
    if (config.contains(key) && config[key].is_number_integer() &&
        (config[key].get<int64_t>() > total || total > kMostParameters))
      throw Error(ErrorKind::InvalidModel, "{}: '{}' is {}, but the weights hold only {} values",
                  (folder / "config.json").string(), key, config[key].get<int64_t>(), total);
  std::set<std::string> used;
  const std::optional<Fp8Blocks> fp8 = read_fp8_blocks(config);
  const auto tensor = [&](const SafetensorsTensor& t) {
    const Tensor value = tensor_of(t, mapping_of(weights, t));
    const SafetensorsTensor* scales = fp8 ? weights.find(t.name + "_scale_inv") : nullptr;
    if (!scales) return value;
    used.insert(scales->name);
    return from_fp8_blocks(t.name, value, tensor_of(*scales, mapping_of(weights, *scales)), *fp8);
  };
  auto find = [&](const std::string& name) -> std::optional<Tensor> {
    std::vector<std::string> names{name};
    if (family.aliases)
      for (std::string& alias : family.aliases(name)) names.push_back(std::move(alias));
    for (const std::string& candidate : names) {
      if (const SafetensorsTensor* t = weights.find(candidate)) {
        used.insert(candidate);
        return tensor(*t);
      }
    }
    return std::nullopt;
  };
  auto store = ParamStore::from_checkpoint(find, folder.string(), options);
  std::unique_ptr<CausalLm> model = build_model(config, store);
  for (const SafetensorsTensor* t : weights.tensors())
    if (!used.contains(t->name) && !(family.ignorable && family.ignorable(t->name)) &&
        !(family.unused && family.unused(t->name, config)))
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has no place in this model", folder.string(), t->name)
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
