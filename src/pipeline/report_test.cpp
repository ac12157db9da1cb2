// SPDX-License-Identifier: MIT
#include "pipeline/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libxml/HTMLparser.h>

#include <limits>
#include <set>

#include "pipeline/report_charts.h"
#include "pipeline/report_example_test.h"
#include "pipeline/report_html.h"

namespace quern {
namespace {

using testing::ElementsAre;

// Not HasSubstr: a failure would print the whole page.
#define EXPECT_HAS(html, part) EXPECT_NE(html.find(part), std::string::npos) << "missing: " << part
#define EXPECT_LACKS(html, part) EXPECT_EQ(html.find(part), std::string::npos) << "should not be there: " << part

size_t count(const std::string& text, std::string_view part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Report, FullExampleHasEverySection) {
  const std::string html = render_report(example_report());
  for (const char* id : {"samples", "bits", "questions", "planted", "answers", "learned", "curves", "map", "families",
                         "text", "tokens", "model", "machine", "time", "lineage", "recipe"})
    EXPECT_HAS(html, fmt::format("<section id={}", id));
  EXPECT_EQ(count(html, "<section"), 16u);
  EXPECT_LT(html.size(), 1'000'000u);
}

TEST(Report, NothingIsLoadedFromAnywhere) {
  const std::string html = render_report(example_report());
  for (const char* reference :
       {"http://", "https://", "src=", "@import", "url(", "<link", "<iframe", "fetch(", "import("})
    EXPECT_LACKS(html, reference);
  EXPECT_EQ(count(html, "href="), count(html, "href=\"#"));
  EXPECT_HAS(html, "default-src 'none'");
}

TEST(Report, SectionsWithoutDataAreLeftOut) {
  const std::string html = render_report({});
  EXPECT_EQ(count(html, "<section"), 0u);
  EXPECT_HAS(html, "</html>");
}

// The example with the same hostile text in place of every text.
ReportData hostile_report(const std::string& evil) {
  ReportData d = example_report();
  const auto spoil = [&](std::vector<ReportFact>& facts) { facts.assign(2, {evil, evil}); };
  d.title = d.date = d.version = d.about = d.recipe = evil;
  d.machine.cpu = d.machine.system = d.machine.kernels = evil;
  d.model.family = d.model.precision = d.model.optimizer = evil;
  d.corpus.source = d.corpus.language = evil;
  d.corpus.notes = {evil};
  d.corpus.kinds = {{evil, 1}, {evil, 2}};
  d.prediction.note = evil;
  d.tokenizer.kind = evil;
  d.tokenizer.longest = d.tokenizer.sentence = {evil, evil};
  for (std::vector<ReportFact>* facts :
       {&d.machine.more, &d.model.more, &d.corpus.hygiene, &d.tokenizer.more, &d.scores, &d.lineage})
    spoil(*facts);
  for (ReportCurves& c : d.curves) {
    c.name = evil;
    for (EvalEvent& e : c.history.evals) e.data = evil;
  }
  for (ReportBaseline& b : d.baselines) b.name = evil;
  for (ReportSample& s : d.samples) s.prompt = s.text = evil;
  for (ReportQuestions& q : d.questions) {
    q.name = q.about = evil;
    for (ReportQuestionKind& k : q.kinds) k.name = evil;
    for (ReportAnswer& a : q.answers) a.kind = a.question = a.answer = a.truth = evil;
  }
  for (auto& [name, accuracy] : d.learned.kinds) name = evil;
  for (ReportPlanted& p : d.planted) {
    p.person = evil;
    for (ReportAnswer& a : p.answers) a.question = a.answer = a.truth = evil;
  }
  for (ReportPlace& p : d.map.places) p.name = evil;
  for (ReportPath& p : d.map.paths) p.name = evil;
  for (ReportFamily& f : d.families) {
    f.name = evil;
    for (ReportPerson& p : f.people) p.name = p.note = p.partner = p.partner_note = evil;
  }
  for (ReportStage& s : d.stages) s.name = s.note = evil;
  return d;
}

TEST(Report, HostileTextStaysText) {
  const std::string evil = "</script></title></pre><script>alert(1)</script>\" onload='x()' <img src=x>&amp;";
  const std::string html = render_report(hostile_report(evil));
  EXPECT_EQ(count(html, "<script"), count(render_report(example_report()), "<script"));
  EXPECT_LACKS(html, "<img");
  EXPECT_LACKS(html, "onload='");
  EXPECT_LACKS(html, "\" onload");
  EXPECT_LACKS(html, "alert(1)</script>");
  EXPECT_HAS(html, "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x()&#39; &lt;img src=x&gt;&amp;amp;");
}

TEST(Report, BrokenBytesBecomeReplacementCharacters) {
  const std::string html =
      render_report(hostile_report(std::string("a\0b\xff\xc0\xaf\xed\xa0\x80\xe2\x80\xae", 11) + "\x1b[31m"));
  EXPECT_HAS(html, ("a\xEF\xBF\xBD"
                    "b\xEF\xBF\xBD"));
  for (const char* bad : {"\xff", "\xed\xa0", "\xe2\x80\xae", "\x1b"}) EXPECT_LACKS(html, bad);
  EXPECT_EQ(html.find('\0'), std::string::npos);
}

TEST(Report, ParsesAsHtmlWithUniqueIds) {
  for (const char* language : {"en", "zh"}) {
    ReportData data = hostile_report("<b>&\"'");
    data.language = language;
    const std::string html = render_report(data);
    htmlDocPtr doc =
        htmlReadMemory(html.data(), int(html.size()), nullptr, "utf-8", HTML_PARSE_RECOVER | HTML_PARSE_NOERROR);
    ASSERT_NE(doc, nullptr);
    std::set<std::string> ids;
    std::vector<xmlNodePtr> nodes = {xmlDocGetRootElement(doc)};
    while (!nodes.empty()) {
      const xmlNodePtr node = nodes.back();
      nodes.pop_back();
      if (xmlChar* id = node->type == XML_ELEMENT_NODE ? xmlGetProp(node, BAD_CAST "id") : nullptr) {
        EXPECT_TRUE(ids.insert(reinterpret_cast<const char*>(id)).second) << id;
        xmlFree(id);
      }
      for (xmlNodePtr child = node->children; child; child = child->next) nodes.push_back(child);
    }
    EXPECT_EQ(ids.size(), 16u);
    for (const char* tag :
         {"div", "span",  "section", "table", "tr", "td", "th", "details", "figure", "svg",   "p",     "b",
          "i",   "small", "summary", "dl",    "dt", "dd", "g",  "text",    "button", "tbody", "thead", "title"})
      EXPECT_EQ(count(html, fmt::format("<{} ", tag)) + count(html, fmt::format("<{}>", tag)),
                count(html, fmt::format("</{}>", tag)))
          << tag;
    xmlFreeDoc(doc);
  }
}

TEST(Report, ChineseLabelsStandInAChinesePage) {
  ReportData data = example_report();
  data.language = "zh";
  const std::string html = render_report(data);
  EXPECT_HAS(html, "lang=\"zh-Hans\"");
  for (const char* label : {"从呓语到言语", "预测与事实", "家谱", "参数", "一个有 3.21 M 参数的语言模型"})
    EXPECT_HAS(html, label);
  for (const char* label :
       {"From babble", "Learning rate", ">Layers<", "bits per byte", "The ledger says", ">together<"})
    EXPECT_LACKS(html, label);
}

TEST(Report, NumbersThatAreNotFiniteAndImpossibleIndexesAreSurvived) {
  ReportData d = example_report();
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < d.curves[0].history.steps.size(); i += 7)
    d.curves[0].history.steps[i].loss = i % 2 ? nan : inf, d.curves[0].history.steps[i].bpb = nan;
  d.map.places[0].x = nan;
  d.map.paths[0].points[0].second = inf;
  d.learned.kinds[0].second[0] = nan;
  d.learned.kinds[1].second.resize(1);
  d.families[0].people[0].parent = 3;  // a circle
  d.families[0].people[2].parent = 1'000'000;
  d.families[0].people[3].parent = -7;
  d.prediction = {.predicted = 0.9, .low = nan, .high = inf, .measured = nan};
  d.corpus.kinds[0].amount = -inf;
  d.questions[0].kinds[0].asked = 0;
  d.questions[0].kinds[1].right = 1'000'000;
  d.stages[1].seconds = -5;
  const std::string html = render_report(d);
  EXPECT_LACKS(html, "nan");
  EXPECT_LACKS(html, "inf%");
  EXPECT_LACKS(html, ":inf");
}

TEST(Report, LongTextsAreCut) {
  const std::string html = render_report(hostile_report(std::string(1'000'000, 'x')));
  EXPECT_LT(html.size(), 3'000'000u);
}

TEST(ReportCharts, TicksAreRoundNumbersInsideTheRange) {
  EXPECT_THAT(report::nice_ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(report::nice_ticks(0.13, 0.52, 4),
              ElementsAre(testing::DoubleNear(0.2, 1e-12), testing::DoubleNear(0.3, 1e-12),
                          testing::DoubleNear(0.4, 1e-12), testing::DoubleNear(0.5, 1e-12)));
  EXPECT_TRUE(report::nice_ticks(1, 1, 4).empty());
  EXPECT_TRUE(report::nice_ticks(0, std::numeric_limits<double>::infinity(), 4).empty());
}

TEST(ReportCharts, CondensedPointsKeepMeanAndExtremes) {
  const report::Series s = report::condensed("", {1, 2, 3, 4}, {10, 20, 30, 50}, 2, true);
  EXPECT_THAT(s.x, ElementsAre(1.5, 3.5));
  EXPECT_THAT(s.y, ElementsAre(15, 40));
  EXPECT_THAT(s.low, ElementsAre(10, 30));
  EXPECT_THAT(s.high, ElementsAre(20, 50));
}

TEST(ReportHtml, NumbersAreReadable) {
  EXPECT_EQ(report::grouped(1234567), "1,234,567");
  EXPECT_EQ(report::grouped(-123), "-123");
  EXPECT_EQ(report::grouped(-1234), "-1,234");
  EXPECT_EQ(report::percent(1), "100 %");
  EXPECT_EQ(report::percent(0.934), "93.4 %");
  EXPECT_EQ(report::escape("中文字", 2), "中文…");
}

}  // namespace
}  // namespace quern
