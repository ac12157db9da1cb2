// SPDX-License-Identifier: MIT
// training/: loss and gradients of every parameter on one batch, and the parameters after three AdamW updates.

#include <algorithm>
#include <cmath>
#include <set>

#include "causal_case.h"
#include "encoder_case.h"
#include "train/objective.h"
#include "train/optimizer.h"

namespace quern::goldens {

namespace {
// Rows, padded on the right or not at all, as one flat batch; the label of a position is the token after it.
TokenBatch read_batch(const fs::path& path) {
  const Expected file(path);
  const int64_t rows = file.shape("input_ids").at(0), T = file.shape("input_ids").at(1);
  TokenBatch batch;
  const std::vector<int32_t> ids = file.ids("input_ids"), labels = file.ids("labels");
  const std::vector<int32_t> mask =
      file.has("attention_mask") ? file.ids("attention_mask") : std::vector<int32_t>(ids.size(), 1);
  file.require_all_read();
  for (int64_t row = 0; row < rows; ++row) {
    const auto mask_of_row = std::span(mask).subspan(size_t(row * T), size_t(T));
    const int64_t length = std::ranges::find(mask_of_row, 0) - mask_of_row.begin();
    if (std::ranges::count(mask_of_row, 1) != length) throw not_yet("rows padded on the left");
    batch.segments.push_back(int32_t(batch.ids.size()));
    for (int64_t t = 0; t < length; ++t) {
      batch.ids.push_back(ids[size_t(row * T + t)]);
      batch.positions.push_back(int32_t(t));
      batch.labels.push_back(t + 1 < length ? labels[size_t(row * T + t + 1)] : kIgnoreLabel);
      batch.num_targets += batch.labels.back() != kIgnoreLabel;
    }
  }
  batch.segments.push_back(int32_t(batch.ids.size()));
  return batch;
}

// Adds the gradient of the summed loss to the parameters; returns the mean loss and the number of targets.
std::pair<double, int64_t> run_backward(const CausalLm& model, const TokenBatch& batch) {
  model.params->clear_grads();
  const Loss loss = NextToken()(model, batch);
  loss.sum.backward();
  return {double{loss.sum.item()} / double(loss.count), loss.count};
}

void check_gradients(const CausalLm& model, const TokenBatch& batch, const fs::path& base, const Json& golden,
                     Comparison& compare) {
  const auto [loss, count] = run_backward(model, batch);
  compare.number("loss", loss, golden.at("loss"), 1e-5);
  const Expected grads(base / "grads.safetensors");
  double squares = 0;
  std::set<std::string> names;
  for (const Parameter& p : model.params->parameters()) {
    if (!p.value.trainable()) continue;  // a router's correction bias
    names.insert(p.name);
    if (!grads.has(p.name)) throw Error(ErrorKind::InvalidData, "no expected gradient for '{}'", p.name);
    const std::vector<float> want = grads.floats(p.name);
    // An expert that no token of the batch met has no gradient at all.
    const Tensor grad = p.value.grad();
    std::vector<float> got = grad ? grad.contiguous().to_vector() : std::vector<float>(want.size());
    float largest = 0;
    for (const float w : want) largest = std::max(largest, std::abs(w));
    for (float& g : got) {
      g /= float(count);
      squares += double{g} * g;
    }
    compare.close("grad " + p.name, got, want, 1e-4 * largest + 1e-7);
  }
  for (const std::string& name : grads.names()) compare.require("a gradient for " + name, names.contains(name));
  compare.number("grad_norm", std::sqrt(squares), golden.at("grad_norm"), 0, 1e-5);
}

// `name`: adamw3 or adamw3_clip1.
void check_updates(const fs::path& base, const fs::path& model_folder, const TokenBatch& batch, const Json& golden,
                   const std::string& name, Comparison& compare) {
  const auto model = load_causal_model(model_folder, {.trainable = Trainable::Yes});
  const Json& settings = golden.at(name);
  if (settings.at("weight_decay_vectors") != 0.0) throw not_yet("weight decay on vectors");
  Optimizer optimizer(*model->params, {.beta1 = settings.at("betas")[0],
                                       .beta2 = settings.at("betas")[1],
                                       .eps = settings.at("eps"),
                                       .weight_decay = settings.at("weight_decay_matrices")});
  const double clip = settings.at("clip").is_null() ? 0 : settings.at("clip").get<double>();
  for (int step = 0; step < settings.at("steps").get<int>(); ++step) {
    const auto [loss, count] = run_backward(*model, batch);
    compare.number(fmt::format("{} loss before step {}", name, step), loss,
                   settings.at("loss_before_each_step")[size_t(step)], 1e-5, 1e-5);
    const double norm = optimizer.grad_norm().norm / double(count);
    compare.number(fmt::format("{} gradient norm before step {}", name, step), norm,
                   settings.at("grad_norm_before_clip")[size_t(step)], 1e-5, 1e-5);
    const double factor = clip > 0 ? std::min(1.0, clip / (norm + 1e-6)) : 1;  // torch's clip_grad_norm_
    optimizer.step(settings.at("lr").get<float>(), float(factor / double(count)));
  }
  const Expected after(base / (name + ".safetensors"));
  for (const Parameter& p : model->params->parameters()) {
    std::vector<float> got = p.value.detach().contiguous().to_vector(), want = after.floats(p.name);
    if (after.has("excluded/" + p.name))
      for (const int32_t i : after.ids("excluded/" + p.name)) got.at(size_t(i)) = want.at(size_t(i));
    compare.close(name + " " + p.name, got, want, 5e-6);
  }
  after.require_all_read();
  const auto [loss, count] = run_backward(*model, batch);
  compare.number(name + " loss afterwards", loss, settings.at("loss_after"), 1e-5, 1e-5);
}

Outcome check(const fs::path& base) {
  const Json golden = read_json(base / "train.json");
  const fs::path model_folder = base.parent_path().parent_path() / golden.at("model").get<std::string>();
  if (encoder_family_of(read_model_config(model_folder))) return check_encoder_training(base, golden, model_folder);
  const auto model = load_causal_model(model_folder, {.trainable = Trainable::Yes});
  const TokenBatch batch = read_batch(base / "batch.safetensors");
  Comparison compare;
  check_gradients(*model, batch, base, golden, compare);
  for (const char* name : {"adamw3", "adamw3_clip1"})
    if (fs::exists(base / fmt::format("{}.safetensors", name)))
      check_updates(base, model_folder, batch, golden, name, compare);
  return compare.outcome();
}
}  // namespace

Area training_area() { return {"training", folder_with("train.json"), check}; }

}  // namespace quern::goldens
