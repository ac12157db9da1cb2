// SPDX-License-Identifier: MIT
// quern data preview: what a recipe trains on, before it does.
#include "base/json.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "pipeline/stages.h"

namespace quern {

namespace {

struct PreviewOptions {
  std::string recipe;
  std::vector<std::string> overrides;
  int64_t rows = 3;
  CommonOptions common;
};

// Learned tokens in colour (two shades in turn, so that their borders show), what is only read dimmed, and a mark
// where attention starts anew.
void print_row(const Tokenizer& tokenizer, const std::vector<PreviewSpan>& row) {
  std::string line;
  size_t shade = 0;
  for (const PreviewSpan& span : row) {
    if (span.starts_segment) line += paint("▌", "yellow", 1);
    for (int32_t id : span.ids) {
      std::string text = tokenizer.decode(std::vector<int32_t>{id});
      line += span.trained ? paint(text, shade++ % 2 ? "cyan" : "green", 1) : paint(text, "dim", 1);
    }
  }
  fmt::print("{}\n", line);
}

Json row_json(const Tokenizer& tokenizer, const std::vector<PreviewSpan>& row) {
  Json spans = Json::array();
  for (const PreviewSpan& span : row)
    spans.push_back({{"text", tokenizer.decode(span.ids)},
                     {"ids", span.ids},
                     {"trained", span.trained},
                     {"starts_segment", span.starts_segment}});
  return spans;
}

void preview(const PreviewOptions& o) {
  const DataPreview data = preview_data(read_recipe(o.recipe, o.overrides), o.rows);
  if (o.common.json) {
    Json rows = Json::array();
    for (const auto& row : data.rows) rows.push_back(row_json(data.tokenizer, row));
    fmt::print("{}\n", to_line({{"rows", rows}, {"total_rows", data.total_rows}, {"fill", data.fill}}));
    return;
  }
  for (size_t i = 0; i < data.rows.size(); ++i) {
    fmt::print("{}\n", paint(fmt::format("── row {}", i + 1), "bold", 1));
    print_row(data.tokenizer, data.rows[i]);
  }
  fmt::print(
      "{} rows, {:.1f} % of their positions hold tokens. {} is learned, {} only read, {} attention starts anew.\n",
      data.total_rows, 100 * data.fill, paint("Coloured", "green", 1), paint("dim", "dim", 1), paint("▌", "yellow", 1));
}

}  // namespace

void add_data_command(CLI::App& app) {
  CLI::App* data = app.add_subcommand("data", "Look at what a model is trained on");
  data->require_subcommand(1);
  auto o = std::make_shared<PreviewOptions>();
  CLI::App* cmd = data->add_subcommand("preview", "Rows of tokens as a recipe packs them, learned ones coloured");
  cmd->add_option("recipe", o->recipe, "the stage whose data to show, TOML")->required();
  cmd->add_option("--set", o->overrides, "section.key=value, over what the recipe says")->take_all();
  cmd->add_option("--rows", o->rows, "how many rows")->check(CLI::Range(1, 1000))->capture_default_str();
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern data preview recipes/village.toml\n"
               "  quern data preview recipes/instruct.toml --set data.chat=pairs.jsonl --rows 1");
  cmd->callback([o] { preview(*o); });
}

}  // namespace quern
