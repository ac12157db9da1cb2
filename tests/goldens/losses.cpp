// SPDX-License-Identifier: MIT
// losses/: values and gradients of losses, five steps of optimisers, and learning rates at every step.

#include "golden.h"
#include "tensor/ops.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace quern::goldens {

namespace {
constexpr double kAbsolute = 1e-6, kRelative = 1e-5;

Outcome check_schedules(const fs::path& path) {
  const Json golden = read_json(path);
  const Schedule base{.peak_lr = golden.at("peak_lr"),
                      .warmup_steps = golden.at("warmup_steps"),
                      .total_steps = golden.at("total_steps")};
  Comparison compare;
  for (const auto& [name, rates] : golden.at("learning_rate_at_step").items()) {
    const auto kind = schedule_from_name(name);
    if (!kind) throw not_yet(fmt::format("the schedule '{}'", name));
    Schedule s = base;
    s.kind = *kind;
    if (name == "cosine_with_min_lr") s.min_lr_ratio = golden.at("cosine_min_lr_rate");
    if (*kind == ScheduleKind::CosineWithRestarts) s.cycles = golden.value("num_cycles", 1.0);
    if (name == "polynomial") {
      s.power = golden.at("polynomial").at("power");
      s.min_lr_ratio = golden.at("polynomial").at("lr_end").get<double>() / s.peak_lr;
    }
    if (name == "wsd") {
      const Json& wsd = golden.at("wsd");
      s.decay_steps = wsd.at("decay_steps");
      s.total_steps = s.warmup_steps + wsd.at("stable_steps").get<int64_t>() + s.decay_steps;
      s.min_lr_ratio = wsd.at("min_lr_ratio");
      const std::string shape = wsd.at("shape");
      s.decay_shape = shape.find("sqrt") != std::string::npos     ? DecayShape::OneMinusSqrt
                      : shape.find("linear") != std::string::npos ? DecayShape::Linear
                                                                  : DecayShape::Cosine;
    }
    std::vector<float> got, want;
    for (const Json& rate : rates) {
      got.push_back(float(s.lr_at(int64_t(got.size())) / s.peak_lr));
      want.push_back(float(rate.get<double>() / s.peak_lr));
    }
    compare.close(name, got, want, 1e-6);  // of the peak; the file holds nine digits
  }
  return compare.outcome();
}

Outcome check_cross_entropy(const Expected& expected, const Json& params) {
  LossOptions options;
  for (const auto& [key, value] : params.items()) {
    if (key == "label_smoothing")
      options.label_smoothing = value;
    else if (key == "z_coef")
      options.z_loss = value;
    else if (key != "ignore_index" || value != kIgnoreLabel)
      throw not_yet(fmt::format("the setting '{}'", key));
  }
  const Shape shape = expected.shape("in.logits");
  const std::vector<float> values = expected.floats("in.logits"), loss = expected.floats("out.loss"),
                           grad = expected.floats("grad.logits");
  const std::vector<int32_t> labels = expected.ids("in.labels");
  const std::vector<float> z_loss = expected.has("out.z_loss") ? expected.floats("out.z_loss") : std::vector<float>{};
  expected.require_all_read();

  Comparison compare;
  const auto check = [&](const std::string& how, const Tensor& x, const CrossEntropyResult& result) {
    const Tensor mean = scale(result.sum, 1.0f / float(result.count));
    compare.number(how + ".loss", mean.item(), loss.at(0), kAbsolute, kRelative);
    mean.backward();
    compare.close(how + ".grad", x.grad().to_vector(), grad, kAbsolute, kRelative);
  };
  Tensor logits = Tensor::from(values, shape);
  logits.set_trainable(true);
  check("logits", logits, cross_entropy(logits, labels, options));
  // The fused form with the identity as its matrix sees the same logits.
  Tensor hidden = Tensor::from(values, shape);
  hidden.set_trainable(true);
  Tensor identity = Tensor::zeros({shape[1], shape[1]});
  for (int64_t i = 0; i < shape[1]; ++i) identity.data()[i * shape[1] + i] = 1;
  check("fused", hidden, cross_entropy_head(hidden, identity, labels, options));
  if (!z_loss.empty()) {  // the mean of logsumexp^2 without its coefficient
    const CrossEntropyResult plain = cross_entropy(Tensor::from(values, shape), labels),
                             with_z = cross_entropy(Tensor::from(values, shape), labels, {.z_loss = 1});
    compare.number("z_loss", (with_z.sum.item() - plain.nll_sum) / double(plain.count), z_loss.at(0), kAbsolute,
                   kRelative);
  }
  return compare.outcome();
}

// Five updates of one matrix by given gradients, compared after each.
Outcome check_optimizer(const std::string& name, const Expected& expected, const Json& params) {
  const bool muon = name == "optim-muon";
  OptimizerConfig config{.kind = muon ? OptimizerConfig::Kind::muon : OptimizerConfig::Kind::adamw};
  double lr = 0;
  for (const auto& [key, value] : params.items()) {
    if (key == "lr")
      lr = value;
    else if (key == "weight_decay")
      config.weight_decay = value;
    else if (key == "betas")
      config.beta1 = value[0], config.beta2 = value[1];
    else if (key == "eps" && !muon)
      config.eps = value;
    else if (key == "momentum")
      config.muon_momentum = value;
    else if (key == "nesterov")
      config.muon_nesterov = value;
    else if (key == "ns_steps")
      config.muon_iterations = value;
    else if (key == "decoupled_weight_decay" && value == true)
      continue;
    else if (key == "eps" || key == "ns_coefficients")
      continue;  // Muon's, fixed in orthogonalised()
    else if (value != false)
      throw not_yet(fmt::format("the setting '{}'", key));
  }
  const auto store = ParamStore::fresh(0, {.trainable = Trainable::Yes});
  const Shape shape = expected.shape("in.w");
  const Tensor w = Params(store).tensor("w", shape, init::zeros());
  w.copy_from(Tensor::from(expected.floats("in.w"), shape));
  Optimizer optimizer(*store, config);
  Comparison compare;
  for (size_t i = 0; i < expected.names("in.grad.").size(); ++i) {
    store->clear_grads();
    w.add_grad(Tensor::from(expected.floats(fmt::format("in.grad.{}", i)), shape));
    optimizer.step(float(lr));
    const std::string out = fmt::format("out.w.{}", i);
    // torch orthogonalises in bfloat16, hence the wide tolerance for Muon.
    compare.close(out, w.to_vector(), expected.floats(out), muon ? 2e-2 : kAbsolute, muon ? 0 : kRelative);
  }
  expected.require_all_read();
  return compare.outcome();
}

Outcome check(const fs::path& base) {
  const std::string name = base.filename().string();
  if (name == "lr_schedules") return check_schedules(base.string() + ".json");
  const Json index = read_json(base.parent_path() / "index.json").at("losses");
  const Json params = index.contains(name) ? index[name].value("params", Json::object()) : Json::object();
  const Expected expected(base.string() + ".safetensors");
  if (name.starts_with("cross-entropy")) return check_cross_entropy(expected, params);
  if (name == "optim-adamw" || name == "optim-muon") return check_optimizer(name, expected, params);
  throw not_yet("no such loss or optimizer exists yet");
}
}  // namespace

Area losses_area() {
  return {"losses", [](const fs::path& path) { return is_safetensors(path) || path.filename() == "lr_schedules.json"; },
          check};
}

}  // namespace quern::goldens
