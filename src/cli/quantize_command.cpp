// SPDX-License-Identifier: MIT
// quern quantize models/smol smol-q4.gguf --type q4_k
#include <cstdio>
#include <map>

#include "base/json.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "cli/command.h"
#include "formats/convert.h"
#include "formats/model_path.h"
#include "formats/model_source.h"
#include "formats/quantise_plan.h"

namespace quern {

namespace {
struct QuantizeVerbOptions {
  CommonOptions common;
  std::string from, to, type = "q4_k", embedding, head, max_part;
};

DType written_dtype(const std::string& option, const std::string& text) {
  const auto dtype = dtype_from_name(text);
  if (!dtype)
    throw Error(ErrorKind::InvalidArgument, "{} {}: there is no such type of weights", option, text)
        .hint("q4_0, q4_k, q5_k, q6_k, q8_0 and their kin; f16, bf16, f32");
  require_written(*dtype);
  return *dtype;
}

void quantize(const QuantizeVerbOptions& o) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  if (!o.to.ends_with(".gguf"))
    throw Error(ErrorKind::InvalidArgument, "{}: quantised models are written as GGUF", o.to)
        .hint("give a name that ends in .gguf");
  const fs::path from = resolve_model_path(o.from);
  QuantisePlanOptions options{.dtype = written_dtype("--type", o.type)};
  if (!o.embedding.empty()) options.embedding = written_dtype("--embedding", o.embedding);
  if (!o.head.empty()) options.head = written_dtype("--head", o.head);
  const auto weights = ModelSource::open(from)->weights();
  options.tied = std::ranges::none_of(weights->names(), [](const std::string& name) { return is_head_name(name); });

  std::map<std::string, std::pair<int64_t, int64_t>> by_type;  // tensors, bytes
  std::map<std::string, std::string> reasons;                  // why some are of another type
  ConvertOptions convert{.type = {}, .choose = {}, .step = "quantize"};
  convert.choose = [&](const std::string& name, const Shape& shape) {
    const PlannedTensor planned = plan_tensor(name, shape, options);
    const std::string type(quern::name(planned.dtype));
    ++by_type[type].first;
    by_type[type].second += int64_t(size_bytes(planned.dtype, numel(shape)));
    if (planned.dtype != options.dtype) reasons[type] = planned.reason;
    return planned.dtype;
  };
  if (!o.max_part.empty()) convert.max_part_bytes = parse_size(o.max_part);
  const ConvertReport report = convert_model(from, o.to, convert);
  for (const std::string& w : report.warnings) warn(w);

  uint64_t bytes = 0;
  for (const std::string& file : report.files) bytes += fs::file_size(file);
  Json types = Json::array();
  for (const auto& [type, count] : by_type)
    types.push_back({{"type", type}, {"tensors", count.first}, {"bytes", count.second}});
  const double bits = 8.0 * double(bytes) / double(std::max<int64_t>(1, report.values));
  if (o.common.json) {
    fmt::print("{}\n", to_line(Json{{"from", o.from},
                                    {"to", o.to},
                                    {"files", report.files},
                                    {"size_bytes", bytes},
                                    {"bits_per_weight", bits},
                                    {"matrices", types},
                                    {"warnings", report.warnings}}));
    return;
  }
  for (const Json& t : types) {
    const std::string type = t["type"], why = reasons.contains(type) ? "  (" + reasons[type] + ")" : "";
    fmt::print("{:<7} {:>4} matrices  {:>9}{}\n", type, t["tensors"].get<int64_t>(),
               format_size(t["bytes"].get<uint64_t>()), why);
  }
  fmt::print("{}: {}, {:.2f} bits a weight\n", o.to, format_size(bytes), bits);
}
}  // namespace

void add_quantize_command(CLI::App& app) {
  auto o = std::make_shared<QuantizeVerbOptions>();
  auto* cmd = app.add_subcommand("quantize", "Write a model with fewer bits for each weight, as GGUF");
  cmd->add_option("from", o->from, "a model folder, a run, a .gguf file, or a model of the store")->required();
  cmd->add_option("to", o->to, "the new file, ending in .gguf")->required();
  cmd->add_option("--type", o->type,
                  "of the matrices: q4_0 q4_1 q5_0 q5_1 q8_0 q2_k q3_k q4_k q5_k q6_k iq4_nl iq4_xs mxfp4 f16 bf16 f32")
      ->capture_default_str();
  cmd->add_option("--embedding", o->embedding, "of the embedding, instead of --type");
  cmd->add_option("--head", o->head, "of the head; left out: --type, but at least q6_k");
  cmd->add_option("--max-part", o->max_part, "split the weights into files of at most this size, as 4GB");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern quantize runs/village village-q8.gguf --type q8_0\n"
               "  quern quantize ./Llama-3.2-1B-Instruct llama-q4.gguf --type q4_k\n"
               "  quern quantize smollm2 smol.gguf --type q5_k --embedding q8_0");
  cmd->callback([o] { quantize(*o); });
}

}  // namespace quern
