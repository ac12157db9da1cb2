// SPDX-License-Identifier: MIT
// Any bytes as a text, Markdown, JSON lines, HTML or conversation file (the first byte says which), plain or gzip:
// documents of valid UTF-8, or an Error.

#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "data/chat_reader.h"
#include "data/document_source.h"
#include "data/stock_clean.h"
#include "data/text_instruct.h"
#include "text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace quern;
  if (size < 1) return 0;
  static const int fd = memfd_create("text", 0);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, data + 1, size - 1, 0) != ssize_t(size - 1)) return 0;
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  try {
    if (data[0] % 6 == 4) {
      for (const Conversation& chat : read_conversations(path))
        for (const Turn& turn : chat.turns)
          if (!is_valid_utf8(turn.content)) __builtin_trap();
      return 0;
    }
    if (data[0] % 6 == 5) {
      const std::string text = to_valid_utf8({reinterpret_cast<const char*>(data) + 1, size - 1});
      dictd_entries(text);
      wordnet_senses(text);
      fortune_sayings(text);
      prose_only(text);
      return 0;
    }
    const CorpusOptions options{.max_part_bytes = 64, .max_line_bytes = 256, .max_html_bytes = 1 << 16};
    CorpusStats stats;
    const auto source =
        open_document_source({.kind = InputFile::Kind(data[0] % 6), .path = path, .size = size - 1}, options, stats);
    DocumentPiece piece;
    while (source->next(piece)) {
      if (!is_valid_utf8(piece.text)) __builtin_trap();
      instructions_from_documents({{.text = piece.text}}, {.pairs_per_kilobyte = 20});
    }
    stats.report();
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::Internal) __builtin_trap();
  }
  return 0;
}
