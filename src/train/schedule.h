// SPDX-License-Identifier: MIT
#pragma once
// The learning rate as a function of the step, and of nothing else. Names and formulas are those of transformers'
// get_scheduler; each starts with a linear warm-up from 0.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quern {

enum class ScheduleKind {
  Constant,            // the peak
  Linear,              // down to the minimum at the last step
  Cosine,              // half a cosine down to the minimum. Loshchilov & Hutter 2017, arXiv:1608.03983, eq. 5
  CosineWithRestarts,  // `cycles` such halves, each beginning at the peak
  Polynomial,          // (1 - progress)^power down to the minimum
  InverseSqrt,         // peak * sqrt(timescale / step). Vaswani et al. 2017, arXiv:1706.03762, sect. 5.3
  Wsd,                 // warm-up, stable, decay over the last decay_steps. Hu et al. 2024, arXiv:2404.06395, eq. 1
};
enum class DecayShape {
  Cosine,
  Linear,
  OneMinusSqrt,  // Haegele et al. 2024, arXiv:2405.18392, eq. 1
};

std::optional<ScheduleKind> schedule_from_name(
    std::string_view name);  // "constant", "wsd", "cosine_with_restarts", ...
std::optional<DecayShape> decay_shape_from_name(std::string_view name);  // "cosine", "linear", "1-sqrt"

struct Schedule {
  ScheduleKind kind = ScheduleKind::Cosine;
  double peak_lr = 1e-3;
  int64_t warmup_steps = 0;
  int64_t total_steps = 0;                      // warm-up and decay included; Constant and InverseSqrt have no end
  double min_lr_ratio = 0;                      // the minimum over the peak
  int64_t decay_steps = 0;                      // Wsd
  DecayShape decay_shape = DecayShape::Cosine;  // Wsd
  double cycles = 0.5;    // Cosine: periods over the run, 0.5 is one way down; CosineWithRestarts: runs
  double power = 1;       // Polynomial
  int64_t timescale = 0;  // InverseSqrt: 0 takes warmup_steps, or 10000 without warm-up

  // For the update made after `step` updates; the first is step 0, which a warm-up gives a rate of 0. Beyond
  // total_steps a cosine rises again, as its formula says; the others stay at their minimum.
  double lr_at(int64_t step) const;
  void validate() const;  // throws InvalidArgument naming the field
};

}  // namespace quern
