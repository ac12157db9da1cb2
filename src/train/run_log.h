// SPDX-License-Identifier: MIT
#pragma once
// log.jsonl: what happened in a run, one JSON object per line, in the order it happened. A loss is written with as many
// digits as it takes to read back the same bits, so two runs can be compared exactly. What is not finite is null.

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace quern {

using Metrics = std::vector<std::pair<std::string, double>>;  // what an objective reports besides its loss

struct StepEvent {  // "type": "step", after each optimizer step
  int64_t step = 0;
  double loss = 0;  // nats per token that counts
  double bpb = 0;   // bits per byte of text
  double lr = 0, grad_norm = 0;
  int64_t tokens = 0;  // seen since the start of the run
  double tokens_per_s = 0;
  double seconds = 0;     // of training since the start of the run, pauses between resumes left out
  double peak_share = 0;  // of the machine's measured matrix-product peak, 0 to 1
  int64_t memory_bytes = 0;
  bool skipped = false;  // the step was not finite and was not applied
  Metrics metrics;
};

struct EvalEvent {  // "type": "eval"
  int64_t step = 0;
  std::string data = "validation";
  double loss = 0, bpb = 0, seconds = 0;
  int64_t tokens = 0;  // evaluated
  Metrics metrics;
};

struct SampleEvent {  // "type": "sample"
  int64_t step = 0;
  double seconds = 0;
  std::string prompt, text;  // text: what the model added
};

struct StageEvent {  // "type": "stage": a part of the run began, ended or was resumed
  int64_t step = 0;
  std::string name, what;  // what: "start" | "resume" | "end" | "stop" | ...
  double seconds = 0;
  int64_t memory_bytes = 0;
  std::string note;
};

// Everything of a log, each kind in order.
struct RunHistory {
  std::vector<StepEvent> steps;
  std::vector<EvalEvent> evals;
  std::vector<SampleEvent> samples;
  std::vector<StageEvent> stages;
  int64_t damaged_lines = 0;  // lines that could not be read, and were left out
};

// Throws NotFound. A half-written last line (after kill -9) is counted, not an error; so are events of unknown type.
RunHistory read_run_log(const std::filesystem::path& path);

// The writer. A line goes out in one write, so a kill leaves at most its beginning, which the next opening removes.
class RunLog {
 public:
  // keep_until_step: events after this step are cut away, as a run resumed from it will write them again;
  // -1 starts an empty log. Throws Io.
  RunLog(const std::filesystem::path& path, int64_t keep_until_step);
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  void write(const StepEvent& event);
  void write(const EvalEvent& event);
  void write(const SampleEvent& event);
  void write(const StageEvent& event);

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  void write_line(std::string line);
};

}  // namespace quern
