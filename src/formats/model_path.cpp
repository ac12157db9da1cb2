// SPDX-License-Identifier: MIT
#include "formats/model_path.h"

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "base/terminal.h"
#include "formats/gguf.h"
#include "formats/hf_folder.h"
#include "formats/safetensors.h"
#include "formats/store.h"

namespace quern {

namespace {
// Steps are zero-padded, so that names sort as numbers do; a longer number is larger.
bool newer(const fs::path& a, const fs::path& b) {
  const std::string x = a.filename().string(), y = b.filename().string();
  return x.size() != y.size() ? x.size() > y.size() : x > y;
}

bool is_step(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

// The header of the weights is checked against the file's size, so a file that was cut is noticed.
bool opens(const fs::path& folder) {
  try {
    read_model_config(folder);
    SafetensorsModel::open(folder);
    return true;
  } catch (const Error& e) {
    warn(fmt::format("checkpoint passed over: {}", e.message()));
    return false;
  }
}

// A folder that is no model of its own but holds one as GGUF: the file, or the first part of a split one.
fs::path only_gguf_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool later_part = name.find("-of-") != std::string::npos && name.find("-00001-of-") == std::string::npos;
    if (name.ends_with(".gguf") && !name.starts_with("mmproj") && !later_part) found.push_back(entry.path());
  }
  if (found.size() > 1)
    throw Error(ErrorKind::InvalidArgument, "{}: holds {} GGUF models", folder.string(), found.size())
        .hint("name one of them, as {}", std::ranges::min(found).string());
  return found.empty() ? fs::path{} : found[0];
}

// What a file is that is no GGUF, by its name.
[[noreturn]] void refuse_file(const fs::path& path) {
  const std::string ending = path.extension().string();
  if (ending == ".bin" || ending == ".pt" || ending == ".pth" || ending == ".pkl" || ending == ".ckpt")
    throw Error(ErrorKind::Unsupported, "{}: is pickled, and a pickle can run any code when it is read", path.string())
        .hint("take the safetensors or GGUF version of this model");
  if (ending == ".safetensors")
    throw Error(ErrorKind::InvalidArgument, "{}: holds weights only; a model needs its config.json too", path.string())
        .hint("give the folder that holds both");
  throw Error(ErrorKind::InvalidArgument, "{}: a model is a folder or a GGUF file, and this is neither", path.string())
      .hint("give the folder that holds config.json and model.safetensors");
}

bool is_run(const fs::path& folder) { return fs::is_directory(folder / "checkpoints"); }
}  // namespace

std::vector<fs::path> valid_checkpoints(const fs::path& run) {
  std::vector<fs::path> found, valid;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(run / "checkpoints", ignored))
    if (entry.is_directory() && is_step(entry.path().filename().string())) found.push_back(entry.path());
  std::ranges::sort(found, newer);
  std::ranges::copy_if(found, std::back_inserter(valid), opens);
  return valid;
}

fs::path run_folder_of(const fs::path& folder) {
  if (is_run(folder)) return folder;
  const fs::path parent = fs::absolute(folder).lexically_normal().parent_path();
  return parent.filename() == "checkpoints" ? parent.parent_path() : fs::path{};
}

fs::path resolve_model_path(const std::string& argument) {
  std::string name = argument;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  fs::path path = name;
  if (!fs::exists(path) && !path.is_absolute() && fs::exists("runs" / path)) path = "runs" / path;
  if (!fs::exists(path)) {
    if (const auto stored = stored_model_path(name)) return *stored;
    std::vector<std::string> runs;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("runs", ignored))
      if (entry.is_directory()) runs.push_back(entry.path().filename().string());
    std::ranges::sort(runs);
    Error error(ErrorKind::NotFound, "{}: no such model or run", argument);
    if (runs.empty())
      throw std::move(error).hint(
          "give a GGUF file, a folder with config.json and model.safetensors, or a run's folder");
    throw std::move(error).hint("the nearest run here is runs/{}", nearest(path.filename().string(), runs));
  }
  if (fs::is_regular_file(path)) {
    if (!looks_like_gguf(path)) refuse_file(path);
    return path;
  }
  if (fs::exists(path / "config.json")) return path;
  if (is_run(path)) {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(path / "checkpoints", ignored))
      if (entry.is_directory() && is_step(entry.path().filename().string())) found.push_back(entry.path());
    std::ranges::sort(found, newer);
    const auto whole = std::ranges::find_if(found, opens);
    if (whole != found.end()) return *whole;
    throw Error(ErrorKind::NotFound, "{}: this run has no whole checkpoint yet", path.string());
  }
  if (const fs::path file = only_gguf_in(path); !file.empty()) return file;
  throw Error(ErrorKind::NotFound, "{}: neither config.json nor checkpoints/ is in there", path.string())
      .hint("give a GGUF file, a folder with config.json and model.safetensors, or a run's folder");
}

}  // namespace quern
