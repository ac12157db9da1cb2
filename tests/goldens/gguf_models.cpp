// SPDX-License-Identifier: MIT
// gguf/models/: files of llama.cpp's format with the logits and greedy ids of their dequantised weights, and the ids of
// the tokenizer that was put into them.

#include "causal_case.h"
#include "infer/sampler.h"

namespace quern::goldens {

namespace {
void check_tokenizer(const fs::path& base, const Json& golden, const Tokenizer& tokenizer, Comparison& compare) {
  const fs::path cases = base.parent_path().parent_path().parent_path() / golden.at("tokenizer").get<std::string>();
  if (!fs::exists(cases / "cases.jsonl")) throw not_yet(fmt::format("without {}", cases.string()));
  const Tokenizer whole = Tokenizer::load(cases);
  const std::string lines = read_file(cases / "cases.jsonl");
  int64_t wrong = 0;
  std::string first;
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = std::min(lines.find('\n', begin), lines.size());
    const Json item = parse_json(lines.substr(begin, end - begin), "cases.jsonl");
    begin = end + 1;
    const std::string text = item.at("text");
    // GGUF has no flag for tokens that stand alone as words only.
    const bool single_word = std::ranges::any_of(whole.added_tokens(), [&](const AddedToken& t) {
      return t.single_word && text.find(t.content) != std::string::npos;
    });
    if (single_word) continue;
    const auto ids = tokenizer.encode(text, {.add_special = false, .parse_special = true});
    if (ids == item.at("ids_no_special").get<std::vector<int32_t>>()) continue;
    ++wrong;
    if (first.empty()) first = to_line(item.at("text"));
  }
  compare.number(fmt::format("texts with other ids, the first {}", first), double(wrong), 0, 0);
}

Outcome check(const fs::path& base) {
  const Json golden = read_json(base / "golden.json");
  const fs::path file = base / "model.gguf";
  const std::unique_ptr<CausalLm> model = load_causal_model(file);
  const Expected expected(base / "golden.safetensors");
  const double factor = golden.value("tolerance_logits_rel_std", 2e-4);
  const std::vector<int32_t> prompt = expected.ids("input_ids"), want = expected.ids("greedy_ids");

  Comparison compare;
  const auto logits_of = [&](std::span<const int32_t> ids) { return model->logits(model->forward(Batch::of(ids))); };
  compare.close_by_std("logits", logits_of(prompt).to_vector(), expected.floats("logits"), factor);
  std::vector<int32_t> ids = prompt;
  for (size_t n = 0; n < want.size(); ++n) {
    const Tensor logits = logits_of(ids);
    ids.push_back(argmax(logits.slice(0, logits.size(0) - 1, logits.size(0)).contiguous().to_vector()));
  }
  compare.same_ids("greedy_ids", std::span(ids).subspan(prompt.size()), want);
  expected.floats("logits_before_quantisation");  // tells what the quantisation cost, which is not ours to judge
  check_tokenizer(base, golden, load_tokenizer(file), compare);
  expected.require_all_read();
  return compare.outcome();
}
}  // namespace

Area gguf_models_area() { return {"gguf/models", folder_with("golden.json"), check}; }

}  // namespace quern::goldens
