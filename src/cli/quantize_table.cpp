// SPDX-License-Identifier: MIT
#include "cli/quantize_table.h"

#include <algorithm>
#include <chrono>

#include "eval/divergence.h"
#include "infer/engine.h"

namespace quern {

namespace {
constexpr int64_t kPrefillTokens = 512, kDecodeTokens = 48;
constexpr double kMostDecodeSeconds = 10;  // of one run, for models that answer slowly
constexpr int kRuns = 2;                   // the faster one counts

// What the model writes when nobody tells it anything: text it should predict well, and its children as well.
std::vector<int32_t> own_text(const LoadedModel& model, int64_t tokens, Progress& progress) {
  constexpr int64_t kTexts = 16;
  const int64_t each = std::min<int64_t>(tokens / kTexts, model.model->shape().context - 1);
  if (model.start_id < 0)
    throw Error(ErrorKind::InvalidArgument, "this model has no token to begin a text with")
        .hint("give a text to measure with: --text FILE");
  Engine engine(model.model, {}, {.max_sequences = kTexts, .prefix_bytes = 0});
  std::vector<std::shared_ptr<Generation>> running;
  for (int64_t n = 0; n < kTexts; ++n) {
    Request request{.prompt = {model.start_id}, .max_new_tokens = std::max<int64_t>(1, each)};
    request.sampling.temperature = 1;
    request.sampling.seed = uint64_t(n);
    running.push_back(engine.submit(std::move(request)));
  }
  while (engine.step()) {
    progress.update(fmt::format("the model writes a text: {} tokens", engine.stats().generated_tokens));
    if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped before anything was measured");
  }
  std::vector<int32_t> ids;
  for (const auto& g : running) {
    const GenerationResult& r = g->result();
    ids.insert(ids.end(), r.ids.begin(), r.ids.end());
  }
  return ids;
}

void measure_speed(const LoadedModel& model, std::span<const int32_t> ids, QuantizeTableRow& row) {
  const int64_t context = model.model->shape().context;
  const int64_t decoded = std::min(kDecodeTokens, context / 4);
  const auto prompt = size_t(std::min({kPrefillTokens, int64_t(ids.size()), context - decoded}));
  for (int run = 0; run < kRuns && !stop_requested(); ++run) {
    Engine engine(model.model, {}, {.max_sequences = 1, .prefix_bytes = 0});
    Request request{.prompt = {ids.begin(), ids.begin() + ptrdiff_t(prompt)}, .max_new_tokens = decoded};
    request.sampling.temperature = 0;
    const auto begin = std::chrono::steady_clock::now();
    const GenerationResult r = engine.generate(std::move(request), [&](const TokenEvent&) {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() < kMostDecodeSeconds;
    });
    if (r.prefill_s > 0) row.prefill_tokens_per_s = std::max(row.prefill_tokens_per_s, double(prompt) / r.prefill_s);
    if (r.decode_s > 0)
      row.decode_tokens_per_s = std::max(row.decode_tokens_per_s, double(r.ids.size() - 1) / r.decode_s);
  }
}

class TableRun {
 public:
  TableRun(const QuantizeJob& job, const QuantizeTableOptions& options)
      : job_(job), options_(options), parent_(open_model(job.path().string())), folder_("quern-types") {
    if (options.texts.empty()) {
      ids_ = own_text(parent_, options.tokens, progress_);
      table_.measured_on = "what the model itself writes";
    } else {
      if (!parent_.tokenizer.valid())
        throw Error(ErrorKind::NotFound, "{}: no tokenizer, so no text can be read", job.path().string());
      ids_ = ids_of_texts(options.texts, parent_.tokenizer, options.tokens);
      for (const std::string& text : options.texts)
        table_.measured_on += (table_.measured_on.empty() ? "" : ", ") + fs::path(text).filename().string();
    }
    progress_.update("measuring the model as it is");
    meter_.emplace(parent_.model, ids_, DivergenceOptions{.context = options.context, .tokens = options.tokens});
  }

  QuantizeTable run() {
    add_row("as it is", parent_, job_.path(), nullptr);
    for (const DType type : options_.types) {
      if (stop_requested()) break;
      const std::string called(name(type));
      progress_.update(fmt::format("{}: writing", called));
      const fs::path file = folder_.path() / (called + ".gguf");
      require_writable(folder_.path(), size_bytes(DType::q8_0, 32) * uint64_t(values_ / 32 + 1));
      const QuantiseReport report = job_.write(type, file);
      add_row(called, open_model(file.string()), file, &report);
      fs::remove(file);
    }
    table_.stopped = stop_requested();
    progress_.finish();
    return std::move(table_);
  }

 private:
  const QuantizeJob& job_;
  const QuantizeTableOptions& options_;
  LoadedModel parent_;
  TemporaryDirectory folder_;
  Progress progress_;
  std::vector<int32_t> ids_;
  std::optional<DivergenceMeter> meter_;
  QuantizeTable table_;
  int64_t values_ = 0;

  void add_row(const std::string& type, const LoadedModel& model, const fs::path& path, const QuantiseReport* report) {
    QuantizeTableRow row{.type = type};
    if (report) row.matrices = report->types;
    values_ = std::max(values_, model.model->params->num_values());
    row.size_bytes = report ? report->size_bytes : weight_bytes(path);
    row.bits_per_weight = 8 * double(row.size_bytes) / double(std::max<int64_t>(1, values_));
    progress_.update(fmt::format("{}: speed", type));
    measure_speed(model, ids_, row);
    const Divergence d = meter_->measure(*model.model, [&](int64_t done, int64_t total) {
      progress_.update(fmt::format("{}: {} of {} tokens", type, done, total));
      return !stop_requested();
    });
    if (stop_requested()) return;  // a row is whole or not there
    row.perplexity = d.perplexity(), row.divergence = d.mean, row.same_top = d.same_top;
    table_.tokens = d.tokens;
    progress_.print(row_text(row));
    table_.rows.push_back(std::move(row));
  }

  // Of the file, or of a folder's weights.
  static uint64_t weight_bytes(const fs::path& path) {
    if (fs::is_regular_file(path)) return fs::file_size(path);
    uint64_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.is_regular_file() && entry.path().extension() == ".safetensors") bytes += entry.file_size();
    return bytes;
  }

 public:
  static std::string row_text(const QuantizeTableRow& r) {
    return fmt::format("{:<9} {:>9} {:>6.2f} {:>9.1f} {:>9.0f} {:>11.3f} {:>10.5f} {:>8.1f} %", r.type,
                       format_size(r.size_bytes), r.bits_per_weight, r.decode_tokens_per_s, r.prefill_tokens_per_s,
                       r.perplexity, r.divergence, 100 * r.same_top);
  }
};
}  // namespace

QuantizeTable measure_types(const QuantizeJob& job, const QuantizeTableOptions& options) {
  return TableRun(job, options).run();
}

std::string table_text(const QuantizeTable& table) {
  std::string out = fmt::format("{:<9} {:>9} {:>6} {:>9} {:>9} {:>11} {:>10} {:>10}\n", "type", "size", "bits",
                                "decode/s", "prefill/s", "perplexity", "KL", "same top");
  for (const QuantizeTableRow& row : table.rows) out += TableRun::row_text(row) + "\n";
  out += fmt::format(
      "bits: per weight, whole file; decode, prefill: tokens a second; KL: mean divergence from the "
      "model as it is, nats;\nsame top: how often the likeliest token is its. {} tokens of {}.\n",
      table.tokens, table.measured_on);
  for (const QuantizeTableRow& row : table.rows)
    for (const auto& [type, matrices] : row.matrices)
      if (!matrices.reason.empty())
        out += fmt::format("{}: {} matrices are {} ({})\n", row.type, matrices.tensors, type, matrices.reason);
  return out;
}

Json table_json(const QuantizeTable& table) {
  Json rows = Json::array();
  for (const QuantizeTableRow& r : table.rows) {
    Json matrices = Json::array();
    for (const auto& [type, m] : r.matrices)
      matrices.push_back({{"type", type}, {"tensors", m.tensors}, {"bytes", m.bytes}, {"reason", m.reason}});
    rows.push_back({{"type", r.type},
                    {"size_bytes", r.size_bytes},
                    {"bits_per_weight", r.bits_per_weight},
                    {"decode_tokens_per_s", r.decode_tokens_per_s},
                    {"prefill_tokens_per_s", r.prefill_tokens_per_s},
                    {"perplexity", r.perplexity},
                    {"kl_divergence", r.divergence},
                    {"same_top", r.same_top},
                    {"matrices", matrices}});
  }
  return {{"text", table.measured_on}, {"tokens", table.tokens}, {"stopped", table.stopped}, {"types", rows}};
}

}  // namespace quern
