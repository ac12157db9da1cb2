// SPDX-License-Identifier: MIT
#include "formats/store.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "base/digest.h"
#include "base/files.h"
#include "base/home.h"
#include "base/nearest.h"
#include "base/terminal.h"

namespace quern {

namespace {
constexpr const char* kSourceFile = "quern-source.json";

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Json source_json(const StoredModel& model) {
  Json files = Json::array();
  for (const StoredFile& f : model.files) files.push_back({{"path", f.path}, {"size", f.size}, {"sha256", f.sha256}});
  return {{"name", model.name}, {"source", model.source}, {"added", model.added}, {"files", files}};
}

// Throws InvalidData when the file is not one that source_json() wrote.
StoredModel read_source(const fs::path& folder, const std::string& name) {
  const fs::path path = folder / kSourceFile;
  const Json json = read_json(path);
  try {
    StoredModel model{
        .name = name, .source = json.at("source"), .added = json.at("added"), .folder = folder, .files = {}};
    for (const Json& f : json.at("files")) model.files.push_back({f.at("path"), f.at("size"), f.at("sha256")});
    for (const StoredFile& f : model.files)
      if (!is_safe_relative_path(f.path))
        throw Error(ErrorKind::InvalidData, "{}: it names '{}'", path.string(), f.path);
    return model;
  } catch (const nlohmann::json::exception&) {
    throw Error(ErrorKind::InvalidData, "{}: not what the store writes", path.string())
        .hint("remove the folder and pull the model again");
  }
}

// A hard link, or where that can't be a copy.
void link_or_copy(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::create_hard_link(from, to, failed);
  if (failed) fs::copy_file(from, to, fs::copy_options::overwrite_existing);
}

bool is_whole(const fs::path& file, const Download& source) {
  if (!fs::is_regular_file(file)) return false;
  if (source.size && fs::file_size(file) != *source.size) return false;
  if (!source.sha256.empty()) return sha256_of_file(file) == source.sha256;
  if (!source.git_blob_id.empty()) return git_blob_id_of_file(file) == source.git_blob_id;
  return source.size.has_value();
}

// Names with a slash are folders in folders; a partial folder stands beside all of them.
std::string flat_name(const std::string& name) { return url_encoded(name); }
}  // namespace

uint64_t StoredModel::size_bytes() const {
  uint64_t sum = 0;
  for (const StoredFile& f : files) sum += f.size;
  return sum;
}

fs::path ModelStore::default_root() {
  if (const char* root = std::getenv("QUERN_MODELS"); root && *root) return root;
  const fs::path home = quern_home();
  if (home.empty())
    throw Error(ErrorKind::NotFound, "there is no home folder to keep models in").hint("set QUERN_MODELS to a folder");
  return home / "models";
}

ModelStore::ModelStore(fs::path root) : root_(std::move(root)) {}

fs::path ModelStore::folder_of(const std::string& name) const {
  std::string path = name;
  std::ranges::replace(path, ':', '-');  // checked as a path, kept as it is
  if (!is_safe_relative_path(path))
    throw Error(ErrorKind::InvalidArgument, "'{}' can't be the name of a model", name)
        .hint("letters, digits, '-', '_', '.', ':' and '/', with no part that begins with a dot");
  return root_ / name;
}

std::vector<StoredModel> ModelStore::list() const {
  std::vector<StoredModel> models;
  std::error_code ignored;
  for (auto it = fs::recursive_directory_iterator(root_, ignored); it != fs::recursive_directory_iterator();
       it.increment(ignored)) {
    if (!it->is_directory()) continue;
    if (it->path().filename().string().starts_with('.')) {
      it.disable_recursion_pending();
      continue;
    }
    if (!fs::exists(it->path() / kSourceFile)) continue;
    it.disable_recursion_pending();
    try {
      models.push_back(read_source(it->path(), it->path().lexically_relative(root_).string()));
    } catch (const Error& e) {
      warn(e.message());
    }
  }
  std::ranges::sort(models, {}, &StoredModel::name);
  return models;
}

std::optional<StoredModel> ModelStore::find(const std::string& name) const {
  const std::vector<StoredModel> models = list();
  for (const StoredModel& m : models)
    if (lower(m.name) == lower(name)) return m;
  std::optional<StoredModel> found;
  for (const StoredModel& m : models) {
    if (!lower(m.name).ends_with("/" + lower(name))) continue;
    if (found)
      throw Error(ErrorKind::InvalidArgument, "'{}' may be {} or {}", name, found->name, m.name)
          .hint("write the whole name");
    found = m;
  }
  return found;
}

StoredModel ModelStore::at(const std::string& name) const {
  if (auto model = find(name)) return *model;
  std::vector<std::string> names;
  for (const StoredModel& m : list()) names.push_back(m.name);
  Error error(ErrorKind::NotFound, "{}: no such model in the store ({})", name, root_.string());
  if (names.empty())
    throw std::move(error).hint("`quern pull hf:ORG/NAME` fetches one, `quern import PATH` takes one in");
  throw std::move(error).hint("the nearest is {}; `quern list` lists all", nearest(name, names));
}

// The new folder takes the place of the old one, which goes only when the new one is there.
StoredModel ModelStore::put_in_place(const fs::path& partial, StoredModel model) {
  model.added = utc_now();
  model.folder = folder_of(model.name);
  write_file(partial / kSourceFile, source_json(model).dump(1) + "\n");
  fs::create_directories(model.folder.parent_path());
  const fs::path old = root_ / ".partial" / (flat_name(model.name) + ".old");
  fs::remove_all(old);
  if (fs::exists(model.folder)) fs::rename(model.folder, old);
  fs::rename(partial, model.folder);
  fs::remove_all(old);
  return model;
}

StoredModel ModelStore::pull(const HubModel& hub, const std::string& name, HttpOptions http,
                             const OnProgress& on_progress) {
  const fs::path target = folder_of(name), partial = root_ / ".partial" / flat_name(name);
  require_writable(root_);
  fs::create_directories(partial);
  std::optional<uint64_t> total = 0;
  for (const HubFile& f : hub.files)
    total = total && f.source.size ? std::optional(*total + *f.source.size) : std::nullopt;
  StoredModel model{.name = name, .source = hub.source, .added = "", .folder = target, .files = {}};
  uint64_t done = 0;
  for (const HubFile& f : hub.files) {
    const fs::path file = partial / f.path;
    fs::create_directories(file.parent_path());
    if (!fs::exists(file) && is_whole(target / f.path, f.source)) link_or_copy(target / f.path, file);
    if (!is_whole(file, f.source)) {
      fs::remove(file);
      Download source = f.source;
      source.to = file;
      http.on_progress = [&](uint64_t here, std::optional<uint64_t> size) {
        if (on_progress) on_progress(done + here, total ? total : size, f.path);
      };
      download(source, http);
    }
    const uint64_t size = fs::file_size(file);
    done += size;
    model.files.push_back({f.path, size, f.source.sha256.empty() ? sha256_of_file(file) : f.source.sha256});
  }
  return put_in_place(partial, std::move(model));
}

StoredModel ModelStore::import(const fs::path& path, const std::string& name, bool link) {
  const fs::path target = folder_of(name);
  if (fs::exists(target)) throw Error(ErrorKind::InvalidArgument, "{}: the store has a model of that name", name);
  std::vector<fs::path> files;
  if (fs::is_regular_file(path) && path.extension() == ".gguf") {
    files.push_back(path);
  } else if (fs::is_directory(path) && fs::exists(path / "config.json")) {
    for (const auto& entry : fs::recursive_directory_iterator(path))
      if (entry.is_regular_file() && is_safe_relative_path(entry.path().lexically_relative(path).string()) &&
          entry.path().filename() != kSourceFile)
        files.push_back(entry.path());
  } else {
    throw Error(ErrorKind::InvalidArgument, "{}: neither a GGUF file nor a model's folder with config.json",
                path.string());
  }
  std::ranges::sort(files);
  uint64_t size = 0;
  for (const fs::path& f : files) size += fs::file_size(f);
  require_writable(root_, link ? 0 : size);
  const fs::path partial = root_ / ".partial" / flat_name(name);
  fs::remove_all(partial);
  fs::create_directories(partial);
  StoredModel model{.name = name, .source = fs::absolute(path).string(), .added = "", .folder = target, .files = {}};
  for (const fs::path& f : files) {
    const std::string relative =
        files.size() == 1 && f == path ? f.filename().string() : f.lexically_relative(path).string();
    const fs::path to = partial / relative;
    fs::create_directories(to.parent_path());
    link ? link_or_copy(f, to) : void(fs::copy_file(f, to));
    model.files.push_back({relative, fs::file_size(to), sha256_of_file(to)});
  }
  return put_in_place(partial, std::move(model));
}

StoredModel ModelStore::copy(const std::string& from, const std::string& to) {
  StoredModel model = at(from);
  const fs::path source = model.folder, target = folder_of(to);
  if (fs::exists(target)) throw Error(ErrorKind::InvalidArgument, "{}: the store has a model of that name", to);
  const fs::path partial = root_ / ".partial" / flat_name(to);
  fs::remove_all(partial);
  for (const StoredFile& f : model.files) {
    fs::create_directories((partial / f.path).parent_path());
    link_or_copy(source / f.path, partial / f.path);
  }
  model.name = to;
  return put_in_place(partial, std::move(model));
}

void ModelStore::remove(const std::string& name) {
  const StoredModel model = at(name);
  const fs::path gone = root_ / ".partial" / (flat_name(model.name) + ".old");
  fs::create_directories(gone.parent_path());
  fs::remove_all(gone);
  fs::rename(model.folder, gone);  // at once, so that no half of it can be run
  fs::remove_all(gone);
  std::error_code ignored;  // the maker's folder, when this was its last model
  for (fs::path p = model.folder.parent_path(); p != root_ && p.has_parent_path() && fs::is_empty(p, ignored);
       p = p.parent_path())
    fs::remove(p, ignored);
}

std::vector<FileProblem> ModelStore::verify(const StoredModel& model) const {
  std::vector<FileProblem> problems;
  for (const StoredFile& f : model.files) {
    const fs::path path = model.folder / f.path;
    if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped");
    if (!fs::is_regular_file(path)) {
      problems.push_back({f.path, "is missing"});
    } else if (const uint64_t size = fs::file_size(path); size != f.size) {
      problems.push_back({f.path, fmt::format("has {} bytes instead of {}", size, f.size)});
    } else if (sha256_of_file(path) != f.sha256) {
      problems.push_back({f.path, "is not what was stored (its SHA-256 differs)"});
    }
  }
  return problems;
}

std::optional<fs::path> stored_model_path(const std::string& name) {
  if (!std::getenv("QUERN_MODELS") && quern_home().empty()) return std::nullopt;
  const auto model = ModelStore().find(name);
  if (!model) return std::nullopt;
  if (fs::exists(model->folder / "config.json")) return model->folder;
  for (const StoredFile& f : model->files)
    if (f.path.ends_with(".gguf")) return model->folder / f.path;
  return model->folder;
}

}  // namespace quern
