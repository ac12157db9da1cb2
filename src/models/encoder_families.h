// SPDX-License-Identifier: MIT
#pragma once
// The list of encoders: a new one is a file beside bert.cpp and a line here.

#include "models/encoder.h"

namespace quern {

extern const EncoderFamily kBert;
extern const EncoderFamily kDistilBert;
extern const EncoderFamily kRoberta;

inline const EncoderFamily* const kEncoderFamilies[] = {&kBert, &kDistilBert, &kRoberta};

}  // namespace quern
