// SPDX-License-Identifier: MIT
// What a corpus was like, in words.
#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/terminal.h"
#include "data/language.h"
#include "data/reader.h"

namespace quern {

std::string CorpusStats::languages() const {
  static constexpr const char* kNames[kNumScripts] = {"Latin",  "Han",   "Kana",       "Hangul", "Cyrillic",
                                                      "Arabic", "Greek", "Devanagari", "other"};
  int64_t total = 0;
  for (int64_t n : letters) total += n;
  if (total == 0) return "no letters";
  std::vector<int> order;
  for (int s = 0; s < kNumScripts; ++s) order.push_back(s);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return letters[size_t(a)] > letters[size_t(b)]; });
  std::string out;
  for (int s : order) {
    const double share = 100.0 * double(letters[size_t(s)]) / double(total);
    if (share < 0.5) break;
    out += fmt::format("{}{} {:.0f} %", out.empty() ? "" : ", ", kNames[s], share);
  }
  return out;
}

std::string CorpusStats::main_language() const {
  int64_t total = 0;
  for (int64_t n : letters) total += n;
  if (total == 0) return "unknown";
  const auto share = [&](Script s) { return double(letters[size_t(s)]) / double(total); };
  if (share(Kana) > 0.1) return "ja";
  if (share(Han) > 0.4) return "zh";
  if (share(Hangul) > 0.4) return "ko";
  if (share(Cyrillic) > 0.5) return "ru";
  if (share(Arabic) > 0.5) return "ar";
  if (share(Greek) > 0.5) return "el";
  if (share(Devanagari) > 0.5) return "hi";
  if (share(Latin) > 0.5 && !small_words.empty()) {
    size_t best = 0;
    for (size_t k = 1; k < small_words.size(); ++k)
      if (small_words[k] > small_words[best]) best = k;
    if (small_words[best] > 0) return std::string(latin_language_code(best));
  }
  return "unknown";
}

std::string CorpusStats::report() const {
  std::string out = fmt::format("{} in {} {}: {} of text ({} on disk), {}\n", format_count(double(documents)), files,
                                files == 1 ? "file" : "files", format_size(bytes), format_size(raw_bytes), languages());
  if (validation_bytes > 0)
    out += fmt::format("held out for validation: {} ({:.1f} %)\n", format_size(validation_bytes),
                       100.0 * double(validation_bytes) / double(std::max<uint64_t>(1, bytes)));
  std::string mended, skipped;
  const auto count = [](std::string& list, int64_t n, const char* what) {
    if (n > 0) list += fmt::format("{}{} {}", list.empty() ? "" : ", ", n, what);
  };
  count(mended, boms, "byte order marks");
  count(mended, crlf_lines, "CRLF or CR line ends");
  count(mended, nul_bytes, "NUL bytes");
  count(mended, invalid_utf8, "broken UTF-8 sequences (now U+FFFD)");
  count(mended, control_characters, "control characters");
  count(mended, long_lines, "overlong lines");
  count(mended, recoded_files, "files recoded to UTF-8");
  count(mended, boilerplate, "licence or front-matter blocks cut off");
  count(skipped, empty_documents, "empty documents");
  count(skipped, duplicates, "duplicates");
  count(skipped, binary_files, "binary files");
  count(skipped, unknown_files, "files of other types");
  count(skipped, bad_rows, "bad rows");
  count(skipped, damaged_files, "damaged files");
  count(skipped, oversized, "oversized pages or rows");
  count(skipped, links_skipped, "links leading in circles");
  if (!mended.empty()) out += "mended: " + mended + "\n";
  if (!skipped.empty()) out += "left out: " + skipped + "\n";
  for (const std::string& note : notes) out += "  " + note + "\n";
  return out;
}

}  // namespace quern
