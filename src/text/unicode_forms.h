// SPDX-License-Identifier: MIT
#pragma once
// Unicode normalization forms, by utf8proc.

#include <string>
#include <string_view>

#include "text/aligned_text.h"

namespace quern {

enum class UnicodeForm { Nfc, Nfd, Nfkc, Nfkd };

// `text` (well-formed) itself when it is in that form, otherwise the new text, kept in `scratch`.
std::string_view normalize_form(UnicodeForm form, std::string_view text, std::string& scratch);
void normalize_form_aligned(UnicodeForm form, AlignedText& text);

}  // namespace quern
