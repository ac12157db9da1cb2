// SPDX-License-Identifier: MIT
// quern tokenizer train book.txt --vocab-size 4096 --out tokenizer.json
#include <cstdio>

#include "base/files.h"
#include "base/json.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "data/reader.h"
#include "infer/chat.h"
#include "text/tokenizer_train.h"

namespace quern {

namespace {
struct TokenizerTrainVerbOptions {
  CommonOptions common;
  std::vector<std::string> files, special{std::string(kEndOfText), std::string(kTurnStart), std::string(kTurnEnd)};
  std::string kind = "bpe", splitting = "gpt4", out = "tokenizer.json", memory = "2GB", max_bytes;
  bool no_special = false, keep_duplicates = false;
  int64_t vocab_size = 4096, min_frequency = 0;
};

void train_tokenizer(const TokenizerTrainVerbOptions& o) {
  require_writable(fs::absolute(o.out).parent_path());
  Corpus corpus = open_corpus(std::vector<fs::path>(o.files.begin(), o.files.end()),
                              {.validation_fraction = 0,
                               .deduplicate = !o.keep_duplicates,
                               .max_total_bytes = o.max_bytes.empty() ? 0 : parse_size(o.max_bytes),
                               .json_fields = {}});
  Progress progress;
  Document document;
  const DocumentSource next = [&](std::string& text) {
    if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped; nothing was written");
    if (!corpus.next(document)) return false;
    text = std::move(document.text);
    return true;
  };
  const std::vector<std::string> special = o.no_special ? std::vector<std::string>{} : o.special;
  Tokenizer tokenizer;
  if (o.kind == "chars") {
    tokenizer = train_chars(next, {.special_tokens = special, .unk_token = "", .max_chars = 0});
  } else {
    tokenizer = train_bpe(next, {.vocab_size = o.vocab_size,
                                 .split = parse_split_kind(o.splitting),
                                 .special_tokens = special,
                                 .memory_cap_bytes = parse_size(o.memory),
                                 .threads = o.common.threads,
                                 .spill_dir = {},
                                 .min_frequency = o.min_frequency,
                                 .on_progress = [&](const std::string& phase, double fraction) {
                                   progress.update(fmt::format("{} {:.0f} %", phase, 100 * fraction));
                                 }});
  }
  progress.finish();
  tokenizer.save(o.out);
  const CorpusStats& stats = corpus.stats();
  if (o.common.json) {
    fmt::print("{}\n", to_line(Json{{"out", o.out},
                                    {"kind", o.kind},
                                    {"vocab_size", tokenizer.vocab_size()},
                                    {"documents", stats.documents},
                                    {"bytes", stats.bytes}}));
    return;
  }
  say(stats.report());
  fmt::print("{}: {} tokens from {} of text in {} documents\n", o.out, tokenizer.vocab_size(), format_size(stats.bytes),
             stats.documents);
}
}  // namespace

void add_tokenizer_command(CLI::App& app) {
  auto* tokenizer = app.add_subcommand("tokenizer", "Make tokenizers");
  tokenizer->require_subcommand(1);
  auto o = std::make_shared<TokenizerTrainVerbOptions>();
  auto* cmd = tokenizer->add_subcommand("train", "Train a tokenizer on text");
  cmd->add_option("files", o->files, "files or folders: .txt .md .jsonl .html, also .gz")->required();
  cmd->add_option("--out,-o", o->out, "where the tokenizer.json goes")->capture_default_str();
  cmd->add_option("--kind", o->kind, "bpe: byte-level pair merging; chars: one token per character")
      ->check(CLI::IsMember({"bpe", "chars"}))
      ->capture_default_str();
  cmd->add_option("--vocab-size", o->vocab_size, "tokens, the 256 bytes and special ones included (bpe)")
      ->check(CLI::Range(int64_t{256}, int64_t{1} << 24))
      ->capture_default_str();
  cmd->add_option("--splitting", o->splitting, "how text is cut into words first: gpt2, gpt4, llama3, qwen2")
      ->check(CLI::IsMember({"gpt2", "gpt4", "cl100k", "llama3", "qwen2"}))
      ->capture_default_str();
  add_repeated(cmd, "--special", o->special, "special tokens; they get the first ids")->capture_default_str();
  cmd->add_flag("--no-special", o->no_special, "no special tokens at all");
  cmd->add_option("--min-frequency", o->min_frequency, "pairs rarer than this are not merged");
  cmd->add_option("--memory", o->memory, "for counting words; beyond it the disk is used")->capture_default_str();
  cmd->add_option("--max-bytes", o->max_bytes, "read no more text than this, as 500MB");
  cmd->add_flag("--keep-duplicates", o->keep_duplicates, "count a document that occurs twice, twice");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern tokenizer train books/ --vocab-size 8192 --out tokenizer.json\n"
               "  quern tokenizer train shakespeare.txt --kind chars --no-special");
  cmd->callback([o] {
    install_interrupt_handler();
    train_tokenizer(*o);
  });
}

}  // namespace quern
