// SPDX-License-Identifier: MIT
// quern logits MODEL --text "Once upon a" --top 3
#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/id_list.h"
#include "cli/result_json.h"
#include "formats/hf_folder.h"
#include "infer/engine.h"
#include "infer/loaded_model.h"

namespace quern {

namespace {
struct LogitsOptions {
  CommonOptions common;
  std::string model, text, ids, out;
  bool parse_special = false, last = false;
  int64_t top = 5, chunk = 512, context = 0;
};

struct Position {
  int64_t position;
  std::vector<TokenLogprob> top;  // logprob holds the logit here
  double log_sum;
};

Position likeliest(int64_t position, std::span<const float> logits, size_t n) {
  std::vector<int32_t> order(logits.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = int32_t(i);
  n = std::min(n, order.size());
  std::ranges::partial_sort(order, order.begin() + int64_t(n), [&](int32_t a, int32_t b) {
    return logits[size_t(a)] != logits[size_t(b)] ? logits[size_t(a)] > logits[size_t(b)] : a < b;
  });
  Position out{.position = position, .top = {}, .log_sum = log_sum_exp(logits)};
  for (size_t i = 0; i < n; ++i) out.top.push_back({order[i], logits[size_t(order[i])]});
  return out;
}

void logits(const LogitsOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  const LoadedModel model = open_model(o.model);
  const std::vector<int32_t> ids = o.ids.empty() ? model.encode_prompt(o.text, o.parse_special) : parse_ids(o.ids);
  const int64_t N = int64_t(ids.size()), V = model.model->shape().V;
  Tensor all;
  if (!o.out.empty()) {
    require_writable(fs::absolute(o.out).parent_path(), uint64_t(o.last ? 1 : N) * uint64_t(V) * sizeof(float));
    all = Tensor::empty({o.last ? 1 : N, V});
  }
  std::vector<Position> positions;
  Engine engine(model.model, model.tokenizer,
                {.max_sequences = 1, .max_step_tokens = o.chunk, .context = o.context, .prefix_bytes = 0});
  Request request{
      .prompt = ids, .sampling = {}, .max_new_tokens = 0, .stop_ids = {}, .stop = {}, .on_prompt_logits = {}};
  request.on_prompt_logits = [&](int64_t position, std::span<const float> row) {
    if (o.last && position + 1 < N) return;
    if (all) std::ranges::copy(row, all.data() + (o.last ? 0 : position) * V);
    positions.push_back(likeliest(position, row, size_t(o.top)));
  };
  engine.generate(std::move(request));
  if (all) save_tensors(o.out, {{"input_ids", Tensor::from(ids, {N})}, {"logits", all}});

  if (o.common.json) {
    Json out{{"model", model.folder.string()}, {"ids", ids}, {"vocab_size", V}, {"positions", Json::array()}};
    for (const Position& p : positions) {
      const int32_t id = ids[size_t(p.position)];
      Json entry{
          {"position", p.position}, {"id", id}, {"token", shown_token(model.tokenizer, id)}, {"top", Json::array()}};
      for (const TokenLogprob& t : p.top)
        entry["top"].push_back({{"id", t.id},
                                {"token", shown_token(model.tokenizer, t.id)},
                                {"logit", t.logprob},
                                {"logprob", t.logprob - p.log_sum}});
      out["positions"].push_back(std::move(entry));
    }
    if (!o.out.empty()) out["out"] = o.out;
    fmt::print("{}\n", to_line(out));
    return;
  }
  for (const Position& p : positions) {
    const int32_t id = ids[size_t(p.position)];
    fmt::print("{:>5}  {:>6} {:<14} ->", p.position, id, shown_token(model.tokenizer, id));
    for (const TokenLogprob& t : p.top)
      fmt::print("  {}{}{} {:.2f} %", t.id, model.tokenizer.valid() ? " " : "", shown_token(model.tokenizer, t.id),
                 100 * std::exp(t.logprob - p.log_sum));
    fmt::print("\n");
  }
}
}  // namespace

void add_logits_command(CLI::App& app) {
  auto o = std::make_shared<LogitsOptions>();
  auto* cmd = app.add_subcommand("logits", "What a model expects after each token of a text");
  cmd->add_option("model", o->model, "a model folder, or a run's folder")->required();
  auto* text = cmd->add_option("--text,-t", o->text, "the text");
  auto* ids = cmd->add_option("--ids", o->ids, "token ids instead, as 5,17,3");
  text->excludes(ids);
  cmd->add_option("--top", o->top, "how many of the likeliest next tokens to list")->check(CLI::Range(0, 1000));
  cmd->add_option("--out", o->out, "write ids and all logits (N, V) to this safetensors file");
  cmd->add_flag("--last", o->last, "only what comes after the last token");
  cmd->add_flag("--parse-special", o->parse_special, "special tokens written in the text count as such");
  cmd->add_option("--chunk", o->chunk, "feed the text in pieces of this many tokens; changes no bit")
      ->check(CLI::Range(1, 1 << 20));
  cmd->add_option("--context", o->context, "longest text; 0: what the model was made for");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern logits runs/village --text \"The miller keeps\" --top 3\n"
               "  quern logits ./gpt2 --ids 464,3797 --last --json\n"
               "  quern logits ./gpt2 --text \"The cat\" --out logits.safetensors");
  cmd->callback([o] {
    if (o->text.empty() && o->ids.empty())
      throw Error(ErrorKind::InvalidArgument, "quern logits needs --text or --ids");
    logits(*o);
  });
}

}  // namespace quern
