// SPDX-License-Identifier: MIT
// quern_goldens DIR [globs]: checks every case below DIR whose name matches one of the comma-separated globs.
// One line per case, `PASS|FAIL|SKIP case max_error tolerance [note]`, then the counts. Exit status 1 after a FAIL or
// when nothing matched, 2 when DIR cannot be read.

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "golden.h"

namespace quern::goldens {
namespace {

Area nothing_yet(const std::string& folder, std::function<bool(const fs::path&)> is_case) {
  return {folder, std::move(is_case), [](const fs::path&) -> Outcome { throw not_yet("nothing of this exists yet"); }};
}

std::vector<Area> all_areas() {
  return {models_area(),         training_area(),   losses_area(),
          sampling_area(),       tokenizers_area(), nothing_yet("rnn", is_safetensors),
          chat_templates_area(), quants_area(),     gguf_models_area()};
}

bool matches(const std::string& name, const std::vector<std::string>& globs) {
  if (globs.empty()) return true;
  return std::ranges::any_of(globs, [&](const std::string& glob) {
    if (fnmatch(glob.c_str(), name.c_str(), 0) == 0) return true;
    // A plain word also names a case by its last part.
    return glob.find_first_of("/*?[") == std::string::npos && name.ends_with("/" + glob);
  });
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string part = text.substr(begin, end - begin);
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    if (!part.empty()) parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

Outcome run_case(const Area& area, const fs::path& base) {
  try {
    return area.check(base);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::Unsupported) return {Outcome::Status::Skip, 0, 0, e.message()};
    return {Outcome::Status::Fail, 0, 0, e.message()};
  } catch (const std::exception& e) {
    return {Outcome::Status::Fail, 0, 0, e.what()};
  }
}

void print(const std::string& name, const Outcome& o) {
  std::string note = o.note;
  std::ranges::replace(note, '\n', ' ');
  switch (o.status) {
    case Outcome::Status::Skip:
      fmt::print("SKIP {} - - {}\n", name, note);
      break;
    case Outcome::Status::Pass:
      fmt::print("PASS {} {:.3g} {:.3g}\n", name, o.max_error, o.tolerance);
      break;
    case Outcome::Status::Fail:
      fmt::print("FAIL {} {:.3g} {:.3g} {}\n", name, o.max_error, o.tolerance, note);
      break;
  }
  std::fflush(stdout);
}

int run(const fs::path& dir, const std::vector<std::string>& globs) {
  if (!fs::is_directory(dir)) {
    fmt::print(stderr, "{}: no such folder\n", dir.string());
    return 2;
  }
  const std::vector<Area> areas = all_areas();
  std::map<std::string, const Area*> cases;  // name -> who checks it
  for (const Area& area : areas) {
    if (!fs::is_directory(dir / area.folder)) continue;
    for (const auto& entry : fs::directory_iterator(dir / area.folder)) {
      if (!area.is_case(entry.path())) continue;
      const bool folder = fs::is_directory(entry.path());
      const std::string leaf = (folder ? entry.path().filename() : entry.path().stem()).string();
      const std::string name = area.folder + "/" + leaf;
      if (matches(name, globs)) cases[name] = &area;
    }
  }
  int counts[3] = {0, 0, 0};
  for (const auto& [name, area] : cases) {
    const Outcome outcome = run_case(*area, dir / name);
    ++counts[int(outcome.status)];
    print(name, outcome);
  }
  if (cases.empty()) fmt::print("no case below {} matches\n", dir.string());
  fmt::print("{} passed, {} failed, {} skipped\n", counts[0], counts[1], counts[2]);
  return cases.empty() || counts[1] > 0 ? 1 : 0;
}

}  // namespace
}  // namespace quern::goldens

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3 || !*argv[1]) {
    fmt::print(stderr, "usage: quern_goldens DIR [glob,glob]\n");
    return 2;
  }
  try {
    return quern::goldens::run(argv[1], quern::goldens::split(argc > 2 ? argv[2] : ""));
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
}
