// SPDX-License-Identifier: MIT
#include "formats/model_path.h"

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "base/terminal.h"
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
      throw std::move(error).hint("give a folder with config.json and model.safetensors, or a run's folder");
    throw std::move(error).hint("the nearest run here is runs/{}", nearest(path.filename().string(), runs));
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
  if (!fs::is_directory(path))
    throw Error(ErrorKind::InvalidArgument, "{} is a file; a model is a folder", path.string())
        .hint("give the folder that holds config.json and model.safetensors");
  throw Error(ErrorKind::NotFound, "{}: neither config.json nor checkpoints/ is in there", path.string())
      .hint("give a folder with config.json and model.safetensors, or a run's folder");
}

}  // namespace quern
