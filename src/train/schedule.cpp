// SPDX-License-Identifier: MIT
#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace quern {

namespace {
double half_cosine(double turns) { return 0.5 * (1 + std::cos(2 * std::numbers::pi * turns)); }  // 1 at 0, 0 at 1/2

double decay(DecayShape shape, double progress) {
  switch (shape) {
    case DecayShape::Cosine:
      return half_cosine(progress / 2);
    case DecayShape::Linear:
      return 1 - progress;
    case DecayShape::OneMinusSqrt:
      return 1 - std::sqrt(progress);
  }
  return 0;
}
}  // namespace

std::optional<ScheduleKind> schedule_from_name(std::string_view name) {
  if (name == "constant" || name == "constant_with_warmup") return ScheduleKind::Constant;
  if (name == "linear") return ScheduleKind::Linear;
  if (name == "cosine" || name == "cosine_with_min_lr") return ScheduleKind::Cosine;
  if (name == "cosine_with_restarts") return ScheduleKind::CosineWithRestarts;
  if (name == "polynomial") return ScheduleKind::Polynomial;
  if (name == "inverse_sqrt") return ScheduleKind::InverseSqrt;
  if (name == "wsd" || name == "warmup_stable_decay") return ScheduleKind::Wsd;
  return std::nullopt;
}

std::optional<DecayShape> decay_shape_from_name(std::string_view name) {
  if (name == "cosine") return DecayShape::Cosine;
  if (name == "linear") return DecayShape::Linear;
  if (name == "1-sqrt") return DecayShape::OneMinusSqrt;
  return std::nullopt;
}

void Schedule::validate() const {
  const auto require = [](bool ok, const char* field, double value, const char* rule) {
    if (!ok) throw Error(ErrorKind::InvalidArgument, "{} must be {}, but is {}", field, rule, value);
  };
  const bool endless = kind == ScheduleKind::Constant || kind == ScheduleKind::InverseSqrt;
  require(std::isfinite(peak_lr) && peak_lr >= 0, "peak_lr", peak_lr, "0 or more");
  require(warmup_steps >= 0, "warmup_steps", double(warmup_steps), "0 or more");
  require(endless || total_steps >= warmup_steps, "total_steps", double(total_steps), "at least warmup_steps");
  require(min_lr_ratio >= 0 && min_lr_ratio <= 1, "min_lr_ratio", min_lr_ratio, "between 0 and 1");
  require(decay_steps >= 0, "decay_steps", double(decay_steps), "0 or more");
  require(kind != ScheduleKind::Wsd || decay_steps <= total_steps - warmup_steps, "decay_steps", double(decay_steps),
          "at most total_steps - warmup_steps");
  require(std::isfinite(cycles) && cycles > 0, "cycles", cycles, "above 0");
  require(std::isfinite(power) && power > 0, "power", power, "above 0");
  require(timescale >= 0, "timescale", double(timescale), "0 or more");
}

double Schedule::lr_at(int64_t step) const {
  if (step < warmup_steps) return peak_lr * double(step) / double(warmup_steps);
  const double after_warmup = double(step - warmup_steps);
  const double progress = after_warmup / double(std::max<int64_t>(1, total_steps - warmup_steps));
  double height = 1;  // 1 at the peak, 0 at the minimum
  switch (kind) {
    case ScheduleKind::Constant:
      return peak_lr;
    case ScheduleKind::InverseSqrt: {
      const double scale = double(timescale > 0 ? timescale : warmup_steps > 0 ? warmup_steps : 10'000);
      return peak_lr * std::sqrt(scale / (after_warmup + scale));
    }
    case ScheduleKind::Linear:
      height = 1 - progress;
      break;
    case ScheduleKind::Cosine:
      height = half_cosine(cycles * progress);
      break;
    case ScheduleKind::CosineWithRestarts:
      height = progress >= 1 ? 0 : half_cosine(std::fmod(cycles * progress, 1.0) / 2);
      break;
    case ScheduleKind::Polynomial:
      height = std::pow(std::max(0.0, 1 - progress), power);
      break;
    case ScheduleKind::Wsd: {
      const int64_t decay_start = total_steps - decay_steps;
      if (step < decay_start) return peak_lr;
      height = step >= total_steps ? 0 : decay(decay_shape, double(step - decay_start) / double(decay_steps));
      break;
    }
  }
  return peak_lr * (min_lr_ratio + (1 - min_lr_ratio) * std::max(0.0, height));
}

}  // namespace quern
