// SPDX-License-Identifier: MIT
#include "cli/inspect.h"

#include <map>

#include "base/json.h"
#include "base/terminal.h"
#include "data/token_file.h"
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
Json shape_json(const std::vector<int64_t>& shape) { return Json(shape); }

Json tensors_json(const std::vector<const SafetensorsTensor*>& tensors) {
  Json list = Json::array();
  for (const SafetensorsTensor* t : tensors)
    list.push_back(
        {{"name", t->name}, {"dtype", t->dtype_name}, {"shape", shape_json(t->shape)}, {"bytes", t->bytes.size()}});
  return list;
}

// Tensors, values and bytes altogether, and by dtype.
void add_totals(Json& out, const std::vector<const SafetensorsTensor*>& tensors) {
  int64_t values = 0;
  uint64_t bytes = 0;
  std::map<std::string, int64_t> by_dtype;
  for (const SafetensorsTensor* t : tensors) {
    values += t->num_values();
    bytes += t->bytes.size();
    by_dtype[t->dtype_name] += t->num_values();
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
  add_totals(out, tensors);
  out["metadata"] = file.metadata();
  out["list"] = tensors_json(tensors);
  return out;
}

Json inspect_tokenizer(const fs::path& path) {
  const Tokenizer t = Tokenizer::load(path);
  Json special = Json::array();
  for (const AddedToken& a : t.added_tokens())
    if (a.special) special.push_back({{"id", a.id}, {"token", a.content}});
  return {{"kind", "tokenizer"},
          {"path", path.string()},
          {"vocab_size", t.vocab_size()},
          {"special_tokens", special},
          {"chat", knows_chat_format(t)}};
}

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

Json read_if_there(const fs::path& path) { return fs::exists(path) ? read_json(path) : Json(nullptr); }

Json inspect_model(const fs::path& folder) {
  const Json config = read_model_config(folder);
  const SafetensorsModel weights = SafetensorsModel::open(folder);
  const std::unique_ptr<CausalLm> model = load_model(folder);
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
  Json files;
  add_totals(files, weights.tensors());
  out["weights"] = files;
  out["config"] = config;
  out["generation_config"] = read_generation_config(folder);
  out["tokenizer"] =
      fs::exists(folder / "tokenizer.json") ? inspect_tokenizer(folder / "tokenizer.json") : Json(nullptr);
  out["lineage"] = read_if_there(folder / "lineage.json");
  const fs::path run = run_folder_of(folder);
  out["run"] = run.empty() ? Json(nullptr) : Json(run.string());
  return out;
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
    throw Error(ErrorKind::Unsupported, "{}: nothing is known of this kind of file", argument)
        .hint("known are model and run folders, .safetensors, tokenizer.json and .tokens");
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
  if (kind == "run") return describe_run(f);
  if (kind == "tokenizer")
    return line("tokenizer", f["path"].get<std::string>()) + line("tokens", describe_tokenizer(f));
  if (kind == "tokens")
    return line("tokens", f["path"].get<std::string>()) +
           line("holds", fmt::format("{} tokens of {} documents, {} of text", number(f["tokens"]),
                                     number(f["documents"]), format_size(f["text_bytes"].get<uint64_t>()))) +
           line("vocabulary", fmt::format("{}, separator {}, tokenizer {}", f["vocab_size"].get<int64_t>(),
                                          f["separator"].get<int64_t>(), f["tokenizer_hash"].get<std::string>()));
  std::string out = line("safetensors", f["path"].get<std::string>());
  out += line("holds", fmt::format("{} values in {} tensors, {}", number(f["values"]), f["tensors"].get<int64_t>(),
                                   format_size(f["bytes"].get<uint64_t>())));
  for (const auto& [key, value] : f["metadata"].items()) out += line(key, value.get<std::string>());
  for (const Json& t : f["list"])
    out += fmt::format("  {:<5} {:<20} {}\n", t["dtype"].get<std::string>(), t["shape"].dump(),
                       t["name"].get<std::string>());
  return out;
}

}  // namespace quern
