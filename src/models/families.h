// SPDX-License-Identifier: MIT
#pragma once
// The list of families: a new one is a file beside llama.cpp and a line here.

#include "models/causal_lm.h"

namespace quern {

extern const Family kDeepSeekV2;
extern const Family kDeepSeekV3;
extern const Family kGpt2;
extern const Family kLlama;
extern const Family kMixtral;

inline const Family* const kFamilies[] = {&kGpt2, &kLlama, &kMixtral, &kDeepSeekV2, &kDeepSeekV3};

}  // namespace quern
