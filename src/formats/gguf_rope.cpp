// SPDX-License-Identifier: MIT
// RoPE and its scaling in config.json and in GGUF.
#include <cmath>

#include "formats/gguf_config.h"
#include "models/config_reader.h"

namespace quern {

namespace {
int64_t rope_head_dim(const Json& config) {
  const auto has = [&](const char* key) { return config.contains(key) && config[key].is_number_integer(); };
  if (has("qk_rope_head_dim")) return config["qk_rope_head_dim"];
  const int64_t D = has("head_dim") ? config["head_dim"].get<int64_t>()
                                    : config.value("hidden_size", int64_t{0}) /
                                          std::max<int64_t>(1, config.value("num_attention_heads", int64_t{1}));
  const Json& scaling = config.contains("rope_parameters") ? config["rope_parameters"] : config;
  for (const Json* from : {&scaling, &config})
    for (const char* key : {"partial_rotary_factor", "rotary_pct"})
      if (from->is_object() && from->contains(key) && (*from)[key].is_number())
        return int64_t(double(D) * (*from)[key].get<double>());
  return D;
}

const Json* scaling_of(const Json& config) {
  for (const char* key : {"rope_parameters", "rope_scaling"})
    if (config.contains(key) && config[key].is_object()) return &config[key];
  return nullptr;
}

std::string scaling_kind(const Json& scaling) {
  for (const char* key : {"rope_type", "type"})
    if (scaling.contains(key) && scaling[key].is_string()) return scaling[key];
  return "default";
}

// Plain frequencies over scaled ones: what llama.cpp divides each frequency by.
std::vector<float> frequency_factors(RopeConfig rope) {
  rope.context = 1;  // no table of positions is wanted
  const std::vector<float> scaled = Rotary(rope).inverse_frequencies(rope.context);
  rope.kind = RopeConfig::Kind::plain;
  std::vector<float> factors = Rotary(rope).inverse_frequencies(rope.context);
  for (size_t r = 0; r < factors.size(); ++r) factors[r] /= scaled[r];
  return factors;
}

constexpr int64_t kMostFactors = 4096;

std::vector<float> table(const GgufFile& file, const char* name) {
  const GgufTensor* t = file.find(name);
  if (!t) return {};
  if (t->num_values() > kMostFactors || t->shape.size() != 1)
    throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' of shape {} can't be factors of RoPE", file.path().string(),
                name, to_string(t->shape));
  return file.borrow(*t).to(DType::f32).to_vector();
}

Json as_json(const std::vector<float>& values) {
  Json out = Json::array();
  for (const float v : values) out.push_back(shortest(v));
  return out;
}

// The factors of Llama 3.1 and its kin are made from four numbers, three of which are the same everywhere.
Json scaling_of_factors(const std::vector<float>& factors, const Json& config, double theta) {
  RopeConfig rope{.kind = RopeConfig::Kind::llama3,
                  .theta = theta,
                  .dim = int64_t(2 * factors.size()),
                  .context = config.value("max_position_embeddings", int64_t{8192}),
                  .factor = factors.empty() ? 1.0 : double(factors.back()),
                  .original_context = 8192,
                  .low_freq_factor = 1.0,
                  .high_freq_factor = 4.0};
  const std::vector<float> expected = frequency_factors(rope);
  bool same = true;
  for (size_t r = 0; r < factors.size(); ++r)
    same = same && std::abs(factors[r] - expected[r]) <= 1e-4f * std::abs(expected[r]);
  if (same)
    return {{"rope_type", "llama3"},
            {"factor", shortest(rope.factor)},
            {"low_freq_factor", 1.0},
            {"high_freq_factor", 4.0},
            {"original_max_position_embeddings", 8192}};
  return {{"rope_type", "longrope"},
          {"short_factor", as_json(factors)},
          {"long_factor", as_json(factors)},
          {"factor", 1.0},
          {"attention_factor", 1.0},
          {"original_max_position_embeddings", config.value("max_position_embeddings", int64_t{8192})}};
}
}  // namespace

double shortest(double value_of_float) { return std::stod(fmt::format("{}", float(value_of_float))); }

std::vector<std::pair<std::string, std::vector<float>>> rope_tables_of_config(const Json& config) {
  const Json* scaling = scaling_of(config);
  if (!scaling) return {};
  const std::string kind = scaling_kind(*scaling);
  if (kind == "llama3")
    return {{"rope_freqs.weight",
             frequency_factors(ConfigReader(config).rope(
                 rope_head_dim(config), ConfigReader(config).integer("max_position_embeddings", 2048)))}};
  if (kind != "longrope" && kind != "su") return {};
  std::vector<std::pair<std::string, std::vector<float>>> out;
  for (const auto& [key, name] :
       {std::pair("long_factor", "rope_factors_long.weight"), std::pair("short_factor", "rope_factors_short.weight")}) {
    std::vector<float> factors;
    if (scaling->contains(key) && (*scaling)[key].is_array())
      for (const Json& v : (*scaling)[key]) factors.push_back(v.is_number() ? v.get<float>() : 0.0f);
    if (factors.empty() || std::ranges::any_of(factors, [](float f) { return !(f > 0); }))
      throw Error(ErrorKind::InvalidModel, "config.json: '{}' must be a list of factors above 0", key);
    out.emplace_back(name, std::move(factors));
  }
  return out;
}

void add_rope_keys(const Json& config, const std::string& prefix, GgufMetadata& out,
                   std::vector<std::string>* warnings) {
  const Json* scaling = scaling_of(config);
  const auto real = [](const Json& from, const char* key) -> std::optional<double> {
    if (!from.contains(key) || !from[key].is_number()) return std::nullopt;
    return from[key].get<double>();
  };
  const auto put = [&](const char* key, std::optional<double> value) {
    if (value) out.set(prefix + key, GgufValue::f32(float(*value)));
  };
  out.set(prefix + "rope.dimension_count", GgufValue::u32(uint32_t(rope_head_dim(config))));
  std::optional<double> theta = scaling ? real(*scaling, "rope_theta") : std::nullopt;
  if (!theta) theta = real(config, "rope_theta");
  if (!theta) theta = real(config, "rotary_emb_base");
  put("rope.freq_base", theta.value_or(10000.0));
  if (!scaling) return;
  const std::string kind = scaling_kind(*scaling);
  std::optional<double> original = real(*scaling, "original_max_position_embeddings");
  if (!original) original = real(config, "original_max_position_embeddings");
  if (kind == "linear" || kind == "yarn") {
    out.set(prefix + "rope.scaling.type", GgufValue::text(kind));
    put("rope.scaling.factor", real(*scaling, "factor").value_or(1.0));
  }
  if (kind == "yarn") {
    put("rope.scaling.yarn_beta_fast", real(*scaling, "beta_fast"));
    put("rope.scaling.yarn_beta_slow", real(*scaling, "beta_slow"));
    if (const auto mscale = real(*scaling, "mscale_all_dim"); mscale && *mscale > 0)
      put("rope.scaling.yarn_log_multiplier", 0.1 * *mscale);
  }
  if (kind == "longrope" || kind == "su") {
    const double context = real(config, "max_position_embeddings").value_or(0), from = original.value_or(context);
    const double stretch = context / from;
    put("rope.scaling.attn_factor",
        real(*scaling, "attention_factor")
            .value_or(stretch <= 1 ? 1.0 : std::sqrt(1 + std::log(stretch) / std::log(from))));
  }
  if (original && (kind == "yarn" || kind == "longrope" || kind == "su"))
    out.set(prefix + "rope.scaling.original_context_length", GgufValue::u32(uint32_t(*original)));
  if (kind == "dynamic" && warnings)
    warnings->push_back("GGUF knows no dynamic RoPE scaling: other programs will be worse beyond the trained context");
}

void add_rope_of_gguf(const GgufFile& file, const std::string& prefix, Json& config) {
  const GgufMetadata& m = file.metadata();
  const double theta = shortest(m.number(prefix + "rope.freq_base").value_or(10000.0));
  config["rope_theta"] = theta;
  const int64_t D = config.value("head_dim", config.value("hidden_size", int64_t{0}) /
                                                 std::max<int64_t>(1, config.value("num_attention_heads", int64_t{1})));
  const int64_t turned = m.integer(prefix + "rope.dimension_count").value_or(D);
  if (!config.contains("qk_rope_head_dim") && D > 0 && turned != D)
    config["partial_rotary_factor"] = double(turned) / double(D);
  const std::string kind = m.text(prefix + "rope.scaling.type").value_or("none");
  const auto original = m.integer(prefix + "rope.scaling.original_context_length");
  if (const std::vector<float> factors = table(file, "rope_freqs.weight"); !factors.empty()) {
    config["rope_scaling"] = scaling_of_factors(factors, config, theta);
  } else if (const std::vector<float> longer = table(file, "rope_factors_long.weight"); !longer.empty()) {
    config["rope_scaling"] = {{"rope_type", "longrope"},
                              {"short_factor", as_json(table(file, "rope_factors_short.weight"))},
                              {"long_factor", as_json(longer)}};
    if (const auto factor = m.number(prefix + "rope.scaling.attn_factor"))
      config["rope_scaling"]["attention_factor"] = shortest(*factor);
    if (original) config["original_max_position_embeddings"] = *original;
  } else if (kind == "linear" || kind == "yarn") {
    Json s = {{"rope_type", kind}, {"factor", shortest(m.number(prefix + "rope.scaling.factor").value_or(1.0))}};
    if (original && kind == "yarn") s["original_max_position_embeddings"] = *original;
    for (const auto& [key, hf] :
         {std::pair("rope.scaling.yarn_beta_fast", "beta_fast"), std::pair("rope.scaling.yarn_beta_slow", "beta_slow")})
      if (const auto value = m.number(prefix + key)) s[hf] = shortest(*value);
    if (const auto mul = m.number(prefix + "rope.scaling.yarn_log_multiplier"))
      s["mscale"] = s["mscale_all_dim"] = shortest(*mul / 0.1);
    config["rope_scaling"] = std::move(s);
  }
}

}  // namespace quern
