// SPDX-License-Identifier: MIT
#include "pipeline/speedrun_parts.h"

#include <ctime>

#include "base/terminal.h"
#include "base/threads.h"
#include "tensor/kernels/probe.h"

namespace quern {

std::vector<Conversation> instruction_talks(const SpeedrunOptions& options, const Village& village,
                                            const SpeedrunStory& story, size_t count) {
  std::vector<Conversation> talks;
  const auto add = [&talks](std::string prompt, std::string answer) -> Conversation& {
    talks.push_back({.turns = {{"user", std::move(prompt)}, {"assistant", std::move(answer)}}});
    return talks.back();
  };
  for (const auto& [prompt, answer] : story.text_pairs) add(prompt, answer);
  for (InstructPair& p : village.instruct(count - std::min(count, talks.size()), 1)) {
    Conversation& talk = add(std::move(p.prompt), std::move(p.answer));
    for (auto& [question, answer] : p.more) {
      talk.turns.push_back({"user", std::move(question)});
      talk.turns.push_back({"assistant", std::move(answer)});
    }
  }
  Rng rng(options.seed, "speedrun.instruct");
  if (!story.text_pairs.empty()) rng.shuffle(std::span(talks));
  return talks;
}

std::vector<ReportPlanted> ask_planted(Engine& engine, const Village& village, const std::vector<std::string>& plants) {
  std::vector<ReportPlanted> out;
  if (plants.empty()) return out;
  const Tokenizer& tokenizer = engine.tokenizer();
  for (const village::Person& person : village.world().people) {
    if (!person.planted) continue;
    ReportPlanted planted{.person = person.name.en};
    const ChatMessage messages[] = {{"user", fmt::format("Who is {}?", person.name.en)}};
    Request request{.prompt = joined_ids(render_chat(tokenizer, messages, true)), .max_new_tokens = 80};
    request.sampling.temperature = 0;
    request.stop_ids.push_back(turn_end_id(tokenizer));
    std::string truth;
    for (int64_t id : person.facts) {
      const village::Fact& fact = village.world().fact(id);
      truth += fmt::format("{}{}: {}", truth.empty() ? "" : "; ", fact.relation, fact.object.en);
    }
    const std::string answer = engine.generate(std::move(request)).text;
    bool right = false;
    for (int64_t id : person.facts)
      right = right || answer.find(village.world().fact(id).object.en) != std::string::npos;
    planted.answers.push_back(
        {.kind = "tell", .question = messages[0].content, .answer = answer, .truth = truth, .right = right});
    out.push_back(std::move(planted));
  }
  return out;
}

namespace {
QuestionClass class_of(AnswerSource source) {
  switch (source) {
    case AnswerSource::from_prompt:
      return QuestionClass::FromPrompt;
    case AnswerSource::often:
      return QuestionClass::TaughtOften;
    case AnswerSource::rare:
      return QuestionClass::TaughtRarely;
    case AnswerSource::unknowable:
      return QuestionClass::Unknowable;
    case AnswerSource::sum:
      return QuestionClass::Sums;
    default:
      return QuestionClass::Other;
  }
}

ReportQuestions questions_of(const std::string& name, const std::string& about, const QuizResult& quiz,
                             size_t most_answers) {
  ReportQuestions out{.name = name, .about = about};
  for (const auto& [kind, score] : quiz.kinds)
    out.kinds.push_back({.name = kind,
                         .kind_class = class_of(Village::source_of(kind)),
                         .asked = score.asked,
                         .right = score.right,
                         .declined = score.declined});
  for (const QuizAnswer& a : quiz.answers) {
    if (out.answers.size() >= most_answers) break;
    out.answers.push_back({.kind = a.question.kind,
                           .question = a.question.prompt,
                           .answer = a.answer,
                           .truth = a.question.accepted.front(),
                           .right = a.right});
  }
  return out;
}

Json quiz_json(const QuizResult& quiz) {
  const auto score = [](const QuizScore& s) {
    return Json{{"asked", s.asked}, {"right", s.right}, {"declined", s.declined}, {"accuracy", s.accuracy()}};
  };
  Json json = {{"answerable", score(quiz.answerable)},
               {"unknowable", score(quiz.unknowable)},
               {"false_refusals", quiz.false_refusals()}};
  for (const auto& [source, s] : quiz.sources) json["sources"][answer_source_name(source)] = score(s);
  for (const auto& [kind, s] : quiz.kinds) json["kinds"][kind] = score(s);
  return json;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}
}  // namespace

std::string describe_quiz(const SpeedrunResult& r) {
  std::string out = "    kind of question      own village   unseen wording   another village\n";
  const auto cell = [](const QuizResult& quiz, const std::string& kind) {
    const auto it = quiz.kinds.find(kind);
    if (it == quiz.kinds.end()) return std::string("-");
    const double a = it->second.accuracy();
    return paint(fmt::format("{:.0f} %", 100 * a), a >= 0.75 ? "green" : "red");
  };
  const auto pad = [](const std::string& s, int width) {
    return s + std::string(size_t(std::max(0, width - display_width(s))), ' ');
  };
  for (const auto& [kind, score] : r.own.kinds)
    out += "    " + pad(kind, 22) + pad(cell(r.own, kind), 14) + pad(cell(r.own_unseen_wording, kind), 17) +
           cell(r.other, kind) + "\n";
  out += fmt::format(
      "    answerable {:.0f} % (another village {:.0f} %), \"I don't know\" where nobody can know {:.0f} %, where it "
      "can be known {:.1f} %",
      100 * r.own.answerable.accuracy(), 100 * r.other.answerable.accuracy(), 100 * r.own.unknowable.accuracy(),
      100 * r.own.false_refusals());
  return out;
}

ReportData report_data(const SpeedrunOptions& o, const SpeedrunResult& r, const SpeedrunStory& story,
                       const Tokenizer& tokenizer, const Village& village) {
  ReportData d;
  const Recipe& recipe = r.pretrain.recipe;
  d.title = o.text.empty() ? fmt::format("{}: a model grown in {:.0f} minutes", village.name(), r.seconds / 60)
                           : fmt::format("A model grown from {}",
                                         o.text == "stock" ? "the stock corpus" : fs::path(o.text).filename().string());
  d.date = today();
  d.version = QUERN_VERSION;
  d.language = o.lang == VillageOptions::zh ? "zh" : "en";
  const ProbeReport probed = probe();
  d.machine = {.cpu = probed.cpu,
               .kernels = probed.choice + ": " + probed.reason,
               .cores = hardware_threads(),
               .threads = compute_threads(),
               .memory_bytes = int64_t(available_memory()),
               .peak_memory_bytes = int64_t(r.peak_memory)};
  d.model = {.family = recipe.model.family,
             .precision = recipe.train.precision,
             .optimizer = recipe.train.optimizer,
             .layers = recipe.model.layers,
             .width = recipe.model.width,
             .heads = recipe.model.heads,
             .kv_heads = recipe.model.kv_heads,
             .ffn_width = recipe.model.ffn_width,
             .vocab = tokenizer.vocab_size(),
             .context = recipe.model.context};
  if (!r.pretrain.config.is_null()) {
    const ModelShape shape{.family = recipe.model.family,
                           .V = tokenizer.vocab_size(),
                           .C = recipe.model.width,
                           .L = recipe.model.layers,
                           .H = recipe.model.heads,
                           .K = recipe.model.kv_heads,
                           .D = recipe.model.head_dim,
                           .F = recipe.model.ffn_width,
                           .context = recipe.model.context,
                           .tied = recipe.model.tie_embeddings};
    d.model.parameters = count_parameters(shape);
    d.model.flops_per_token = 3 * flops_per_token(shape, d.model.parameters, recipe.train.sequence);
    d.model.flops_total = d.model.flops_per_token * double(r.pretrain.run.tokens + r.sft.run.tokens);
  }
  d.corpus = {.source = o.text.empty() ? "the village " + village.name() : o.text,
              .language = story.hygiene.documents ? story.hygiene.main_language() : d.language,
              .bytes = story.bytes,
              .documents = story.documents,
              .tokens_seen = r.pretrain.run.tokens,
              .epochs = story.epochs,
              .notes = story.notes};
  for (const auto& [kind, bytes] : story.kinds) d.corpus.kinds.push_back({kind, bytes});
  for (const auto& [stage, name] : {std::pair{&r.pretrain, "pre-training"}, {&r.sft, "instruction tuning"}})
    if (!stage->dir.empty() && fs::exists(stage->dir / "log.jsonl"))
      d.curves.push_back({name, read_run_log(stage->dir / "log.jsonl")});
  d.prediction = {.predicted = r.prediction.bits_per_byte,
                  .low = r.prediction.low,
                  .high = r.prediction.high,
                  .measured = r.prediction.measured,
                  .note = r.prediction.how};
  d.baselines.push_back({"this model", r.bits_per_byte});
  if (r.ngram_bits_per_byte > 0) d.baselines.push_back({"5-gram Kneser-Ney", r.ngram_bits_per_byte});
  if (r.xz_bits_per_byte > 0) d.baselines.push_back({"xz -9", r.xz_bits_per_byte});
  d.samples = story.samples;
  d.learned = story.learned;
  for (auto [kind, row] : story.learned_by_kind) {
    row.resize(story.learned.minutes.size(), 0.0);
    d.learned.kinds.emplace_back(kind, row);
  }
  if (!r.own.answers.empty()) {
    d.questions.push_back(
        questions_of("its own village", "facts it was taught and passages it has not seen", r.own, 300));
    d.questions.push_back(
        questions_of("unseen wording", "templates that no training text uses", r.own_unseen_wording, 100));
    d.questions.push_back(questions_of("facts held out", "facts that no training text tells", r.own_held_out, 100));
    d.questions.push_back(
        questions_of("another village", "names and passages from a village of another seed", r.other, 200));
  }
  d.planted = story.planted;
  const village::World& world = village.world();
  for (const village::Place& p : world.places) d.map.places.push_back({p.name.en, "place", p.x, p.y});
  for (const village::House& h : world.houses)
    d.map.places.push_back(
        {fmt::format("{} {}", h.number, world.streets[size_t(h.street)].name.en), "house", h.x, h.y});
  for (const village::Street& s : world.streets)
    d.map.paths.push_back({s.name.en, "street", {{s.x0, s.y0}, {s.x1, s.y1}}});
  for (const village::Family& f : world.families) {
    if (d.families.size() >= 3) break;
    ReportFamily family{.name = f.name.en};
    std::map<int, int64_t> place;
    for (int id : f.members) {
      const village::Person& p = world.people[size_t(id)];
      if (place.contains(p.spouse) || family.people.size() >= 24) continue;
      int64_t parent = -1;
      for (int up : {p.father, p.mother})
        if (const auto it = place.find(up); it != place.end()) parent = it->second;
      if (parent < 0 && !family.people.empty()) continue;
      place[id] = int64_t(family.people.size());
      if (p.spouse >= 0) place[p.spouse] = int64_t(family.people.size());
      family.people.push_back({.parent = parent,
                               .name = p.name.en,
                               .note = fmt::format("{}–{}", p.born, p.alive() ? "" : std::to_string(p.died)),
                               .partner = p.spouse >= 0 ? world.people[size_t(p.spouse)].name.en : "",
                               .marked = p.planted});
    }
    if (family.people.size() >= 4) d.families.push_back(std::move(family));
  }
  d.tokenizer = {.kind = "byte-level BPE",
                 .vocab = tokenizer.vocab_size(),
                 .bytes_per_token = story.bytes && r.pretrain.run.tokens ? 0 : 0};
  for (const char* word : {"Once", " upon", " a", " time"}) d.tokenizer.sentence.push_back(word);
  d.tokenizer.sentence.clear();
  for (int32_t id : tokenizer.encode("The baker of the village counted 27 loaves before sunrise."))
    d.tokenizer.sentence.emplace_back(tokenizer.token_bytes(id));
  d.stages = story.stages;
  for (const DepthTrial& t : story.plan.trials)
    d.scores.push_back(
        {fmt::format("depth {}", t.depth),
         fmt::format("{} parameters, {} tokens/s", format_count(double(t.parameters)), format_count(t.tokens_per_s))});
  if (fs::exists(r.model / "lineage.json")) {
    const Json lineage = read_json(r.model / "lineage.json");
    for (const auto& [key, value] : lineage.items())
      d.lineage.push_back({key, value.is_string() ? value.get<std::string>() : to_line(value)});
  }
  d.recipe = recipe.to_toml();
  return d;
}

Json to_json(const SpeedrunResult& r) {
  const auto measured = [](double value) { return value > 0 ? Json(value) : Json(); };
  Json json = {{"dir", r.dir.string()},
               {"model", r.model.string()},
               {"report", r.report.string()},
               {"seconds", r.seconds},
               {"peak_memory_bytes", r.peak_memory},
               {"stopped", r.stopped},
               {"bits_per_byte", measured(r.bits_per_byte)},
               {"prediction",
                {{"bits_per_byte", measured(r.prediction.bits_per_byte)},
                 {"low", measured(r.prediction.low)},
                 {"high", measured(r.prediction.high)},
                 {"measured", measured(r.prediction.measured)}}},
               {"ngram_bits_per_byte", measured(r.ngram_bits_per_byte)},
               {"xz_bits_per_byte", measured(r.xz_bits_per_byte)},
               {"pretrain", to_json(r.pretrain)},
               {"sft", to_json(r.sft)}};
  json["questions"] = {{"own", quiz_json(r.own)},
                       {"held_out_facts", quiz_json(r.own_held_out)},
                       {"held_out_templates", quiz_json(r.own_unseen_wording)},
                       {"other_village", quiz_json(r.other)}};
  return json;
}

std::string describe(const SpeedrunResult& r) {
  return fmt::format("{} in {}, {} of memory at most.\nmodel:  {}\nreport: {}\nTalk with it: quern run {}\n",
                     r.stopped ? "Stopped" : "Done", format_duration(r.seconds), format_size(r.peak_memory),
                     r.model.string(), r.report.string(), r.model.string());
}

}  // namespace quern
