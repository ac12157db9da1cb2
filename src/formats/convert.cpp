// SPDX-License-Identifier: MIT
#include "formats/convert.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/error.h"
#include "formats/gguf_config.h"
#include "formats/gguf_tokenizer.h"
#include "formats/gguf_weights.h"
#include "formats/model_source.h"
#include "formats/quantise_plan.h"
#include "formats/safetensors.h"
#include "models/causal_lm.h"
#include "models/encoder.h"

namespace quern {

namespace {
Json lineage_of(const ModelSource& source, std::string_view format, const ConvertOptions& options) {
  Json lineage = source.lineage();
  if (!lineage.is_object()) lineage = Json::object();
  if (!lineage.contains("steps") || !lineage["steps"].is_array()) lineage["steps"] = Json::array();
  Json step{{"step", options.step},
            {"from", source.path().filename().string()},
            {"to", format},
            {"type", options.type ? std::string(name(*options.type)) : "as stored"},
            {"code_version", QUERN_VERSION}};
  step.update(options.note);
  lineage["steps"].push_back(std::move(step));
  return lineage;
}

// The type that `wanted` becomes for rows of `width` values.
DType fitting(DType wanted, int64_t width, const std::string& tensor, ConvertReport& report) {
  const DType dtype = dtype_for_rows(wanted, width);
  if (dtype != wanted) report.fallen_back.push_back(tensor);
  return dtype;
}

// --- to GGUF ---

// A tensor of the checkpoint, by the name it has there and by the one that its family gives it.
struct GgufPart {
  std::string stored, name;
};

struct GgufPlan {
  const GgufNameRow* row = nullptr;
  std::string name;
  int64_t layer = -1;
  std::map<int64_t, GgufPart> parts;  // by expert; -1: the whole tensor

  const GgufPart& first() const { return parts.begin()->second; }
};

std::function<bool(const std::string&)> ignorable_of(const Json& config) {
  if (const EncoderFamily* family = encoder_family_of(config))
    return [family](const std::string& name) { return is_other_head_or_buffer(*family, name); };
  try {
    return family_of(config).ignorable;
  } catch (const Error&) {
    return {};
  }
}

bool head_is_embedding(const Weights& weights, const Json& config, const GgufArchitecture& a) {
  if (const auto it = config.find("tie_word_embeddings"); it != config.end() && it->is_boolean())
    return it->get<bool>();
  const auto hf_name = [&](const char* gguf_name) { return match_gguf_name(a, gguf_name)->hf_name(); };
  if (!match_gguf_name(a, "output.weight")) return false;
  const auto head = weights.find(hf_name("output.weight")), embed = weights.find(hf_name("token_embd.weight"));
  return head && embed && head->shape() == embed->shape() && head->dtype() == embed->dtype() &&
         std::memcmp(head->raw(), embed->raw(), head->size_bytes()) == 0;
}

std::vector<GgufPlan> plan_tensors(const Weights& weights, const Json& config, const GgufArchitecture& a,
                                   const std::string& where) {
  const auto ignorable = ignorable_of(config);
  const bool tied = head_is_embedding(weights, config, a);
  std::map<std::string, GgufPlan> plans;
  for (const std::string& name : weights.names()) {
    const auto match = match_hf_name(a, name);
    if (match && tied && match->gguf_name() == "output.weight") continue;
    if (!match) {
      if (ignorable && ignorable(name)) continue;
      throw Error(ErrorKind::Unsupported, "{}: GGUF has no name for tensor '{}' of a {}", where, name, a.model_type);
    }
    GgufPlan& plan = plans[match->gguf_name()];
    plan.row = match->row;
    plan.name = match->gguf_name();
    plan.layer = match->layer;
    if (!plan.parts.emplace(match->expert, GgufPart{name, match->hf_name()}).second)
      throw Error(ErrorKind::InvalidModel, "{}: two tensors are '{}' in GGUF", where, plan.name);
  }
  std::vector<GgufPlan> out;
  for (auto& [name, plan] : plans) {
    if (plan.parts.size() > 1 && plan.parts.rbegin()->first != int64_t(plan.parts.size()) - 1)
      throw Error(ErrorKind::InvalidModel, "{}: experts are missing in '{}'", where, name);
    out.push_back(std::move(plan));
  }
  // As llama.cpp writes them: the embedding, the layers, the head.
  const auto rank = [](const GgufPlan& p) {
    return std::tuple(p.name.starts_with("output") ? 2 : p.layer >= 0 ? 1 : 0, p.layer, std::string_view(p.name));
  };
  std::ranges::sort(out, [&](const GgufPlan& x, const GgufPlan& y) { return rank(x) < rank(y); });
  return out;
}

Tensor in_gguf_order(const Tensor& t, GgufLayout layout, GgufHeads heads) {
  return to_gguf_layout(t.contiguous(), layout, heads);
}

GgufSource source_of(const GgufPlan& plan, std::shared_ptr<const Weights> weights, GgufHeads heads,
                     const ConvertOptions& options, ConvertReport& report) {
  const Tensor first = in_gguf_order(*weights->find(plan.first().stored), plan.row->layout, heads);
  GgufSource out{.name = plan.name, .dtype = first.dtype(), .shape = first.shape(), .produce = {}};
  const bool stacked = plan.parts.begin()->first >= 0;
  if (stacked) out.shape.insert(out.shape.begin(), int64_t(plan.parts.size()));
  if (out.shape.size() < 2 || stays_f32(plan.first().name))  // llama.cpp wants it so too
    out.dtype = DType::f32;
  else if (options.choose)
    out.dtype = options.choose(plan.first().name, out.shape);
  else if (options.type)
    out.dtype = fitting(*options.type, out.shape.back(), plan.name, report);
  report.values += numel(out.shape);
  const auto encoded = [weights, heads, layout = plan.row->layout, dtype = out.dtype, matrix = out.shape.size() >= 2,
                        encode = options.encode](const GgufPart& part) {
    const Tensor values = in_gguf_order(*weights->find(part.stored), layout, heads);
    if (matrix && encode && values.dtype() != dtype) return encode(part.name, values, dtype).contiguous();
    return values.to(dtype).contiguous();
  };
  out.produce = [plan, encoded, dtype = out.dtype, shape = out.shape, stacked] {
    if (!stacked) return encoded(plan.first());
    Tensor all = Tensor::empty(shape, dtype);
    std::byte* at = all.data<std::byte>();
    for (const auto& [expert, part] : plan.parts) {
      const Tensor one = encoded(part);
      QUERN_CHECK(one.size_bytes() * plan.parts.size() == all.size_bytes(), "expert '{}' has another size", part.name);
      at = std::copy_n(one.data<std::byte>(), one.size_bytes(), at);
    }
    return all;
  };
  return out;
}

// general.file_type of llama.cpp: the type of most values.
uint32_t file_type_of(const std::vector<GgufSource>& sources) {
  std::map<DType, int64_t> values;
  for (const GgufSource& s : sources) values[s.dtype] += numel(s.shape);
  const DType most = std::ranges::max_element(values, {}, [](const auto& v) { return v.second; })->first;
  constexpr std::pair<DType, uint32_t> kNumbers[] = {
      {DType::f32, 0},     {DType::f16, 1},     {DType::q4_0, 2},  {DType::q4_1, 3},
      {DType::q8_0, 7},    {DType::q5_0, 8},    {DType::q5_1, 9},  {DType::q2_k, 10},
      {DType::q3_k, 12},   {DType::q4_k, 15},   {DType::q5_k, 17}, {DType::q6_k, 18},
      {DType::iq4_nl, 25}, {DType::iq4_xs, 30}, {DType::bf16, 32}, {DType::mxfp4, 38}};
  for (const auto& [dtype, number] : kNumbers)
    if (dtype == most) return number;
  return 1024;  // "guessed"
}

// The pooling of a sentence-transformers folder by llama.cpp's number (see gguf_architectures.cpp); what else such a
// folder says has no place in a GGUF file.
void add_pooling_type(const fs::path& folder, Json& config, ConvertReport& report) {
  if (!fs::is_directory(folder) || !fs::exists(folder / "modules.json")) return;
  report.warnings.push_back("of a sentence-transformers folder's files GGUF holds only the way of pooling");
  const fs::path file = folder / "1_Pooling/config.json";
  if (!fs::exists(file)) return;
  const Json pooling = read_json(file, ErrorKind::InvalidModel);
  int64_t number = 0, ways = 0;
  for (const auto& [flag, name, type] : {std::tuple{"pooling_mode_mean_tokens", "mean", 1},
                                         {"pooling_mode_cls_token", "cls", 2},
                                         {"pooling_mode_lasttoken", "lasttoken", 3}}) {
    const bool on = pooling.contains("pooling_mode") ? pooling["pooling_mode"] == name : pooling.value(flag, false);
    if (on) number = type, ++ways;
  }
  if (ways == 1) config["pooling_type"] = number;
}

void to_gguf(const ModelSource& source, const fs::path& to, const ConvertOptions& options, ConvertReport& report) {
  Json config = source.config();
  add_pooling_type(source.path(), config, report);
  const std::string where = source.path().string();
  const GgufArchitecture* a = gguf_architecture_of(config);
  if (!a) family_of(config);  // says which are known
  if (!a)
    throw Error(ErrorKind::Unsupported, "{}: GGUF has no architecture for models of type '{}'", where,
                config.contains("model_type") ? to_line(config["model_type"]) : "none");
  const std::shared_ptr<const Weights> weights = source.weights();
  const GgufHeads heads = heads_of_config(config);
  std::vector<GgufSource> sources;
  int64_t V = 0;
  for (const GgufPlan& plan : plan_tensors(*weights, config, *a, where)) {
    sources.push_back(source_of(plan, weights, heads, options, report));
    if (plan.name == "token_embd.weight") V = sources.back().shape[0];
  }
  if (V == 0) throw Error(ErrorKind::InvalidModel, "{}: there is no embedding of tokens", where);
  for (const auto& [name, factors] : rope_tables_of_config(config))
    sources.push_back({.name = name, .dtype = DType::f32, .shape = {int64_t(factors.size())}, .produce = [factors] {
                         return Tensor::from(factors, {int64_t(factors.size())});
                       }});

  GgufMetadata metadata;
  metadata.set("general.architecture", GgufValue::text(a->name));
  metadata.set("general.type", GgufValue::text("model"));
  metadata.set("general.name", GgufValue::text(fs::absolute(source.path()).lexically_normal().stem().string()));
  metadata.set("general.file_type", GgufValue::u32(file_type_of(sources)));
  metadata.set("general.quantization_version", GgufValue::u32(2));
  const GgufMetadata keys = gguf_keys_of_config(config, *a, V, &report.warnings);
  for (const auto& [key, value] : keys.entries()) metadata.set(key, value);
  add_tokenizer_keys({.tokenizer_json = source.tokenizer_json(),
                      .tokenizer_config = source.tokenizer_config(),
                      .generation_config = source.generation_config(),
                      .config = config},
                     V, metadata, report.warnings);
  metadata.set(std::string(kGgufCarriedConfig), GgufValue::text(to_line(config)));
  metadata.set("quern.tokenizer_config", GgufValue::text(to_line(source.tokenizer_config())));
  metadata.set("quern.generation_config", GgufValue::text(to_line(source.generation_config())));
  metadata.set("quern.lineage", GgufValue::text(to_line(lineage_of(source, "GGUF", options))));
  for (const fs::path& file : save_gguf(to, metadata, sources, options.max_part_bytes))
    report.files.push_back(file.string());
  report.tensors = int64_t(sources.size());
}

// --- to a folder ---

// `t` in `narrow` when nothing is lost.
std::optional<Tensor> exactly(const Tensor& t, DType narrow) {
  const Tensor small = t.to(narrow);
  const Tensor back = small.to(t.dtype());
  if (std::memcmp(back.raw(), t.raw(), t.size_bytes()) != 0) return std::nullopt;
  return small;
}

// The type of the model's matrices when it is a plain one: what a folder's config.json says.
DType main_type(const Weights& weights, const ConvertOptions& options) {
  if (options.type) return *options.type;
  std::map<DType, int64_t> values;
  for (const std::string& name : weights.names()) {
    const Tensor t = *weights.find(name);
    if (t.ndim() >= 2) values[is_quantised(t.dtype()) ? DType::f32 : t.dtype()] += t.numel();
  }
  if (values.empty()) return DType::f32;
  return std::ranges::max_element(values, {}, [](const auto& v) { return v.second; })->first;
}

// Vectors and the matrices that GGUF wants in f32 go back to the model's type where they came from it.
Tensor for_folder(const Tensor& stored, DType main, bool chosen) {
  const Tensor t = is_quantised(stored.dtype()) ? stored.to(DType::f32) : stored.contiguous();
  if (chosen && t.ndim() >= 2) return t.to(main);
  if (t.dtype() == DType::f32 && (main == DType::bf16 || main == DType::f16))
    if (auto small = exactly(t, main)) return *small;
  return t;
}

std::string torch_type_name(DType dtype) {
  return dtype == DType::bf16 ? "bfloat16" : dtype == DType::f16 ? "float16" : "float32";
}

void write_folder(const ModelSource& source, const fs::path& folder, const ConvertOptions& options,
                  ConvertReport& report) {
  const std::shared_ptr<const Weights> weights = source.weights();
  const DType main = main_type(*weights, options);
  std::vector<SafetensorsSource> sources;
  for (const std::string& name : weights->names()) {
    const Tensor sample = for_folder(*weights->find(name), main, options.type.has_value());
    report.values += sample.numel();
    sources.push_back({.name = name,
                       .dtype = sample.dtype(),
                       .shape = sample.shape(),
                       .bytes = {},
                       .produce = [weights, name, main, chosen = options.type.has_value()](const ByteSink& sink) {
                         const Tensor t = for_folder(*weights->find(name), main, chosen);
                         sink({t.data<std::byte>(), t.size_bytes()});
                       }});
  }
  report.tensors = int64_t(sources.size());
  save_safetensors_model(folder, std::move(sources), options.max_part_bytes);
  const auto write = [&](const char* name, const Json& json) {
    if (!json.empty()) write_file(folder / name, json.dump(2) + "\n");
  };
  write("generation_config.json", source.generation_config());
  write("tokenizer_config.json", source.tokenizer_config());
  if (const std::string tokenizer = source.tokenizer_json(); !tokenizer.empty())
    write_file(folder / "tokenizer.json", tokenizer);
  write("lineage.json", lineage_of(source, "Hugging Face folder", options));
  Json config = source.config();
  config[config.contains("dtype") ? "dtype" : "torch_dtype"] = torch_type_name(main);
  write("config.json", config);  // last: a folder that can be opened is whole
}

void to_folder(const ModelSource& source, const fs::path& to, const ConvertOptions& options, ConvertReport& report) {
  if (options.type && !info(*options.type).floating)
    throw Error(ErrorKind::InvalidArgument, "a Hugging Face folder can't hold weights of type {}", name(*options.type))
        .hint("give f32, bf16 or f16, or a file that ends in .gguf");
  write_directory(to, [&](const fs::path& folder) { write_folder(source, folder, options, report); });
  for (const auto& entry : fs::directory_iterator(to)) report.files.push_back(entry.path().string());
  std::ranges::sort(report.files);
}
}  // namespace

ConvertReport convert_model(const ModelSource& source, const fs::path& to, const ConvertOptions& options) {
  if (options.type && is_read_only(*options.type))
    throw Error(ErrorKind::Unsupported, "type {} is read but not written", name(*options.type));
  if (fs::exists(to))
    throw Error(ErrorKind::InvalidArgument, "{} exists", to.string()).hint("give another name, or remove it first");
  ConvertReport report;
  try {
    if (to.extension() == ".gguf")
      to_gguf(source, to, options, report);
    else
      to_folder(source, to, options, report);
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorKind::InvalidModel, "{}: {}", source.path().string(), e.what());
  }
  return report;
}

ConvertReport convert_model(const fs::path& from, const fs::path& to, const ConvertOptions& options) {
  return convert_model(*ModelSource::open(from), to, options);
}

}  // namespace quern
