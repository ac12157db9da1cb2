// SPDX-License-Identifier: MIT
// quern convert models/smol smol.gguf --type bf16
#include <cstdio>

#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "formats/convert.h"
#include "formats/model_path.h"

namespace quern {

namespace {
struct ConvertVerbOptions {
  CommonOptions common;
  std::string from, to, type, max_part;
};

ConvertOptions parsed(const ConvertVerbOptions& o) {
  ConvertOptions out;
  if (!o.type.empty()) {
    out.type = dtype_from_name(o.type);
    if (!out.type || (!info(*out.type).floating && !is_quantised(*out.type)))
      throw Error(ErrorKind::InvalidArgument, "--type {}: there is no such type of weights", o.type)
          .hint("f32, bf16, f16, q8_0, q4_0, q4_k and their kin");
  }
  if (!o.max_part.empty()) out.max_part_bytes = parse_size(o.max_part);
  return out;
}

void convert(const ConvertVerbOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  const ConvertReport report = convert_model(resolve_model_path(o.from), o.to, parsed(o));
  for (const std::string& w : report.warnings) warn(w);
  if (!report.fallen_back.empty())
    warn(fmt::format("{} tensors have rows that {} does not fit, as {}; they are of the next type that does",
                     report.fallen_back.size(), o.type, report.fallen_back.front()));
  if (o.common.json) {
    const Json out = {{"from", o.from},
                      {"to", o.to},
                      {"files", report.files},
                      {"tensors", report.tensors},
                      {"values", report.values},
                      {"fallen_back", report.fallen_back},
                      {"warnings", report.warnings}};
    fmt::print("{}\n", to_line(out));
    return;
  }
  uint64_t bytes = 0;
  for (const std::string& file : report.files) bytes += fs::file_size(file);
  fmt::print("{}: {} tensors, {}\n", o.to, report.tensors, format_size(bytes));
}
}  // namespace

void add_convert_command(CLI::App& app) {
  auto o = std::make_shared<ConvertVerbOptions>();
  auto* cmd = app.add_subcommand("convert", "A model from a Hugging Face folder to a GGUF file, or back");
  cmd->add_option("from", o->from, "a model folder, a run, or a .gguf file")->required();
  cmd->add_option("to", o->to, "the new file, ending in .gguf, or the new folder")->required();
  cmd->add_option("--type", o->type, "of the matrices: f32, bf16, f16 or a block type; left out: as they are");
  cmd->add_option("--max-part", o->max_part, "split the weights into files of at most this size, as 4GB");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern convert runs/village village.gguf\n  quern convert village.gguf village-folder --type bf16");
  cmd->callback([o] { convert(*o); });
}

}  // namespace quern
