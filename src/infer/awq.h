// SPDX-License-Identifier: MIT
#pragma once
// Activation-aware weight quantisation. Lin et al. 2023, "AWQ", arXiv:2306.00978: a few channels carry most of a
// layer's input, so the weights that meet them should lose least. Each channel's weights are multiplied by s and the
// channel itself divided by s where it comes from (a norm's weights, the rows of a projection), so that the model
// computes the same; s = (mean |x|)^alpha with the alpha that leaves the least error in the layer's output (sect. 3.2,
// eq. 4 and 5). Then, while quantising, each block's values are clipped where that leaves less error.

#include "formats/quantise_plan.h"
#include "formats/rescaled_model.h"
#include "infer/awq_groups.h"
#include "infer/calibrate.h"

namespace quern {

struct AwqOptions {
  QuantisePlanOptions plan;                                      // what the model will be quantised to
  int64_t steps = 20;                                            // alpha = 0, 1/steps, ..., (steps - 1) / steps
  std::function<bool(int64_t done, int64_t total)> on_progress;  // groups; false: stop; throws Interrupted
};

struct AwqResult {
  Rescalings rescalings;   // of `source`
  Calibration calibrated;  // of the rescaled model
  int64_t groups = 0;
  double mean_alpha = 0;
  double error_ratio = 1;  // of the squared errors of all groups' outputs: with the scales chosen over without any
};

// `calibrated` needs samples. Throws Unsupported as awq_groups() does.
AwqResult search_awq(const ModelSource& source, const Calibration& calibrated, const AwqOptions& options);

// values (rows, K) in `dtype`: each block clipped to the share of its largest value that leaves the least error in
// what it adds to the products with the samples (n, K).
Tensor encoded_with_clipping(const std::string& name, const Tensor& values, DType dtype,
                             std::span<const float> importance, const Tensor& samples);

}  // namespace quern
