// SPDX-License-Identifier: MIT
// Our side of the inference bench. With a model it answers lines of commands with lines of JSON:
//   quern_bench_infer MODEL THREADS
//     logits N FILE      the logits after a prompt of N tokens, as f32, into FILE
//     prefill N          {"seconds": S}   from the submitted prompt to the first token
//     decode N           {"seconds": S}   N tokens after a prompt of 16
//     batch B N          {"seconds": S, "tokens": T}   N steps of B texts at once
//     greedy N           {"ids": [...]}   N tokens after a prompt of 16
//     bandwidth          {"gb_per_s": B}   what all threads together read from memory
//   quern_bench_infer random DTYPE FILE     writes a Llama of 0.8 B random weights (see random_model.h)
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/threads.h"
#include "infer/engine.h"
#include "infer/loaded_model.h"
#include "random_model.h"
#include "tensor/kernels/probe_peaks.h"

namespace quern {
namespace {

// The same ids as the peer's: any text will do, as long as it is the same.
std::vector<int32_t> prompt(int64_t n, int64_t V, int64_t which = 0) {
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(int32_t(100 + (i * 7919 + which * 104729 + 13) % (V - 200)));
  return ids;
}

class Side {
 public:
  explicit Side(const std::string& path) : model_(open_model(path)) {}

  Json answer(std::istringstream& line) {
    std::string what, file;
    int64_t n = 0, steps = 0;
    line >> what >> n;
    if (what == "logits" && line >> file) return logits(n, file);
    if (what == "prefill") return {{"seconds", run(n, 1).prefill_s}};
    if (what == "decode") return {{"seconds", run(16, n + 1).decode_s}};
    if (what == "greedy") return {{"ids", run(16, n).ids}};
    if (what == "batch" && line >> steps) return batch(n, steps);
    if (what == "bandwidth") return {{"gb_per_s", memory_gb_per_s()}};
    throw Error(ErrorKind::InvalidArgument, "what is '{}'?", what);
  }

 private:
  Engine engine(int64_t sequences) const {
    return Engine(model_.model, {}, {.max_sequences = sequences, .prefix_bytes = 0});
  }
  Request request(int64_t prompt_tokens, int64_t new_tokens, int64_t which = 0) const {
    Request r;
    r.prompt = prompt(prompt_tokens, model_.model->shape().V, which);
    r.sampling.temperature = 0;
    r.max_new_tokens = new_tokens;
    return r;
  }
  GenerationResult run(int64_t prompt_tokens, int64_t new_tokens) const {
    return engine(1).generate(request(prompt_tokens, new_tokens));
  }
  Json logits(int64_t n, const std::string& path) const {
    Request r = request(n, 0);
    r.on_prompt_logits = [&](int64_t position, std::span<const float> values) {
      if (position + 1 < n) return;
      std::ofstream(path, std::ios::binary)
          .write(reinterpret_cast<const char*>(values.data()), std::streamsize(values.size_bytes()));
    };
    engine(1).generate(std::move(r));
    return {{"file", path}};
  }
  Json batch(int64_t B, int64_t steps) const {
    Engine e = engine(B);
    std::vector<std::shared_ptr<Generation>> all;
    for (int64_t b = 0; b < B; ++b) all.push_back(e.submit(request(16, steps + 2, b)));
    while (e.stats().running < B || e.stats().generated_tokens < B) e.step();  // prompts are read
    const int64_t before = e.stats().generated_tokens;
    const double begin = now_s();
    for (int64_t i = 0; i < steps; ++i) e.step();
    return {{"seconds", now_s() - begin}, {"tokens", e.stats().generated_tokens - before}};
  }

  LoadedModel model_;
};

int serve(const std::string& path) {
  Side side(path);
  std::cout << Json{{"ready", path}}.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::cout << side.answer(words).dump() << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) {
  try {
    if (argc == 4 && std::string_view(argv[1]) == "random") {
      const auto dtype = quern::dtype_from_name(argv[2]);
      if (!dtype) throw quern::Error(quern::ErrorKind::InvalidArgument, "no type '{}'", argv[2]);
      quern::write_random_model(*dtype, argv[3]);
      return 0;
    }
    if (argc != 3) throw quern::Error(quern::ErrorKind::InvalidArgument, "usage: quern_bench_infer MODEL THREADS");
    quern::set_compute_threads(std::stoi(argv[2]));
    return quern::serve(argv[1]);
  } catch (const std::exception& e) {
    std::cout << quern::Json{{"error", e.what()}}.dump() << std::endl;
    return 1;
  }
}
