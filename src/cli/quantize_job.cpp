// SPDX-License-Identifier: MIT
#include "cli/quantize_job.h"

#include "data/reader.h"
#include "formats/model_path.h"

namespace quern {

namespace {
constexpr int64_t kSamples = 512;                // of each matrix's inputs, for AWQ
constexpr uint64_t kMostTextBytes = 256u << 20;  // that are looked at

const CorpusOptions kWholeTexts = {
    .validation_fraction = 0, .deduplicate = false, .max_total_bytes = kMostTextBytes, .json_fields = {}};
}  // namespace

DType written_dtype(const std::string& option, const std::string& text) {
  const auto dtype = dtype_from_name(text);
  if (!dtype)
    throw Error(ErrorKind::InvalidArgument, "{} {}: there is no such type of weights", option, text)
        .hint("q4_0, q4_k, q5_k, q6_k, q8_0 and their kin; f16, bf16, f32");
  require_written(*dtype);
  return *dtype;
}

std::vector<int32_t> ids_of_texts(const std::vector<std::string>& files, const Tokenizer& tokenizer, int64_t most) {
  Corpus corpus = open_corpus(std::vector<fs::path>(files.begin(), files.end()), kWholeTexts);
  std::vector<int32_t> ids;
  Document document;
  std::string text;
  while (int64_t(ids.size()) < most && corpus.next(document)) {
    text += document.text;
    if (document.continues && text.size() < size_t(16) << 20) continue;
    tokenizer.encode_append(text, {.add_special = false}, ids);
    text.clear();
  }
  if (ids.empty()) throw Error(ErrorKind::InvalidData, "{}: there is no text", files.front());
  return ids;
}

QuantizeJob::QuantizeJob(const QuantizeJobOptions& options)
    : options_(options), path_(resolve_model_path(options.model)), source_(ModelSource::open(path_)) {
  if (!options.imatrix.empty() && !options.texts.empty())
    throw Error(ErrorKind::InvalidArgument, "--imatrix and --calibrate are two ways to the same: give one");
  if (options.awq && options.texts.empty())
    throw Error(ErrorKind::InvalidArgument, "--awq needs to see what meets the weights")
        .hint("give a text: --calibrate FILE");
  if (options.awq) awq_groups(*source_);  // says at once where it can't work
  if (!options.imatrix.empty()) importance_ = load_importance(options.imatrix, source_->config());
  if (!options.texts.empty()) read_texts();
}

void QuantizeJob::read_texts() {
  if (!source_->has_tokenizer())
    throw Error(ErrorKind::NotFound, "{}: no tokenizer, so no text can be read", path_.string());
  const Tokenizer tokenizer = source_->tokenizer();
  // More than is read, so that the windows come from all parts of it.
  const std::vector<int32_t> ids = ids_of_texts(options_.texts, tokenizer, options_.tokens * 16);
  Progress progress;
  CalibrationOptions calibration{.tokens = options_.tokens, .samples = options_.awq ? kSamples : 0};
  const std::vector<int32_t> begin = tokenizer.encode("", {});
  if (begin.size() == 1) calibration.start_id = begin[0];
  calibration.on_progress = [&](int64_t done, int64_t total) {
    progress.update(fmt::format("calibrating: {} of {} tokens", done, total));
    return !stop_requested();
  };
  calibration_ = calibrate(*source_, ids, calibration);
  for (const std::string& text : options_.texts)
    calibration_.importance.texts.push_back(fs::path(text).filename().string());
  importance_ = calibration_.importance;
}

QuantiseReport QuantizeJob::write(DType type, const fs::path& to) const {
  QuantiseOptions options{.plan = {.dtype = type, .embedding = options_.embedding, .head = options_.head},
                          .importance = importance(),
                          .max_part_bytes = options_.max_part_bytes};
  if (importance_) options.note["calibrated_with"] = importance_->texts;
  return options_.awq ? write_awq(options, to) : quantise_model(*source_, to, options);
}

QuantiseReport QuantizeJob::write_awq(const QuantiseOptions& given, const fs::path& to) const {
  Progress progress;
  AwqOptions search{.plan = given.plan};
  search.on_progress = [&](int64_t done, int64_t total) {
    progress.update(fmt::format("AWQ for {}: {} of {} groups of matrices", name(given.plan.dtype), done, total));
    return !stop_requested();
  };
  const AwqResult awq = search_awq(*source_, calibration_, search);
  progress.print(fmt::format("AWQ: {} groups, mean alpha {:.2f}, {:.0f} % of the squared error left", awq.groups,
                             awq.mean_alpha, 100 * awq.error_ratio));
  const RescaledModel model(*source_, awq.rescalings);
  QuantiseOptions options = given;
  options.note["method"] = "AWQ";
  if (to.extension() != ".gguf") {
    ConvertOptions convert{.step = "quantize"};
    convert.note = options.note;
    convert.max_part_bytes = options.max_part_bytes;
    QuantiseReport report;
    report.written = convert_model(model, to, convert);
    for (const std::string& file : report.written.files) report.size_bytes += fs::file_size(file);
    return report;
  }
  options.encode = [&](const std::string& name, const Tensor& values, DType dtype) {
    const auto samples = awq.calibrated.samples.find(name);
    if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped; nothing was written");
    return encoded_with_clipping(name, values, dtype, awq.calibrated.importance.of(name),
                                 samples == awq.calibrated.samples.end() ? Tensor{} : samples->second);
  };
  return quantise_model(model, to, options);
}

}  // namespace quern
