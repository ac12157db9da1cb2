// SPDX-License-Identifier: MIT
#include "formats/hub.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/error.h"
#include "base/json.h"

namespace quern {

namespace {
struct Reference {
  std::string kind, org_and_name, revision, file;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view end) { return name.ends_with(end); });
}

bool is_plain_name(std::string_view part) {
  return !part.empty() && part.front() != '.' && part.size() <= 96 &&
         std::ranges::all_of(part, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

[[noreturn]] void refuse(const std::string& reference) {
  throw Error(ErrorKind::InvalidArgument, "'{}' names no model to fetch", reference)
      .hint("hf:ORG/NAME, hf:ORG/NAME:FILE.gguf, ms:ORG/NAME, ollama:NAME:TAG, or the address of a file");
}

// "ORG/NAME[@REVISION][:FILE]"
Reference parse_repository(const std::string& kind, const std::string& text, const std::string& reference) {
  Reference r{.kind = kind, .org_and_name = text, .revision = "", .file = ""};
  if (const size_t colon = r.org_and_name.find(':'); colon != std::string::npos) {
    r.file = r.org_and_name.substr(colon + 1);
    r.org_and_name.resize(colon);
    if (!is_safe_relative_path(r.file)) refuse(reference);
  }
  if (const size_t at = r.org_and_name.find('@'); at != std::string::npos) {
    r.revision = r.org_and_name.substr(at + 1);
    r.org_and_name.resize(at);
    if (!is_safe_relative_path(r.revision)) refuse(reference);
  }
  const size_t slash = r.org_and_name.find('/');
  const bool legacy = slash == std::string::npos && is_plain_name(r.org_and_name);  // hf:gpt2
  if (!legacy && (slash == std::string::npos || !is_plain_name(r.org_and_name.substr(0, slash)) ||
                  !is_plain_name(r.org_and_name.substr(slash + 1))))
    refuse(reference);
  return r;
}

constexpr std::array<std::string_view, 14> kSmallFiles = {"config.json",
                                                          "generation_config.json",
                                                          "tokenizer.json",
                                                          "tokenizer_config.json",
                                                          "special_tokens_map.json",
                                                          "added_tokens.json",
                                                          "vocab.json",
                                                          "merges.txt",
                                                          "vocab.txt",
                                                          "modules.json",
                                                          "sentence_bert_config.json",
                                                          "config_sentence_transformers.json",
                                                          "preprocessor_config.json",
                                                          "chat_template.json"};

// Files that make a model run: not the same weights in other formats, pictures, training logs.
bool is_wanted(std::string_view path) {
  if (path.find('/') != std::string_view::npos)  // poolings of sentence encoders, extra templates
    return ends_with_any(path, {"_Pooling/config.json", "_Normalize/config.json", "_Dense/config.json",
                                "_Dense/model.safetensors"}) ||
           (path.starts_with("additional_chat_templates/") && path.ends_with(".jinja"));
  if (path.starts_with("consolidated")) return false;  // the same weights under their maker's own names
  return ends_with_any(path, {".safetensors", ".safetensors.index.json", ".jinja", ".model", ".tiktoken"}) ||
         std::ranges::find(kSmallFiles, path) != kSmallFiles.end();
}

// Of what a repository holds, what is to be fetched.
std::vector<HubFile> choose(const Reference& r, std::vector<HubFile> all, const std::string& where) {
  for (const HubFile& f : all)
    if (!is_safe_relative_path(f.path))
      throw Error(ErrorKind::InvalidData, "{}: it lists a file '{}', which does not lie in its folder", where,
                  to_line(Json(f.path)));
  std::vector<HubFile> chosen;
  if (!r.file.empty()) {
    std::ranges::copy_if(all, std::back_inserter(chosen), [&](const HubFile& f) { return f.path == r.file; });
    if (chosen.empty()) throw Error(ErrorKind::NotFound, "{} has no file '{}'", where, r.file);
    return chosen;
  }
  std::vector<std::string> ggufs;
  for (const HubFile& f : all)
    if (f.path.ends_with(".gguf")) ggufs.push_back(f.path);
  std::ranges::copy_if(all, std::back_inserter(chosen), [](const HubFile& f) { return is_wanted(f.path); });
  const bool weights = std::ranges::any_of(chosen, [](const HubFile& f) { return f.path.ends_with(".safetensors"); });
  if (weights) return chosen;
  if (ggufs.size() == 1) return choose({r.kind, r.org_and_name, r.revision, ggufs[0]}, std::move(all), where);
  if (ggufs.empty())
    throw Error(ErrorKind::Unsupported, "{} holds no weights in safetensors or GGUF", where)
        .hint("pickled weights (.bin, .pt) are not read: opening them can run any code");
  std::string list;
  for (const std::string& name : ggufs) list += (list.empty() ? "" : ", ") + name;
  throw Error(ErrorKind::InvalidArgument, "{} holds several models", where)
      .hint("choose one as {}:{}:FILE from {}", r.kind, r.org_and_name, list);
}

std::string text_at(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
}
std::optional<uint64_t> size_at(const Json& json, const char* key) {
  if (!json.is_object() || !json.contains(key) || !json[key].is_number_unsigned()) return std::nullopt;
  return json[key].get<uint64_t>();
}

HubModel from_hugging_face(const Reference& r, const HubOptions& o) {
  std::string hub = o.hub.empty() ? environment("HF_ENDPOINT") : o.hub;
  hub = without_slash(hub.empty() ? "https://huggingface.co" : hub);
  const std::string revision = r.revision.empty() ? "main" : r.revision;
  const std::string api =
      fmt::format("{}/api/models/{}/revision/{}?blobs=true", hub, r.org_and_name, url_encoded(revision));
  const Json answer = parse_json(fetch_text(api, o.http), api);
  if (!answer.is_object() || !answer.contains("siblings") || !answer["siblings"].is_array())
    throw Error(ErrorKind::InvalidData, "{}: the answer lists no files", api);
  std::vector<HubFile> files;
  for (const Json& entry : answer["siblings"]) {
    HubFile f{.path = text_at(entry, "rfilename"), .source = {}};
    f.source.size = size_at(entry, "size");
    const Json lfs = entry.is_object() ? entry.value("lfs", Json()) : Json();
    f.source.sha256 = text_at(lfs, "sha256");
    if (f.source.sha256.empty()) f.source.git_blob_id = text_at(entry, "blobId");
    f.source.url =
        fmt::format("{}/{}/resolve/{}/{}", hub, r.org_and_name, url_encoded(revision), url_encoded(f.path, true));
    files.push_back(std::move(f));
  }
  return {.source = "", .name = r.org_and_name, .files = choose(r, std::move(files), r.kind + ":" + r.org_and_name)};
}

HubModel from_model_scope(const Reference& r, const HubOptions& o) {
  std::string hub = o.hub.empty() ? environment("MODELSCOPE_ENDPOINT") : o.hub;
  hub = without_slash(hub.empty() ? "https://modelscope.cn" : hub);
  const std::string revision = url_encoded(r.revision.empty() ? "master" : r.revision);
  const std::string base = fmt::format("{}/api/v1/models/{}/repo", hub, r.org_and_name);
  const std::string api = fmt::format("{}/files?Revision={}&Recursive=true", base, revision);
  const Json answer = parse_json(fetch_text(api, o.http), api);
  const Json data = answer.is_object() ? answer.value("Data", Json()) : Json();
  if (!data.is_object() || !data.contains("Files") || !data["Files"].is_array())
    throw Error(ErrorKind::InvalidData, "{}: the answer lists no files", api);
  std::vector<HubFile> files;
  for (const Json& entry : data["Files"]) {
    if (text_at(entry, "Type") == "tree") continue;
    HubFile f{.path = text_at(entry, "Path"), .source = {}};
    f.source.size = size_at(entry, "Size");
    f.source.sha256 = text_at(entry, "Sha256");
    f.source.url = fmt::format("{}?Revision={}&FilePath={}", base, revision, url_encoded(f.path));
    files.push_back(std::move(f));
  }
  return {.source = "", .name = r.org_and_name, .files = choose(r, std::move(files), r.kind + ":" + r.org_and_name)};
}

// The layers of an image that are of use here, by the end of their media type.
std::string file_of_layer(const std::string& media_type) {
  if (media_type.ends_with("image.model")) return "model.gguf";
  if (media_type.ends_with("image.params")) return "params.json";
  if (media_type.ends_with("image.system")) return "system.txt";
  if (media_type.ends_with("image.template")) return "template.txt";  // in Go's template language; the GGUF has Jinja
  if (media_type.ends_with("image.license")) return "LICENSE.txt";
  return "";
}

HubModel from_ollama(const std::string& text, const std::string& reference, const HubOptions& o) {
  const size_t colon = text.find(':');
  const std::string tag = colon == std::string::npos ? "latest" : text.substr(colon + 1);
  const std::string given = text.substr(0, colon),
                    name = given.find('/') == std::string::npos ? "library/" + given : given;
  const size_t slash = name.find('/');
  if (!is_plain_name(tag) || !is_plain_name(name.substr(0, slash)) || !is_plain_name(name.substr(slash + 1)))
    refuse(reference);
  const std::string hub = without_slash(o.hub.empty() ? "https://registry.ollama.ai" : o.hub);
  const std::string api = fmt::format("{}/v2/{}/manifests/{}", hub, name, tag);
  const Json answer = parse_json(fetch_text(api, o.http), api);
  if (!answer.is_object() || !answer.contains("layers") || !answer["layers"].is_array())
    throw Error(ErrorKind::InvalidData, "{}: the manifest lists no layers", api);
  HubModel model{.source = "", .name = given + ":" + tag, .files = {}};
  for (const Json& layer : answer["layers"]) {
    std::string path = file_of_layer(text_at(layer, "mediaType"));
    const bool again = std::ranges::any_of(model.files, [&](const HubFile& f) { return f.path == path; });
    if (path.empty() || (again && path != "LICENSE.txt")) continue;
    if (again) path = fmt::format("LICENSE-{}.txt", model.files.size());
    const std::string digest = text_at(layer, "digest");
    HubFile f{.path = path, .source = {}};
    f.source.size = size_at(layer, "size");
    if (!digest.starts_with("sha256:") || digest.size() != 71 || !is_plain_name(digest.substr(7)))
      throw Error(ErrorKind::InvalidData, "{}: the manifest has no digest for {}", api, path);
    f.source.sha256 = digest.substr(7);
    f.source.url = fmt::format("{}/v2/{}/blobs/{}", hub, name, digest);
    model.files.push_back(std::move(f));
  }
  if (std::ranges::none_of(model.files, [](const HubFile& f) { return f.path == "model.gguf"; }))
    throw Error(ErrorKind::Unsupported, "ollama:{}: there is no model in GGUF in it", text);
  return model;
}

HubModel from_address(const std::string& url, const HubOptions& o) {
  std::string path = url.substr(0, url.find_first_of("?#"));
  path = path.substr(path.rfind('/') + 1);
  if (!is_plain_name(path) || !ends_with_any(path, {".gguf"}))
    throw Error(ErrorKind::InvalidArgument, "{}: only an address that ends in FILE.gguf can be fetched as a model", url)
        .hint("for a repository write hf:ORG/NAME");
  HubModel model{.source = "", .name = path.substr(0, path.size() - 5), .files = {}};
  model.files.push_back({.path = path, .source = {}});
  model.files[0].source.url = url;
  for (const char c : o.sha256) model.files[0].source.sha256 += char(std::tolower(static_cast<unsigned char>(c)));
  return model;
}
}  // namespace

bool is_safe_relative_path(const std::string& path) {
  if (path.empty() || path.size() > 512) return false;
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(at, end - at);
    if (part.empty() || part[0] == '.' || part.size() > 200) return false;
    if (std::ranges::any_of(part, [](unsigned char c) { return c < 32 || c == 127 || c == '\\' || c == ':'; }))
      return false;
    at = end + 1;
  }
  return true;
}

bool is_hub_reference(const std::string& text) {
  return std::ranges::any_of(std::array{"hf:", "ms:", "ollama:", "http://", "https://"},
                             [&](const char* start) { return text.starts_with(start); });
}

HubModel find_on_hub(const std::string& reference, const HubOptions& options) {
  const auto answer = [&]() -> HubModel {
    if (reference.starts_with("hf:"))
      return from_hugging_face(parse_repository("hf", reference.substr(3), reference), options);
    if (reference.starts_with("ms:"))
      return from_model_scope(parse_repository("ms", reference.substr(3), reference), options);
    if (reference.starts_with("ollama:")) return from_ollama(reference.substr(7), reference, options);
    if (reference.starts_with("http://") || reference.starts_with("https://")) return from_address(reference, options);
    refuse(reference);
  };
  HubModel model = answer();
  model.source = reference;
  return model;
}

}  // namespace quern
