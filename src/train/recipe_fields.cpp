// SPDX-License-Identifier: MIT
#include "train/recipe_fields.h"

namespace quern {

std::vector<RecipeField> recipe_fields(Recipe& r) {
  constexpr double kMany = 1e15, kInt32 = 2147483647.0;
  return {
      {"run", "name", &r.run.name, "name of the run, and of its folder"},
      {"run", "out", &r.run.out, "folder of the run; empty = runs/NAME"},
      {"run", "seed", &r.run.seed, "all randomness follows from it", 0, kMany},
      {"run", "threads", &r.run.threads, "0 = all", 0, 4096},

      {"model", "family", &r.model.family, "", 0, 0, {"llama", "gpt2"}},
      {"model", "depth", &r.model.depth, "one dial for all sizes and rates not given; 0 = explicit sizes", 0, 256},
      {"model", "layers", &r.model.layers, "", 0, 1024},
      {"model", "width", &r.model.width, "size of the residual stream", 0, 65536},
      {"model", "heads", &r.model.heads, "query heads", 0, 1024},
      {"model", "kv_heads", &r.model.kv_heads, "key/value heads; 0 = heads", 0, 1024},
      {"model", "head_dim", &r.model.head_dim, "0 = width / heads", 0, 4096},
      {"model", "ffn_width", &r.model.ffn_width, "0 = the family's usual", 0, 1048576},
      {"model", "context", &r.model.context, "longest sequence in tokens; 0 = train.sequence", 0, 1048576},
      {"model", "tie_embeddings", &r.model.tie_embeddings, "the head shares the embedding matrix"},
      {"model", "rope_theta", &r.model.rope_theta, "base of the rotary position frequencies", 1, 1e12},
      {"model", "norm_eps", &r.model.norm_eps, "", 1e-12, 1},
      {"model", "init_from", &r.model.init_from, "model folder to start from; empty = fresh weights"},

      {"tokenizer", "path", &r.tokenizer.path, "a tokenizer.json; empty = train one on the data"},
      {"tokenizer", "kind", &r.tokenizer.kind, "", 0, 0, {"bpe", "chars"}},
      {"tokenizer", "vocab_size", &r.tokenizer.vocab_size, "", 257, 1e6},
      {"tokenizer",
       "splitting",
       &r.tokenizer.splitting,
       "how text is cut before BPE",
       0,
       0,
       {"gpt2", "gpt4", "llama3", "qwen2"}},

      {"data", "source", &r.data.source, "village, stock, or a file or folder"},
      {"data", "village_seed", &r.data.village_seed, "", 0, kMany},
      {"data", "village_size", &r.data.village_size, "bytes, or \"30MB\"", 1000, 1e13, {}, true},
      {"data", "val_fraction", &r.data.val_fraction, "share of documents held out", 0, 0.5},
      {"data", "packing", &r.data.packing, "", 0, 0, {"best-fit", "stream", "random-blocks"}},
      {"data", "max_bytes", &r.data.max_bytes, "of the source; 0 = all", 0, kMany, {}, true},
      {"data", "chat", &r.data.chat, "conversations (JSONL) for instruction tuning"},
      {"data", "mask", &r.data.mask, "what the loss counts in a conversation", 0, 0, {"assistant", "all"}},

      {"train", "steps", &r.train.steps, "the run ends at the first limit reached; 0 = no such limit", 0, 1e12},
      {"train", "tokens", &r.train.tokens, "", 0, kMany},
      {"train", "epochs", &r.train.epochs, "", 0, 1e6},
      {"train", "minutes", &r.train.minutes, "", 0, 1e6},
      {"train", "batch_rows", &r.train.batch_rows, "sequences per optimizer step", 1, 1e6},
      {"train", "micro_batch_rows", &r.train.micro_batch_rows, "sequences per pass; 0 = batch_rows", 0, 1e6},
      {"train", "sequence", &r.train.sequence, "tokens per sequence", 1, 1048576},
      {"train", "optimizer", &r.train.optimizer, "", 0, 0, {"adamw", "muon"}},
      {"train", "lr", &r.train.lr, "", 0, 10},
      {"train", "muon_lr", &r.train.muon_lr, "for matrices under muon", 0, 10},
      {"train", "beta1", &r.train.beta1, "", 0, 0.9999999},
      {"train", "beta2", &r.train.beta2, "", 0, 0.9999999},
      {"train", "eps", &r.train.eps, "", 1e-30, 1},
      {"train", "weight_decay", &r.train.weight_decay, "on tensors with two or more dimensions", 0, 10},
      {"train", "max_grad_norm", &r.train.max_grad_norm, "0 = no clipping", 0, 1e9},
      {"train", "z_loss", &r.train.z_loss, "", 0, 10},
      {"train", "label_smoothing", &r.train.label_smoothing, "", 0, 0.9},
      {"train", "schedule", &r.train.schedule, "", 0, 0, {"cosine", "linear", "wsd", "constant"}},
      {"train", "warmup_steps", &r.train.warmup_steps, "", 0, 1e9},
      {"train", "decay_fraction", &r.train.decay_fraction, "of the run, wsd only", 0, 1},
      {"train", "min_lr_ratio", &r.train.min_lr_ratio, "last learning rate over the highest", 0, 1},
      {"train", "precision", &r.train.precision, "", 0, 0, {"f32", "bf16", "int8"}},
      {"train", "activation_checkpointing", &r.train.activation_checkpointing, "less memory, more time"},
      {"train", "eval_every", &r.train.eval_every, "steps; 0 = at the end only", 0, 1e9},
      {"train", "eval_tokens", &r.train.eval_tokens, "", 1, kMany},
      {"train", "sample_every", &r.train.sample_every, "steps; 0 = never", 0, 1e9},
      {"train", "sample_prompts", &r.train.sample_prompts, ""},
      {"train", "save_every", &r.train.save_every, "steps; 0 = at the end only", 0, 1e9},
      {"train", "save_every_seconds", &r.train.save_every_seconds, "", 0, 1e9},
      {"train", "keep_last", &r.train.keep_last, "checkpoints kept", 1, kInt32},
      {"train", "keep_best", &r.train.keep_best, "keep the best by validation loss too"},
  };
}

}  // namespace quern
