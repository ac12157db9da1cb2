// SPDX-License-Identifier: MIT
// quern quantize models/smol smol-q4.gguf --type q4_k
#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/quantize_job.h"
#include "cli/quantize_table.h"

namespace quern {

namespace {
struct QuantizeVerbOptions {
  CommonOptions common;
  QuantizeJobOptions job;
  std::string to, type = "q4_k", embedding, head, max_part, save_imatrix;
  bool table = false;
  std::string types;
  QuantizeTableOptions measure;
};

constexpr DType kTableTypes[] = {DType::q8_0, DType::q6_k,   DType::q5_k, DType::q4_k,
                                 DType::q4_0, DType::iq4_xs, DType::q3_k, DType::q2_k};

std::vector<DType> table_types(const std::string& list) {
  std::vector<DType> types;
  if (list.empty()) return {std::begin(kTableTypes), std::end(kTableTypes)};
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    if (list.substr(at, end - at) == "all") {
      for (int d = 0; d < kNumDTypes; ++d)
        if (is_quantised(DType(d)) && !is_read_only(DType(d))) types.push_back(DType(d));
    } else {
      types.push_back(written_dtype("--types", list.substr(at, end - at)));
    }
    at = end + 1;
  }
  return types;
}

void print_report(const QuantizeVerbOptions& o, const QuantiseReport& report) {
  for (const std::string& w : report.written.warnings) warn(w);
  if (o.common.json) {
    Json types = Json::array();
    for (const auto& [type, m] : report.types)
      types.push_back({{"type", type}, {"tensors", m.tensors}, {"bytes", m.bytes}, {"reason", m.reason}});
    fmt::print("{}\n", to_line(Json{{"from", o.job.model},
                                    {"to", o.to},
                                    {"files", report.written.files},
                                    {"size_bytes", report.size_bytes},
                                    {"bits_per_weight", report.bits_per_weight()},
                                    {"matrices", types},
                                    {"warnings", report.written.warnings}}));
    return;
  }
  for (const auto& [type, m] : report.types)
    fmt::print("{:<7} {:>4} matrices  {:>9}{}\n", type, m.tensors, format_size(uint64_t(m.bytes)),
               m.reason.empty() ? "" : "  (" + m.reason + ")");
  fmt::print("{}: {}, {:.2f} bits a weight\n", o.to, format_size(report.size_bytes), report.bits_per_weight());
}

void quantize(QuantizeVerbOptions o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  install_interrupt_handler();
  const DType type = written_dtype("--type", o.type);
  if (!o.embedding.empty()) o.job.embedding = written_dtype("--embedding", o.embedding);
  if (!o.head.empty()) o.job.head = written_dtype("--head", o.head);
  if (!o.max_part.empty()) o.job.max_part_bytes = parse_size(o.max_part);
  o.measure.types = table_types(o.types);
  if (o.table && !o.to.empty())
    throw Error(ErrorKind::InvalidArgument, "--table writes no file, but {} is named", o.to);
  if (!o.table && o.to.empty() && o.save_imatrix.empty())
    throw Error(ErrorKind::InvalidArgument, "which file is to be written?")
        .hint("quern quantize MODEL FILE.gguf, or quern quantize MODEL --table");
  if (!o.table && (!o.types.empty() || !o.measure.texts.empty()))
    throw Error(ErrorKind::InvalidArgument, "--types and --text are for --table");
  const bool folder = !o.to.empty() && !o.to.ends_with(".gguf");
  if (folder && !o.job.awq)
    throw Error(ErrorKind::InvalidArgument, "{}: quantised models are written as GGUF", o.to)
        .hint("give a name that ends in .gguf");
  if (!o.to.empty() && fs::exists(o.to))
    throw Error(ErrorKind::InvalidArgument, "{} exists", o.to).hint("give another name, or remove it first");
  if (!o.save_imatrix.empty() && o.job.texts.empty())
    throw Error(ErrorKind::InvalidArgument, "--save-imatrix keeps what a text told").hint("give one: --calibrate FILE");

  const QuantizeJob job(o.job);
  if (!o.save_imatrix.empty()) {
    save_importance(o.save_imatrix, *job.importance(), job.source().config());
    say(fmt::format("{}: importances of {} matrices", o.save_imatrix, job.importance()->by_weight.size()));
  }
  if (o.table) {
    const QuantizeTable table = measure_types(job, o.measure);
    if (table.stopped) warn("stopped: not all types were measured");
    fmt::print("{}", o.common.json ? to_line(table_json(table)) + "\n" : table_text(table));
  } else if (!o.to.empty()) {
    print_report(o, job.write(type, o.to));
  }
}
}  // namespace

void add_quantize_command(CLI::App& app) {
  auto o = std::make_shared<QuantizeVerbOptions>();
  auto* cmd = app.add_subcommand("quantize", "Write a model with fewer bits for each weight, as GGUF");
  cmd->add_option("from", o->job.model, "a model folder, a run, a .gguf file, or a model of the store")->required();
  cmd->add_option("to", o->to, "the new file, ending in .gguf; with --awq also a new folder");
  cmd->add_option("--type", o->type,
                  "of the matrices: q4_0 q4_1 q5_0 q5_1 q8_0 q2_k q3_k q4_k q5_k q6_k iq4_nl iq4_xs mxfp4 f16 bf16 f32")
      ->capture_default_str();
  cmd->add_option("--embedding", o->embedding, "of the embedding, instead of --type");
  cmd->add_option("--head", o->head, "of the head; left out: --type, but at least q6_k");
  cmd->add_option("--max-part", o->max_part, "split the weights into files of at most this size, as 4GB");
  const auto text = [](CLI::Option* option) { return option->group("By what a text tells"); };
  text(add_repeated(cmd, "--calibrate", o->job.texts,
                    "read this text first, and lose least where its activations are large; may be repeated"));
  text(cmd->add_option("--imatrix", o->job.imatrix, "the same from a file that was saved before, or llama.cpp's"));
  text(cmd->add_option("--save-imatrix", o->save_imatrix, "keep what --calibrate found in this file"));
  text(cmd->add_flag("--awq", o->job.awq, "scale channels by their activations first (AWQ); needs --calibrate"));
  text(cmd->add_option("--calibration-tokens", o->job.tokens, "most tokens that are read")
           ->capture_default_str()
           ->check(CLI::Range(512, 1 << 26)));
  const auto table = [](CLI::Option* option) { return option->group("Comparing types"); };
  table(cmd->add_flag("--table", o->table, "write nothing; show what each type costs in size, speed and quality"));
  table(cmd->add_option("--types", o->types, "which, as q8_0,q4_k; all: every one that is written"));
  table(
      add_repeated(cmd, "--text", o->measure.texts, "measure with this text; left out: what the model itself writes"));
  table(cmd->add_option("--tokens", o->measure.tokens, "how many tokens are predicted")
            ->capture_default_str()
            ->check(CLI::Range(32, 1 << 24)));
  table(cmd->add_option("--context", o->measure.context, "tokens of a window")
            ->capture_default_str()
            ->check(CLI::Range(4, 1 << 20)));
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern quantize runs/village village-q8.gguf --type q8_0\n"
               "  quern quantize ./Llama-3.2-1B-Instruct llama-q4.gguf --type q4_k --calibrate my_texts.txt\n"
               "  quern quantize ./Llama-3.2-1B-Instruct llama-q4.gguf --type q4_0 --calibrate my_texts.txt --awq\n"
               "  quern quantize smollm2 smol.gguf --type q5_k --embedding q8_0\n"
               "  quern quantize smollm2 --table --types q8_0,q4_k,q4_0 --text held_out.txt");
  cmd->callback([o] { quantize(*o); });
}

}  // namespace quern
