// SPDX-License-Identifier: MIT
#include "infer/loaded_model.h"

#include <future>

#include "base/json.h"
#include "base/memory.h"
#include "base/threads.h"
#include "formats/hf_folder.h"
#include "formats/model_path.h"

namespace quern {

namespace {
double number(const Json& json, const char* key, double otherwise) {
  return json.contains(key) && json[key].is_number() ? json[key].get<double>() : otherwise;
}

SamplingOptions recommended(const Json& generation_config) {
  SamplingOptions s;
  if (!generation_config.is_object()) return {.temperature = kDefaultTemperature};
  const bool sampled = generation_config.value("do_sample", Json(true)) != Json(false);
  s.temperature = sampled ? number(generation_config, "temperature", kDefaultTemperature) : 0;
  s.repetition_penalty = number(generation_config, "repetition_penalty", 1);
  if (!sampled) return s;
  s.top_k = int64_t(number(generation_config, "top_k", 0));
  s.top_p = number(generation_config, "top_p", 1);
  s.min_p = number(generation_config, "min_p", 0);
  s.typical_p = number(generation_config, "typical_p", 1);
  return s;
}

int32_t first_id(const Json& json, const char* key) {
  if (!json.is_object() || !json.contains(key)) return -1;
  const Json& value = json[key];
  if (value.is_number_integer()) return value.get<int32_t>();
  return value.is_array() && !value.empty() && value[0].is_number_integer() ? value[0].get<int32_t>() : -1;
}
uint64_t bytes_below(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path)) return fs::file_size(path, ignored);
  uint64_t sum = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, ignored))
    if (entry.is_regular_file(ignored)) sum += entry.file_size(ignored);
  return sum;
}

// Up to here reading a vocabulary takes about as long as laying out the weights.
constexpr uint64_t kSmallModelBytes = uint64_t{256} << 20;

// Tokenizer and weights at once: those of a small model on one thread, so that there is a processor for each.
void load(const ModelSource& files, LoadedModel& m, QuantCompute compute) {
  auto tokenizer =
      std::async(std::launch::async, [&] { return files.has_tokenizer() ? files.tokenizer() : Tokenizer(); });
  const int threads = compute_threads();
  if (bytes_below(files.path()) < kSmallModelBytes) set_compute_threads(1);
  const std::shared_ptr<void> restored(nullptr, [threads](void*) { set_compute_threads(threads); });
  m.model = load_model(files, {.packed_products = true, .keep_stored = true, .compute = compute});
  m.tokenizer = tokenizer.get();
  give_back_freed_memory();
}
}  // namespace

LoadedModel open_model(const std::string& argument, QuantCompute compute) {
  LoadedModel m;
  m.folder = resolve_model_path(argument);
  const std::unique_ptr<const ModelSource> files = ModelSource::open(m.folder);
  load(*files, m, compute);
  const Json &config = files->config(), &generation_config = files->generation_config();
  m.stop_ids = end_of_text_ids(generation_config, config);
  for (const char* key : {"bos_token_id", "eos_token_id"})
    for (const Json* json : {&generation_config, &config})
      if (m.start_id < 0) m.start_id = first_id(*json, key);
  if (m.start_id < 0 && m.tokenizer.valid()) m.start_id = m.tokenizer.token_to_id("<|endoftext|>").value_or(-1);
  if (m.start_id >= m.model->shape().V) m.start_id = -1;
  m.sampling = recommended(generation_config);
  return m;
}

std::vector<int32_t> LoadedModel::encode_prompt(std::string_view text, bool parse_special) const {
  if (!tokenizer.valid())
    throw Error(ErrorKind::NotFound, "{}: no tokenizer, so text can't be read", folder.string())
        .hint("give token ids with --ids");
  std::vector<int32_t> ids = tokenizer.encode(text, {.parse_special = parse_special});
  if (ids.empty() && start_id >= 0) ids.push_back(start_id);
  if (ids.empty())
    throw Error(ErrorKind::InvalidArgument, "the prompt is empty, and this model has no token to begin with");
  return ids;
}

}  // namespace quern
