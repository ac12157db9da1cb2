// SPDX-License-Identifier: MIT
// quern eval perplexity runs/village held_out.txt
#include <chrono>
#include <cstdio>

#include "base/files.h"
#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "data/byte_source.h"
#include "data/reader.h"
#include "data/token_file.h"
#include "eval/perplexity.h"
#include "infer/loaded_model.h"

namespace quern {

namespace {
struct PerplexityVerbOptions {
  CommonOptions common;
  std::string model, max_bytes, protocol = "sliding";
  bool exact = false;
  std::vector<std::string> files;
  int64_t context = 0, stride = 0, batch_tokens = 8192;
};

std::vector<uint16_t> bytes_per_token(const Tokenizer& tokenizer) {
  std::vector<uint16_t> bytes;
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id)
    bytes.push_back(tokenizer.is_special(id) ? 0 : uint16_t(std::min<size_t>(65535, tokenizer.token_bytes(id).size())));
  return bytes;
}

// A file as llama-perplexity reads it: as it stands, but for a line break at its end.
std::string whole_text(const std::string& file) {
  constexpr uint64_t kMostRatio = 1000;
  ByteSource bytes(file, kMostRatio);
  std::string text;
  while (bytes.read(text)) {
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

void add_whole_files(PerplexityMeter& meter, const LoadedModel& model, const std::vector<std::string>& files) {
  const std::vector<int32_t> nothing = model.tokenizer.encode("", {.add_special = true});
  for (const std::string& file : files) {
    if (file.ends_with(".tokens"))
      throw Error(ErrorKind::InvalidArgument, "{}: --protocol llama.cpp reads texts, not tokens", file);
    if (!meter.add_second_halves(model.tokenizer.encode(whole_text(file), {.add_special = true}),
                                 nothing.empty() ? -1 : nothing[0]))
      return;
  }
}

// What --protocol stands for.
void apply_protocol(const PerplexityVerbOptions& o, const ModelShape& shape, PerplexityOptions& options) {
  if (o.protocol != "sliding" && o.stride > 0)
    throw Error(ErrorKind::InvalidArgument, "--stride goes with --protocol sliding, not with {}", o.protocol);
  constexpr int64_t kLlamaContext = 512;  // llama-perplexity's own default
  if (o.protocol == "llama.cpp" && options.context == 0) options.context = kLlamaContext;
  if (o.protocol == "windows") options.stride = options.context > 0 ? options.context : shape.context;
}

void perplexity(const PerplexityVerbOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  install_interrupt_handler();
  const LoadedModel model = open_model(o.model, o.exact ? QuantCompute::exact : QuantCompute::fast);
  Progress progress;
  PerplexityOptions options{
      .context = o.context, .stride = o.stride, .batch_tokens = o.batch_tokens, .start_id = model.start_id};
  apply_protocol(o, model.model->shape(), options);
  const bool halves = o.protocol == "llama.cpp";
  const auto start = std::chrono::steady_clock::now();
  options.on_progress = [&](int64_t done) {
    progress.update(fmt::format("{} tokens", format_count(double(done))));
    return !stop_requested();
  };
  std::unique_ptr<PerplexityMeter> meter;
  CorpusStats stats;
  if (!model.tokenizer.valid() && (halves || !o.files[0].ends_with(".tokens")))
    throw Error(ErrorKind::NotFound, "{}: no tokenizer, so text can't be read", model.folder.string())
        .hint("give a .tokens file");
  if (halves) {
    meter = std::make_unique<PerplexityMeter>(*model.model, bytes_per_token(model.tokenizer), options);
    add_whole_files(*meter, model, o.files);
  } else if (o.files.size() == 1 && o.files[0].ends_with(".tokens")) {
    const TokenStore store = TokenStore::open(o.files[0]);
    meter = std::make_unique<PerplexityMeter>(
        *model.model, std::vector<uint16_t>(store.token_bytes().begin(), store.token_bytes().end()), options);
    std::vector<int32_t> ids;
    for (uint64_t d = 0; d < store.num_documents(); ++d) {
      ids.resize(size_t(store.document_end(d) - store.document_begin(d)));
      store.copy(store.document_begin(d), ids);
      if (!meter->add(ids)) break;
    }
  } else {
    meter = std::make_unique<PerplexityMeter>(*model.model, bytes_per_token(model.tokenizer), options);
    Corpus corpus = open_corpus(std::vector<fs::path>(o.files.begin(), o.files.end()),
                                {.validation_fraction = 0,
                                 .deduplicate = false,
                                 .max_total_bytes = o.max_bytes.empty() ? 0 : parse_size(o.max_bytes),
                                 .json_fields = {}});
    Document document;
    std::string text;
    while (corpus.next(document)) {
      text += document.text;
      if (document.continues) continue;
      if (!meter->add(model.tokenizer.encode(text, {.add_special = false}))) break;
      text.clear();
    }
    stats = corpus.stats();
  }
  const PerplexityResult r = meter->result();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  progress.finish();
  if (r.stopped) warn("stopped: only a part was measured");
  if (r.total.tokens == 0) throw Error(ErrorKind::InvalidData, "there is no text to measure in {}", o.files[0]);
  if (o.common.json) {
    Json out{{"model", model.folder.string()},
             {"perplexity", r.perplexity()},
             {"bits_per_byte", r.bits_per_byte()},
             {"loss", r.loss()},
             {"tokens", r.total.tokens},
             {"bytes", r.total.bytes},
             {"documents", r.documents},
             {"stopped", r.stopped},
             {"protocol", o.protocol},
             {"context", meter->options().context},
             {"stride", meter->options().stride},
             {"seconds", seconds},
             {"perplexity_interval", nullptr},
             {"bits_per_byte_interval", nullptr}};
    if (r.has_interval) {
      out["perplexity_interval"] = {r.perplexity_interval.low, r.perplexity_interval.high};
      out["bits_per_byte_interval"] = {r.bits_per_byte_interval.low, r.bits_per_byte_interval.high};
    }
    fmt::print("{}\n", to_line(out));
    return;
  }
  const auto interval = [&](const Interval& i, int digits) {
    return r.has_interval ? fmt::format("   95 %: {:.{}f} to {:.{}f}", i.low, digits, i.high, digits) : std::string();
  };
  fmt::print("perplexity     {:.3f}{}\n", r.perplexity(), interval(r.perplexity_interval, 3));
  fmt::print("bits per byte  {:.4f}{}\n", r.bits_per_byte(), interval(r.bits_per_byte_interval, 4));
  fmt::print("loss           {:.4f} nats per token\n", r.loss());
  fmt::print("measured on    {} tokens, {} bytes, {} {}{}\n", r.total.tokens, r.total.bytes, r.documents,
             halves ? "window" : "document", r.documents == 1 ? "" : "s");
  fmt::print("protocol       {}, context {}{}\n", o.protocol, meter->options().context,
             halves ? ", second halves" : fmt::format(", stride {}", meter->options().stride));
  fmt::print("took           {}\n", format_duration(seconds));
}
}  // namespace

void add_eval_command(CLI::App& app) {
  auto* eval = app.add_subcommand("eval", "Measure a model");
  eval->require_subcommand(1);
  auto o = std::make_shared<PerplexityVerbOptions>();
  auto* cmd = eval->add_subcommand("perplexity", "How well it predicts a text: perplexity and bits per byte");
  cmd->add_option("model", o->model, "a model folder, or a run's folder")->required();
  cmd->add_option("files", o->files, "text (.txt .md .jsonl .html, folders, .gz), or one .tokens file")->required();
  cmd->add_option("--context", o->context, "tokens a prediction may look back; 0: what the model was made for");
  cmd->add_option("--protocol", o->protocol,
                  "which tokens are counted, from how much before them: sliding (each once, windows overlap), windows "
                  "(each once, side by side), llama.cpp (second halves of windows over the whole text, context 512)")
      ->check(CLI::IsMember({"sliding", "windows", "llama.cpp"}))
      ->capture_default_str();
  cmd->add_option("--stride", o->stride, "sliding: how far windows are apart; 0: half of the context");
  cmd->add_flag("--exact", o->exact, "reference arithmetic for quantised weights: slower");
  cmd->add_option("--batch-tokens", o->batch_tokens, "tokens of one pass")->check(CLI::Range(1, 1 << 22));
  cmd->add_option("--max-bytes", o->max_bytes, "read no more text than this, as 10MB");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern eval perplexity runs/village held_out.txt\n"
               "  quern eval perplexity ./gpt2 wiki.txt --context 1024 --stride 512 --json\n"
               "  quern eval perplexity smollm2.gguf wiki.txt --protocol llama.cpp --context 512");
  cmd->callback([o] { perplexity(*o); });
  add_eval_tasks(eval);
}

}  // namespace quern
