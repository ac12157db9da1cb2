// SPDX-License-Identifier: MIT
#pragma once
// For the tests of this layer: gzip files, whole corpora, the shared data.

#include <zlib.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "data/reader.h"

namespace quern {

inline void write_gzip(const fs::path& path, std::string_view text) {
  gzFile file = gzopen(path.c_str(), "wb6");
  QUERN_CHECK(file, "can't create {}", path.string());
  for (size_t at = 0; at < text.size(); at += 1 << 20)
    gzwrite(file, text.data() + at, unsigned(std::min<size_t>(1 << 20, text.size() - at)));
  gzclose(file);
}

inline std::vector<Document> read_all(Corpus& corpus) {
  std::vector<Document> out;
  Document document;
  while (corpus.next(document)) out.push_back(document);
  return out;
}

// The folder of shared data, empty when it is not there.
inline fs::path shared_data(const char* inside) {
  const char* given = std::getenv("QUERN_SHARED");
  for (const fs::path& root : {fs::path(given ? given : ""), fs::path(__FILE__).parent_path() / "../../../shared"})
    if (!root.empty() && fs::exists(root / inside)) return root / inside;
  return "";
}

}  // namespace quern
