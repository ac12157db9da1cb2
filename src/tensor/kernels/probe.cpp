// SPDX-License-Identifier: MIT
#include "tensor/kernels/probe.h"

#include "base/error.h"
#include "tensor/kernels/gemm_choice.h"

namespace quern {

std::vector<std::string> available_kernels() {
  std::vector<std::string> names;
  for (const KernelSet& set : kernel_sets())
    if (!set.missing) names.emplace_back(set.name);
  return names;
}

void force_kernels(std::string_view choice) {
  std::string known;
  for (const KernelSet& set : kernel_sets()) {
    if (set.name == choice) {
      if (set.missing)
        throw Error(ErrorKind::Unsupported, "the kernels \"{}\" need {}, which this machine lacks", choice,
                    set.missing);
      return put_in_force(set);
    }
    known += known.empty() ? set.name : std::string(", ") + set.name;
  }
  throw Error(ErrorKind::InvalidArgument, "there are no kernels called \"{}\"; known here are {}", choice, known);
}

std::string kernel_choice() {
  static const bool chosen = [] {
    for (const KernelSet& set : kernel_sets()) {
      if (set.missing) continue;
      put_in_force(set);
      break;
    }
    return true;
  }();
  (void)chosen;
  return kernels_in_force().name;
}

}  // namespace quern
