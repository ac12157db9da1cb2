// SPDX-License-Identifier: MIT
#include "eval/speed.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/rng.h"

namespace quern {

namespace {
using SpeedClock = std::chrono::steady_clock;

double since(SpeedClock::time_point start) { return std::chrono::duration<double>(SpeedClock::now() - start).count(); }

Request random_prompt(const CausalLm& model, uint64_t seed, int64_t tokens, int64_t new_tokens) {
  Request request;
  Rng rng(seed);
  for (int64_t i = 0; i < tokens; ++i) request.prompt.push_back(int32_t(rng.below(uint64_t(model.shape().V))));
  request.max_new_tokens = new_tokens;
  request.sampling.temperature = 0;
  return request;
}

double time_prefill(Engine& engine, int64_t tokens, uint64_t seed) {
  Request request = random_prompt(engine.model(), seed, tokens, 1);
  const auto start = SpeedClock::now();
  engine.generate(std::move(request));
  return since(start);
}

// From the step after which every text has its first token to the end.
double time_decode(Engine& engine, int64_t depth, int64_t new_tokens, int64_t batch, uint64_t seed) {
  std::vector<std::shared_ptr<Generation>> texts;
  for (int64_t i = 0; i < batch; ++i)
    texts.push_back(engine.submit(random_prompt(engine.model(), seed * 1000 + uint64_t(i), depth + 1, new_tokens + 1)));
  const auto all_have = [&](size_t n) {
    return std::ranges::all_of(texts, [&](const auto& g) { return g->result().ids.size() >= n; });
  };
  while (!all_have(1)) engine.step();
  const auto start = SpeedClock::now();
  while (!all_have(size_t(new_tokens) + 1)) engine.step();
  const double seconds = since(start);
  while (engine.step()) {
  }
  return seconds;
}
}  // namespace

std::vector<SpeedResult> measure_speed(std::shared_ptr<const CausalLm> model, const SpeedOptions& o) {
  std::vector<SpeedResult> plan;
  for (const int64_t n : o.prefill) plan.push_back({SpeedResult::Kind::prefill, n, 1, {}});
  for (const int64_t b : o.batches) plan.push_back({SpeedResult::Kind::decode, o.decode_tokens, b, {}});
  const int64_t context = model->shape().context;
  int64_t longest = 0, most = 1;
  for (const SpeedResult& r : plan) {
    const int64_t length = r.kind == SpeedResult::Kind::prefill ? r.tokens + 1 : o.depth + r.tokens + 2;
    if (length > context)
      throw Error(ErrorKind::InvalidArgument, "{} tokens are to be read and written, the model was made for {}", length,
                  context);
    longest = std::max(longest, length);
    most = std::max(most, r.batch);
  }
  Engine engine(model, {}, {.max_sequences = most, .context = longest, .cache_type = o.cache_type, .prefix_bytes = 0});
  std::vector<SpeedResult> done;
  for (SpeedResult& r : plan) {
    const bool prefill = r.kind == SpeedResult::Kind::prefill;
    const std::string what = prefill ? fmt::format("prefill {}", r.tokens) : fmt::format("decode, batch {}", r.batch);
    for (int repeat = 0; repeat <= o.repeats; ++repeat) {
      if (o.on_run && !o.on_run(what)) return done;
      const uint64_t seed = uint64_t(repeat) + 1;
      const double s =
          prefill ? time_prefill(engine, r.tokens, seed) : time_decode(engine, o.depth, r.tokens, r.batch, seed);
      if (repeat > 0) r.seconds.push_back(s);
    }
    std::ranges::sort(r.seconds);
    done.push_back(std::move(r));
  }
  return done;
}

uint64_t decode_bytes(const CausalLm& model) {
  double bytes = 0;
  for (const Parameter& p : model.params->parameters()) {
    const bool table = p.value.shape().size() == 2 && p.value.size(0) == model.shape().V &&
                       (p.name.find("embed") != std::string::npos || p.name.find("wte") != std::string::npos);
    if (table && !model.shape().tied) continue;
    bytes += double(size_bytes(p.value.dtype(), p.value.numel()));
  }
  const double all = double(model.params->num_values());
  return uint64_t(bytes * (all - double(model.shape().idle)) / all);
}

std::string main_type(const CausalLm& model) {
  std::map<DType, int64_t> values;
  for (const Parameter& p : model.params->parameters()) values[p.value.dtype()] += p.value.numel();
  const auto most =
      std::ranges::max_element(values, std::ranges::less{}, [](const auto& entry) { return entry.second; });
  return most == values.end() ? "" : std::string(name(most->first));
}

}  // namespace quern
