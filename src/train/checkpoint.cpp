// SPDX-License-Identifier: MIT
#include "train/checkpoint.h"

#include <algorithm>
#include <bit>

#include "formats/safetensors.h"

namespace quern {

namespace {
Json to_json(const TrainState& s) {
  return {{"step", s.step},
          {"tokens", s.tokens},
          {"seconds", s.seconds},
          {"batches", s.batches},
          {"kernels", s.kernels},
          {"best_loss", s.best_loss},
          {"best_step", s.best_step},
          {"total_steps", s.total_steps},
          {"decay_start", s.decay_start},
          {"recipe_hash", s.recipe_hash},
          {"extra", s.extra}};
}

std::string hash_of_file(const fs::path& path) { return content_hash(MappedFile(path).bytes()); }

std::optional<int64_t> step_of_name(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.size() < 6 || name.size() > 12 ||
      !std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  return std::stoll(name);
}
}  // namespace

void write_checkpoint(const fs::path& checkpoints, const CausalLm& model, const Optimizer& optimizer,
                      const TrainState& state, const ModelFiles& files) {
  fs::create_directories(checkpoints);
  const fs::path path = checkpoints / fmt::format("{:06}", state.step);
  std::error_code ec;
  if (fs::exists(path)) fs::remove_all(path, ec);  // a resumed run passing the same step, or a damaged one
  write_directory(path, [&](const fs::path& dir) {
    save_model(dir, model, {.dtype = model.params->options().dtype});
    save_tensors(dir / "optimizer.safetensors", optimizer.state());
    for (const auto& [name, text] : files) write_file(dir / name, text);
    Json json = to_json(state);
    for (const auto& entry : fs::directory_iterator(dir))
      json["files"][entry.path().filename().string()] = {{"size", entry.file_size()},
                                                         {"hash", hash_of_file(entry.path())}};
    write_file(dir / "state.json", json.dump(1) + "\n");
  });
}

std::vector<CheckpointPlace> list_checkpoints(const fs::path& checkpoints) {
  std::vector<CheckpointPlace> out;
  if (!fs::exists(checkpoints)) return out;
  for (const auto& entry : fs::directory_iterator(checkpoints))
    if (entry.is_directory())
      if (const auto step = step_of_name(entry.path())) out.push_back({entry.path(), *step});
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.step < b.step; });
  return out;
}

std::optional<CheckpointPlace> newest_checkpoint(const fs::path& checkpoints, std::vector<std::string>* notes) {
  std::vector<CheckpointPlace> all = list_checkpoints(checkpoints);
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    std::string problem;
    try {
      const Json state = read_json(it->path / "state.json");
      for (const auto& [name, facts] : state.at("files").items()) {
        const fs::path file = it->path / fs::path(name).filename();
        if (!fs::exists(file))
          problem = name + " is missing";
        else if (fs::file_size(file) != facts.at("size").get<uint64_t>())
          problem = name + " is cut off";
        else if (hash_of_file(file) != facts.at("hash").get<std::string>())
          problem = name + " is damaged";
        if (!problem.empty()) break;
      }
      if (problem.empty()) return *it;
    } catch (const std::exception& e) {
      problem = e.what();
    }
    if (notes) notes->push_back(fmt::format("{} is passed over: {}", it->path.string(), problem));
  }
  return std::nullopt;
}

TrainState read_train_state(const fs::path& checkpoint) {
  const Json j = read_json(checkpoint / "state.json");
  try {
    TrainState s;
    s.step = j.at("step").get<int64_t>();
    s.tokens = j.at("tokens").get<int64_t>();
    s.seconds = j.at("seconds").get<double>();
    s.batches = j.at("batches").get<std::string>();
    s.kernels = j.at("kernels").get<std::string>();
    s.best_loss = j.at("best_loss").get<double>();
    s.best_step = j.at("best_step").get<int64_t>();
    s.total_steps = j.at("total_steps").get<int64_t>();
    s.decay_start = j.at("decay_start").get<int64_t>();
    s.recipe_hash = j.at("recipe_hash").get<std::string>();
    s.extra = j.at("extra");
    if (s.step < 0 || s.tokens < 0) throw Error(ErrorKind::InvalidData, "negative counts");
    return s;
  } catch (const std::exception& e) {
    throw Error(ErrorKind::InvalidData, "{}: not a training state: {}", (checkpoint / "state.json").string(), e.what());
  }
}

void restore_checkpoint(const fs::path& checkpoint, const CausalLm& model, Optimizer& optimizer,
                        const TrainState& state) {
  const SafetensorsModel weights = SafetensorsModel::open(checkpoint / "model.safetensors");
  const SafetensorsModel moments = SafetensorsModel::open(checkpoint / "optimizer.safetensors");
  const auto read = [](const SafetensorsModel& from, const std::string& name) -> std::optional<Tensor> {
    const SafetensorsTensor* t = from.find(name);
    if (!t) return std::nullopt;
    Tensor copy = Tensor::empty(t->shape, t->dtype());
    std::copy(t->bytes.begin(), t->bytes.end(), copy.data<std::byte>());
    return copy;
  };
  for (const Parameter& p : model.params->parameters()) {
    const std::optional<Tensor> found = read(weights, p.name);
    if (!found || found->shape() != p.value.shape() || found->dtype() != p.value.dtype())
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' is missing or of another shape or type",
                  checkpoint.string(), p.name);
    p.value.detach().copy_from(*found);
  }
  optimizer.restore(
      state.extra.value("optimizer_steps", state.step), [&](const std::string& name) { return read(moments, name); },
      checkpoint.string());
}

void prune_checkpoints(const fs::path& checkpoints, int64_t keep_last, const std::vector<int64_t>& keep_steps) {
  const std::vector<CheckpointPlace> all = list_checkpoints(checkpoints);
  for (size_t i = 0; i + size_t(std::max<int64_t>(1, keep_last)) < all.size(); ++i) {
    if (std::find(keep_steps.begin(), keep_steps.end(), all[i].step) != keep_steps.end()) continue;
    std::error_code ec;
    fs::remove_all(all[i].path, ec);
  }
}

}  // namespace quern
