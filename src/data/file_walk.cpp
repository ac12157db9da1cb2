// SPDX-License-Identifier: MIT
#include "data/file_walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"

namespace quern {

namespace fs = std::filesystem;

namespace {

std::optional<InputFile::Kind> kind_of(const fs::path& path) {
  std::string name = path.filename().string();
  for (char& c : name) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  for (std::string_view end : {".txt", ".text"})
    if (name.ends_with(end)) return InputFile::Text;
  for (std::string_view end : {".md", ".markdown"})
    if (name.ends_with(end)) return InputFile::Markdown;
  for (std::string_view end : {".jsonl", ".ndjson"})
    if (name.ends_with(end)) return InputFile::Jsonl;
  for (std::string_view end : {".html", ".htm", ".xhtml"})
    if (name.ends_with(end)) return InputFile::Html;
  return std::nullopt;
}

class Walk {
 public:
  Walk(CorpusStats& stats, std::vector<InputFile>& files) : stats_(stats), files_(files) {}

  void folder(const fs::path& path, int depth) {
    struct stat info{};
    if (depth > 100 || ::stat(path.c_str(), &info) != 0 || !visited_.insert({info.st_dev, info.st_ino}).second) {
      ++stats_.links_skipped;
      return;
    }
    std::vector<fs::path> entries;
    std::error_code ec;
    for (fs::directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec)) entries.push_back(it->path());
    if (ec) throw Error(ErrorKind::Io, "{}: can't list the folder: {}", path.string(), ec.message());
    std::sort(entries.begin(), entries.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    for (const fs::path& entry : entries) {
      if (entry.filename().native().starts_with('.')) continue;
      if (::stat(entry.c_str(), &info) != 0) {
        ++stats_.links_skipped;  // a link to nothing
      } else if (S_ISDIR(info.st_mode)) {
        folder(entry, depth + 1);
      } else if (S_ISREG(info.st_mode)) {
        const auto kind = kind_of(entry);
        if (kind)
          files_.push_back({.kind = *kind, .path = entry, .size = uint64_t(info.st_size)});
        else
          ++stats_.unknown_files;
      }
    }
  }

 private:
  CorpusStats& stats_;
  std::vector<InputFile>& files_;
  std::set<std::pair<dev_t, ino_t>> visited_;
};

}  // namespace

std::vector<InputFile> collect_files(const std::vector<fs::path>& paths, CorpusStats& stats) {
  std::vector<InputFile> files;
  Walk walk(stats, files);
  for (const fs::path& path : paths) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) throw Error(ErrorKind::NotFound, "{}: no such file or folder", path.string());
    if (S_ISDIR(info.st_mode))
      walk.folder(path, 0);
    else if (S_ISREG(info.st_mode))
      files.push_back({.kind = kind_of(path).value_or(InputFile::Text), .path = path, .size = uint64_t(info.st_size)});
    else
      throw Error(ErrorKind::InvalidArgument, "{}: neither a file nor a folder", path.string());
  }
  return files;
}

}  // namespace quern
