// SPDX-License-Identifier: MIT
#pragma once
// CMMLU's subjects as its Chinese prompts call them. Li et al. 2023, arXiv:2306.09212, appendix A.

#include <string>

namespace quern {

// "agronomy" -> "农学"; a name that is not known stays as it is.
std::string cmmlu_subject(const std::string& name);

}  // namespace quern
