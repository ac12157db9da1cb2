// SPDX-License-Identifier: MIT
// quern pull hf:HuggingFaceTB/SmolLM2-135M-Instruct
#include <cstdlib>

#include "base/files.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "formats/store.h"

namespace quern {

namespace {
Json model_json(const StoredModel& m) {
  Json files = Json::array();
  for (const StoredFile& f : m.files) files.push_back({{"path", f.path}, {"size", f.size}, {"sha256", f.sha256}});
  return {{"name", m.name},
          {"source", m.source},
          {"added", m.added},
          {"folder", m.folder.string()},
          {"size_bytes", m.size_bytes()},
          {"files", files}};
}

void print_model(const StoredModel& m, bool json) {
  if (json)
    fmt::print("{}\n", to_line(model_json(m)));
  else
    fmt::print("{}  {}  {}\n", m.name, format_size(m.size_bytes()), m.folder.string());
}

// A token stands in a file, lest it be seen in the list of processes.
std::string read_token(const std::string& file) {
  std::string token;
  if (!file.empty())
    token = read_file(file);
  else if (const char* value = std::getenv("HF_TOKEN"))
    token = value;
  while (!token.empty() && std::isspace(static_cast<unsigned char>(token.back()))) token.pop_back();
  for (const char c : token)
    if (c <= ' ' || c > '~') throw Error(ErrorKind::InvalidArgument, "the token has a character that no token has");
  return token;
}

struct PullOptions {
  std::string source, name, hub, token_file, sha256;
  bool json = false, quiet = false;
};

void pull(const PullOptions& o) {
  install_interrupt_handler();
  HubOptions hub{.hub = o.hub, .sha256 = o.sha256, .http = {}};
  if (!o.sha256.empty() && !o.source.starts_with("http"))
    throw Error(ErrorKind::InvalidArgument, "--sha256 goes with the address of one file; hubs publish their own");
  if (!o.source.starts_with("ollama:")) hub.http.token = read_token(o.token_file);
  const HubModel model = find_on_hub(o.source, hub);
  ModelStore store;
  Progress progress;
  const auto started = std::chrono::steady_clock::now();
  std::optional<uint64_t> first;
  const auto show = [&](uint64_t done, std::optional<uint64_t> total, const std::string& file) {
    if (o.quiet) return;
    if (!first) first = done;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    const double rate = seconds > 0.5 ? double(done - *first) / seconds : 0;
    std::string line = fmt::format("{}  {}", file, format_size(done));
    if (total) line += fmt::format(" of {}", format_size(*total));
    if (rate > 0) line += fmt::format("  {}/s", format_size(uint64_t(rate)));
    if (rate > 0 && total && *total > done)
      line += fmt::format("  {} left", format_duration(double(*total - done) / rate));
    progress.update(line);
  };
  const StoredModel stored = store.pull(model, o.name.empty() ? model.name : o.name, hub.http, show);
  progress.finish();
  print_model(stored, o.json);
}

void list_models(bool json) {
  const std::vector<StoredModel> models = ModelStore().list();
  if (json) {
    Json out{{"models", Json::array()}};
    for (const StoredModel& m : models) out["models"].push_back(model_json(m));
    fmt::print("{}\n", to_line(out));
    return;
  }
  if (models.empty()) say("no models yet; `quern pull hf:ORG/NAME` fetches one, `quern import PATH` takes one in");
  size_t width = 0;
  for (const StoredModel& m : models) width = std::max(width, m.name.size());
  for (const StoredModel& m : models)
    fmt::print("{:<{}}  {:>9}  {}  {}\n", m.name, width, format_size(m.size_bytes()), m.added.substr(0, 10), m.source);
}

void verify_models(const std::vector<std::string>& names, bool json) {
  install_interrupt_handler();
  ModelStore store;
  std::vector<StoredModel> models;
  for (const std::string& name : names) models.push_back(store.at(name));
  if (names.empty()) models = store.list();
  size_t bad = 0;
  Json out{{"models", Json::array()}};
  for (const StoredModel& m : models) {
    const std::vector<FileProblem> problems = store.verify(m);
    bad += problems.size();
    Json list = Json::array();
    for (const FileProblem& p : problems) list.push_back({{"path", p.path}, {"problem", p.problem}});
    out["models"].push_back({{"name", m.name}, {"files", m.files.size()}, {"problems", list}});
    if (json) continue;
    fmt::print("{}  {}\n", m.name, problems.empty() ? fmt::format("{} files are well", m.files.size()) : "DAMAGED");
    for (const FileProblem& p : problems) fmt::print("  {} {}\n", p.path, p.problem);
  }
  if (json) fmt::print("{}\n", to_line(out));
  if (bad > 0)
    throw Error(ErrorKind::InvalidData, "{} file(s) are damaged", bad).hint("`quern pull` fetches only those again");
}
}  // namespace

void add_pull_command(CLI::App& app) {
  auto o = std::make_shared<PullOptions>();
  auto* cmd = app.add_subcommand("pull", "Fetch a model from a hub into the local store");
  cmd->add_option("source", o->source,
                  "hf:ORG/NAME[@REVISION][:FILE], ms:ORG/NAME, ollama:NAME:TAG, or https://.../FILE.gguf")
      ->required();
  cmd->add_option("--name", o->name, "how the store is to call it; left out: as the hub does");
  cmd->add_option("--hub", o->hub, "address of a mirror; also $HF_ENDPOINT, $MODELSCOPE_ENDPOINT");
  cmd->add_option("--token-file", o->token_file, "a file with the access token; left out: $HF_TOKEN");
  cmd->add_option("--sha256", o->sha256, "what a single file must be");
  cmd->add_flag("--quiet", o->quiet, "no progress");
  cmd->add_flag("--json", o->json, "print one JSON object for programs (shapes: docs/json.md)");
  add_examples(
      cmd,
      "  quern pull hf:HuggingFaceTB/SmolLM2-135M-Instruct\n"
      "  quern pull hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Llama-3.2-1B-Instruct-Q4_K_M.gguf --name llama-1b\n"
      "  quern pull ms:Qwen/Qwen2.5-0.5B-Instruct\n"
      "  quern pull ollama:smollm2:135m");
  cmd->callback([o] { pull(*o); });
}

void add_store_commands(CLI::App& app) {
  struct Options {
    std::string path, name, from, to;
    std::vector<std::string> names;
    bool link = false, json = false;
  };
  auto o = std::make_shared<Options>();
  const auto json_flag = [o](CLI::App* cmd) {
    cmd->add_flag("--json", o->json, "print one JSON object for programs (shapes: docs/json.md)");
  };
  auto* import = app.add_subcommand("import", "Take a model's folder or GGUF file into the local store");
  import->add_option("path", o->path, "a folder with config.json, or a .gguf file")->required();
  import->add_option("--name", o->name, "how the store is to call it; left out: the file's or folder's name");
  import->add_flag("--link", o->link, "hard links instead of copies, where the file system allows it");
  json_flag(import);
  add_examples(import,
               "  quern import ./SmolLM2-135M-Instruct.Q4_1.gguf --name smollm2\n  quern import "
               "runs/village/checkpoints/000500 --name village");
  import->callback([o] {
    fs::path path = fs::path(o->path).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    const std::string name = !o->name.empty()            ? o->name
                             : fs::is_regular_file(path) ? path.stem().string()
                                                         : path.filename().string();
    print_model(ModelStore().import(path, name, o->link), o->json);
  });

  auto* list = app.add_subcommand("list", "List the models of the local store");
  json_flag(list);
  add_examples(list, "  quern list");
  list->callback([o] { list_models(o->json); });

  auto* copy = app.add_subcommand("cp", "Give a stored model a second name");
  copy->add_option("from", o->from, "a model of the store")->required();
  copy->add_option("to", o->to, "the new name")->required();
  json_flag(copy);
  add_examples(copy, "  quern cp HuggingFaceTB/SmolLM2-135M-Instruct smol");
  copy->callback([o] { print_model(ModelStore().copy(o->from, o->to), o->json); });

  auto* remove = app.add_subcommand("rm", "Remove models from the local store");
  remove->add_option("names", o->names, "models of the store")->required();
  add_examples(remove, "  quern rm smol");
  remove->callback([o] {
    ModelStore store;
    for (const std::string& name : o->names) store.at(name);  // all or none
    for (const std::string& name : o->names) store.remove(name);
  });

  auto* verify = app.add_subcommand("verify", "Check stored files against their checksums");
  verify->add_option("names", o->names, "models of the store; left out: all");
  json_flag(verify);
  add_examples(verify, "  quern verify\n  quern verify smol --json");
  verify->callback([o] { verify_models(o->names, o->json); });
}

}  // namespace quern
