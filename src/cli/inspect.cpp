// SPDX-License-Identifier: MIT
#include "cli/inspect.h"

#include <map>

#include "base/json.h"
#include "base/terminal.h"
#include "data/token_file.h"
#include "formats/gguf.h"
#include "formats/gguf_config.h"
#include "formats/hf_folder.h"
#include "formats/model_path.h"
#include "formats/safetensors.h"
#include "infer/chat.h"
#include "infer/kv_cache.h"
#include "models/causal_lm.h"
#include "text/tokenizer.h"
#include "train/run_log.h"

namespace quern {

namespace {
struct StoredTensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
  int64_t values;
  uint64_t bytes;
};

std::vector<StoredTensor> stored(const std::vector<const SafetensorsTensor*>& tensors) {
  std::vector<StoredTensor> out;
  for (const SafetensorsTensor* t : tensors)
    out.push_back({t->name, t->dtype_name, t->shape, t->num_values(), t->bytes.size()});
  return out;
}

std::vector<StoredTensor> stored(const GgufFile& file) {
  std::vector<StoredTensor> out;
  for (const GgufTensor& t : file.tensors())
    out.push_back({t.name, t.type_name(), t.shape, t.num_values(), t.bytes.size()});
  return out;
}

Json tensors_json(const std::vector<StoredTensor>& tensors) {
  Json list = Json::array();
  for (const StoredTensor& t : tensors)
    list.push_back({{"name", t.name}, {"dtype", t.dtype}, {"shape", t.shape}, {"bytes", t.bytes}});
  return list;
}

// Tensors, values and bytes altogether, and by dtype.
void add_totals(Json& out, const std::vector<StoredTensor>& tensors) {
  int64_t values = 0;
  uint64_t bytes = 0;
  std::map<std::string, int64_t> by_dtype;
  for (const StoredTensor& t : tensors) {
    values += t.values;
    bytes += t.bytes;
    by_dtype[t.dtype] += t.values;
  }
  out["tensors"] = tensors.size();
  out["values"] = values;
  out["bytes"] = bytes;
  out["values_by_dtype"] = by_dtype;
}

Json inspect_safetensors(const fs::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  std::vector<const SafetensorsTensor*> tensors;
  for (const SafetensorsTensor& t : file.tensors()) tensors.push_back(&t);
  Json out{{"kind", "safetensors"}, {"path", path.string()}, {"file_bytes", fs::file_size(path)}};
  add_totals(out, stored(tensors));
  out["metadata"] = file.metadata();
  out["list"] = tensors_json(stored(tensors));
  return out;
}

constexpr size_t kLongestShown = 200;  // of a text in the metadata; a list is told by its length

Json value_json(const GgufValue& v) {
  if (const auto text = v.as_text())
    return text->size() > kLongestShown ? std::string(text->substr(0, kLongestShown)) + "…" : std::string(*text);
  if (const auto truth = v.as_boolean()) return *truth;
  if (const auto whole = v.as_integer()) return *whole;
  if (const auto number = v.as_number()) return shortest(*number);
  return fmt::format("list of {}", v.count);
}

Json gguf_json(const GgufFile& file) {
  Json metadata = Json::object();
  for (const auto& [key, value] : file.metadata().entries()) metadata[key] = value_json(value);
  return {{"version", file.version()}, {"parts", file.parts().size()}, {"metadata", metadata}};
}

// A GGUF of an architecture that does not run here is still a file with facts in it.
Json inspect_gguf(const fs::path& path) {
  const GgufFile file = GgufFile::open(path);
  Json out{{"kind", "gguf"}, {"path", path.string()}, {"file_bytes", fs::file_size(path)}};
  add_totals(out, stored(file));
  out["gguf"] = gguf_json(file);
  out["list"] = tensors_json(stored(file));
  return out;
}

Json tokenizer_json(const Tokenizer& t, const fs::path& path) {
  Json special = Json::array();
  for (const AddedToken& a : t.added_tokens())
    if (a.special) special.push_back({{"id", a.id}, {"token", a.content}});
  return {{"kind", "tokenizer"},
          {"path", path.string()},
          {"vocab_size", t.vocab_size()},
          {"special_tokens", special},
          {"chat", knows_chat_format(t)}};
}

Json inspect_tokenizer(const fs::path& path) { return tokenizer_json(Tokenizer::load(path), path); }

Json inspect_tokens(const fs::path& path) {
  const TokenStore store = TokenStore::open(path);
  return {{"kind", "tokens"},
          {"path", path.string()},
          {"file_bytes", fs::file_size(path)},
          {"tokens", store.size()},
          {"documents", store.num_documents()},
          {"text_bytes", store.text_bytes()},
          {"vocab_size", store.vocab_size()},
          {"separator", store.separator()},
          {"tokenizer_hash", store.tokenizer_hash()},
          {"hash", store.hash()}};
}

// The files' side of a model, whatever it computes.
void add_files(Json& out, const ModelSource& source) {
  const fs::path& path = source.path();
  const bool is_gguf = fs::is_regular_file(path);
  Json files;
  if (is_gguf) {
    const GgufFile file = GgufFile::open(path);
    add_totals(files, stored(file));
    out["gguf"] = gguf_json(file);
  } else {
    add_totals(files, stored(SafetensorsModel::open(path).tensors()));
  }
  out["weights"] = files;
  out["config"] = source.config();
  out["generation_config"] = source.generation_config();
  const fs::path tokenizer_path = is_gguf ? path : path / "tokenizer.json";
  out["tokenizer"] = source.has_tokenizer() ? tokenizer_json(source.tokenizer(), tokenizer_path) : Json(nullptr);
  out["lineage"] = source.lineage();
}

Json inspect_encoder(const ModelSource& source) {
  const std::unique_ptr<Encoder> encoder = load_encoder(source);
  const EncoderConfig& s = encoder->shape();
  Json out{{"kind", "encoder"},     {"path", source.path().string()},
           {"family", s.family},    {"parameters", encoder->params->num_values()},
           {"layers", s.L},         {"width", s.C},
           {"heads", s.H},          {"ffn_width", s.F},
           {"vocab_size", s.V},     {"context", s.context()},
           {"token_types", s.types}};
  add_files(out, source);
  return out;
}

Json inspect_model(const fs::path& folder) {
  const std::unique_ptr<const ModelSource> source = ModelSource::open(folder);
  if (encoder_family_of(source->config())) return inspect_encoder(*source);
  const std::unique_ptr<CausalLm> model = load_model(*source);
  const ModelShape& s = model->shape();
  const int64_t parameters = model->params->num_values();
  Json out{{"kind", "model"},
           {"path", folder.string()},
           {"family", s.family},
           {"parameters", parameters},
           {"layers", s.L},
           {"width", s.C},
           {"heads", s.H},
           {"kv_heads", s.K},
           {"head_dim", s.D},
           {"ffn_width", s.F},
           {"vocab_size", s.V},
           {"context", s.context},
           {"tied_embeddings", s.tied},
           {"flops_per_token", flops_per_token(s, parameters, s.context)},
           {"cache_bytes_per_token", s.kv_size() * int64_t(sizeof(float))}};
  add_files(out, *source);
  const fs::path run = run_folder_of(folder);
  out["run"] = run.empty() ? Json(nullptr) : Json(run.string());
  return out;
}

Json inspect_gguf_model(const fs::path& path) {
  try {
    return inspect_model(path);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Unsupported) throw;
    Json out = inspect_gguf(path);
    out["unsupported"] = e.message();
    return out;
  }
}

Json inspect_run(const fs::path& run) {
  Json out{{"kind", "run"}, {"path", run.string()}, {"checkpoints", Json::array()}};
  const auto checkpoints = valid_checkpoints(run);
  for (const fs::path& c : checkpoints) out["checkpoints"].push_back(c.filename().string());
  if (fs::exists(run / "log.jsonl")) {
    const RunHistory history = read_run_log(run / "log.jsonl");
    Json log{{"steps_logged", history.steps.size()}, {"damaged_lines", history.damaged_lines}};
    if (!history.steps.empty()) {
      const StepEvent& e = history.steps.back();
      log["last_step"] = {
          {"step", e.step}, {"loss", e.loss}, {"bits_per_byte", e.bpb}, {"tokens", e.tokens}, {"seconds", e.seconds}};
    }
    const EvalEvent* best = nullptr;
    for (const EvalEvent& e : history.evals)
      if (e.data == "validation" && (!best || e.loss < best->loss)) best = &e;
    if (best) log["best_eval"] = {{"step", best->step}, {"loss", best->loss}, {"bits_per_byte", best->bpb}};
    if (!history.evals.empty()) {
      const EvalEvent& e = history.evals.back();
      log["last_eval"] = {{"data", e.data}, {"step", e.step}, {"loss", e.loss}, {"bits_per_byte", e.bpb}};
    }
    out["log"] = log;
  } else {
    out["log"] = nullptr;
  }
  out["recipe"] = fs::exists(run / "recipe.toml") ? Json(read_file(run / "recipe.toml")) : Json(nullptr);
  out["model"] = checkpoints.empty() ? Json(nullptr) : inspect_model(checkpoints.front());
  return out;
}
}  // namespace

Json inspect(const std::string& argument) {
  fs::path path = argument;
  if (!fs::exists(path) && !path.is_absolute() && fs::exists("runs" / path)) path = "runs" / path;
  if (fs::is_directory(path)) {
    if (!fs::exists(path / "config.json") && (fs::is_directory(path / "checkpoints") || fs::exists(path / "log.jsonl")))
      return inspect_run(path);
    if (!fs::exists(path / "config.json") && fs::exists(path / "tokenizer.json"))
      return inspect_tokenizer(path / "tokenizer.json");
  }
  if (fs::is_regular_file(path)) {
    const std::string name = path.filename().string();
    if (name.ends_with(".safetensors")) return inspect_safetensors(path);
    if (name.ends_with(".tokens")) return inspect_tokens(path);
    if (name.ends_with(".json")) return inspect_tokenizer(path);
    if (looks_like_gguf(path)) return inspect_gguf_model(path);
    throw Error(ErrorKind::Unsupported, "{}: nothing is known of this kind of file", argument)
        .hint("known are model and run folders, .gguf, .safetensors, tokenizer.json and .tokens");
  }
  return inspect_model(resolve_model_path(argument));
}

// --- for people ---

namespace {
std::string line(std::string_view name, const std::string& value) { return fmt::format("{:<16} {}\n", name, value); }

std::string number(const Json& n) {
  const auto digits = std::to_string(n.get<int64_t>());
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i && (digits.size() - i) % 3 == 0) out += ' ';
    out += digits[i];
  }
  return out;
}

std::string describe_tokenizer(const Json& t) {
  std::string special;
  for (const Json& s : t["special_tokens"]) special += (special.empty() ? "" : " ") + s["token"].get<std::string>();
  return fmt::format("{} tokens, special: {}", t["vocab_size"].get<int64_t>(), special.empty() ? "none" : special);
}

std::string describe_model(const Json& m) {
  std::string out = line("model", m["path"].get<std::string>());
  out +=
      line("family",
           fmt::format("{}, {} layers x {}, {} heads of {}{}, feed-forward {}", m["family"].get<std::string>(),
                       m["layers"].get<int64_t>(), m["width"].get<int64_t>(), m["heads"].get<int64_t>(),
                       m["head_dim"].get<int64_t>(),
                       m["kv_heads"] == m["heads"] ? "" : fmt::format(" sharing {} keys", m["kv_heads"].get<int64_t>()),
                       m["ffn_width"].get<int64_t>()));
  out += line("parameters", fmt::format("{}{}", number(m["parameters"]),
                                        m["tied_embeddings"] == true ? " (head shares the embedding)" : ""));
  std::string dtypes;
  for (const auto& [dtype, n] : m["weights"]["values_by_dtype"].items()) dtypes += (dtypes.empty() ? "" : ", ") + dtype;
  out += line("weights", fmt::format("{} in {} tensors, {}", format_size(m["weights"]["bytes"].get<uint64_t>()),
                                     m["weights"]["tensors"].get<int64_t>(), dtypes));
  if (m.contains("gguf"))
    out += line("file",
                fmt::format("GGUF version {}{}, architecture {}", m["gguf"]["version"].get<int>(),
                            m["gguf"]["parts"] == 1 ? "" : fmt::format(" in {} parts", m["gguf"]["parts"].get<int>()),
                            m["gguf"]["metadata"].value("general.architecture", "")));
  out += line("context",
              fmt::format("{} tokens; cache {} a token, {} full", m["context"].get<int64_t>(),
                          format_size(m["cache_bytes_per_token"].get<uint64_t>()),
                          format_size(m["cache_bytes_per_token"].get<uint64_t>() * m["context"].get<uint64_t>())));
  out += line("arithmetic", format_count(m["flops_per_token"].get<double>()) + "FLOP a token");
  out += line("tokenizer", m["tokenizer"].is_null() ? "none" : describe_tokenizer(m["tokenizer"]));
  if (m["tokenizer"].is_object() && m["tokenizer"]["chat"] == true)
    out += line("chat", "knows conversations: quern run");
  if (m["lineage"].is_object()) {
    out += "lineage\n";
    for (const auto& [key, value] : m["lineage"].items())
      out += fmt::format("  {:<14} {}\n", key, value.is_string() ? value.get<std::string>() : to_line(value));
  }
  return out;
}

std::string describe_encoder(const Json& e) {
  std::string out = line("encoder", e["path"].get<std::string>());
  out += line("family", fmt::format("{}, {} layers x {}, {} heads, feed-forward {}", e["family"].get<std::string>(),
                                    e["layers"].get<int64_t>(), e["width"].get<int64_t>(), e["heads"].get<int64_t>(),
                                    e["ffn_width"].get<int64_t>()));
  out += line("parameters", number(e["parameters"]));
  out += line("weights", fmt::format("{} in {} tensors", format_size(e["weights"]["bytes"].get<uint64_t>()),
                                     e["weights"]["tensors"].get<int64_t>()));
  out += line("context", fmt::format("{} tokens", e["context"].get<int64_t>()));
  out += line("tokenizer", e["tokenizer"].is_null() ? "none" : describe_tokenizer(e["tokenizer"]));
  return out + line("use", "quern embed, quern rerank");
}

std::string describe_run(const Json& r) {
  std::string out = line("run", r["path"].get<std::string>());
  std::string checkpoints;
  for (const Json& c : r["checkpoints"]) checkpoints += (checkpoints.empty() ? "" : " ") + c.get<std::string>();
  out += line("checkpoints", checkpoints.empty() ? "none yet" : checkpoints);
  if (const Json& log = r["log"]; log.is_object()) {
    const auto loss = [](const Json& e) {
      return fmt::format("step {}, loss {:.4f}, {:.4f} bits per byte", e["step"].get<int64_t>(),
                         e["loss"].get<double>(), e["bits_per_byte"].get<double>());
    };
    if (log.contains("last_step"))
      out += line("last step", fmt::format("{}, {} tokens, {}", loss(log["last_step"]),
                                           format_count(log["last_step"]["tokens"].get<double>()),
                                           format_duration(log["last_step"]["seconds"].get<double>())));
    if (log.contains("best_eval")) out += line("best validation", loss(log["best_eval"]));
    if (log["damaged_lines"].get<int64_t>() > 0)
      out += line("damaged", fmt::format("{} lines of the log", log["damaged_lines"].get<int64_t>()));
  }
  if (r["model"].is_object()) out += describe_model(r["model"]);
  if (r["recipe"].is_string()) out += "recipe\n" + r["recipe"].get<std::string>();
  return out;
}
}  // namespace

std::string describe(const Json& f) {
  const auto kind = f["kind"].get<std::string>();
  if (kind == "model") return describe_model(f);
  if (kind == "encoder") return describe_encoder(f);
  if (kind == "run") return describe_run(f);
  if (kind == "tokenizer")
    return line("tokenizer", f["path"].get<std::string>()) + line("tokens", describe_tokenizer(f));
  if (kind == "tokens")
    return line("tokens", f["path"].get<std::string>()) +
           line("holds", fmt::format("{} tokens of {} documents, {} of text", number(f["tokens"]),
                                     number(f["documents"]), format_size(f["text_bytes"].get<uint64_t>()))) +
           line("vocabulary", fmt::format("{}, separator {}, tokenizer {}", f["vocab_size"].get<int64_t>(),
                                          f["separator"].get<int64_t>(), f["tokenizer_hash"].get<std::string>()));
  std::string out = line(kind, f["path"].get<std::string>());
  if (f.contains("unsupported")) out += line("does not run", f["unsupported"].get<std::string>());
  out += line("holds", fmt::format("{} values in {} tensors, {}", number(f["values"]), f["tensors"].get<int64_t>(),
                                   format_size(f["bytes"].get<uint64_t>())));
  for (const auto& [key, value] : (kind == "gguf" ? f["gguf"] : f)["metadata"].items())
    out += line(key, value.is_string() ? value.get<std::string>() : to_line(value));
  for (const Json& t : f["list"])
    out += fmt::format("  {:<5} {:<20} {}\n", t["dtype"].get<std::string>(), t["shape"].dump(),
                       t["name"].get<std::string>());
  return out;
}

}  // namespace quern
