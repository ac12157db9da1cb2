// SPDX-License-Identifier: MIT
#pragma once
// What meets the weights of a model while it reads a text: the importance of columns, and some of the inputs
// themselves. The model's own definition runs; InputTap (nn/params.h) looks on.

#include <functional>
#include <map>
#include <span>

#include "formats/importance.h"
#include "formats/model_source.h"
#include "tensor/tensor.h"

namespace quern {

struct CalibrationOptions {
  int64_t context = 512;   // tokens of a window; no more than the model was made for
  int64_t tokens = 65536;  // most that are read, in windows spread evenly over the text
  int64_t samples = 0;     // most inputs of each matrix that are kept, spread evenly over what is read
  int32_t start_id = -1;   // stands before each window; -1: nothing does
  std::function<bool(int64_t done, int64_t total)> on_progress;  // false: stop; throws Interrupted
};

struct Calibration {
  Importance importance;
  // (samples, K) by the name of the weight they met; matrices with the same input share one. None of a mixture's
  // experts.
  std::map<std::string, Tensor> samples;
};

// Throws InvalidData for a text shorter than a window, InvalidArgument for ids outside the vocabulary.
Calibration calibrate(const ModelSource& source, std::span<const int32_t> ids, const CalibrationOptions& options);

}  // namespace quern
