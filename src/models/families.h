// SPDX-License-Identifier: MIT
#pragma once
// The list of families: a new one is a file beside llama.cpp and a line here.

#include "models/causal_lm.h"

namespace quern {

extern const Family kDeepSeekV2;
extern const Family kDeepSeekV3;
extern const Family kGemma;
extern const Family kGemma2;
extern const Family kGemma3;
extern const Family kGemma3WithImages;
extern const Family kGpt2;
extern const Family kGptNeox;
extern const Family kLlama;
extern const Family kMistral;
extern const Family kMixtral;
extern const Family kOlmo2;
extern const Family kOpenAiGpt;
extern const Family kPhi3;
extern const Family kQwen2;
extern const Family kQwen2Moe;
extern const Family kQwen3;
extern const Family kQwen3Moe;
extern const Family kSmolLm3;

inline const Family* const kFamilies[] = {
    &kDeepSeekV2, &kDeepSeekV3, &kGemma,   &kGemma2,   &kGemma3,  &kGemma3WithImages, &kGpt2,
    &kGptNeox,    &kLlama,      &kMistral, &kMixtral,  &kOlmo2,   &kOpenAiGpt,        &kPhi3,
    &kQwen2,      &kQwen2Moe,   &kQwen3,   &kQwen3Moe, &kSmolLm3,
};

}  // namespace quern
