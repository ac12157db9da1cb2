// SPDX-License-Identifier: MIT
#pragma once
// Damage to files, as accident or malice would do it. The same seed does the same damage.

#include <string>
#include <string_view>

#include "base/rng.h"

namespace quern {

enum class FileKind { binary, json, text };

// One to three changes: bits flipped, the end cut off, numbers that stand for lengths blown up, pieces taken out,
// doubled or put in from `other`; in JSON also values of other types, sizes and depths, in other places; in templates
// also constructs that open without closing, loop or grow.
std::string mutated(std::string_view original, std::string_view other, FileKind kind, Rng& rng);

}  // namespace quern
