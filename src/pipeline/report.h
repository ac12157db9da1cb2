// SPDX-License-Identifier: MIT
#pragma once
// report.html: the story of a run on one page that needs nothing else, no network and no other file. The run fills a
// ReportData and leaves out what it does not know (empty text, zero, no rows); a section without data is not shown.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "train/run_log.h"

namespace quern {

struct ReportFact {
  std::string label, value;
};

struct ReportMachine {
  std::string cpu, system, kernels;  // kernels: what the probe chose, in words
  int64_t cores = 0, threads = 0;
  int64_t memory_bytes = 0, peak_memory_bytes = 0;  // of the machine; of the run
  std::vector<ReportFact> more;
};

struct ReportModel {
  std::string family, precision, optimizer;
  int64_t layers = 0, width = 0, heads = 0, kv_heads = 0, ffn_width = 0, vocab = 0, context = 0;
  int64_t parameters = 0;
  double flops_per_token = 0, flops_total = 0;  // of training
  std::vector<ReportFact> more;
};

struct ReportShare {
  std::string name;
  double amount = 0;  // bytes or documents; shown as a share of all rows
};

struct ReportCorpus {
  std::string source, language;
  int64_t bytes = 0, documents = 0, tokens = 0;
  int64_t tokens_seen = 0;  // by the model, repeats included
  double epochs = 0;
  std::vector<ReportShare> kinds;
  std::vector<ReportFact> hygiene;  // what cleaning found: {"invalid UTF-8", "3 places"}
  std::vector<std::string> notes;   // licences, what can be expected
};

struct ReportCurves {
  std::string name;    // "pre-training", "instruction tuning"
  RunHistory history;  // its steps and evals
};

struct ReportPrediction {  // of the final bits per byte on held-out text
  double predicted = 0, low = 0, high = 0, measured = 0;
  std::string note;
};

struct ReportBaseline {
  std::string name;  // "5-gram Kneser-Ney", "xz -9"
  double bits_per_byte = 0;
};

struct ReportSample {
  double minutes = 0;
  std::string prompt, text;  // text: what the model added
  double bits_per_byte = 0;  // of the model at that time
};

enum class QuestionClass { FromPrompt, TaughtOften, TaughtRarely, Unknowable, Sums, Other };

struct ReportQuestionKind {
  std::string name;
  QuestionClass kind_class = QuestionClass::Other;
  int64_t asked = 0, right = 0;
  int64_t declined = 0;  // answered "I don't know"
};

struct ReportAnswer {
  std::string kind, question, answer, truth;
  bool right = false;
};

struct ReportQuestions {
  std::string name, about;  // "a village it has never seen"
  std::vector<ReportQuestionKind> kinds;
  std::vector<ReportAnswer> answers;  // some of them; the first 400 are shown
};

struct ReportLearned {  // accuracy of each kind at each of the times
  std::vector<double> minutes;
  std::vector<std::pair<std::string, std::vector<double>>> kinds;
};

struct ReportPlace {
  std::string name, kind;  // "house" and "planted house" are drawn small, and named only when pointed at
  double x = 0, y = 0;
};

struct ReportPath {
  std::string name, kind;  // kind "river" or "street"
  std::vector<std::pair<double, double>> points;
};

struct ReportMap {
  std::vector<ReportPlace> places;
  std::vector<ReportPath> paths;
};

struct ReportPerson {   // a descendant, beside whoever they married
  int64_t parent = -1;  // index into the family; -1 is the one the tree starts with
  std::string name, note, partner, partner_note;
  bool marked = false;  // planted by the user
};

struct ReportFamily {
  std::string name;
  std::vector<ReportPerson> people;
};

struct ReportTokenizer {
  std::string kind;
  int64_t vocab = 0;
  double bytes_per_token = 0;
  std::vector<std::string> longest;   // tokens
  std::vector<std::string> sentence;  // a sentence, cut into its tokens
  std::vector<ReportFact> more;
};

struct ReportStage {
  std::string name;
  double start_s = -1;  // since the run began; -1 = when the one before ended
  double seconds = 0;
  int64_t peak_memory_bytes = 0;
  std::string note;
};

struct ReportPlanted {
  std::string person;  // what the user wrote
  std::vector<ReportAnswer> answers;
};

struct ReportData {
  std::string title, date, version;
  std::string about;            // a sentence below the title; "" = made from the figures
  std::string language = "en";  // of the labels: en | zh
  ReportMachine machine;
  ReportModel model;
  ReportCorpus corpus;
  std::vector<ReportCurves> curves;
  ReportPrediction prediction;
  std::vector<ReportBaseline> baselines;
  std::vector<ReportSample> samples;
  std::vector<ReportQuestions> questions;
  ReportLearned learned;
  std::vector<ReportPlanted> planted;
  ReportMap map;
  std::vector<ReportFamily> families;
  ReportTokenizer tokenizer;
  std::vector<ReportStage> stages;
  std::vector<ReportFact> scores;   // further figures
  std::vector<ReportFact> lineage;  // hashes, parents, code version
  std::string recipe;               // the resolved recipe, TOML
};

// One HTML document in UTF-8. Every text in `data` may be hostile: it is escaped, broken UTF-8 and control characters
// are replaced, and what is very long is cut.
std::string render_report(const ReportData& data);

}  // namespace quern
