// SPDX-License-Identifier: MIT
#include "train/estimate.h"

#include <fstream>

#include "base/files.h"
#include "base/terminal.h"

namespace quern {

int64_t count_parameters(const ModelShape& s) {
  if (s.family == "gpt2") {
    const int64_t block = s.C * 3 * s.C + 3 * s.C + s.C * s.C + s.C + 2 * s.C * s.F + s.F + s.C + 4 * s.C;
    return s.V * s.C * (s.tied ? 1 : 2) + s.context * s.C + s.L * block + 2 * s.C;
  }
  const int64_t block = s.C * (s.H + 2 * s.K) * s.D + s.H * s.D * s.C + 3 * s.C * s.F + 2 * s.C;
  return s.V * s.C * (s.tied ? 1 : 2) + s.L * block + s.C;
}

CostEstimate estimate_cost(const ModelShape& s, const Recipe& recipe, int64_t steps, uint64_t data_bytes, double peak) {
  const auto& t = recipe.train;
  CostEstimate c;
  c.parameters = count_parameters(s);
  c.tokens_per_step = t.batch_rows * t.sequence;
  c.steps = steps;
  const uint64_t P = uint64_t(c.parameters);
  const bool split = t.precision == "bf16";
  c.weights = P * (split ? 2 : 4);
  c.gradients = P * 4;
  c.optimizer = P * (t.optimizer == "muon" ? 5 : 8) + (split ? P * 2 : 0);
  const uint64_t N = uint64_t((t.micro_batch_rows > 0 ? t.micro_batch_rows : t.batch_rows) * t.sequence);
  // What a block keeps for its backward pass: norms' and sums' inputs (5 C), q, k, v and the attention's output, the
  // feed-forward layer's insides; then the gradients in flight, about one block's worth.
  const uint64_t qkv = uint64_t((s.H + 2 * s.K) * s.D + s.H * s.D);
  const uint64_t block = N * 4 * (5 * uint64_t(s.C) + qkv + (s.family == "gpt2" ? 2 : 3) * uint64_t(s.F));
  c.activations =
      t.activation_checkpointing ? N * 4 * uint64_t(s.C) * uint64_t(s.L) + 2 * block : block * uint64_t(s.L + 1);
  c.logits = std::min<uint64_t>(N, std::max<uint64_t>(384, (4u << 20) / uint64_t(s.V))) * uint64_t(s.V) * 4 + P / 8;
  c.data = data_bytes;
  c.flops_per_step = 3 * flops_per_token(s, c.parameters, t.sequence) * double(c.tokens_per_step);
  c.flops = c.flops_per_step * double(steps);
  c.assumed_share = t.precision == "int8" ? 0.9 : 0.6;
  c.seconds = peak > 0 ? c.flops / (peak * c.assumed_share) : 0;
  return c;
}

std::string describe(const CostEstimate& c) {
  std::string out;
  out += fmt::format("parameters    {} ({})\n", c.parameters, format_count(double(c.parameters)));
  out += fmt::format(
      "memory        {} = weights {} + gradients {} + optimizer {} + activations {} + logits {} + data {}\n",
      format_size(c.total()), format_size(c.weights), format_size(c.gradients), format_size(c.optimizer),
      format_size(c.activations), format_size(c.logits), format_size(c.data));
  out += fmt::format("tokens        {} a step, {} steps, {} in all\n", c.tokens_per_step, c.steps,
                     format_count(double(c.tokens_per_step) * double(c.steps)));
  out += fmt::format("FLOPs         {} a step, {} in all\n", format_count(c.flops_per_step), format_count(c.flops));
  out += fmt::format("time          about {} at {:.0f} % of this machine's measured peak\n", format_duration(c.seconds),
                     100 * c.assumed_share);
  return out;
}

namespace {
uint64_t field_of(const char* path, const std::string& key) {
  std::ifstream in(path);
  std::string name;
  uint64_t value = 0;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(key)) return std::sscanf(line.c_str() + key.size(), "%lu", &value) == 1 ? value : 0;
  return 0;
}
uint64_t number_in(const char* path) {
  std::ifstream in(path);
  uint64_t value = 0;
  return in >> value ? value : 0;
}
}  // namespace

uint64_t available_memory() {
  uint64_t available = field_of("/proc/meminfo", "MemAvailable:") * 1024;
  const uint64_t limit = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
  if (limit > 0 && limit > used) available = std::min(available, limit - used);
  return available;
}
uint64_t resident_memory() { return field_of("/proc/self/status", "VmRSS:") * 1024; }
uint64_t peak_resident_memory() { return field_of("/proc/self/status", "VmHWM:") * 1024; }

void require_memory(const CostEstimate& cost, const Recipe& recipe) {
  const uint64_t available = available_memory();
  if (available == 0 || cost.total() <= available) return;
  const int64_t rows = recipe.train.micro_batch_rows > 0 ? recipe.train.micro_batch_rows : recipe.train.batch_rows;
  throw Error(ErrorKind::Resources, "this run needs about {}, the machine has {} free", format_size(cost.total()),
              format_size(available))
      .hint(
          "three ways out: train.micro_batch_rows={} (same result, smaller pieces), "
          "train.activation_checkpointing=true "
          "(a third more time), or a smaller model (model.depth, or layers and width)",
          std::max<int64_t>(1, rows / 4));
}

}  // namespace quern
