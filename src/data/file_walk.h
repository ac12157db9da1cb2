// SPDX-License-Identifier: MIT
#pragma once
// Which files a corpus consists of, in an order that does not depend on the file system.

#include <filesystem>
#include <string>
#include <vector>

#include "data/reader.h"

namespace quern {

struct InputFile {
  enum Kind { Text, Markdown, Jsonl, Html } kind = Text;
  std::filesystem::path path;
  uint64_t size = 0;  // as stored
};

// Folders are walked recursively, sorted by path; symbolic links are followed unless they lead to a folder that is
// being or was walked; hidden files and what is no regular file are passed over. A file named directly is taken as text
// whatever its ending. Counts unknown_files and links_skipped. Throws NotFound or Io.
std::vector<InputFile> collect_files(const std::vector<std::filesystem::path>& paths, CorpusStats& stats);

}  // namespace quern
