// SPDX-License-Identifier: MIT
#pragma once
// A recipe describes one stage (pre-training, instruction tuning) in a TOML file. Every key has a default, every key
// can be overridden from the command line (`--set train.lr=3e-4`), and the resolved recipe is stored with the run. One
// table in recipe_fields.cpp names all keys; reader, writer, checks and the printed reference walk it.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

struct Recipe {
  struct Run {
    std::string name = "run";
    std::string out;  // folder; "" = runs/NAME
    int64_t seed = 1234;
    int64_t threads = 0;  // 0 = all the process may run on
  } run;

  struct Model {
    std::string family = "llama";  // llama | gpt2
    int64_t depth = 0;             // the one dial: sets every size and rate not given; 0 = sizes below
    int64_t layers = 0, width = 0, heads = 0;
    int64_t kv_heads = 0;   // 0 = heads
    int64_t head_dim = 0;   // 0 = width / heads
    int64_t ffn_width = 0;  // 0 = the family's usual multiple of width
    int64_t context = 0;    // longest sequence in tokens; 0 = train.sequence
    bool tie_embeddings = true;
    std::string initialization = "fan-in";  // fan-in | fixed (a normal of 0.02 everywhere, as GPT-2's always is)
    double rope_theta = 10000.0;
    double norm_eps = 1e-5;
    std::string init_from;  // a model folder to start from; "" = fresh weights
  } model;

  struct Tokenizer {
    std::string path;          // a tokenizer.json; "" = train one on the data
    std::string kind = "bpe";  // bpe | chars
    int64_t vocab_size = 4096;
    std::string splitting = "gpt4";  // gpt2 | gpt4 | llama3 | qwen2
  } tokenizer;

  struct Data {
    std::string source = "village";  // village | stock | a file or folder
    int64_t village_seed = 7;
    int64_t village_size = 30'000'000;  // bytes
    double val_fraction = 0.02;
    std::string packing = "best-fit";  // best-fit | stream | random-blocks
    int64_t max_bytes = 0;             // of the source; 0 = all
    std::string chat;                  // conversations (JSONL) for instruction tuning
    std::string mask = "assistant";    // what the loss counts in a conversation: assistant | all
  } data;

  struct Train {
    int64_t steps = 0, tokens = 0;  // the run ends at the first limit reached; 0 = no such limit
    double epochs = 0, minutes = 0;
    int64_t batch_rows = 16;          // sequences per optimizer step
    int64_t micro_batch_rows = 0;     // sequences per pass, the rest is accumulated; 0 = batch_rows
    int64_t sequence = 256;           // tokens per sequence
    std::string optimizer = "adamw";  // adamw | muon
    double lr = 3e-3;
    double muon_lr = 0.02;  // for the matrices under muon; lr is for all other parameters
    double beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weight_decay = 0.1;
    double max_grad_norm = 1.0;  // 0 = no clipping
    double z_loss = 0, label_smoothing = 0;
    std::string schedule = "cosine";  // cosine | linear | wsd | constant
    int64_t warmup_steps = 100;
    double decay_fraction = 0.2;  // of the run, wsd only
    double min_lr_ratio = 0.1;
    std::string precision = "f32";  // f32 | bf16 | int8
    bool activation_checkpointing = false;
    int64_t eval_every = 0, eval_tokens = 200'000;
    int64_t sample_every = 0;
    std::vector<std::string> sample_prompts;
    int64_t save_every = 0;  // steps; 0 = at the end only
    double save_every_seconds = 0;
    int64_t keep_last = 2;
    bool keep_best = true;
  } train;

  // Where each key that was given got its value ("tiny.toml:12" or "--set"); keys not given are absent.
  std::map<std::string, std::string, std::less<>> origin;
  bool is_set(std::string_view key) const { return origin.find(key) != origin.end(); }  // "train.lr"
  std::string place(std::string_view key) const;  // "tiny.toml:12: train.lr", or the key alone

  // Throws InvalidRecipe naming the field (and its line) of the first combination that can't be.
  void validate() const;

  std::string to_toml() const;             // every key, each with a comment saying what it is
  nlohmann::ordered_json to_json() const;  // {"run": {"name": ...}, ...}
};

// Reads a recipe, then the overrides ("section.key=value") in order, then validates. Throws NotFound for a missing
// file, InvalidRecipe naming file, line, key and the nearest valid one for an unknown key, a wrong type or a value out
// of range.
Recipe read_recipe(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});
Recipe parse_recipe(std::string_view toml, const std::string& where, const std::vector<std::string>& overrides = {});

// One override: "train.lr=3e-4", "model.family=gpt2". `where` stands in messages and in `origin`.
void set_recipe_value(Recipe& recipe, std::string_view assignment, const std::string& where = "--set");

}  // namespace quern
