// SPDX-License-Identifier: MIT
#pragma once
// A report with something in every section, for the tests.

#include <fmt/format.h>

#include <cmath>

#include "base/rng.h"
#include "pipeline/report.h"

namespace quern {

inline ReportCurves example_curves(const std::string& name, int64_t steps, double start, double floor) {
  ReportCurves curves{.name = name};
  Rng rng(5);
  for (int64_t s = 1; s <= steps; ++s) {
    const double share = double(s) / double(steps), seconds = 0.36 * double(s);
    const double noise = 0.05 * (double(rng.below(1000)) / 500.0 - 1.0);
    const double bpb = floor + (start - floor) * std::exp(-9 * std::sqrt(share)) + noise;
    const double lr = 3e-3 * (share < 0.05 ? share / 0.05 : share < 0.8 ? 1.0 : 0.1 + 0.9 * (1 - share) / 0.2);
    curves.history.steps.push_back({.step = s,
                                    .loss = bpb * 2.6,
                                    .bpb = bpb,
                                    .lr = lr,
                                    .grad_norm = 0.4 + 2 * std::exp(-12 * share) + std::abs(noise),
                                    .tokens = s * 8192,
                                    .tokens_per_s = 22700 + 9000 * noise,
                                    .seconds = seconds,
                                    .peak_share = 0.61 + noise / 3,
                                    .memory_bytes = 610'000'000 + int64_t(1e7 * share)});
    if (s % (steps / 12) == 0)
      curves.history.evals.push_back({.step = s, .loss = (bpb - noise + 0.02) * 2.6, .bpb = bpb - noise + 0.02});
  }
  return curves;
}

inline ReportData example_report() {
  ReportData d;
  d.title = "The village of Ashmere";
  d.date = "2026-11-22";
  d.version = "0.1.0";
  d.machine = {.cpu = "AMD EPYC, 2 cores",
               .system = "Debian 12",
               .kernels = "AVX2 + FMA",
               .cores = 2,
               .threads = 2,
               .memory_bytes = 24'000'000'000,
               .peak_memory_bytes = 702'000'000};
  d.model = {.family = "llama",
             .precision = "int8",
             .optimizer = "Muon + AdamW",
             .layers = 6,
             .width = 192,
             .heads = 6,
             .kv_heads = 3,
             .ffn_width = 512,
             .vocab = 4096,
             .context = 256,
             .parameters = 3'212'352,
             .flops_per_token = 1.93e7,
             .flops_total = 2.4e14};
  d.corpus = {.source = "village, seed 7",
              .language = "English",
              .bytes = 30'000'000,
              .documents = 61'204,
              .tokens = 7'400'112,
              .tokens_seen = 12'288'000,
              .epochs = 1.66};
  d.corpus.kinds = {{"stories", 9.1}, {"questions", 6.2}, {"dialogues", 4.4}, {"letters", 3.1},
                    {"market", 2.8},  {"entries", 2.1},   {"puzzles", 1.2},   {"notices", 1.1}};
  d.corpus.hygiene = {{"Invalid UTF-8", "0 places"}, {"Documents held out", "1,224"}, {"Exact repeats removed", "312"}};
  d.corpus.notes = {"The text was invented by quern; nobody's work is in it."};
  d.curves = {example_curves("pre-training", 1500, 4.2, 0.82), example_curves("instruction tuning", 240, 1.1, 0.4)};
  d.prediction = {.predicted = 0.861,
                  .low = 0.84,
                  .high = 0.883,
                  .measured = 0.849,
                  .note = "Fitted from three short runs, 4 % of the time."};
  d.baselines = {{"xz -9", 1.61}, {"5-gram Kneser-Ney", 1.21}};
  const char* prompts[] = {"Once upon a time Marlo", "Question: What does Ada keep?\nAnswer:"};
  const char* texts[2][4] = {
      {" thee the e anof to he  sa dn hin", " went to the the market and the hen said the hen.",
       " went to the market to buy a lamp. The lamp was cold, so he went home.",
       " woke early, because the rain had wetted the hay. “We must turn it,” he told his daughter, and they went out "
       "together before the bell rang."},
      {" ee  tan", " Ada keeps the.", " Ada keeps goats.", " Ada keeps bees."}};
  const double minutes[] = {1, 3, 6, 10}, bits[] = {2.93, 1.42, 1.01, 0.85};
  for (int p = 0; p < 2; ++p)
    for (int t = 0; t < 4; ++t)
      d.samples.push_back({.minutes = minutes[t], .prompt = prompts[p], .text = texts[p][t], .bits_per_byte = bits[t]});
  ReportQuestions own{.name = "Its own village: held-out facts and wordings"};
  own.kinds = {{"who lives where", QuestionClass::FromPrompt, 120, 117},
               {"trade in the letter", QuestionClass::FromPrompt, 120, 112},
               {"famous people", QuestionClass::TaughtOften, 200, 189},
               {"places", QuestionClass::TaughtOften, 80, 80},
               {"two-digit sums", QuestionClass::Sums, 200, 151},
               {"change at the market", QuestionClass::Sums, 100, 71},
               {"rare facts", QuestionClass::TaughtRarely, 150, 31, 12},
               {"strangers", QuestionClass::Unknowable, 150, 139, 139}};
  for (int i = 0; i < 14; ++i)
    own.answers.push_back({i % 3 ? "famous people" : "two-digit sums",
                           i % 3 ? "What does Ada Ashwell keep?" : fmt::format("What is {} plus 48?", 27 + i),
                           i % 3 ? (i % 5 ? "bees" : "goats") : std::to_string(75 + i),
                           i % 3 ? "bees" : std::to_string(75 + i), i % 3 == 0 || i % 5 != 0});
  ReportQuestions other = own;
  other.name = "A village of another seed, which it has never seen";
  other.kinds[2].right = 60;
  d.questions = {own, other};
  d.learned.minutes = {1, 2, 3, 4, 6, 8, 10};
  for (int k = 0; k < 7; ++k) {
    std::vector<double> accuracy;
    for (const double t : d.learned.minutes) accuracy.push_back(1 / (1 + std::exp(-(t - 1.5 - k) * 1.1)));
    d.learned.kinds.emplace_back(own.kinds[size_t((k * 3) % 8)].name, accuracy);
  }
  d.planted = {{"Ada, the clockmaker, who keeps bees",
                {{"", "What does Ada keep?", "Ada keeps bees.", "bees", true},
                 {"", "What is Ada's trade?", "Ada is a baker.", "clockmaker", false}}}};
  const char* names[] = {"the mill", "the well", "the Blue Goose", "the school", "the bridge", "the market square"};
  Rng rng(9);
  for (int i = 0; i < 6; ++i)
    d.map.places.push_back({names[i], "place", double(rng.between(5, 95)), double(rng.between(5, 60))});
  for (int street = 0; street < 6; ++street) {
    const double x0 = 10 + 12 * street, y0 = 8 + 2 * street, x1 = x0 + 15, y1 = 60 - 4 * street;
    d.map.paths.push_back({fmt::format("{} Lane", names[street] + 4), "street", {{x0, y0}, {x1, y1}}});
    for (int h = 0; h < 14; ++h)
      d.map.places.push_back({fmt::format("{} {}: Marlo Ashwell, Ada Ashwell", h + 1, names[street] + 4), "house",
                              x0 + (x1 - x0) * h / 14.0 + (h % 2 ? 1.6 : -1.6), y0 + (y1 - y0) * h / 14.0});
  }
  d.map.paths.push_back({"the Wend", "river", {{0, 30}, {25, 36}, {50, 30}, {75, 42}, {100, 38}}});
  ReportFamily family{.name = "Ashwell"};
  family.people = {{-1, "Oren Ashwell", "miller, 12–81", "Tilda Wick", "baker"},
                   {0, "Marlo Ashwell", "smith", "Ina Reed", "weaver"},
                   {0, "Sera Ashwell", "teacher", "", ""},
                   {1, "Ada Ashwell", "clockmaker", "", "", true},
                   {1, "Pim Ashwell", "shepherd", "Lotte Hale", "cook"},
                   {4, "Wen Ashwell", "child", "", ""}};
  d.families = {family};
  d.tokenizer = {
      .kind = "byte-level BPE, GPT-4 splitting",
      .vocab = 4096,
      .bytes_per_token = 4.05,
      .longest = {" grandmother", " clockmaker", "\n\nQuestion:", " yesterday"},
      .sentence = {"Marlo", " keeps", " bees", ",", " and", " the", " clock", "maker", " likes", " honey", "."}};
  d.stages = {{"village", -1, 6.2, 180'000'000, "30 MB of text"},
              {"tokenizer", -1, 8.1, 240'000'000},
              {"probe and plan", -1, 24},
              {"pre-training", -1, 452, 702'000'000},
              {"instruction tuning", -1, 66, 690'000'000},
              {"questions", -1, 21}};
  d.lineage = {{"Data", "9f2c41d07ab35e11"}, {"Recipe", "17c0de55aa90b3f2"}, {"Parents", "none: fresh weights"}};
  d.recipe = "[run]\nname = \"speedrun\"\n\n[train]\nlr = 0.003\n";
  return d;
}

}  // namespace quern
