// SPDX-License-Identifier: MIT
#include "pipeline/speedrun.h"

#include <cmath>

#include "base/clock.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "data/stock.h"
#include "data/text_instruct.h"
#include "eval/compression.h"
#include "eval/ngram.h"
#include "pipeline/dial.h"
#include "pipeline/minutes.h"
#include "pipeline/speedrun_parts.h"
#include "text/tokenizer_train.h"

namespace quern {

namespace {

Recipe base_recipe(const SpeedrunOptions& o) {
  Recipe r;
  r.run.name = "pretrain";
  r.run.out = (o.out / "pretrain").string();
  r.run.seed = int64_t(o.seed);
  r.run.threads = o.threads;
  r.data.source = o.text.empty() ? "village" : o.text;
  r.data.village_seed = int64_t(o.seed);
  r.tokenizer.vocab_size = 2048;
  r.tokenizer.splitting = "qwen2";            // digits one by one: sums are learned column by column
  r.model.depth = o.depth > 0 ? o.depth : 4;  // until the plan chooses
  auto& t = r.train;
  t.batch_rows = 8;  // small batches: in ten minutes the number of steps counts for more than their smoothness
  t.sequence = 256;
  t.schedule = "wsd";
  t.warmup_steps = 100;
  t.decay_fraction = 0.3;
  t.min_lr_ratio = 0.02;
  t.precision = o.precision.empty() ? "int8" : o.precision;
  t.save_every_seconds = 60;
  t.keep_last = 1;
  t.keep_best = false;
  t.sample_prompts = {"Once upon a time", "My dear friend,\n", "Question: Which month comes after May?\nAnswer:"};
  for (const std::string& assignment : o.overrides) set_recipe_value(r, assignment);
  r.validate();
  return r;
}

// Shares of the time: the rest is pre-training. A language is learned slower than the village's ways of asking.
constexpr double kTuningShare = 0.5, kTuningShareOfText = 0.2, kMeasureShare = 0.05;
constexpr double kPilotShare = 0.045, kMostPilotSeconds = 90;  // for probing and the runs that predict the end
constexpr double kReminderShare = 0.05;                        // of the examples of tuning
constexpr uint64_t kSmallText = 5'000'000, kLeastVillage = 1'000'000;
// What is planned is trained, so that the prediction is of this run: on a machine that has become slower, for so much
// longer at most. Tuning takes what is left.
constexpr double kPatience = 1.25;
constexpr size_t kMostPacked = 32 << 20;         // bytes of text that xz is measured on
constexpr double kPackedBytesPerSecond = 1.5e6;  // of xz -9

// How a document begins: at most four words, or eight characters of a script that is written without spaces.
std::string opening_of(std::string_view text) {
  size_t at = text.find_first_not_of(" \t\r\n"), words = 0, wide = 0;
  const size_t begin = at = std::min(at, text.size());
  while (at < text.size() && text[at] != '\n' && wide < 8 && at - begin < 60) {
    if (text[at] == ' ' && ++words == 4) break;
    const auto lead = static_cast<unsigned char>(text[at]);
    wide += lead >= 0xE0;
    at += lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  }
  return std::string(text.substr(begin, at - begin));
}

class Speedrun {
 public:
  explicit Speedrun(const SpeedrunOptions& o) : o_(o), begin_(now_s()), budget_(60 * o.minutes), r_(base_recipe(o)) {}

  SpeedrunResult operator()() {
    prepare();
    make_corpus();
    make_tokenizer();
    plan();
    pretraining();
    if (!out_.stopped) tuning();
    if (!out_.stopped) measure();
    report();
    out_.seconds = now_s() - begin_;
    out_.peak_memory = peak_resident_memory();
    return std::move(out_);
  }

 private:
  SpeedrunOptions o_;
  double begin_, budget_;
  Recipe r_;
  SpeedrunResult out_;
  SpeedrunStory story_;
  std::unique_ptr<Village> village_;
  std::vector<Document> documents_;
  Tokenizer tokenizer_;
  TokenStore train_, validation_;
  std::string packed_text_;  // of what is read, for the comparison with xz
  std::vector<ChatExample> reminders_;
  std::shared_ptr<CausalLm> model_;
  double stage_begin_ = 0;

  double elapsed() const { return now_s() - begin_; }
  double tuning_share() const { return o_.text.empty() ? kTuningShare : kTuningShareOfText; }
  double pretraining_share() const { return 1 - tuning_share() - kMeasureShare; }
  void stage(const std::string& name) {
    stage_begin_ = elapsed();
    if (!o_.quiet)
      say(fmt::format("{} {}", paint(fmt::format("[{}]", format_duration(elapsed())), "dim"), paint(name, "bold")));
  }
  void stage_done(const std::string& name, const std::string& note = "") {
    story_.stages.push_back({.name = name,
                             .start_s = stage_begin_,
                             .seconds = elapsed() - stage_begin_,
                             .peak_memory_bytes = int64_t(peak_resident_memory()),
                             .note = note});
    if (!o_.quiet && !note.empty()) say("    " + note);
  }

  void prepare() {
    const bool used = fs::exists(o_.out / "pretrain");
    if (used && !o_.go_on && !o_.overwrite)
      throw Error(ErrorKind::InvalidArgument, "{}: a run lies there already", o_.out.string())
          .hint("--continue goes on with it, --overwrite starts again, --out takes another folder");
    if (!used && o_.go_on)
      throw Error(ErrorKind::NotFound, "{}: there is no run to continue", o_.out.string())
          .hint("leave out --continue to start one");
    require_writable(o_.out, 200 << 20);
    if (used && !o_.go_on)
      for (const char* part : {"pretrain", "sft", "model", "data"}) fs::remove_all(o_.out / part);
    if (o_.threads > 0) set_compute_threads(o_.threads);
    out_.dir = o_.out;
  }

  void make_corpus() {
    stage(o_.text.empty() ? "writing the village" : "reading the text");
    CorpusOptions options{.validation_fraction = 0.02, .seed = o_.seed};
    uint64_t text_bytes = 0;
    if (!o_.text.empty()) {
      Corpus corpus = o_.text == "stock" ? open_stock_corpus({}) : open_corpus(o_.text, options);
      for (Document d; corpus.next(d);) {
        text_bytes += d.text.size();
        documents_.push_back(std::move(d));
      }
      story_.hygiene = corpus.stats();
      story_.text_bytes = text_bytes;
      if (text_bytes < kSmallText) {
        const std::string note = fmt::format(
            "{} of text is little to learn a language from: expect its words and turns of phrase, not its knowledge. "
            "The village's language is mixed in.",
            format_size(text_bytes));
        warn(note);
        story_.notes.push_back(note);
      }
    }
    if (!o_.lang) o_.lang = story_.hygiene.main_language() == "zh" ? VillageOptions::zh : VillageOptions::en;
    VillageOptions v{.seed = o_.seed, .lang = *o_.lang, .plants = o_.plants};
    // As much as can be read once or twice in the time. A small text is filled up with it, for the language; a large
    // one is read alone, and meets the village in the questions of the tuning.
    v.size_bytes = uint64_t(std::clamp(o_.minutes, 0.5, 20.0) * 2.4e6);
    if (!o_.text.empty())
      v.size_bytes = std::min(v.size_bytes, std::max(kLeastVillage, kSmallText - std::min(kSmallText, text_bytes)));
    const bool reads_village = text_bytes < kSmallText;
    village_ = std::make_unique<Village>(v);
    if (!o_.text.empty() && !o_.go_on && !r_.is_set("train.sample_prompts")) prompt_with_openings();
    Rng split(o_.seed, "speedrun.validation");
    if (reads_village)
      village_->generate([&](VillageDocument&& d) {
        story_.kinds[d.kind] += double(d.text.size());
        documents_.push_back(
            {.text = std::move(d.text),
             .source = "village/" + d.kind,
             .split = o_.text.empty() && split.chance(0.015) ? DocumentSplit::Validation : DocumentSplit::Train});
      });
    story_.documents = int64_t(documents_.size());
    for (const Document& d : documents_) {
      story_.bytes += int64_t(d.text.size());
      const bool measured = o_.text.empty() || !d.source.starts_with("village/");
      if (measured && packed_text_.size() + d.text.size() < kMostPacked) packed_text_ += d.text + "\n";
    }
    stage_done("corpus",
               fmt::format("{} in {} documents{}", format_size(uint64_t(story_.bytes)), story_.documents,
                           o_.text.empty() ? fmt::format(": {}, {} people, {} facts", village_->name(),
                                                         village_->world().people.size(), village_->facts().size())
                                           : ""));
  }

  // What is told at 1, 3, 6 and 10 minutes begins as documents begin that are held out.
  void prompt_with_openings() {
    std::vector<std::string> openings;
    for (const DocumentSplit split : {DocumentSplit::Validation, DocumentSplit::Train})
      for (size_t i = 0; i < documents_.size() && openings.size() < 3; ++i)
        if (documents_[i].split == split)
          if (std::string opening = opening_of(documents_[i].text); opening.size() > 8)
            openings.push_back(std::move(opening));
    if (!openings.empty()) r_.train.sample_prompts = openings;
  }

  void make_tokenizer() {
    stage("training the tokenizer");
    const fs::path data = o_.out / "data";
    fs::create_directories(data);
    if (o_.go_on) {
      tokenizer_ = Tokenizer::load(data / "tokenizer.json");
    } else {
      size_t i = 0;
      const auto next = [&](std::string& text) {
        while (i < documents_.size() && documents_[i].split != DocumentSplit::Train) ++i;
        if (i >= documents_.size()) return false;
        text = documents_[i++].text;
        return true;
      };
      BpeTrainOptions options{.vocab_size = r_.tokenizer.vocab_size,
                              .split = parse_split_kind(r_.tokenizer.splitting),
                              .special_tokens = {},
                              .threads = o_.threads};
      for (std::string_view token : kChatTokens) options.special_tokens.emplace_back(token);
      tokenizer_ = train_bpe(next, options);
      tokenizer_.save(data / "tokenizer.json");
    }
    std::vector<std::vector<int32_t>> parts[2];
    for (const Document& d : documents_) {
      auto& part = parts[d.split == DocumentSplit::Validation ? 1 : 0];
      if (d.continues && !part.empty())
        tokenizer_.encode_append(d.text, {}, part.back());
      else
        part.push_back(tokenizer_.encode(d.text));
    }
    std::vector<uint16_t> bytes(size_t(tokenizer_.vocab_size()));
    for (size_t t = 0; t < bytes.size(); ++t) bytes[t] = uint16_t(tokenizer_.token_bytes(int32_t(t)).size());
    const int32_t end = *tokenizer_.token_to_id(kEndOfText);
    train_ = TokenStore::from_documents(parts[0], bytes, end);
    validation_ = TokenStore::from_documents(parts[1], bytes, end);
    keep_reminders(std::move(parts[0]), end);
    if (!o_.text.empty()) take_text_pairs();
    documents_.clear();
    documents_.shrink_to_fit();
    stage_done("tokenizer", fmt::format("{} tokens of {:.2f} bytes; {} held out", format_count(double(train_.size())),
                                        double(train_.text_bytes()) / double(train_.size()),
                                        format_count(double(validation_.size()))));
  }

  // Some of the text read, mixed into the tuning so that the model does not forget how to tell.
  void keep_reminders(std::vector<std::vector<int32_t>> documents, int32_t end) {
    Rng rng(o_.seed, "speedrun.reminders");
    rng.shuffle(std::span(documents));
    documents.resize(std::min(documents.size(), size_t(kReminderShare * double(num_talks()))));
    for (std::vector<int32_t>& ids : documents) {
      ids.insert(ids.begin(), end);
      ids.push_back(end);
      reminders_.push_back({.pieces = {{std::move(ids), true}}});
    }
  }
  size_t num_talks() const { return size_t(std::clamp(o_.minutes, 0.5, 60.0) * 25'000); }

  // Continue, fill the gap, find the passage, who said it: asked about the user's own text.
  void take_text_pairs() {
    std::vector<Document> own;
    for (const Document& d : documents_)
      if (!d.source.starts_with("village/")) own.push_back(d);
    const TextInstructOptions options{
        .seed = o_.seed, .max_pairs = 40'000, .max_prompt_bytes = 500, .max_answer_bytes = 200};
    for (TextInstruction& t : instructions_from_documents(own, options))
      story_.text_pairs.emplace_back(std::move(t.prompt), std::move(t.answer));
  }

  void plan() {
    if (o_.go_on) {
      r_ = read_recipe(o_.out / "pretrain" / "recipe.toml");
      r_.run.out = (o_.out / "pretrain").string();
      return;
    }
    stage("probing this machine");
    const double pretrain_seconds = std::max(5.0, budget_ * pretraining_share() - elapsed());
    const MinutesPlan p = plan_minutes(r_, train_, validation_, tokenizer_.vocab_size(), pretrain_seconds, o_.depth,
                                       std::min(kPilotShare * budget_, kMostPilotSeconds) / pretrain_seconds);
    r_.model.depth = p.depth;
    story_.plan = p;
    out_.prediction = {.bits_per_byte = p.predicted, .low = p.low, .high = p.high, .how = p.note};
    r_.train.minutes = std::max(5.0, budget_ * pretraining_share() - elapsed()) / 60;
    apply_depth(r_, tokenizer_.vocab_size());
    if (!o_.quiet && p.predicted > 0) say("    " + p.note);
    stage_done("probe", fmt::format("depth {}, about {} tokens; ", p.depth, format_count(p.expected_tokens)) +
                            (p.predicted > 0 ? fmt::format("predicted {:.3f} bits per byte ({:.3f} to {:.3f})",
                                                           p.predicted, p.low, p.high)
                                             : std::string("the time is too short to predict where it will end")));
  }

  void pretraining() {
    stage("pre-training");
    const ModelConfig config = model_config(r_, tokenizer_.vocab_size(), *tokenizer_.token_to_id(kEndOfText));
    const bool int8 = r_.train.precision == "int8";
    ParamOptions options{.trainable = Trainable::Yes,
                         .dtype = r_.train.precision == "bf16" ? DType::bf16 : DType::f32,
                         .precision = int8 ? Precision::int8 : Precision::f32};
    RunParts parts;
    parts.model = build_model(config, ParamStore::fresh(uint64_t(r_.run.seed), options));
    model_ = parts.model;
    auto rows = std::make_shared<PackedRows>(train_, r_.train.sequence, PackingOptions{});
    parts.batches =
        std::make_shared<BatchSource>(std::make_shared<ShuffledRows>(rows, o_.seed),
                                      r_.train.micro_batch_rows > 0 ? r_.train.micro_batch_rows : r_.train.batch_rows);
    if (validation_.size() > 1)
      parts.validation = std::make_shared<PackedRows>(validation_, r_.train.sequence, PackingOptions{});
    LossOptions loss;
    loss.precision = options.precision;
    parts.objective = std::make_shared<NextToken>(loss, r_.train.activation_checkpointing);
    parts.files = model_files(tokenizer_, false, r_.model.context, lineage("pretrain"));
    const double offset = elapsed();
    parts.observe = observer(Asking::text);
    RunPlan plan{.dir = o_.out / "pretrain",
                 .stage = "pretrain",
                 .recipe = r_,
                 .total_steps = int64_t{1} << 40,
                 .budget_seconds = 60 * r_.train.minutes,
                 .resume = o_.go_on,
                 .quiet = o_.quiet};
    // As many tokens as were planned, so that the prediction is of this run; what time is left goes into tuning.
    if (story_.plan.expected_tokens > 0) {
      plan.total_steps = int64_t(story_.plan.expected_tokens / double(r_.train.batch_rows * r_.train.sequence));
      plan.budget_seconds *= kPatience;
    }
    if (o_.go_on) {
      plan.total_steps = int64_t{1} << 40;
      plan.budget_seconds = budget_ * pretraining_share();
      plan.go_on = true;
    }
    plan.moments = moments_after(offset);
    fs::create_directories(plan.dir);
    write_file(plan.dir / "recipe.toml", r_.to_toml());
    out_.pretrain.recipe = r_;
    out_.pretrain.config = config;
    out_.pretrain.dir = plan.dir;
    out_.pretrain.run = run_training(plan, parts);
    out_.bits_per_byte = out_.prediction.measured = out_.pretrain.run.validation_bpb;
    out_.model = out_.pretrain.run.checkpoint;
    out_.stopped = out_.pretrain.run.stopped;
    story_.epochs = parts.batches->epoch();
    stage_done("pre-training",
               fmt::format("{} tokens seen ({:.1f} epochs), {:.3f} bits per byte on held-out text",
                           format_count(double(out_.pretrain.run.tokens)), story_.epochs, out_.bits_per_byte));
  }

  // The same prompts and a small exam after a tenth, three and six tenths of the time, and at the end of each stage.
  std::vector<double> moments_after(double offset) const {
    std::vector<double> moments;
    for (double tenths : {1.0, 3.0, 6.0})
      if (const double at = tenths / 10 * budget_; at > offset) moments.push_back(at - offset);
    return moments;
  }
  std::function<void(int64_t, double, const std::shared_ptr<CausalLm>&, RunLog&)> observer(Asking asking) {
    return [this, asking](int64_t step, double seconds, const std::shared_ptr<CausalLm>& frozen, RunLog& log) {
      observe(step, seconds, elapsed() / 60, frozen, log, asking);
    };
  }
  void observe(int64_t step, double seconds, double minutes, const std::shared_ptr<CausalLm>& frozen, RunLog& log,
               Asking asking) {
    Engine engine(frozen, tokenizer_);
    for (const std::string& prompt : r_.train.sample_prompts) {
      Request request{.prompt = tokenizer_.encode(prompt), .max_new_tokens = 70};
      request.sampling.temperature = 0.7;
      request.sampling.top_p = 0.95;
      request.sampling.seed = o_.seed;
      request.stop_ids.push_back(*tokenizer_.token_to_id(kEndOfText));
      const std::string text = engine.generate(std::move(request)).text;
      log.write(SampleEvent{.step = step, .seconds = seconds, .prompt = prompt, .text = text});
      story_.samples.push_back({.minutes = minutes, .prompt = prompt, .text = text});
      if (!o_.quiet && prompt == r_.train.sample_prompts.front()) {
        std::string line = prompt + text;
        for (char& c : line) c = c == '\n' ? ' ' : c;
        say(fmt::format("    after {:.1f} min: {}", minutes, paint(line, "cyan")));
      }
    }
    const QuizResult quiz = ask(engine, *village_, 6, 99, Split::train, false, asking);
    story_.learned.minutes.push_back(minutes);
    for (const auto& [kind, score] : quiz.kinds) {
      auto& row = story_.learned_by_kind[kind];
      row.resize(story_.learned.minutes.size() - 1, 0.0);
      row.push_back(score.accuracy());
    }
  }

  void tuning() {
    stage("instruction tuning");
    const auto talks = instruction_talks(o_, *village_, story_, num_talks());
    auto examples = render_examples(tokenizer_, talks);
    std::move(reminders_.begin(), reminders_.end(), std::back_inserter(examples));
    Rng(o_.seed, "speedrun.tuning").shuffle(std::span(examples));
    Recipe s = r_;
    s.run.out = (o_.out / "sft").string();
    s.model.init_from = out_.pretrain.run.checkpoint.string();
    s.train.lr = r_.train.lr * 0.8;
    s.train.muon_lr = r_.train.muon_lr * 0.8;
    s.train.warmup_steps = 10;
    s.train.decay_fraction = 0.6;
    s.train.save_every_seconds = 0;
    s.train.sample_every = 0;
    RunParts parts;
    parts.model = model_;
    std::vector<uint16_t> bytes(train_.token_bytes().begin(), train_.token_bytes().end());
    const size_t held = std::min<size_t>(500, examples.size() / 20);
    std::vector<ChatExample> validation(examples.end() - ptrdiff_t(held), examples.end());
    examples.resize(examples.size() - held);
    auto rows = std::make_shared<SftRows>(std::move(examples), r_.train.sequence, bytes);
    parts.batches =
        std::make_shared<BatchSource>(std::make_shared<ShuffledRows>(rows, o_.seed + 1), r_.train.batch_rows);
    parts.validation = std::make_shared<SftRows>(std::move(validation), r_.train.sequence, bytes);
    LossOptions loss;
    loss.precision = r_.train.precision == "int8" ? Precision::int8 : Precision::f32;
    parts.objective = std::make_shared<NextToken>(loss, false);
    parts.files = model_files(tokenizer_, true, r_.model.context, lineage("sft"));
    const double seconds = std::max(3.0, budget_ * (1 - kMeasureShare) - elapsed());
    s.train.minutes = seconds / 60;
    RunPlan plan{.dir = o_.out / "sft",
                 .stage = "sft",
                 .recipe = s,
                 .total_steps = int64_t{1} << 40,
                 .budget_seconds = seconds,
                 .quiet = o_.quiet};
    parts.observe = observer(Asking::chat);
    plan.moments = moments_after(elapsed());
    fs::remove_all(plan.dir);
    fs::create_directories(plan.dir);
    write_file(plan.dir / "recipe.toml", s.to_toml());
    out_.sft.recipe = s;
    out_.sft.dir = plan.dir;
    out_.sft.run = run_training(plan, parts);
    out_.stopped = out_.sft.run.stopped;
    out_.model = out_.sft.run.checkpoint;
    stage_done("instruction tuning", fmt::format("{} talks, {} tokens seen ({:.1f} epochs)", talks.size(),
                                                 format_count(double(out_.sft.run.tokens)), parts.batches->epoch()));
  }

  void measure() {
    stage("measuring");
    const std::shared_ptr<CausalLm> frozen = frozen_view(*model_, true);
    Engine engine(frozen, tokenizer_);
    out_.own = ask(engine, *village_, 20, 1001, Split::train, false, Asking::chat);
    out_.own_held_out = ask(engine, *village_, 10, 1002, Split::held_out_fact, false, Asking::chat);
    out_.own_unseen_wording = ask(engine, *village_, 10, 1003, Split::held_out_template, false, Asking::chat);
    const Village other({.seed = o_.seed + 1000, .size_bytes = 1'000'000, .lang = *o_.lang});
    out_.other = ask(engine, other, 20, 1004, Split::train, true, Asking::chat);
    if (!o_.quiet) say(describe_quiz(out_));
    story_.planted = ask_planted(engine, *village_, o_.plants);
    const double left = budget_ - elapsed();
    if (left > 8) {
      const NgramScore ngram = score_ngram(train_, validation_, 5);
      out_.ngram_bits_per_byte = ngram.bits_per_byte();
    }
    const double affordable = kPackedBytesPerSecond * std::max(1.0, budget_ - elapsed() - 10);
    const std::string_view packed = std::string_view(packed_text_).substr(0, size_t(affordable));
    if (!packed.empty()) out_.xz_bits_per_byte = compress_alone(packed).bits_per_byte();
    std::string scores = fmt::format("bits per byte: model {:.3f}", out_.bits_per_byte);
    if (out_.ngram_bits_per_byte > 0)
      scores += fmt::format(", Kneser-Ney 5-gram {:.3f} ({:+.0f} %)", out_.ngram_bits_per_byte,
                            100 * (out_.ngram_bits_per_byte / std::max(1e-9, out_.bits_per_byte) - 1));
    if (out_.xz_bits_per_byte > 0)
      scores += fmt::format(", xz -9 on {} of the text {:.3f}", format_size(packed.size()), out_.xz_bits_per_byte);
    stage_done("measurement", scores);
  }

  void report() {
    out_.seconds = elapsed();
    out_.peak_memory = peak_resident_memory();
    if (!out_.model.empty()) {
      fs::remove_all(o_.out / "model");
      fs::copy(out_.model, o_.out / "model");
      for (const char* only_for_training : {"optimizer.safetensors", "state.json"})
        fs::remove(o_.out / "model" / only_for_training);
      out_.model = o_.out / "model";
    }
    out_.report = o_.out / "report.html";
    write_file(out_.report, render_report(report_data(o_, out_, story_, tokenizer_, *village_)));
    write_file(o_.out / "scores.json", to_json(out_).dump(1) + "\n");
  }

  Json lineage(const std::string& stage_name) const {
    Json json = {{"code_version", QUERN_VERSION},
                 {"stage", stage_name},
                 {"data", {{"source", r_.data.source}, {"village_seed", o_.seed}, {"hash", train_.hash()}}},
                 {"tokenizer_hash", content_hash(tokenizer_.to_json())},
                 {"recipe_hash", content_hash(r_.to_toml())}};
    if (stage_name == "sft") json["parents"] = {lineage("pretrain")};
    return json;
  }
};

}  // namespace

SpeedrunResult speedrun(const SpeedrunOptions& options) { return Speedrun(options)(); }

}  // namespace quern
