// SPDX-License-Identifier: MIT
#include "formats/fingerprint.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "formats/gguf.h"

namespace quern {

namespace {
constexpr size_t kMiB = size_t{1} << 20, kWholeFile = 64 * kMiB, kSample = 4096;

std::string file_fingerprint(const fs::path& path) {
  if (fs::file_size(path) == 0) return "empty";
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (bytes.size() <= kWholeFile) return content_hash(bytes);
  std::string all = content_hash(bytes.first(kMiB)) + content_hash(bytes.last(kMiB));
  for (size_t at = kMiB; at + kSample < bytes.size(); at += kMiB) all += content_hash(bytes.subspan(at, kSample));
  return content_hash(all);
}

bool counts(const fs::path& file) {
  static const std::vector<std::string> endings = {".safetensors", ".json", ".gguf", ".model", ".jinja", ".tiktoken"};
  return file.filename() != "lineage.json" && std::ranges::find(endings, file.extension().string()) != endings.end();
}
}  // namespace

std::string model_fingerprint(const fs::path& path) {
  std::vector<fs::path> files;
  if (!fs::is_directory(path)) {
    files = GgufFile::open(path).parts();
  } else {
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.is_regular_file() && counts(entry.path())) files.push_back(entry.path());
    std::ranges::sort(files);
  }
  std::string all;
  for (const fs::path& file : files)
    all += fmt::format("{}:{}:{}\n", fs::is_directory(path) ? file.filename().string() : "", fs::file_size(file),
                       file_fingerprint(file));
  return content_hash(all);
}

}  // namespace quern
