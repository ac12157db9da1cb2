// SPDX-License-Identifier: MIT
// quern tokenize runs/village "The miller's bees"
#include <cstdio>
#include <iostream>
#include <iterator>

#include "base/files.h"
#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/id_list.h"
#include "cli/result_json.h"
#include "formats/gguf.h"
#include "formats/model_path.h"
#include "formats/model_source.h"
#include "text/tokenizer.h"

namespace quern {

namespace {
struct TokenizeVerbOptions {
  CommonOptions common;
  std::string tokenizer, text, file, ids;
  bool has_text = false, parse_special = false, no_special = false, count = false, only_ids = false;
};

Tokenizer open_tokenizer(const std::string& argument) {
  if (fs::is_regular_file(argument) && !looks_like_gguf(argument)) return Tokenizer::load(argument);
  if (Tokenizer::exists_in(argument)) return Tokenizer::load(argument);
  return load_tokenizer(resolve_model_path(argument));
}

// Neighbouring pieces in different colours, so that the cuts are seen; line breaks stay visible as such.
void print_coloured(const Tokenizer& tokenizer, std::span<const int32_t> ids) {
  constexpr int colours[] = {223, 152, 181, 151, 189};  // of 256: pale, readable under black letters
  StreamDecoder decoder(tokenizer, /*skip_special=*/false);
  size_t n = 0;
  const auto print = [&](const std::string& text) {
    if (text.empty()) return;
    std::string shown;
    for (const char c : text) shown += c == '\n' ? "\x1b[49m↵\n" : std::string(1, c);
    fmt::print("\x1b[30;48;5;{}m{}\x1b[0m", colours[n++ % std::size(colours)], shown);
  };
  for (const int32_t id : ids) print(decoder.push(id));
  print(decoder.finish());
  fmt::print("\n");
}

void tokenize(const TokenizeVerbOptions& o) {
  const Tokenizer tokenizer = open_tokenizer(o.tokenizer);
  std::string text;
  std::vector<int32_t> ids;
  if (!o.ids.empty()) {
    ids = parse_ids(o.ids);
    text = tokenizer.decode(ids);
    if (!o.common.json) {
      fmt::print("{}\n", text);
      return;
    }
  } else {
    text = !o.file.empty()               ? read_file(o.file)
           : o.has_text && o.text != "-" ? o.text
                                         : std::string(std::istreambuf_iterator<char>(std::cin), {});
    const int threads = o.common.threads > 0 ? o.common.threads : hardware_threads();
    ids = tokenizer.encode_parallel(text, threads, {.add_special = !o.no_special, .parse_special = o.parse_special});
  }
  if (o.count) {
    const double ratio = ids.empty() ? 0 : double(text.size()) / double(ids.size());
    if (o.common.json)
      fmt::print("{}\n", to_line(Json{{"tokens", ids.size()}, {"bytes", text.size()}, {"bytes_per_token", ratio}}));
    else
      fmt::print("{} tokens, {} bytes, {:.3f} bytes per token\n", ids.size(), text.size(), ratio);
    return;
  }
  if (o.only_ids) {
    fmt::print("{}\n", o.common.json ? to_line(Json{{"ids", ids}}) : format_ids(ids));
    return;
  }
  if (o.common.json) {
    Json out{{"text", text}, {"ids", ids}, {"tokens", Json::array()}};
    for (const int32_t id : ids)
      out["tokens"].push_back({{"id", id},
                               {"token", tokenizer.id_to_token(id)},
                               {"text", tokenizer.decode(std::vector<int32_t>{id})},
                               {"special", tokenizer.is_special(id)}});
    fmt::print("{}\n", to_line(out));
    return;
  }
  if (use_color(1)) {
    print_coloured(tokenizer, ids);
    fmt::print("{}\n", format_ids(ids));
    fmt::print("{}\n", paint(fmt::format("{} tokens, {} bytes", ids.size(), text.size()), "dim", 1));
    return;
  }
  for (const int32_t id : ids) fmt::print("{}\t{}\n", id, shown_token(tokenizer, id));
}
}  // namespace

void add_tokenize_command(CLI::App& app) {
  auto o = std::make_shared<TokenizeVerbOptions>();
  auto* cmd = app.add_subcommand("tokenize", "Show how a text is cut into tokens");
  cmd->add_option("tokenizer", o->tokenizer,
                  "a tokenizer.json, .model or .tiktoken file, a model folder or a run's folder")
      ->required();
  auto* text = cmd->add_option("text", o->text, "the text; - or nothing: standard input");
  auto* file = cmd->add_option("--file,-f", o->file, "read the text from a file")->excludes(text);
  cmd->add_option("--ids", o->ids, "the other way round: the text of token ids, as 5,17,3")
      ->excludes(text)
      ->excludes(file);
  cmd->add_flag("--parse-special", o->parse_special, "special tokens written in the text count as such");
  cmd->add_flag("--no-special", o->no_special, "add no begin-of-text or other special tokens");
  auto* count = cmd->add_flag("--count", o->count, "only count");
  cmd->add_flag("--only-ids", o->only_ids, "print nothing but the ids, as --ids takes them")->excludes(count);
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern tokenize runs/village \"The miller's bees\"\n"
               "  quern tokenize tokenizer.json --file book.txt --count\n"
               "  quern tokenize ./gpt2 --ids 464,3797");
  cmd->callback([o, text] {
    o->has_text = text->count() > 0;
    tokenize(*o);
  });
}

}  // namespace quern
