// SPDX-License-Identifier: MIT
#pragma once
// A checkpoint's tensors, handed out by name to the modules of a model that is being built.

#include <functional>
#include <set>

#include "formats/fp8_blocks.h"
#include "formats/model_source.h"

namespace quern {

class Checkpoint {
 public:
  using Aliases = std::function<std::vector<std::string>(const std::string& name)>;
  // `aliases`: other names under which a parameter may stand there, or none.
  Checkpoint(const ModelSource& files, Aliases aliases);

  std::optional<Tensor> find(const std::string& name);
  bool holds(const std::string& name) const;
  // Refuses a config in which one of these sizes is more than all values that the weights have. A config can ask for
  // anything; compare before something is allocated.
  void check_sizes(const Json& config, std::initializer_list<const char*> keys) const;
  // Refuses a tensor that nobody asked for and that `known` does not explain.
  void refuse_the_rest(const std::function<bool(const std::string& name)>& known) const;

 private:
  std::vector<std::string> names_for(const std::string& name) const;
  std::optional<Tensor> tensor(const std::string& name);

  std::string where_;
  std::unique_ptr<Weights> weights_;
  std::optional<Fp8Blocks> fp8_;
  Aliases aliases_;
  std::set<std::string> used_;
};

}  // namespace quern
