// SPDX-License-Identifier: MIT
#include "data/html_text.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "base/json.h"
#include "data/byte_source.h"
#include "data/test_files.h"

namespace quern {
namespace {

TEST(Html, KeepsTheStoryAndDropsWhatSurroundsIt) {
  const std::string text =
      html_to_text(R"(<!doctype html><html><head><title>The Mill - Daily</title><style>p{}</style></head>
    <body><header><ul class="nav"><li><a href="/">Home</a></li><li><a href="/n">News</a></li></ul></header>
    <div class="content"><h1>The Mill</h1><p>The old mill by the river turns again, after forty years of rest, said its new owner.</p>
    <p>Flour is sold on Saturdays,<br>bread on Sundays, and both run out before noon, as neighbours report.</p>
    <div class="share-buttons">Share this on everything</div><pre>  a
  b</pre></div>
    <div class="sidebar"><h3>Popular</h3><a href="1">Ten facts</a> <a href="2">Nine lies</a></div>
    <footer>Copyright</footer><script>var a = "<p>no</p>";</script></body></html>)");
  EXPECT_NE(text.find("The old mill by the river turns again"), text.npos);
  EXPECT_NE(text.find("Saturdays,\nbread"), text.npos);
  EXPECT_NE(text.find("  a\n  b"), text.npos);
  for (const char* word : {"Home", "Share this", "Popular", "Copyright", "no</p>", "p{}"})
    EXPECT_EQ(text.find(word), text.npos) << word;
}

TEST(Html, UnderstandsDeclaredAndUndeclaredEncodings) {
  const std::string para = " is a word, and this paragraph is long enough to be taken for text by anyone.</p>";
  EXPECT_NE(html_to_text("<p>caf\xC3\xA9" + para).find("café"), std::string::npos);
  EXPECT_NE(html_to_text("<meta charset=iso-8859-1><p>caf\xE9" + para).find("café"), std::string::npos);
  EXPECT_NE(html_to_text("<p>caf\xE9" + para).find("caf\xEF\xBF\xBD"), std::string::npos);
}

TEST(Html, SurvivesDeepNestingAndRubbish) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "<div>";
  EXPECT_NO_THROW(html_to_text(deep + "text"));
  EXPECT_EQ(html_to_text(""), "");
  EXPECT_NO_THROW(html_to_text("<<<>>><p <a href='&#x110000;&bogus;</table></td>"));
}

// 4-word shingles, as in the article extraction benchmark the pages come from.
std::map<std::string, int> shingles(const std::string& text) {
  std::vector<std::string> words(1);
  for (unsigned char c : text) {
    if (std::isalnum(c) || c >= 0x80)
      words.back() += char(c);
    else if (!words.back().empty())
      words.emplace_back();
  }
  std::map<std::string, int> out;
  for (size_t i = 0; i + 4 < words.size(); ++i)
    ++out[words[i] + " " + words[i + 1] + " " + words[i + 2] + " " + words[i + 3]];
  return out;
}

TEST(Html, FindsTheArticlesOfRealPages) {
  const fs::path path = shared_data("data/pretrain/web/html_articles.jsonl.gz");
  if (path.empty()) GTEST_SKIP() << "no shared data";
  ByteSource source(path, 200);
  std::string all, line;
  while (source.read(all)) {
  }
  std::istringstream lines(all);
  double precision = 0, recall = 0;
  int pages = 0;
  while (std::getline(lines, line)) {
    const Json row = Json::parse(line);
    const auto ours = shingles(html_to_text(row["html"].get<std::string>(), {.keep_title = false}));
    const auto theirs = shingles(row["articleBody"].get<std::string>());
    double both = 0, num_ours = 0, num_theirs = 0;
    for (const auto& [gram, n] : ours) {
      num_ours += n;
      if (const auto it = theirs.find(gram); it != theirs.end()) both += std::min(n, it->second);
    }
    for (const auto& [gram, n] : theirs) num_theirs += n;
    precision += num_ours > 0 ? both / num_ours : 0;
    recall += num_theirs > 0 ? both / num_theirs : 1;
    ++pages;
  }
  ASSERT_GT(pages, 30);
  const double f1 = 2 * precision * recall / (precision + recall) / pages;
  EXPECT_GT(f1, 0.93) << "precision " << precision / pages << ", recall " << recall / pages;
}

}  // namespace
}  // namespace quern
