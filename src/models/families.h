// SPDX-License-Identifier: MIT
#pragma once
// The list of families: a new one is a file beside llama.cpp and a line here.

#include "models/causal_lm.h"

namespace quern {

extern const Family kGpt2;
extern const Family kLlama;

inline const Family* const kFamilies[] = {&kGpt2, &kLlama};

}  // namespace quern
