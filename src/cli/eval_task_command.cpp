// SPDX-License-Identifier: MIT
// quern eval hellaswag smollm2.gguf --file hellaswag.jsonl
#include <chrono>
#include <cstdio>
#include <optional>

#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "eval/item_log.h"
#include "eval/task_run.h"
#include "formats/fingerprint.h"
#include "infer/loaded_model.h"
#include "tensor/kernels/probe.h"

namespace quern {

namespace {
constexpr int64_t kMostSequences = 256;  // at once, choices counted one by one

struct TaskVerbOptions {
  CommonOptions common;
  std::string model, file, shots_file, items;
  std::string cache_type = "f32";
  int64_t limit = 0, shots = 0, context = 0, chunk = 1024;
  bool exact = false;
};

// What a file of items must agree in to be gone on with.
Json header_of(const TaskVerbOptions& o, const EvalTask& task, const LoadedModel& model) {
  const auto hash = [](const std::string& file) { return content_hash(read_file(file)); };
  Json header{{"quern", "eval items"},
              {"task", task.name},
              {"model", model_fingerprint(model.folder)},
              {"file", hash(o.file)},
              {"shots", o.shots},
              {"context", o.context},
              {"cache_type", o.cache_type},
              {"arithmetic", o.exact ? "exact" : "fast"},
              {"kernels", kernel_choice()}};
  if (o.shots > 0) header["shots_file"] = o.shots_file.empty() ? Json(nullptr) : Json(hash(o.shots_file));
  return header;
}

class TaskReporter {
 public:
  TaskReporter(const EvalTask& task, size_t items) : tally_(task), items_(items) {}

  void add_earlier(const ItemOutcome& outcome) {
    tally_.add(outcome);
    ++earlier_;
  }
  void add(const ItemOutcome& outcome) {
    tally_.add(outcome);
    tokens_ += outcome.tokens;
    const auto metrics = tally_.metrics();
    const double rate = double(tally_.items() - earlier_) / std::max(1e-9, seconds());
    progress_.update(fmt::format("{} of {} items, {} {:.3f}, {:.1f} items/s, {} left", tally_.items(), items_,
                                 metrics[0].name, metrics[0].value, rate,
                                 format_duration(double(int64_t(items_) - tally_.items()) / rate)));
  }
  void finish() {
    seconds_ = seconds();
    progress_.finish();
  }

  const TaskTally& tally() const { return tally_; }
  int64_t earlier() const { return earlier_; }
  double run_seconds() const { return seconds_; }
  double tokens_per_second() const { return seconds_ > 0 ? double(tokens_) / seconds_ : 0; }

 private:
  TaskTally tally_;
  size_t items_;
  int64_t earlier_ = 0, tokens_ = 0;
  double seconds_ = 0;
  Progress progress_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
};

Json metrics_json(const std::vector<Metric>& metrics) {
  Json out = Json::object();
  for (const Metric& m : metrics) out[m.name] = {{"value", m.value}, {"interval", {m.interval.low, m.interval.high}}};
  return out;
}

void print_task(const TaskVerbOptions& o, const EvalTask& task, const LoadedModel& model, const TaskReporter& report,
                bool stopped) {
  const TaskTally& tally = report.tally();
  const auto metrics = tally.metrics();
  const auto groups = tally.groups();
  if (o.common.json) {
    Json out{{"model", model.folder.string()},
             {"task", task.name},
             {"file", o.file},
             {"shots", o.shots},
             {"items", tally.items()},
             {"metrics", metrics_json(metrics)},
             {"groups", Json::object()},
             {"cut", tally.cut()},
             {"tokens", tally.tokens()},
             {"arithmetic", o.exact ? "exact" : "fast"},
             {"kernels", kernel_choice()},
             {"resumed_items", report.earlier()},
             {"seconds", report.run_seconds()},
             {"tokens_per_second", report.tokens_per_second()},
             {"stopped", stopped}};
    for (const auto& [name, group] : groups)
      out["groups"][name] = {{"items", group.first}, {"metrics", metrics_json(group.second)}};
    fmt::print("{}\n", to_line(out));
    return;
  }
  for (const auto& [name, group] : groups)
    fmt::print("{:<40} {:.4f}  of {}\n", name, group.second[0].value, group.first);
  for (const Metric& m : metrics)
    fmt::print("{:<14} {:.4f}   95 %: {:.4f} to {:.4f}\n", m.name, m.value, m.interval.low, m.interval.high);
  fmt::print("measured on    {} items, {} shots, {} tokens, {} arithmetic\n", tally.items(), o.shots, tally.tokens(),
             o.exact ? "exact" : "fast");
  if (report.run_seconds() > 0)
    fmt::print("took           {}, {:.0f} tokens/s\n", format_duration(report.run_seconds()),
               report.tokens_per_second());
}

void eval_task(const TaskVerbOptions& o, const EvalTask& task) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  install_interrupt_handler();
  const std::vector<TaskQuestion> questions = read_questions(task, o.file, o.limit);
  const std::vector<TaskQuestion> others =
      o.shots_file.empty() ? std::vector<TaskQuestion>() : read_questions(task, o.shots_file);
  const LoadedModel model = open_model(o.model, o.exact ? QuantCompute::exact : QuantCompute::fast);
  if (!model.tokenizer.valid())
    throw Error(ErrorKind::NotFound, "{}: no tokenizer, so questions can't be read", model.folder.string());
  TaskReporter report(task, questions.size());
  TaskRunOptions options{.shots = o.shots,
                         .examples = o.shots_file.empty() ? questions : others,
                         .examples_are_the_questions = o.shots_file.empty(),
                         .start_id = model.start_id,
                         .stop_ids = model.stop_ids};
  std::optional<ItemLog> log;
  if (!o.items.empty()) {
    log.emplace(o.items, header_of(o, task, model));
    for (const Json& item : log->items()) {
      if (options.first == questions.size()) break;
      report.add_earlier(ItemOutcome::from_json(item, task.kind, o.items));
      ++options.first;
    }
  }
  options.on_outcome = [&](size_t item, const ItemOutcome& outcome) {
    if (log) log->add(outcome.to_json(item, task.kind));
    report.add(outcome);
    return !stop_requested();
  };
  EngineOptions engine_options{.max_sequences = kMostSequences,
                               .max_step_tokens = o.chunk,
                               .context = o.context,
                               .cache_type = *dtype_from_name(o.cache_type)};
  if (o.shots == 0 && !task.description) engine_options.prefix_bytes = 0;  // nothing comes again
  Engine engine(model.model, model.tokenizer, engine_options);
  run_task(engine, task, questions, options);
  report.finish();
  const bool stopped = report.tally().items() < int64_t(questions.size());
  if (stopped && log) warn(fmt::format("stopped; the same command goes on from item {}", report.tally().items()));
  if (stopped && !log) warn("stopped: only a part was measured (with --items FILE it could be gone on with)");
  if (report.tally().cut() > 0)
    warn(fmt::format("{} items are longer than the model's context: the beginnings of their contexts were left out",
                     report.tally().cut()));
  if (report.tally().items() == 0) throw Error(ErrorKind::Interrupted, "stopped before the first item");
  print_task(o, task, model, report, stopped);
}

std::string_view kind_name(TaskKind kind) {
  return kind == TaskKind::choices ? "multiple choice" : kind == TaskKind::cloze ? "one continuation" : "generated";
}
}  // namespace

void add_eval_tasks(CLI::App* eval) {
  for (const EvalTask& task : eval_tasks()) {
    auto o = std::make_shared<TaskVerbOptions>();
    auto* cmd = eval->add_subcommand(std::string(task.name), fmt::format("{}: {}", kind_name(task.kind), task.about));
    cmd->add_option("model", o->model, "a model folder, a run, a .gguf file, or a model of the store")->required();
    cmd->add_option("--file", o->file, fmt::format("JSON lines (also .gz) with {}", task.fields))->required();
    cmd->add_option("--limit", o->limit, "only the first N items; 0: all")->check(CLI::NonNegativeNumber);
    cmd->add_option("--shots", o->shots, "worked examples before each question: the first of the same subject")
        ->check(CLI::Range(0, 1000));
    cmd->add_option("--shots-file", o->shots_file, "where the examples come from; left out: the other items of --file");
    cmd->add_option("--items", o->items, "write each item's outcome here; a file that was begun is gone on with");
    cmd->add_flag("--exact", o->exact, "reference arithmetic for quantised weights: slower");
    cmd->add_option("--context", o->context, "tokens an item may take; 0: what the model was made for")
        ->check(CLI::NonNegativeNumber);
    cmd->add_option("--chunk", o->chunk, "most tokens of one step")->check(CLI::Range(1, 1 << 20));
    cmd->add_option("--cache-type", o->cache_type, "how keys and values are kept: f32, f16, bf16 or q8_0")
        ->check(CLI::IsMember({"f32", "f16", "bf16", "q8_0"}));
    add_common_options(cmd, o->common);
    add_examples(cmd,
                 fmt::format("  quern eval {0} runs/village --file {0}.jsonl\n"
                             "  quern eval {0} smollm2.gguf --file {0}.jsonl.gz --limit 1000 --items {0}-items.jsonl\n"
                             "  quern eval {0} ./gpt2 --file test.jsonl --shots 5 --shots-file dev.jsonl --json",
                             task.name));
    cmd->callback([o, &task] { eval_task(*o, task); });
  }
}

}  // namespace quern
