// SPDX-License-Identifier: MIT
// quern bench smollm2.gguf
#include <chrono>
#include <cstdio>

#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "eval/speed.h"
#include "infer/loaded_model.h"
#include "tensor/kernels/probe.h"

namespace quern {

namespace {
struct BenchVerbOptions {
  CommonOptions common;
  std::string model, cache_type = "f32";
  std::vector<int64_t> prefill = {128, 512}, batches = {1, 2, 4, 8, 16};
  int64_t tokens = 64, depth = 0, first_prompt = 16;
  int repeats = 5;
  bool csv = false, exact = false;
};

double median_of(std::vector<double> x) {
  std::ranges::sort(x);
  return x[x.size() / 2];
}

struct FirstToken {
  double open_s = 0, first_token_s = 0;  // first_token_s: opening and engine included
};

// The model is opened anew each time, so that laying out its weights counts; its file is in the page cache by then.
std::vector<FirstToken> time_first_token(const BenchVerbOptions& o, Progress& progress, LoadedModel& model) {
  std::vector<FirstToken> out;
  const QuantCompute compute = o.exact ? QuantCompute::exact : QuantCompute::fast;
  for (int repeat = 0; repeat <= o.repeats && !(repeat > 0 && stop_requested()); ++repeat) {
    progress.update("first token");
    model = {};
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    FirstToken t;
    model = open_model(o.model, compute);
    t.open_s = seconds();
    Engine engine(model.model, {}, {.max_sequences = 1, .cache_type = *dtype_from_name(o.cache_type)});
    Request request;
    for (int64_t i = 0; i < std::min(o.first_prompt, engine.context() - 1); ++i)
      request.prompt.push_back(int32_t((i * 7919 + 1) % model.model->shape().V));
    request.max_new_tokens = 1;
    request.sampling.temperature = 0;
    engine.generate(std::move(request));
    t.first_token_s = seconds();
    if (repeat > 0) out.push_back(t);  // the first one reads the file
  }
  return out;
}

struct BenchReport {
  LoadedModel model;
  std::vector<FirstToken> first;
  std::vector<SpeedResult> speeds;
  uint64_t bytes_per_step = 0;
  double bandwidth = 0;  // bytes per second, as measured by the probe
  bool stopped = false;

  // Of a decoding step: weights read per second.
  double read_rate(const SpeedResult& r) const {
    return r.kind == SpeedResult::Kind::decode ? double(bytes_per_step) * double(r.tokens) / r.median_s() : 0;
  }
  double first_token(double FirstToken::* part) const {
    std::vector<double> values;
    for (const FirstToken& t : first) values.push_back(t.*part);
    return values.empty() ? 0 : median_of(values);
  }
};

std::string bench_name(const SpeedResult& r) {
  if (r.kind == SpeedResult::Kind::prefill) return fmt::format("prefill {}", r.tokens);
  return r.batch == 1 ? fmt::format("decode {}", r.tokens) : fmt::format("decode {} x {}", r.tokens, r.batch);
}

Json bench_json(const BenchReport& b, const BenchVerbOptions& o) {
  const ProbeReport p = probe();
  Json out{{"model", b.model.folder.string()},
           {"family", b.model.model->shape().family},
           {"parameters", b.model.model->params->num_values()},
           {"type", main_type(*b.model.model)},
           {"bytes_per_step", b.bytes_per_step},
           {"cpu", p.cpu},
           {"threads", compute_threads()},
           {"kernels", kernel_choice()},
           {"arithmetic", o.exact ? "exact" : "fast"},
           {"cache_type", o.cache_type},
           {"memory_gb_per_s", p.memory_gb_per_s},
           {"repeats", o.repeats},
           {"depth", o.depth},
           {"open_s", b.first_token(&FirstToken::open_s)},
           {"first_token_s", b.first_token(&FirstToken::first_token_s)},
           {"first_token_prompt", o.first_prompt},
           {"peak_memory_bytes", peak_resident_bytes()},
           {"stopped", b.stopped},
           {"results", Json::array()}};
  for (const SpeedResult& r : b.speeds) {
    Json row{{"test", r.kind == SpeedResult::Kind::prefill ? "prefill" : "decode"},
             {"tokens", r.tokens},
             {"batch", r.batch},
             {"tokens_per_second", r.tokens_per_second(r.median_s())},
             {"low", r.tokens_per_second(r.seconds.back())},
             {"high", r.tokens_per_second(r.seconds.front())},
             {"seconds", r.median_s()},
             {"read_gb_per_s", nullptr},
             {"share_of_bandwidth", nullptr}};
    if (b.read_rate(r) > 0) {
      row["read_gb_per_s"] = b.read_rate(r) / 1e9;
      if (b.bandwidth > 0) row["share_of_bandwidth"] = b.read_rate(r) / b.bandwidth;
    }
    out["results"].push_back(row);
  }
  return out;
}

void print_csv(const Json& report) {
  static const char* const columns[] = {"test", "tokens",  "batch",         "tokens_per_second", "low",
                                        "high", "seconds", "read_gb_per_s", "share_of_bandwidth"};
  fmt::print("model,type,threads,kernels");
  for (const char* column : columns) fmt::print(",{}", column);
  fmt::print("\n");
  std::string model = report["model"];
  if (model.find_first_of(",\"\n") != std::string::npos) model = to_line(Json(model));
  for (const Json& row : report["results"]) {
    fmt::print("{},{},{},{}", model, report["type"].get<std::string>(), report["threads"].get<int>(),
               report["kernels"].get<std::string>());
    for (const char* column : columns) {
      const Json& value = row[column];
      fmt::print(",{}", value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump());
    }
    fmt::print("\n");
  }
}

void print_bench(const BenchReport& b, const BenchVerbOptions& o) {
  const ProbeReport p = probe();
  fmt::print("model         {}: {}, {} parameters, {}, {} read for a token\n", b.model.folder.string(),
             b.model.model->shape().family, format_count(double(b.model.model->params->num_values())),
             main_type(*b.model.model), format_size(b.bytes_per_step));
  fmt::print("machine       {}, {} thread{}, kernels {}{}, reads {:.1f} GB/s\n", p.cpu, compute_threads(),
             compute_threads() == 1 ? "" : "s", kernel_choice(), o.exact ? ", exact arithmetic" : "",
             p.memory_gb_per_s);
  if (!b.first.empty())
    fmt::print("first token   {:.0f} ms from opening the file, a prompt of {} tokens; {:.0f} ms of it opening\n\n",
               1000 * b.first_token(&FirstToken::first_token_s), o.first_prompt,
               1000 * b.first_token(&FirstToken::open_s));
  fmt::print("{:<16} {:>10} {:>21} {:>10}   {}\n", "", "tokens/s", "low to high", "ms", "weights read");
  for (const SpeedResult& r : b.speeds) {
    const auto rate = [&](double s) { return r.tokens_per_second(s); };
    std::string read;
    if (b.read_rate(r) > 0) read = fmt::format("{:.1f} GB/s", b.read_rate(r) / 1e9);
    if (!read.empty() && b.bandwidth > 0) read += fmt::format(", {:.0f} % of it", 100 * b.read_rate(r) / b.bandwidth);
    const bool decode = r.kind == SpeedResult::Kind::decode;
    fmt::print("{:<16} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.2f}   {}\n", bench_name(r), rate(r.median_s()),
               rate(r.seconds.back()), rate(r.seconds.front()), 1000 * r.median_s() / (decode ? double(r.tokens) : 1.0),
               read);
  }
  fmt::print("\nmedians of {}; ms: a whole prompt up to its first token, or one step of all texts\n", o.repeats);
}

void bench(const BenchVerbOptions& o) {
  if (o.common.json && o.csv) throw Error(ErrorKind::InvalidArgument, "--json or --csv, not both");
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  install_interrupt_handler();
  Progress progress;
  BenchReport b;
  b.bandwidth = probe().memory_gb_per_s * 1e9;
  b.first = time_first_token(o, progress, b.model);
  b.bytes_per_step = decode_bytes(*b.model.model);
  b.speeds = measure_speed(b.model.model, {.prefill = o.prefill,
                                           .batches = o.batches,
                                           .decode_tokens = o.tokens,
                                           .depth = o.depth,
                                           .repeats = o.repeats,
                                           .cache_type = *dtype_from_name(o.cache_type),
                                           .on_run = [&](const std::string& what) {
                                             progress.update(what);
                                             return !stop_requested();
                                           }});
  progress.finish();
  b.stopped = stop_requested();
  if (b.stopped) warn("stopped: not all was measured");
  if (b.stopped && b.speeds.empty()) throw Error(ErrorKind::Interrupted, "stopped before the first result");
  if (o.common.json)
    fmt::print("{}\n", to_line(bench_json(b, o)));
  else if (o.csv)
    print_csv(bench_json(b, o));
  else
    print_bench(b, o);
}
}  // namespace

void add_bench_command(CLI::App& app) {
  auto o = std::make_shared<BenchVerbOptions>();
  auto* cmd = app.add_subcommand("bench", "How fast a model answers here: prompts, tokens, batches, first token");
  cmd->add_option("model", o->model, "a model folder, a run, a .gguf file, or a model of the store")->required();
  const auto lengths = CLI::Range(int64_t{1}, int64_t{1} << 20);
  cmd->add_option("--prefill", o->prefill, "lengths of prompts to read")
      ->delimiter(',')
      ->check(lengths)
      ->capture_default_str();
  cmd->add_option("--batch", o->batches, "how many texts are written side by side")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  cmd->add_option("--tokens", o->tokens, "new tokens of each text")->check(lengths)->capture_default_str();
  cmd->add_option("--depth", o->depth, "tokens that stand before them already")->check(CLI::NonNegativeNumber);
  cmd->add_option("--first-prompt", o->first_prompt, "length of the prompt of which the first token is timed")
      ->check(lengths)
      ->capture_default_str();
  cmd->add_option("--repeats", o->repeats, "of each test, after one that is not counted")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  cmd->add_option("--cache-type", o->cache_type, "how keys and values are kept: f32, f16, bf16 or q8_0")
      ->check(CLI::IsMember({"f32", "f16", "bf16", "q8_0"}));
  cmd->add_flag("--exact", o->exact, "reference arithmetic for quantised weights: slower");
  cmd->add_flag("--csv", o->csv, "print the results as CSV");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern bench smollm2.gguf\n"
               "  quern bench smollm2.gguf --threads 1 --prefill 512 --batch 1,16 --repeats 9 --csv\n"
               "  quern bench ./gpt2 --depth 512 --json");
  cmd->callback([o] { bench(*o); });
}

}  // namespace quern
