// SPDX-License-Identifier: MIT
// Our side of the training bench.
//   quern_bench_train init FOLDER LAYERS WIDTH HEADS CONTEXT VOCAB     fresh weights as a Hugging Face folder
//   quern_bench_train steps FOLDER ROWS T BATCH f32|int8 LR THREADS    trains; for each number N read from standard
//       input it makes N steps and prints one line of JSON: {"seconds": [...], "losses": [...]}
// ROWS: a file of int32 rows of T + 1 tokens; a step takes the next BATCH of them, round and round.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/threads.h"
#include "formats/hf_folder.h"
#include "train/step.h"

namespace quern {
namespace {

void make_weights(const fs::path& folder, int64_t L, int64_t C, int64_t H, int64_t context, int64_t V) {
  const Json config = {{"architectures", {"GPT2LMHeadModel"}},
                       {"model_type", "gpt2"},
                       {"vocab_size", V},
                       {"n_embd", C},
                       {"n_layer", L},
                       {"n_head", H},
                       {"n_positions", context},
                       {"tie_word_embeddings", true}};
  fs::create_directories(folder);
  save_model(folder, *build_model(config, ParamStore::fresh(1, {})));
}

// The rows of a file, one after the other, endlessly.
class RowsOfFile final : public RowStream {
 public:
  RowsOfFile(const fs::path& path, int64_t T) : T_(T) {
    const std::string bytes = read_file(path);
    QUERN_CHECK(!bytes.empty() && bytes.size() % (size_t(T + 1) * 4) == 0, "{}: no whole rows of {} tokens",
                path.string(), T + 1);
    tokens_.resize(bytes.size() / 4);
    std::memcpy(tokens_.data(), bytes.data(), bytes.size());
  }
  int64_t row_length() const override { return T_; }
  int64_t rows_per_epoch() const override { return int64_t(tokens_.size()) / (T_ + 1); }
  std::string fingerprint() const override { return "bench"; }
  void append_row(int64_t i, TokenBatch& batch) const override {
    const int32_t* row = tokens_.data() + (i % rows_per_epoch()) * (T_ + 1);
    if (batch.segments.empty()) batch.segments.push_back(0);
    for (int64_t t = 0; t < T_; ++t) {
      batch.ids.push_back(row[t]);
      batch.labels.push_back(row[t + 1]);
      batch.positions.push_back(int32_t(t));
    }
    batch.segments.push_back(int32_t(batch.ids.size()));
    batch.num_targets += T_;
  }

 private:
  int64_t T_;
  std::vector<int32_t> tokens_;
};

void steps(const fs::path& folder, const fs::path& rows, int64_t T, int64_t B, const std::string& precision,
           double lr) {
  LossOptions loss;
  loss.precision = precision == "int8" ? Precision::int8 : Precision::f32;
  auto model = load_model(folder, {.trainable = Trainable::Yes, .precision = loss.precision});
  Optimizer optimizer(*model->params, {.beta1 = 0.9f, .beta2 = 0.95f, .weight_decay = 0.1f});
  Trainer trainer{
      *model, optimizer, {.max_grad_norm = 1.0, .schedule = {.kind = ScheduleKind::Constant, .peak_lr = lr}}};
  BatchSource batches(std::make_shared<RowsOfFile>(rows, T), B);
  const NextToken objective(loss);
  int64_t done = 0, count = 0;
  while (std::scanf("%ld", &count) == 1) {
    std::vector<double> seconds, losses;
    for (int64_t i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const StepReport report = train_step(trainer, batches, objective, done++);
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      losses.push_back(report.loss);
    }
    fmt::print("{{\"seconds\": [{}], \"losses\": [{}]}}\n", fmt::join(seconds, ", "), fmt::join(losses, ", "));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) {
  using namespace quern;
  const auto number = [&](int i) { return int64_t(std::stoll(argv[i])); };
  try {
    const std::string job = argc > 1 ? argv[1] : "";
    if (job == "init" && argc == 8) {
      make_weights(argv[2], number(3), number(4), number(5), number(6), number(7));
    } else if (job == "steps" && argc == 9) {
      set_compute_threads(int(number(8)));
      steps(argv[2], argv[3], number(4), number(5), argv[6], std::stod(argv[7]));
    } else {
      fmt::print(stderr, "the arguments are described at the head of bench/train/bench_train.cpp\n");
      return 2;
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
  return 0;
}
