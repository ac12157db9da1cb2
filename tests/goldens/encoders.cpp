// SPDX-License-Identifier: MIT
// Encoders: their hidden states, pooled vectors and the results of their heads at the positions that are no padding;
// loss and gradients of BERT's pre-training.

#include <algorithm>
#include <cmath>

#include "encoder_case.h"
#include "infer/pooling.h"

namespace quern::goldens {

EncoderBatch read_encoder_batch(const Expected& file) {
  const int64_t rows = file.shape("input_ids").at(0), T = file.shape("input_ids").at(1);
  const std::vector<int32_t> ids = file.ids("input_ids");
  const std::vector<int32_t> mask =
      file.has("attention_mask") ? file.ids("attention_mask") : std::vector<int32_t>(ids.size(), 1);
  const std::vector<int32_t> types = file.has("token_type_ids") ? file.ids("token_type_ids") : std::vector<int32_t>();
  EncoderBatch out;
  std::vector<int32_t> kept;
  out.batch.segments = {0};
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t t = 0; t < T; ++t) {
      const size_t at = size_t(row * T + t);
      if (mask[at] == 0) continue;
      kept.push_back(ids[at]);
      if (!types.empty()) out.types.push_back(types[at]);
      out.batch.positions.push_back(int32_t(t));
      out.places.push_back(int32_t(at));
    }
    out.batch.segments.push_back(int64_t(kept.size()));
  }
  out.batch.ids = Tensor::from(kept, {int64_t(kept.size())});
  return out;
}

namespace {
// Of values for padded rows, those of the batch's tokens.
std::vector<float> at_places(const std::vector<float>& padded, const std::vector<int32_t>& places, size_t num_padded) {
  const size_t width = padded.size() / num_padded;
  std::vector<float> out;
  for (const int32_t place : places) {
    const auto row = padded.begin() + int64_t(size_t(place) * width);
    out.insert(out.end(), row, row + int64_t(width));
  }
  return out;
}
}  // namespace

Outcome check_encoder(const fs::path& base, const Json& golden) {
  const std::unique_ptr<Encoder> encoder = load_encoder_model(base);
  const Expected expected(base / "golden.safetensors");
  const double factor = golden.value("tolerance_rel_std", 2e-4);
  EncoderBatch in = read_encoder_batch(expected);
  const size_t num_padded = size_t(expected.shape("input_ids")[0] * expected.shape("input_ids")[1]);
  Taps taps;
  for (int64_t l = 0; l <= encoder->shape().L; ++l) taps.wanted.insert(encoder->tap_name(l));
  in.batch.taps = &taps;
  const Tensor hidden = encoder->forward(in.batch, in.types);

  Comparison compare;
  const auto tokens = [&](const std::string& name, const Tensor& got) {
    compare.close_by_std(name, got.to_vector(), at_places(expected.floats(name), in.places, num_padded), factor);
  };
  for (const std::string& name : expected.names("hidden.")) {
    const int64_t layer = std::stoll(name.substr(7));
    compare.require(name, layer <= encoder->shape().L);
    if (layer <= encoder->shape().L) tokens(name, taps.got.at(encoder->tap_name(layer)));
  }
  tokens("last_hidden_state", hidden);
  if (expected.has("pooler_output"))
    compare.close_by_std("pooler_output", encoder->pooled(hidden, in.batch).to_vector(),
                         expected.floats("pooler_output"), factor);
  std::vector<float> mean, mean_l2;
  const int64_t C = encoder->shape().C;
  for (int64_t s = 0; s < in.batch.num_sequences(); ++s) {
    const int64_t begin = in.batch.segments[size_t(s)], end = in.batch.segments[size_t(s) + 1];
    std::vector<float> vector;
    pool(Pooling::mean, {hidden.data() + begin * C, size_t((end - begin) * C)}, C, 0, vector);
    mean.insert(mean.end(), vector.begin(), vector.end());
    normalize_length(vector);
    mean_l2.insert(mean_l2.end(), vector.begin(), vector.end());
  }
  if (expected.has("mean_pooled")) compare.close_by_std("mean_pooled", mean, expected.floats("mean_pooled"), factor);
  if (expected.has("mean_pooled_l2"))
    compare.close_by_std("mean_pooled_l2", mean_l2, expected.floats("mean_pooled_l2"), factor);
  for (const EncoderOutput& output : encoder->outputs(hidden, in.batch)) {
    const std::string name = "out." + output.name;
    if (!expected.has(name)) continue;
    if (output.per_token)
      tokens(name, output.values);
    else
      compare.close_by_std(name, output.values.to_vector(), expected.floats(name), factor);
  }
  expected.require_all_read();
  return compare.outcome();
}

// --- training ---

Outcome check_encoder_training(const fs::path& base, const Json& golden, const fs::path& model_folder) {
  const std::unique_ptr<Encoder> encoder = load_encoder_model(model_folder, {.trainable = Trainable::Yes});
  if (encoder->shape().task != EncoderTask::pretraining) throw not_yet("losses of other heads than pre-training's");
  const Expected file(base / "batch.safetensors");
  const EncoderBatch in = read_encoder_batch(file);
  const std::vector<int32_t> padded_labels = file.ids("labels"), next = file.ids("next_sentence_label");
  file.require_all_read();
  std::vector<int32_t> labels;
  for (const int32_t place : in.places) labels.push_back(padded_labels[size_t(place)]);

  const Tensor hidden = encoder->forward(in.batch, in.types);
  const auto mean_loss = [](const Tensor& logits, std::span<const int32_t> targets) {
    const CrossEntropyResult r = cross_entropy(logits, targets);
    return scale(r.sum, 1.0f / float(r.count));
  };
  const Tensor words = mean_loss(encoder->predictions(hidden), labels);
  const Tensor texts = mean_loss(encoder->text_scores(hidden, in.batch), next);
  Comparison compare;
  compare.number("mlm_loss", words.item(), golden.at("mlm_loss"), 1e-5);
  compare.number("nsp_loss", texts.item(), golden.at("nsp_loss"), 1e-5);
  const Tensor loss = words + texts;
  compare.number("loss", loss.item(), golden.at("loss"), 1e-5);
  loss.backward();

  const Expected grads(base / "grads.safetensors");
  double squares = 0;
  for (const Parameter& p : encoder->params->parameters())
    for (const float g : p.value.grad().contiguous().to_vector()) squares += double{g} * g;
  for (const Parameter& p : encoder->params->parameters()) {
    const std::vector<float> got = p.value.grad().contiguous().to_vector(), want = grads.floats(p.name);
    float largest = 0;
    for (const float w : want) largest = std::max(largest, std::abs(w));
    double absolute = 1e-4 * largest + 1e-7;
    // A bias of keys shifts all scores of a query alike, which softmax does not see: its gradient is 0, and both sides
    // hold rounding errors of sums of the size of other gradients.
    if (p.name.ends_with(".key.bias")) absolute += 0x1p-25 * std::sqrt(squares);
    compare.close("grad " + p.name, got, want, absolute);
  }
  grads.require_all_read();
  compare.number("grad_norm", std::sqrt(squares), golden.at("grad_norm"), 0, 1e-5);
  return compare.outcome();
}

}  // namespace quern::goldens
