// SPDX-License-Identifier: MIT
// Which kind of file a tokenizer is in.
#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "text/sentencepiece.h"
#include "text/tiktoken.h"
#include "text/tokenizer.h"
#include "text/tokenizer_extras.h"

namespace quern {
namespace {

// The files of a folder that could be its tokenizer, the likeliest first; only when there is none with a usual name,
// all that end like one.
std::vector<fs::path> tokenizer_files(const fs::path& folder) {
  for (const char* name : {"tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}) {
    if (fs::exists(folder / name)) return {folder / name};
  }
  std::vector<fs::path> others;
  if (!fs::is_directory(folder)) return others;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".model" || extension == ".tiktoken") others.push_back(entry.path());
  }
  std::sort(others.begin(), others.end());
  return others;
}

fs::path tokenizer_in_folder(const fs::path& folder) {
  const std::vector<fs::path> files = tokenizer_files(folder);
  if (files.size() == 1) return files[0];
  if (files.empty()) {
    throw Error(ErrorKind::NotFound, "{}: there is no tokenizer.json in this folder", folder.string())
        .hint("a SentencePiece .model or a .tiktoken file serves as well");
  }
  throw Error(ErrorKind::InvalidArgument, "{}: several files could be the tokenizer, as {} and {}", folder.string(),
              files[0].filename().string(), files[1].filename().string())
      .hint("name the file");
}

}  // namespace

bool Tokenizer::exists_in(const std::filesystem::path& folder) { return tokenizer_files(folder).size() == 1; }

Tokenizer Tokenizer::load(const std::filesystem::path& file_or_folder) {
  const fs::path file = fs::is_directory(file_or_folder) ? tokenizer_in_folder(file_or_folder) : file_or_folder;
  const std::string bytes = read_file(file), where = file.string();
  const size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  // A message of SentencePiece's begins with a line feed, which is the tag of its first field.
  const bool is_json = file.extension() == ".json" || (first != std::string::npos && bytes[first] == '{' &&
                                                       first < 16 && file.extension() != ".model");
  if (is_json) return from_json(bytes, where);
  const TokenizerExtras extras = read_tokenizer_extras(file.parent_path());
  if (looks_like_tiktoken(bytes)) {
    std::string name = file.stem().string();
    if (name == "tokenizer") name = "llama3";  // tokenizer.model of Llama 3 is such a file
    return read_tiktoken(bytes, name, where, extras);
  }
  if (file.extension() == ".model") return read_sentencepiece(bytes, where, extras);
  return from_json(bytes, where);
}

}  // namespace quern
