// SPDX-License-Identifier: MIT
#include "data/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "data/test_files.h"

namespace quern {
namespace {

CorpusOptions unsplit() { return {.validation_fraction = 0}; }

std::string text_of_file(const std::string& bytes, CorpusStats* stats = nullptr, const char* name = "a.txt",
                         CorpusOptions options = unsplit()) {
  const TemporaryDirectory dir;
  write_file(dir.path() / name, bytes);
  Corpus corpus = open_corpus(dir.path(), options);
  std::string out;
  for (const Document& d : read_all(corpus)) out += d.text;
  if (stats) *stats = corpus.stats();
  return out;
}

TEST(Reader, MendsAndCountsWhatIsWrongWithAText) {
  CorpusStats stats;
  const std::string nul(1, '\0');
  EXPECT_EQ(text_of_file("\xEF\xBB\xBF"
                         "one\r\ntwo\rthree" +
                             nul + "four\aLive\xC2\x85six\x80\xE4\xB8seven\n",
                         &stats),
            "one\ntwo\nthreefourLivesix\xEF\xBF\xBD\xEF\xBF\xBDseven\n");
  EXPECT_EQ(stats.boms, 1);
  EXPECT_EQ(stats.crlf_lines, 2);
  EXPECT_EQ(stats.nul_bytes, 1);
  EXPECT_EQ(stats.control_characters, 2);
  EXPECT_EQ(stats.invalid_utf8, 2);
  const std::string report = stats.report();
  for (const char* word : {"byte order mark", "CRLF", "NUL", "U+FFFD", "control"})
    EXPECT_NE(report.find(word), report.npos);
}

TEST(Reader, ReplacesEachMaximalBadPartOnce) {
  // Unicode 15, section 3.9, tables 3-8 to 3-11.
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(text_of_file("a\xC0\xAF\xE0\x80\xBF\xF0\x81\x82"
                         "Az"),
            "a" + r + r + r + r + r + r + r + r + "Az");
  EXPECT_EQ(text_of_file("\xED\xA0\x80\xED\xBF\xBF\xED\xAF"
                         "Az"),
            r + r + r + r + r + r + r + r + "Az");
  EXPECT_EQ(text_of_file("\xF4\x91\x92\x93\xFF"
                         "A\x80\xBF"
                         "z"),
            r + r + r + r + r + "A" + r + r + "z");
  EXPECT_EQ(text_of_file("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
                         "Az\xE4\xB8"),
            r + r + r + r + "Az" + r);
}

TEST(Reader, CleaningDoesNotDependOnHowTheBytesArrive) {
  // Longer than the chunks in which files are read, with something to mend at every place.
  std::string bytes, want;
  for (int i = 0; i < 20000; ++i) {
    bytes += "\xE7\xA3\xA8\r\n\xF0\x9F\x8C\xBE" + std::string(size_t(i % 7), 'x');
    want += "\xE7\xA3\xA8\n\xF0\x9F\x8C\xBE" + std::string(size_t(i % 7), 'x');
  }
  EXPECT_EQ(text_of_file(bytes), want);
}

TEST(Reader, ReadsEveryFormatAlsoPacked) {
  const TemporaryDirectory dir;
  const std::string page =
      "<html><head><title>T</title><script>var x;</script></head><body><nav><a href=x>Home</a></nav>"
      "<p>A page about mills, their stones and their wheels, long enough to be read.</p></body></html>";
  const std::vector<std::pair<std::string, std::string>> files = {{"a.txt", "text a"},
                                                                  {"b.md", "---\ntitle: x\n---\n# Head\n"},
                                                                  {"c.jsonl", "{\"text\": \"row c\"}\n"},
                                                                  {"d.html", page}};
  fs::create_directories(dir.path() / "sub");
  for (const auto& [name, text] : files) {
    write_file(dir.path() / name, text);
    std::string other = text;  // not a duplicate
    for (std::string_view word : {"text a", "Head", "row c", "mills"})
      if (const size_t at = other.find(word); at != other.npos) other[at] = 'e';
    write_gzip(dir.path() / "sub" / (name + ".gz"), other);
  }
  write_file(dir.path() / "picture.png", "\x89PNG");
  write_file(dir.path() / ".hidden.txt", "hidden");
  Corpus corpus = open_corpus(dir.path(), unsplit());
  std::vector<std::string> texts;
  for (const Document& d : read_all(corpus)) texts.push_back(d.text);
  ASSERT_EQ(texts.size(), 8u);
  EXPECT_EQ(texts[0], "text a");
  EXPECT_EQ(texts[1], "# Head\n");
  EXPECT_EQ(texts[2], "row c");
  EXPECT_NE(texts[3].find("about mills"), std::string::npos);
  EXPECT_EQ(texts[3].find("Home"), std::string::npos);
  EXPECT_EQ(texts[5], "# eead\n");
  EXPECT_EQ(corpus.stats().unknown_files, 1);
  EXPECT_EQ(corpus.stats().boilerplate, 2);
}

TEST(Reader, LeavesOutEmptyDuplicateAndBinaryFiles) {
  const TemporaryDirectory dir;
  write_file(dir.path() / "a.txt", "the same");
  write_file(dir.path() / "b.txt", "the same");
  write_file(dir.path() / "c.txt", " \n\t\n");
  write_file(dir.path() / "d.txt", "");
  write_file(dir.path() / "e.txt", std::string(5000, '\x01'));
  write_file(dir.path() / "f.txt", "%PDF-1.4 and so on");
  Corpus corpus = open_corpus(dir.path(), unsplit());
  EXPECT_EQ(read_all(corpus).size(), 1u);
  EXPECT_EQ(corpus.stats().duplicates, 1);
  EXPECT_EQ(corpus.stats().empty_documents, 2);
  EXPECT_EQ(corpus.stats().binary_files, 2);
}

TEST(Reader, NamesTheLinesOfBadRows) {
  CorpusStats stats;
  EXPECT_EQ(text_of_file("{\"text\": \"one\"}\n{\"text\": \n\n[1,2]\n{\"id\": 7}\n{\"content\": \"two\"}\n" +
                             std::string(500, '['),
                         &stats, "a.jsonl"),
            "onetwo");
  EXPECT_EQ(stats.bad_rows, 4);
  ASSERT_EQ(stats.notes.size(), 4u);
  EXPECT_NE(stats.notes[0].find("a.jsonl:2"), std::string::npos);
  EXPECT_NE(stats.notes[1].find("a.jsonl:4"), std::string::npos);
}

TEST(Reader, CountsTheByteOrderMarkOfJsonToo) {
  CorpusStats stats;
  EXPECT_EQ(text_of_file("\xEF\xBB\xBF{\"text\": \"one\"}\r\n{\"text\": \"two\"}\r\n", &stats, "a.jsonl"), "onetwo");
  EXPECT_EQ(stats.boms, 1);
}

TEST(Reader, TakesTheTextFieldThatTheUserNames) {
  CorpusOptions options = unsplit();
  options.json_fields = {"lyrics"};
  EXPECT_EQ(text_of_file("{\"text\": \"no\", \"lyrics\": [\"la\", \"lo\"]}\n", nullptr, "a.jsonl", options), "la\nlo");
}

TEST(Reader, EscapesInJsonCannotSmuggleInControlsOrLoneSurrogates) {
  CorpusStats stats;
  const std::string text =
      text_of_file("{\"text\": \"a\\u0000b\\u0001c\"}\n{\"text\": \"\\ud800\"}\n", &stats, "a.jsonl");
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(stats.bad_rows, 1);
}

TEST(Reader, AZipBombIsDamageNotADisaster) {
  const TemporaryDirectory dir;
  write_gzip(dir.path() / "bomb.txt.gz", std::string(size_t{24} << 20, 'a'));
  write_gzip(dir.path() / "bomb.jsonl.gz", "{\"text\": \"" + std::string(size_t{24} << 20, 'a') + "\"}");
  write_gzip(dir.path() / "bomb.html.gz", std::string(size_t{24} << 20, 'a'));
  write_file(dir.path() / "good.txt", "good");
  CorpusOptions options = unsplit();
  options.max_line_bytes = 1 << 20;
  Corpus corpus = open_corpus(dir.path(), options);
  uint64_t bytes = 0;
  for (const Document& d : read_all(corpus)) bytes += d.text.size();
  EXPECT_LT(bytes, uint64_t{14} << 20);  // 200 times the packed size and a little
  EXPECT_GE(corpus.stats().damaged_files, 2);
}

TEST(Reader, ATruncatedArchiveGivesWhatCanBeReadAndIsCounted) {
  const TemporaryDirectory dir;
  std::string text;
  for (int i = 0; i < 50000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  write_gzip(dir.path() / "a.txt.gz", text);
  const std::string packed = read_file(dir.path() / "a.txt.gz");
  write_file(dir.path() / "a.txt.gz", packed.substr(0, packed.size() / 2));
  write_file(dir.path() / "b.txt.gz", packed.substr(0, 5));
  Corpus corpus = open_corpus(dir.path(), unsplit());
  const auto documents = read_all(corpus);
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_GT(documents[0].text.size(), text.size() / 4);
  EXPECT_TRUE(text.starts_with(documents[0].text));
  EXPECT_EQ(corpus.stats().damaged_files, 2);
}

TEST(Reader, LinksThatLeadInCirclesEnd) {
  const TemporaryDirectory dir;
  fs::create_directories(dir.path() / "a/b");
  write_file(dir.path() / "a/x.txt", "x");
  fs::create_directory_symlink(dir.path(), dir.path() / "a/b/up");
  fs::create_symlink("nowhere", dir.path() / "a/dangling.txt");
  fs::create_symlink("x.txt", dir.path() / "a/y.txt");
  ASSERT_EQ(::mkfifo((dir.path() / "pipe.txt").c_str(), 0600), 0);
  Corpus corpus = open_corpus(dir.path(), unsplit());
  EXPECT_EQ(read_all(corpus).size(), 1u);
  EXPECT_EQ(corpus.stats().duplicates, 1);
  EXPECT_EQ(corpus.stats().links_skipped, 2);
}

TEST(Reader, ALongDocumentComesInPartsThatMakeTheWhole) {
  const TemporaryDirectory dir;
  std::string text;
  for (int i = 0; text.size() < 300000; ++i) text += "Zeile " + std::to_string(i) + " \xE7\xA3\xA8\xE5\x9D\x8A\n";
  text += std::string(50000, 'x');  // no line end to cut at
  write_file(dir.path() / "long.txt", text);
  write_gzip(dir.path() / "long_again.txt.gz", text);
  for (double fraction : {0.0, 0.1}) {
    CorpusOptions options{.validation_fraction = fraction, .max_part_bytes = 10000};
    Corpus corpus = open_corpus(dir.path() / "long.txt", options);
    std::string all, train;
    int ends = 0;
    for (const Document& d : read_all(corpus)) {
      EXPECT_LE(d.text.size(), 10000u);
      EXPECT_EQ(d.offset, all.size());
      EXPECT_EQ(d.line, 1 + std::count(all.begin(), all.end(), '\n'));
      all += d.text;
      if (d.split == DocumentSplit::Train) train += d.text;
      ends += !d.continues;
    }
    EXPECT_EQ(all, text);
    EXPECT_EQ(ends, fraction > 0 ? 2 : 1);
    EXPECT_NEAR(double(train.size()), double(text.size()) * (1 - fraction), 4);
    EXPECT_EQ(corpus.stats().documents, 1);
  }
  Corpus both = open_corpus(dir.path(), {.max_part_bytes = 10000});
  read_all(both);
  EXPECT_EQ(both.stats().duplicates, 1);
}

TEST(Reader, OverlongLinesAreBrokenInTextAndSkippedInJson) {
  CorpusStats stats;
  CorpusOptions options = unsplit();
  options.max_line_bytes = 1000;
  const std::string text = text_of_file(std::string(2500, 'x') + "\ny\n", &stats, "a.txt", options);
  EXPECT_EQ(text, std::string(1000, 'x') + "\n" + std::string(1000, 'x') + "\n" + std::string(500, 'x') + "\ny\n");
  EXPECT_EQ(stats.long_lines, 2);
  EXPECT_EQ(
      text_of_file("{\"text\": \"" + std::string(300000, 'x') + "\"}\n{\"text\": \"y\"}\n", &stats, "a.jsonl", options),
      "y");
  EXPECT_EQ(stats.oversized, 1);
}

TEST(Reader, TheSplitOfOneTextIsItsEndToTheByte) {
  const TemporaryDirectory dir;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += char('a' + i % 26);
  write_file(dir.path() / "a.txt", text);
  Corpus corpus = open_corpus(dir.path(), {.validation_fraction = 0.1});
  const auto documents = read_all(corpus);
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[0].text, text.substr(0, 900));
  EXPECT_EQ(documents[1].split, DocumentSplit::Validation);
  EXPECT_EQ(documents[1].offset, 900u);
}

TEST(Reader, TheSplitOfManyDocumentsHoldsTheShareAndGoesByContent) {
  const TemporaryDirectory dir;
  const auto held_out = [&](int from, int to) {
    std::string rows;
    for (int i = from; i < to; ++i) rows += "{\"text\": \"document number " + std::to_string(i) + "\"}\n";
    write_file(dir.path() / "a.jsonl", rows);
    Corpus corpus = open_corpus(dir.path(), {.validation_fraction = 0.1});
    std::set<std::string> out;
    for (const Document& d : read_all(corpus))
      if (d.split == DocumentSplit::Validation) out.insert(d.text);
    return out;
  };
  const auto first = held_out(0, 1000), second = held_out(0, 1010);
  EXPECT_NEAR(double(first.size()), 100, 2);
  EXPECT_EQ(first, held_out(0, 1000));
  std::vector<std::string> common;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(), std::back_inserter(common));
  EXPECT_GT(common.size(), 95u);  // ten more documents move the border a little, not the order
}

TEST(Reader, FewRowsStillGiveAValidationPart) {
  CorpusStats stats;
  text_of_file("{\"text\": \"one two three four five\"}\n{\"text\": \"six seven eight nine ten\"}\n", &stats, "a.jsonl",
               {.validation_fraction = 0.2});
  EXPECT_GT(stats.validation_bytes, 0u);
  EXPECT_GT(stats.train_bytes, stats.validation_bytes);
}

TEST(Reader, ChineseInGb18030AndUtf16BecomesUtf8) {
  CorpusStats stats;
  // "磨坊里的石磨转了一整天，面粉落在袋子里。" in GBK, repeated until there is no doubt.
  std::string gbk, want;
  for (int i = 0; i < 10; ++i) {
    gbk += "\xC4\xA5\xB7\xBB\xC0\xEF\xB5\xC4\xCA\xAF\xC4\xA5\xD7\xAA\xC1\xCB\xD2\xBB\xD5\xFB\xCC\xEC\xA3\xAC\n";
    want += "磨坊里的石磨转了一整天，\n";
  }
  EXPECT_EQ(text_of_file(gbk, &stats), want);
  EXPECT_EQ(stats.recoded_files, 1);
  EXPECT_EQ(stats.main_language(), "zh");
  EXPECT_EQ(text_of_file(std::string("\xFF\xFEh\0i\0\xE8\x78\n\0", 10), &stats), "hi磨\n");
  EXPECT_EQ(stats.recoded_files, 1);
}

TEST(Reader, CutsOffTheLicenceAroundAGutenbergBook) {
  const std::string book = "Chapter 1\n\nCall me *** what you like.\n";
  CorpusStats stats;
  EXPECT_EQ(text_of_file("The Project Gutenberg EBook of X\n\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\n\n" +
                             book + "*** END OF THIS PROJECT GUTENBERG EBOOK X ***\nLicence\n",
                         &stats),
            book);
  EXPECT_EQ(stats.boilerplate, 1);
  EXPECT_EQ(text_of_file("*** START of a tale\nand its\n*** END\n"), "*** START of a tale\nand its\n*** END\n");
}

TEST(Reader, ARuledOffParagraphIsNotFrontMatter) {
  const std::string text = "---\nOnce upon a time there was a mill\n---\nand a miller.\n";
  EXPECT_EQ(text_of_file(text, nullptr, "a.md"), text);
}

TEST(Reader, SaysWhatIsMissing) {
  const TemporaryDirectory dir;
  EXPECT_THROW(open_corpus(dir.path() / "nothing"), Error);
  EXPECT_THROW(open_corpus(dir.path()), Error);
  EXPECT_THROW(open_corpus("/dev/null"), Error);
  write_file(dir.path() / "a.txt", "x");
  EXPECT_THROW(open_corpus(dir.path(), {.validation_fraction = 1.5}), Error);
}

TEST(Reader, StopsAtTheLimitOfBytes) {
  CorpusStats stats;
  CorpusOptions options = unsplit();
  options.max_total_bytes = 7;
  EXPECT_EQ(text_of_file("磨坊磨坊", &stats, "a.txt", options), "磨坊");
  EXPECT_EQ(stats.bytes, 6u);
}

TEST(Reader, DocumentsFromMemoryKeepTheirSplitOrGetOne) {
  std::vector<Document> documents;
  for (int i = 0; i < 100; ++i)
    documents.push_back(
        {.text = "document " + std::to_string(i), .split = i % 2 ? DocumentSplit::Validation : DocumentSplit::Train});
  Corpus kept = corpus_of_documents(documents, unsplit());
  read_all(kept);
  EXPECT_EQ(kept.stats().validation_documents, 50);
  Corpus split = corpus_of_documents(documents, {.validation_fraction = 0.1});
  read_all(split);
  EXPECT_NEAR(double(split.stats().validation_documents), 10, 1);
}

}  // namespace
}  // namespace quern
