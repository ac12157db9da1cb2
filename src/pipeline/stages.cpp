// SPDX-License-Identifier: MIT
#include "pipeline/stages.h"

#include <cmath>

#include "base/terminal.h"
#include "base/threads.h"
#include "data/chat_reader.h"
#include "data/stock.h"
#include "infer/engine.h"
#include "pipeline/dial.h"
#include "tensor/kernels/probe.h"
#include "text/tokenizer_train.h"

namespace quern {

fs::path run_directory(const Recipe& r) {
  return r.run.out.empty() ? fs::path("runs") / r.run.name : fs::path(r.run.out);
}

VillageOptions village_options(const Recipe& r) {
  return {.seed = uint64_t(r.data.village_seed), .size_bytes = uint64_t(r.data.village_size)};
}

Corpus open_source(const Recipe& r) {
  CorpusOptions options{.validation_fraction = r.data.val_fraction,
                        .seed = uint64_t(r.run.seed),
                        .max_total_bytes = uint64_t(r.data.max_bytes)};
  if (r.data.source == "village") {
    const Village village(village_options(r));
    std::vector<Document> documents;
    village.generate(
        [&](VillageDocument&& d) { documents.push_back({.text = std::move(d.text), .source = "village/" + d.kind}); });
    return corpus_of_documents(std::move(documents), options);
  }
  if (r.data.source == "stock") return open_stock_corpus({.corpus = options});
  return open_corpus(r.data.source, options);
}

Tokenizer make_tokenizer(const Recipe& r) {
  if (!r.tokenizer.path.empty()) return Tokenizer::load(r.tokenizer.path);
  Corpus corpus = open_source(r);
  Document document;
  const DocumentSource documents = [&](std::string& text) {
    do {
      if (!corpus.next(document)) return false;
    } while (document.split != DocumentSplit::Train);
    text = std::move(document.text);
    return true;
  };
  if (r.tokenizer.kind == "chars") return train_chars(documents, {});
  BpeTrainOptions options{.vocab_size = r.tokenizer.vocab_size,
                          .split = parse_split_kind(r.tokenizer.splitting),
                          .special_tokens = {},
                          .threads = int(r.run.threads)};
  for (std::string_view token : kChatTokens) options.special_tokens.emplace_back(token);
  return train_bpe(documents, options);
}

ModelFiles model_files(const Tokenizer& tokenizer, bool chat, int64_t context, const Json& lineage) {
  ModelFiles files;
  files.emplace_back("tokenizer.json", tokenizer.to_json());
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"model_max_length", context},
                 {"clean_up_tokenization_spaces", false}};
  Json generation = Json::object();
  if (const auto end = tokenizer.token_to_id(kEndOfText)) {
    config["bos_token"] = kEndOfText;
    config["eos_token"] = chat ? kTurnEnd : kEndOfText;
    generation["bos_token_id"] = *end;
    generation["eos_token_id"] = chat ? Json{turn_end_id(tokenizer), *end} : Json(*end);
  }
  if (chat) config["chat_template"] = kGrownChatTemplate;
  files.emplace_back("tokenizer_config.json", config.dump(2) + "\n");
  files.emplace_back("generation_config.json", generation.dump(2) + "\n");
  files.emplace_back("lineage.json", lineage.dump(2) + "\n");
  return files;
}

ChatExample render_example(const Tokenizer& tokenizer, const std::vector<Turn>& turns, bool train_all) {
  std::vector<ChatMessage> messages;
  for (const Turn& turn : turns) messages.push_back({turn.role, turn.content});
  ChatExample example;
  for (ChatPiece& piece : render_chat(tokenizer, messages, false))
    example.pieces.emplace_back(std::move(piece.ids), piece.trained || train_all);
  return example;
}

std::vector<ChatExample> render_examples(const Tokenizer& tokenizer, const std::vector<Conversation>& conversations) {
  std::vector<ChatExample> out;
  out.reserve(conversations.size());
  for (const Conversation& c : conversations) out.push_back(render_example(tokenizer, c.turns));
  return out;
}

namespace {

std::vector<uint16_t> bytes_per_token(const Tokenizer& tokenizer) {
  std::vector<uint16_t> out(size_t(tokenizer.vocab_size()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = uint16_t(tokenizer.token_bytes(int32_t(i)).size());
  return out;
}

void prepare_directory(const fs::path& dir, const StageOptions& options) {
  const bool used = fs::exists(dir / "checkpoints") || fs::exists(dir / "log.jsonl");
  if (used && !options.resume && !options.overwrite)
    throw Error(ErrorKind::InvalidArgument, "{}: a run lies there already", dir.string())
        .hint("--resume goes on with it, --overwrite starts again, --set run.name=… takes another folder");
  require_writable(dir, 64 << 20);
  if (used && !options.resume) {
    for (const char* part : {"checkpoints", "tensorboard", "data"}) fs::remove_all(dir / part);
    fs::remove(dir / "log.jsonl");
  }
}

struct Tokens {
  Tokenizer tokenizer;
  TokenStore train, validation;
  CorpusStats stats;
};

// Tokenizer and tokens of a run: found in its folder when it is resumed, made otherwise.
Tokens prepare_tokens(const Recipe& r, const fs::path& dir) {
  const fs::path data = dir / "data";
  Tokens out;
  if (fs::exists(data / "tokenizer.json") && fs::exists(data / "train.tokens")) {
    out.tokenizer = Tokenizer::load(data / "tokenizer.json");
    out.train = TokenStore::open(data / "train.tokens");
    if (fs::exists(data / "validation.tokens")) out.validation = TokenStore::open(data / "validation.tokens");
    return out;
  }
  fs::create_directories(data);
  out.tokenizer = make_tokenizer(r);
  const bool documents = out.tokenizer.token_to_id(kEndOfText).has_value();
  TokenizedCorpus corpus =
      tokenize_corpus(open_source(r), out.tokenizer, {.separator = documents ? -1 : -2, .out_dir = data});
  out.train = corpus.train;
  out.validation = corpus.validation;
  out.stats = corpus.stats;
  out.tokenizer.save(data / "tokenizer.json");
  return out;
}

std::shared_ptr<CausalLm> make_model(const Recipe& r, const ModelConfig& config) {
  ParamOptions options{.trainable = Trainable::Yes,
                       .dtype = r.train.precision == "bf16" ? DType::bf16 : DType::f32,
                       .precision = r.train.precision == "int8" ? Precision::int8 : Precision::f32};
  if (!r.model.init_from.empty()) return load_model(r.model.init_from, options);
  return build_model(config, ParamStore::fresh(uint64_t(r.run.seed), options));
}

LossOptions loss_options(const Recipe& r) {
  return {.label_smoothing = float(r.train.label_smoothing),
          .z_loss = float(r.train.z_loss),
          .precision = r.train.precision == "int8" ? Precision::int8 : Precision::f32};
}

// Samples while training: each prompt of the recipe continued, the same way every time.
void sample(const Recipe& r, const Tokenizer& tokenizer, int64_t step, double seconds,
            const std::shared_ptr<CausalLm>& model, RunLog& log) {
  if (r.train.sample_prompts.empty()) return;
  Engine engine(model, tokenizer);
  for (const std::string& prompt : r.train.sample_prompts) {
    Request request{.prompt = tokenizer.encode(prompt), .max_new_tokens = 60};
    request.sampling.temperature = 0.8;
    request.sampling.top_k = 40;
    request.sampling.seed = uint64_t(r.run.seed);
    if (const auto end = tokenizer.token_to_id(kEndOfText)) request.stop_ids.push_back(*end);
    if (request.prompt.empty()) continue;
    const std::string text = engine.generate(std::move(request)).text;
    log.write(SampleEvent{.step = step, .seconds = seconds, .prompt = prompt, .text = text});
    std::string line = prompt + text;
    for (char& c : line) c = c == '\n' ? ' ' : c;
    say(fmt::format("  {} {}", paint(fmt::format("[step {}]", step), "cyan"), line));
  }
}

Json lineage_of(const Recipe& r, const TokenStore& tokens, const Tokenizer& tokenizer, const std::string& stage) {
  Json json = {{"code_version", QUERN_VERSION},
               {"stage", stage},
               {"data", {{"source", r.data.source}, {"hash", tokens.size() ? tokens.hash() : ""}}},
               {"tokenizer_hash", content_hash(tokenizer.to_json())},
               {"recipe_hash", content_hash(r.to_toml())}};
  if (!r.model.init_from.empty()) {
    const fs::path parent = fs::path(r.model.init_from) / "lineage.json";
    json["parent"] = {{"path", fs::path(r.model.init_from).filename().string()},
                      {"lineage", fs::exists(parent) ? read_json(parent) : Json(nullptr)}};
  }
  return json;
}

// Measures how long a step takes, on a throw-away optimizer step of learning rate 0, to turn minutes into steps.
double seconds_per_step(const CausalLm& model, const BatchSource& batches, const Objective& objective, int64_t micro) {
  BatchSource copy = batches;
  double best = 1e30;
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    model.params->clear_grads();
    const Loss loss = objective(model, copy.next());
    if (loss.sum.trainable()) loss.sum.backward();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  model.params->clear_grads();
  return best * double(micro) * 1.05;
}

StageResult finish(StageResult result, RunPlan& plan, RunParts& parts) {
  result.run = run_training(plan, parts);
  return result;
}

}  // namespace

DataPreview preview_data(Recipe r, int64_t count) {
  DataPreview out;
  std::shared_ptr<const RowSet> rows;
  const int64_t T = r.train.sequence;
  if (!r.data.chat.empty()) {
    out.tokenizer = r.tokenizer.path.empty() ? load_tokenizer(r.model.init_from) : Tokenizer::load(r.tokenizer.path);
    std::vector<ChatExample> examples;
    for (const Conversation& c : read_conversations(r.data.chat, {.max_conversations = count * 50}))
      examples.push_back(render_example(out.tokenizer, c.turns, r.data.mask == "all"));
    auto packed = std::make_shared<SftRows>(std::move(examples), T, bytes_per_token(out.tokenizer));
    out.fill = packed->fill();
    rows = packed;
  } else {
    TemporaryDirectory scratch;
    Tokens tokens = prepare_tokens(r, scratch.path());
    out.tokenizer = tokens.tokenizer;
    auto packed = std::make_shared<PackedRows>(
        tokens.train, T, PackingOptions{.packing = r.data.packing == "best-fit" ? Packing::BestFit : Packing::Stream});
    out.fill = packed->fill();
    rows = packed;
  }
  out.total_rows = rows->rows();
  const ShuffledRows shuffled(rows, uint64_t(r.run.seed));
  for (int64_t i = 0; i < std::min(count, rows->rows()); ++i) {
    TokenBatch batch;
    shuffled.append_row(i, batch);
    out.rows.push_back(preview_spans(batch));
  }
  return out;
}

StageResult pretrain(Recipe r, const StageOptions& options) {
  const fs::path dir = run_directory(r);
  if (!options.dry_run) prepare_directory(dir, options);
  if (r.run.threads > 0) set_compute_threads(int(r.run.threads));
  StageResult result{.dir = dir};
  TemporaryDirectory dry;
  Tokens tokens = prepare_tokens(r, options.dry_run ? dry.path() : dir);
  result.corpus = tokens.stats;
  apply_depth(r, tokens.tokenizer.vocab_size());
  const auto end = tokens.tokenizer.token_to_id(kEndOfText);
  result.config = r.model.init_from.empty() ? model_config(r, tokens.tokenizer.vocab_size(), end.value_or(0))
                                            : read_model_config(r.model.init_from);

  const bool random = r.data.packing == "random-blocks";
  const PackingOptions packing{.packing = r.data.packing == "best-fit" ? Packing::BestFit : Packing::Stream};
  const int64_t T = r.train.sequence,
                micro_rows = r.train.micro_batch_rows > 0 ? r.train.micro_batch_rows : r.train.batch_rows;
  std::shared_ptr<const RowStream> rows;
  if (random)
    rows = std::make_shared<RandomBlocks>(tokens.train, T, uint64_t(r.run.seed));
  else
    rows = std::make_shared<ShuffledRows>(std::make_shared<PackedRows>(tokens.train, T, packing), uint64_t(r.run.seed));
  RunParts parts;
  parts.batches = std::make_shared<BatchSource>(rows, micro_rows);
  if (tokens.validation.size() > 1)
    parts.validation = std::make_shared<PackedRows>(
        tokens.validation, T, random ? PackingOptions{.packing = Packing::Stream, .mask_documents = false} : packing);

  int64_t steps = planned_steps(r, rows->rows_per_epoch());
  const ModelShape shape = r.model.init_from.empty() ? shape_of(result.config) : ModelShape{};
  const double peak = probe().f32_peak_gflops * 1e9 * compute_threads();
  if (r.model.init_from.empty()) {
    result.cost = estimate_cost(shape, r, std::max<int64_t>(steps, 1), tokens.train.size() * 2, peak);
    require_memory(result.cost, r);
  }
  if (options.dry_run) {
    result.recipe = r;
    return result;
  }
  parts.model = make_model(r, result.config);
  parts.objective = std::make_shared<NextToken>(loss_options(r), r.train.activation_checkpointing);
  const bool timed = r.train.minutes > 0;
  if (timed && r.train.schedule != "wsd") {
    const double step = seconds_per_step(*parts.model, *parts.batches, *parts.objective,
                                         std::max<int64_t>(1, r.train.batch_rows / micro_rows));
    const int64_t fit = std::max<int64_t>(1, int64_t(60 * r.train.minutes / step));
    steps = steps > 0 ? std::min(steps, fit) : fit;
  }
  if (steps == 0) steps = int64_t{1} << 40;
  parts.files =
      model_files(tokens.tokenizer, false, r.model.context, lineage_of(r, tokens.train, tokens.tokenizer, "pretrain"));
  parts.observe = [&](int64_t step, double seconds, const std::shared_ptr<CausalLm>& model, RunLog& log) {
    sample(r, tokens.tokenizer, step, seconds, model, log);
  };
  write_file(dir / "recipe.toml", r.to_toml());
  RunPlan plan{.dir = dir,
               .stage = "pretrain",
               .recipe = r,
               .total_steps = steps,
               .budget_seconds = timed && r.train.schedule == "wsd" ? 60 * r.train.minutes : 0,
               .resume = options.resume,
               .quiet = options.quiet};
  result.recipe = r;
  return finish(std::move(result), plan, parts);
}

StageResult instruct(Recipe r, const StageOptions& options) {
  if (r.model.init_from.empty())
    throw Error(ErrorKind::InvalidRecipe, "{}: instruction tuning starts from a model", r.place("model.init_from"))
        .hint("set model.init_from to a model folder or a checkpoint of a run");
  if (r.data.chat.empty())
    throw Error(ErrorKind::InvalidRecipe, "{}: no conversations are named", r.place("data.chat"))
        .hint("set data.chat to a .jsonl file of {{\"prompt\", \"answer\"}} or {{\"messages\": […]}} rows");
  const fs::path dir = run_directory(r);
  if (!options.dry_run) prepare_directory(dir, options);
  if (r.run.threads > 0) set_compute_threads(int(r.run.threads));
  StageResult result{.dir = dir};
  result.config = read_model_config(r.model.init_from);
  Tokenizer tokenizer =
      r.tokenizer.path.empty() ? load_tokenizer(r.model.init_from) : Tokenizer::load(r.tokenizer.path);
  if (!knows_chat_format(tokenizer))
    throw Error(ErrorKind::InvalidModel,
                "{}: its tokenizer has no {} and {} tokens, so it can't be taught conversations", r.model.init_from,
                kTurnStart, kTurnEnd);

  std::vector<ChatExample> train, validation;
  Rng split(uint64_t(r.run.seed), "sft.validation");
  ChatStats stats;
  for (const Conversation& c : read_conversations(r.data.chat, {}, &stats)) {
    (split.chance(r.data.val_fraction) ? validation : train)
        .push_back(render_example(tokenizer, c.turns, r.data.mask == "all"));
  }
  if (stats.skipped() > 0) warn(stats.report());
  const int64_t T = r.train.sequence,
                micro_rows = r.train.micro_batch_rows > 0 ? r.train.micro_batch_rows : r.train.batch_rows;
  auto rows = std::make_shared<SftRows>(std::move(train), T, bytes_per_token(tokenizer));
  if (rows->rows() == 0) throw Error(ErrorKind::InvalidData, "{}: no conversation fits into {} tokens", r.data.chat, T);
  if (rows->truncated() > 0)
    warn(fmt::format("{} conversations are longer than {} tokens and were cut", rows->truncated(), T));
  RunParts parts;
  auto stream = std::make_shared<ShuffledRows>(rows, uint64_t(r.run.seed));
  parts.batches = std::make_shared<BatchSource>(stream, micro_rows);
  if (!validation.empty())
    parts.validation = std::make_shared<SftRows>(std::move(validation), T, bytes_per_token(tokenizer));
  if (planned_steps(r, rows->rows()) == 0 && r.train.minutes == 0) r.train.epochs = 1;
  int64_t steps = planned_steps(r, rows->rows());
  result.recipe = r;
  if (options.dry_run) return result;
  parts.model = make_model(r, result.config);
  if (parts.model->shape().V < tokenizer.vocab_size())
    throw Error(ErrorKind::InvalidModel, "{}: the tokenizer has {} tokens, the model knows {}", r.model.init_from,
                tokenizer.vocab_size(), parts.model->shape().V);
  parts.objective = std::make_shared<NextToken>(loss_options(r), r.train.activation_checkpointing);
  if (r.train.minutes > 0 && r.train.schedule != "wsd") {
    const double step = seconds_per_step(*parts.model, *parts.batches, *parts.objective,
                                         std::max<int64_t>(1, r.train.batch_rows / micro_rows));
    const int64_t fit = std::max<int64_t>(1, int64_t(60 * r.train.minutes / step));
    steps = steps > 0 ? std::min(steps, fit) : fit;
  }
  if (steps == 0) steps = int64_t{1} << 40;
  parts.files =
      model_files(tokenizer, true, parts.model->shape().context, lineage_of(r, TokenStore{}, tokenizer, "sft"));
  write_file(dir / "recipe.toml", r.to_toml());
  RunPlan plan{.dir = dir,
               .stage = "sft",
               .recipe = r,
               .total_steps = steps,
               .budget_seconds = r.train.minutes > 0 && r.train.schedule == "wsd" ? 60 * r.train.minutes : 0,
               .resume = options.resume,
               .quiet = options.quiet};
  return finish(std::move(result), plan, parts);
}

std::string describe(const StageResult& s) {
  return fmt::format("{} steps, {} tokens in {}; loss {:.4f}, validation {:.4f} ({:.4f} bits per byte)\nmodel: {}\n",
                     s.run.steps, format_count(double(s.run.tokens)), format_duration(s.run.seconds), s.run.train_loss,
                     s.run.validation_loss, s.run.validation_bpb, s.run.checkpoint.string());
}

Json to_json(const StageResult& s) {
  return {{"dir", s.dir.string()},
          {"checkpoint", s.run.checkpoint.string()},
          {"steps", s.run.steps},
          {"tokens", s.run.tokens},
          {"seconds", s.run.seconds},
          {"train_loss", s.run.train_loss},
          {"validation_loss", s.run.validation_loss},
          {"validation_bits_per_byte", s.run.validation_bpb},
          {"best_loss", s.run.best_loss},
          {"best_step", s.run.best_step},
          {"tokens_per_second", s.run.tokens_per_s},
          {"share_of_peak", s.run.peak_share},
          {"skipped_steps", s.run.skipped},
          {"stopped", s.run.stopped},
          {"cost",
           {{"parameters", s.cost.parameters},
            {"memory_bytes", s.cost.total()},
            {"weights_bytes", s.cost.weights},
            {"gradients_bytes", s.cost.gradients},
            {"optimizer_bytes", s.cost.optimizer},
            {"activations_bytes", s.cost.activations},
            {"logits_bytes", s.cost.logits},
            {"data_bytes", s.cost.data},
            {"flops", s.cost.flops},
            {"flops_per_step", s.cost.flops_per_step},
            {"seconds", s.cost.seconds},
            {"steps", s.cost.steps}}}};
}

}  // namespace quern
