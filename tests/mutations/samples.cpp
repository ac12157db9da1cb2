// SPDX-License-Identifier: MIT
#include "samples.h"

#include <algorithm>
#include <utility>

#include "formats/convert.h"
#include "formats/hf_folder.h"
#include "infer/chat.h"
#include "infer/tiny_models.h"
#include "text/tokenizer_train.h"

namespace quern {

namespace {
using testing_models::tiny_family_config;

Tokenizer small_bpe() {
  bool given = false;
  const DocumentSource text = [&](std::string& next) {
    next.clear();
    for (int i = 0; i < 50; ++i)
      next += "The miller's bees hum by the mill, and the mill hums by the bees. 石磨 1234 é\n";
    return !std::exchange(given, true);
  };
  return train_bpe(text, {.vocab_size = 290,
                          .split = SplitKind::Llama3,
                          .special_tokens = {std::string(kEndOfText), std::string(kTurnStart), std::string(kTurnEnd)},
                          .threads = 1});
}

void write_model(const fs::path& folder, Json config, const Tokenizer& tokenizer, uint64_t shard_bytes = 0) {
  fs::create_directories(folder);
  config["vocab_size"] = tokenizer.vocab_size() + 6;  // padded, as published models are
  config["eos_token_id"] = 0;
  tokenizer.save(folder / "tokenizer.json");
  const auto model = build_model(config, ParamStore::fresh(1, {}));
  save_model(folder, *model, {.max_shard_bytes = shard_bytes});
  write_file(folder / "generation_config.json", R"({"eos_token_id": [0, 2], "temperature": 0.7, "top_k": 20})");
  write_file(folder / "tokenizer_config.json", to_line(Json{{"bos_token", "<|im_start|>"},
                                                            {"eos_token", {{"content", "<|endoftext|>"}}},
                                                            {"chat_template", kGrownChatTemplate}}));
}

// Sizes whose rows are whole blocks, so that block types are kept.
Json block_sizes(Json config) {
  config["hidden_size"] = 64;
  config["num_attention_heads"] = 4;
  config["num_key_value_heads"] = 2;
  config["intermediate_size"] = 96;
  return config;
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}
}  // namespace

std::vector<Sample> write_samples(const fs::path& folder, const fs::path& seeds) {
  const Tokenizer tokenizer = small_bpe();
  std::vector<Sample> samples;
  const fs::path llama = folder / "llama", sharded = folder / "sharded";
  write_model(llama, block_sizes(testing_models::tiny_llama_config()), tokenizer);
  write_model(sharded, block_sizes(testing_models::tiny_llama_config()), tokenizer, 40'000);
  for (const char* file : {"model.safetensors", "model.safetensors", "model.safetensors"})
    samples.push_back({"safetensors", llama, file, FileKind::binary, {}});
  samples.push_back({"safetensors", sharded, "model.safetensors.index.json", FileKind::json, {}});

  for (const std::string family : {"llama", "gpt2", "gemma3", "phi3-longrope", "qwen3_moe", "deepseek_v3", "mixtral"}) {
    const fs::path model = folder / ("family-" + family);
    write_model(model, tiny_family_config(family), tokenizer);
    samples.push_back({"config", model, "config.json", FileKind::json, {}});
    if (family != "llama" && family != "gpt2" && family != "qwen3_moe") continue;
    const fs::path gguf = folder / (family + ".gguf");
    convert_model(model, gguf);
    samples.push_back({"gguf", gguf, "", FileKind::binary, {}});
  }
  samples.push_back({"config", llama, "generation_config.json", FileKind::json, {}});
  for (const DType type : {DType::q8_0, DType::q4_0}) {
    const fs::path gguf = folder / fmt::format("blocks-{}.gguf", name(type));
    convert_model(llama, gguf, {.type = type});
    samples.push_back({"gguf", gguf, "", FileKind::binary, {}});
  }

  samples.push_back({"tokenizer", llama, "tokenizer.json", FileKind::json, {}});
  for (const fs::path& json : files_in(seeds / "tokenizer_json_fuzz"))
    samples.push_back({"tokenizer", llama, "tokenizer.json", FileKind::json, json});
  samples.push_back({"template", llama, "tokenizer_config.json", FileKind::json, {}});
  for (const fs::path& text : files_in(seeds / "chat_template_fuzz"))
    samples.push_back({"template", llama, "chat_template.jinja", FileKind::text, text});
  return samples;
}

}  // namespace quern
