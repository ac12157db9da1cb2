// SPDX-License-Identifier: MIT
#include "pipeline/minutes.h"

#include <cmath>

#include "base/clock.h"
#include "base/terminal.h"
#include "pipeline/dial.h"

namespace quern {

namespace {

// Fewer tokens per parameter than this and a smaller model would have been better. Chinchilla's optimum is 20; a model
// that must also hold facts gains from a little more room.
constexpr double kTokensPerParameter = 8.0;
// b(D) = E + (b2 - E) (D / D2)^-alpha from the second pilot. The village's text is always of one kind: E and alpha were
// fitted to ten-minute runs (pilots of 137 k and 416 k tokens: 1.314 and 0.812 bits per byte; the end: 0.275 after 8.5
// M).
constexpr double kVillageFloor = 0.17, kVillageAlpha = 0.605;
// Of other text, fitted to nine runs (docs/log.md): the exponent, the floor as a share of b2, how far the pilots are
// believed that say a lower or a higher one, and what readings after the first one and a half cost.
constexpr double kTextAlpha = 0.17, kTextFloor = 0.32, kLeastFloor = -0.35, kMostFloor = 0.55;
constexpr double kLowerWeight = 0.55, kHigherWeight = 0.15, kFreeEpochs = 1.5, kEpochCost = 0.095;

// Of the time of pre-training, what is planned for steps. The rest is for samples, small exams and checkpoints, and so
// that a machine somewhat slower than in the pilot still sees all tokens the prediction is made for.
constexpr double kTrainingShare = 0.9;

struct Pilot {
  Recipe recipe;
  std::shared_ptr<CausalLm> model;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<BatchSource> batches;
  NextToken objective;
  double tokens_per_s = 0;

  Pilot(const Recipe& base, int64_t depth, const TokenStore& train, int64_t V) : recipe(base) {
    recipe.model.depth = depth;
    recipe.train.tokens = 1;
    apply_depth(recipe, V);
    const bool int8 = recipe.train.precision == "int8";
    const ParamOptions options{.trainable = Trainable::Yes,
                               .dtype = recipe.train.precision == "bf16" ? DType::bf16 : DType::f32,
                               .precision = int8 ? Precision::int8 : Precision::f32};
    model = build_model(model_config(recipe, V, 0), ParamStore::fresh(uint64_t(recipe.run.seed), options));
    optimizer = std::make_unique<Optimizer>(*model->params, optimizer_config(recipe));
    objective.options.precision = options.precision;
    const int64_t micro = recipe.train.micro_batch_rows > 0 ? recipe.train.micro_batch_rows : recipe.train.batch_rows;
    auto rows = std::make_shared<PackedRows>(train, recipe.train.sequence, PackingOptions{});
    batches = std::make_unique<BatchSource>(std::make_shared<ShuffledRows>(rows, uint64_t(recipe.run.seed) + 1), micro);
  }

  // Runs for about `seconds` with the schedule of a whole run; returns tokens seen and sets tokens_per_s.
  int64_t run(double seconds, double step_seconds) {
    const int64_t steps = std::max<int64_t>(8, int64_t(seconds / step_seconds));
    Trainer trainer{*model, *optimizer, {}};
    const auto& t = recipe.train;
    trainer.plan.micro_batches = std::max<int64_t>(1, t.batch_rows / batches->batch_size());
    trainer.plan.max_grad_norm = t.max_grad_norm;
    trainer.plan.schedule = {.kind = ScheduleKind::Wsd,
                             .peak_lr = t.lr,
                             .warmup_steps = std::max<int64_t>(2, steps / 10),
                             .total_steps = steps,
                             .min_lr_ratio = t.min_lr_ratio,
                             .decay_steps = std::max<int64_t>(2, int64_t(t.decay_fraction * double(steps))),
                             .decay_shape = DecayShape::OneMinusSqrt};
    int64_t tokens = 0;
    const double begin = now_s();
    for (int64_t s = 0; s < steps && !stop_requested(); ++s)
      tokens += train_step(trainer, *batches, objective, s).tokens;
    tokens_per_s = double(tokens) / (now_s() - begin);
    return tokens;
  }
  double step_seconds() {
    Trainer trainer{*model, *optimizer, {}};
    trainer.plan.micro_batches = std::max<int64_t>(1, recipe.train.batch_rows / batches->batch_size());
    trainer.plan.schedule = {.kind = ScheduleKind::Constant, .peak_lr = 1e-4};
    double best = 1e30;
    for (int i = 0; i < 4; ++i) {
      const double begin = now_s();
      train_step(trainer, *batches, objective, 0);
      best = std::min(best, now_s() - begin);
    }
    return best;
  }
};
}  // namespace

double predict_text(const PilotResult& first, const PilotResult& second, double tokens, double epochs) {
  const double b1 = first.bits_per_byte, b2 = second.bits_per_byte;
  if (!(tokens > second.tokens) || !(second.tokens > first.tokens) || !(b2 > 0)) return b2;
  const double between = std::pow(second.tokens / first.tokens, kTextAlpha);
  // E / b2 if the law went through both.
  const double of_pilots = std::clamp((between - b1 / b2) / (between - 1), kLeastFloor, kMostFloor);
  const double floor = kTextFloor + (of_pilots < kTextFloor ? kLowerWeight : kHigherWeight) * (of_pilots - kTextFloor);
  const double once = floor + (1 - floor) * std::pow(tokens / second.tokens, -kTextAlpha);
  return b2 * std::min(1.0, once * (1 + kEpochCost * std::log(std::max(1.0, epochs / kFreeEpochs))));
}

MinutesPlan plan_minutes(const Recipe& base, const TokenStore& train, const TokenStore& validation, int64_t V,
                         double budget_seconds, int64_t fixed_depth, double share) {
  const double begin = now_s(), allowed = share * budget_seconds;
  MinutesPlan plan;
  const double tokens_per_step = double(base.train.batch_rows * base.train.sequence);
  for (const int64_t depth : {3, 4, 5, 6, 8, 10, 12, 16, 20, 24}) {
    if (fixed_depth > 0 && depth > 3) break;
    Pilot pilot(base, fixed_depth > 0 ? fixed_depth : depth, train, V);
    DepthTrial trial{.depth = fixed_depth > 0 ? fixed_depth : depth, .parameters = pilot.model->params->num_values()};
    trial.tokens_per_s = tokens_per_step / pilot.step_seconds();
    trial.tokens_in_budget = trial.tokens_per_s * budget_seconds;
    plan.trials.push_back(trial);
    const bool fed = trial.tokens_in_budget >= kTokensPerParameter * double(trial.parameters);
    if (fed || plan.depth == 0) {
      plan.depth = trial.depth;
      plan.expected_tokens = trial.tokens_in_budget;
    }
    if (!fed || now_s() - begin > 0.3 * allowed) break;
  }
  if (validation.size() > 1 && budget_seconds >= 30) {
    const double left = std::max(1.0, allowed - (now_s() - begin));
    auto held_out = std::make_shared<PackedRows>(validation, base.train.sequence, PackingOptions{});
    for (int i = 0; i < 2; ++i) {
      Pilot pilot(base, plan.depth, train, V);
      const double step = tokens_per_step / plan.trials.back().tokens_per_s;
      plan.pilots[i].tokens = double(pilot.run(left * (i == 0 ? 0.22 : 0.66), step));
      plan.pilots[i].bits_per_byte =
          evaluate(*frozen_view(*pilot.model, false), NextToken{}, held_out, 32, 60'000).bits_per_byte;
      if (i == 1) plan.expected_tokens = pilot.tokens_per_s * (budget_seconds - (now_s() - begin)) * kTrainingShare;
    }
    const double b2 = plan.pilots[1].bits_per_byte, growth = plan.expected_tokens / plan.pilots[1].tokens;
    plan.predicted = base.data.source == "village" && b2 > kVillageFloor && growth > 1
                         ? kVillageFloor + (b2 - kVillageFloor) * std::pow(growth, -kVillageAlpha)
                         : predict_text(plan.pilots[0], plan.pilots[1], plan.expected_tokens,
                                        plan.expected_tokens / double(train.size()));
    plan.low = 0.97 * plan.predicted;
    plan.high = 1.03 * plan.predicted;
  }
  plan.seconds = now_s() - begin;
  plan.note = fmt::format("pilots of {} and {} tokens reached {:.3f} and {:.3f} bits per byte",
                          format_count(plan.pilots[0].tokens), format_count(plan.pilots[1].tokens),
                          plan.pilots[0].bits_per_byte, plan.pilots[1].bits_per_byte);
  return plan;
}

}  // namespace quern
