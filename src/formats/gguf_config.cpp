// SPDX-License-Identifier: MIT
#include "formats/gguf_config.h"

#include <algorithm>
#include <cmath>

#include "base/terminal.h"

namespace quern {

namespace {
bool has_integer(const Json& config, const char* key) {
  return config.contains(key) && config[key].is_number_integer();
}
int64_t integer_of(const Json& config, const char* key, int64_t otherwise) {
  return has_integer(config, key) ? config[key].get<int64_t>() : otherwise;
}

// --- to GGUF ---

void add_key(const Json& value, const GgufKeyRow& row, const std::string& key, GgufMetadata& out) {
  const auto wrong = [&](const char* expected) {
    return Error(ErrorKind::InvalidModel, "config.json: '{}' must be {}, found {}", row.hf, expected,
                 to_line(value).substr(0, 60));
  };
  switch (row.kind) {
    case GgufKind::integer:
      if (!value.is_number_integer() || value.get<int64_t>() < 0 || value.get<int64_t>() > 0xffffffffll)
        throw wrong("a whole number");
      out.set(key, GgufValue::u32(uint32_t(value.get<int64_t>())));
      break;
    case GgufKind::real:
      if (!value.is_number()) throw wrong("a number");
      out.set(key, GgufValue::f32(value.get<float>()));
      break;
    case GgufKind::boolean:
      if (!value.is_boolean()) throw wrong("true or false");
      out.set(key, GgufValue::boolean(value.get<bool>()));
      break;
  }
}

void add_head_keys(const Json& config, const std::string& prefix, GgufMetadata& out) {
  const int64_t H = integer_of(config, "num_attention_heads", 0), C = integer_of(config, "hidden_size", 0);
  if (H < 1 || C < 1) throw Error(ErrorKind::InvalidModel, "config.json: it has no hidden_size or num_attention_heads");
  const auto put = [&](const char* key, int64_t value) { out.set(prefix + key, GgufValue::u32(uint32_t(value))); };
  if (has_integer(config, "kv_lora_rank")) {
    put("attention.head_count_kv", H);
    put("attention.key_length", integer_of(config, "qk_nope_head_dim", 0) + integer_of(config, "qk_rope_head_dim", 0));
    put("attention.value_length", integer_of(config, "v_head_dim", 0));
    return;
  }
  if (!out.find(prefix + "attention.head_count_kv")) put("attention.head_count_kv", H);
  if (has_integer(config, "head_dim")) {
    put("attention.key_length", config["head_dim"]);
    put("attention.value_length", config["head_dim"]);
  }
}

void warn_of_fixed(const Json& config, const GgufArchitecture& architecture, std::vector<std::string>* warnings) {
  if (!warnings) return;
  const Json fixed = Json::parse(architecture.fixed);
  for (const auto& [key, value] : fixed.items())
    if (config.contains(key) && !config[key].is_null() && config[key] != value)
      warnings->push_back(fmt::format("GGUF has no key for {} = {}: other programs will use {}", key,
                                      to_line(config[key]), to_line(value)));
}

// --- from GGUF ---

bool fits(const GgufArchitecture& a, const GgufMetadata& metadata) {
  if (a.only_with.empty()) return true;
  const auto value = metadata.integer(fmt::format("{}.{}", a.name, a.only_with));
  return value && (a.only_with_value >= 0 ? *value == a.only_with_value : *value > 0);
}

const GgufTensor& embedding_of(const GgufFile& file) {
  const GgufTensor* t = file.find("token_embd.weight");
  if (!t || t->shape.size() != 2)
    throw Error(ErrorKind::InvalidModel, "{}: there is no matrix token_embd.weight, so this is no language model",
                file.path().string())
        .hint("it may be a vision projector or an adapter; give the model's own file");
  return *t;
}

std::string torch_name(const GgufTensor& t) {
  return t.type_name() == "BF16" ? "bfloat16" : t.type_name() == "F16" ? "float16" : "float32";
}

void add_token_ids(const GgufMetadata& metadata, Json& config) {
  for (const auto& [hf, key] :
       {std::pair("bos_token_id", "bos"), std::pair("eos_token_id", "eos"), std::pair("pad_token_id", "padding")})
    if (const auto id = metadata.integer(fmt::format("tokenizer.ggml.{}_token_id", key))) config[hf] = *id;
}

void add_attention_of_latents(const GgufMetadata& metadata, const std::string& prefix, Json& config) {
  const auto length = [&](const char* newer, const char* older) {
    const auto value = metadata.integer(prefix + newer);
    return value ? *value : metadata.integer(prefix + older).value_or(0);
  };
  const int64_t rope = integer_of(config, "qk_rope_head_dim", 0);
  config["qk_nope_head_dim"] = length("attention.key_length_mla", "attention.key_length") - rope;
  config["v_head_dim"] = length("attention.value_length_mla", "attention.value_length");
  config["num_key_value_heads"] = config["num_attention_heads"];
  const bool groups = integer_of(config, "n_group", 1) > 1;
  config["topk_method"] = config["model_type"] == "deepseek_v3" ? "noaux_tc"
                          : groups                              ? "group_limited_greedy"
                                                                : "greedy";
  config["scoring_func"] = config["model_type"] == "deepseek_v3" ? "sigmoid" : "softmax";
  if (!config.contains("norm_topk_prob")) config["norm_topk_prob"] = false;
  config["moe_layer_freq"] = 1;
}

// Layers without experts between layers with them.
void add_dense_layers(const GgufFile& file, Json& config) {
  Json dense = Json::array();
  for (int64_t l = 0; l < integer_of(config, "num_hidden_layers", 0); ++l)
    if (!file.find(fmt::format("blk.{}.ffn_gate_inp.weight", l))) dense.push_back(l);
  config["decoder_sparse_step"] = 1;
  config["mlp_only_layers"] = std::move(dense);
}

void add_layer_types(const GgufArchitecture& a, Json& config) {
  const int64_t L = integer_of(config, "num_hidden_layers", 0);
  if (a.sliding_period > 0 && has_integer(config, "sliding_window")) {
    Json types = Json::array();
    for (int64_t l = 0; l < L; ++l)
      types.push_back((l + 1) % a.sliding_period == 0 ? "full_attention" : "sliding_attention");
    config["layer_types"] = std::move(types);
    // llama.cpp scales scores by the head's width, but in the 27 B models by C / H.
    const bool largest = L == (a.sliding_period == 2 ? 46 : 62);
    config["query_pre_attn_scalar"] =
        largest ? integer_of(config, "hidden_size", 0) / integer_of(config, "num_attention_heads", 1)
                : integer_of(config, "head_dim", 256);
  }
  if (const int64_t every = integer_of(config, "no_rope_layer_interval", 0); every > 0) {
    Json turned = Json::array();
    for (int64_t l = 0; l < L; ++l) turned.push_back(int((l + 1) % every != 0));
    config["no_rope_layers"] = std::move(turned);
  }
}

Json config_of_keys(const GgufFile& file, const GgufArchitecture& a) {
  const GgufMetadata& metadata = file.metadata();
  const std::string prefix = std::string(a.name) + ".";
  Json config = {{"architectures", {a.hf_class}}, {"model_type", a.model_type}};
  config["vocab_size"] = embedding_of(file).shape[0];
  for (const auto& rows : a.keys) {
    for (const GgufKeyRow& row : rows) {
      const std::string key = prefix + std::string(row.gguf), hf(row.hf);
      if (!metadata.find(key) ||
          std::ranges::any_of(rows, [&](const GgufKeyRow& other) { return other.gguf == row.gguf && &other < &row; }))
        continue;
      if (row.kind == GgufKind::integer) config[hf] = *metadata.integer(key);
      if (row.kind == GgufKind::real) config[hf] = shortest(*metadata.number(key));
      if (row.kind == GgufKind::boolean) config[hf] = *metadata.boolean(key);
    }
  }
  config.update(Json::parse(a.fixed));
  for (const GgufKeyRow& row : a.keys.front())
    if (!config.contains(row.hf) && row.hf != "n_inner")
      throw Error(ErrorKind::InvalidModel, "{}: the metadata has no '{}{}'", file.path().string(), prefix, row.gguf);
  if (has_integer(config, "kv_lora_rank"))
    add_attention_of_latents(metadata, prefix, config);
  else if (const auto D = metadata.integer(prefix + "attention.key_length"))
    config["head_dim"] = *D;
  if (metadata.find(prefix + "rope.freq_base") || metadata.find(prefix + "rope.dimension_count"))
    add_rope_of_gguf(file, prefix, config);
  if (a.model_type != "bert") config["tie_word_embeddings"] = file.find("output.weight") == nullptr;
  config["attention_bias"] = file.find("blk.0.attn_q.bias") || file.find("blk.0.attn_qkv.bias");
  config["mlp_bias"] = file.find("blk.0.ffn_gate.bias") != nullptr;
  if (config.contains("num_experts")) add_dense_layers(file, config);
  if (const GgufTensor* types = file.find("token_types.weight"); types && !types->shape.empty())
    config["type_vocab_size"] = types->shape[0];
  add_layer_types(a, config);
  add_token_ids(metadata, config);
  config["torch_dtype"] = torch_name(embedding_of(file));
  return config;
}

// The config.json that the file carries, when its keys are those of the file.
std::optional<GgufConfig> carried_config(const GgufFile& file) {
  const auto text = file.metadata().text(kGgufCarriedConfig);
  if (!text) return std::nullopt;
  Json config =
      parse_json(*text, file.path().string() + ": " + std::string(kGgufCarriedConfig), ErrorKind::InvalidModel);
  const GgufArchitecture* a = gguf_architecture_of(config);
  if (!a || a->name != file.metadata().text("general.architecture")) return std::nullopt;
  const GgufMetadata expected = gguf_keys_of_config(config, *a, embedding_of(file).shape[0]);
  for (const auto& [key, value] : expected.entries()) {
    const GgufValue* found = file.metadata().find(key);
    if (found && found->type == value.type && found->bytes == value.bytes) continue;
    warn(fmt::format("{}: '{}' is not what the carried config.json says; the file's keys count", file.path().string(),
                     key));
    return std::nullopt;
  }
  return GgufConfig{a, std::move(config)};
}

const GgufArchitecture& architecture_of(const GgufFile& file) {
  const auto name = file.metadata().text("general.architecture");
  if (!name)
    throw Error(ErrorKind::InvalidModel, "{}: the metadata has no 'general.architecture'", file.path().string());
  for (const GgufArchitecture& a : gguf_architectures())
    if (a.name == *name && fits(a, file.metadata())) return a;
  std::string known;
  for (const GgufArchitecture& a : gguf_architectures())
    if (known.find(std::string(a.name) + ",") == std::string::npos) known += std::string(a.name) + ", ";
  throw Error(ErrorKind::Unsupported, "{}: models of architecture '{}' are not known", file.path().string(),
              name->substr(0, 40))
      .hint("known are {}", known.substr(0, known.size() - 2));
}

// A config is read in many places; a value of the wrong type anywhere ends here.
template <typename F>
auto checked(F f) {
  try {
    return f();
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::InvalidModel, "config.json: {}", e.what());
  }
}
}  // namespace

const GgufArchitecture* gguf_architecture_of(const Json& config) {
  if (!config.is_object()) return nullptr;
  const auto word = [](const Json& v) { return v.is_string() ? v.get<std::string>() : std::string(); };
  std::string hf_class;
  if (const auto it = config.find("architectures"); it != config.end() && it->is_array() && !it->empty())
    hf_class = word((*it)[0]);
  const auto type = config.find("model_type");
  return gguf_architecture_of_class(hf_class, type == config.end() ? std::string() : word(*type));
}

GgufConfig config_of_gguf(const GgufFile& file) {
  return checked([&] {
    if (auto carried = carried_config(file)) return std::move(*carried);
    const GgufArchitecture& a = architecture_of(file);
    return GgufConfig{&a, config_of_keys(file, a)};
  });
}

GgufMetadata gguf_keys_of_config(const Json& config, const GgufArchitecture& a, int64_t V,
                                 std::vector<std::string>* warnings) {
  GgufMetadata out;
  const std::string prefix = std::string(a.name) + ".";
  for (const auto& rows : a.keys)
    for (const GgufKeyRow& row : rows)
      if (const auto it = config.find(row.hf);
          it != config.end() && !it->is_null() && !out.find(prefix + std::string(row.gguf)))
        add_key(*it, row, prefix + std::string(row.gguf), out);
  out.set(prefix + "vocab_size", GgufValue::u32(uint32_t(V)));
  if (a.model_type == "gpt2") {
    if (!out.find(prefix + "feed_forward_length"))
      out.set(prefix + "feed_forward_length", GgufValue::u32(uint32_t(4 * integer_of(config, "n_embd", 0))));
  } else {
    add_head_keys(config, prefix, out);
    if (a.model_type != "bert") add_rope_keys(config, prefix, out, warnings);
  }
  if (a.model_type == "bert") out.set(prefix + "attention.causal", GgufValue::boolean(false));
  if (a.name == "deepseek2")
    out.set(prefix + "expert_gating_func", GgufValue::u32(a.model_type == "deepseek_v3" ? 2 : 1));
  warn_of_fixed(config, a, warnings);
  return out;
}

}  // namespace quern
