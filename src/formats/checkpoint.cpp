// SPDX-License-Identifier: MIT
#include "formats/checkpoint.h"

namespace quern {

namespace {
constexpr int64_t kMostParameters = int64_t{1} << 44;
}

Checkpoint::Checkpoint(const ModelSource& files, Aliases aliases)
    : where_(files.path().string()),
      weights_(files.weights()),
      fp8_(read_fp8_blocks(files.config())),
      aliases_(std::move(aliases)) {}

std::vector<std::string> Checkpoint::names_for(const std::string& name) const {
  std::vector<std::string> names{name};
  if (aliases_)
    for (std::string& alias : aliases_(name)) names.push_back(std::move(alias));
  return names;
}

std::optional<Tensor> Checkpoint::tensor(const std::string& name) {
  std::optional<Tensor> value = weights_->find(name);
  std::optional<Tensor> scales = value && fp8_ ? weights_->find(name + "_scale_inv") : std::nullopt;
  if (!scales) return value;
  used_.insert(name + "_scale_inv");
  return from_fp8_blocks(name, *value, *scales, *fp8_);
}

std::optional<Tensor> Checkpoint::find(const std::string& name) {
  for (const std::string& candidate : names_for(name)) {
    if (std::optional<Tensor> t = tensor(candidate)) {
      used_.insert(candidate);
      return t;
    }
  }
  return std::nullopt;
}

bool Checkpoint::holds(const std::string& name) const {
  for (const std::string& candidate : names_for(name))
    if (weights_->find(candidate)) return true;
  return false;
}

void Checkpoint::check_sizes(const Json& config, std::initializer_list<const char*> keys) const {
  const int64_t total = weights_->num_values();
  for (const char* key : keys)
    if (config.contains(key) && config[key].is_number_integer() &&
        (config[key].get<int64_t>() > total || total > kMostParameters))
      throw Error(ErrorKind::InvalidModel, "{}: '{}' is {}, but the weights hold only {} values", where_, key,
                  config[key].get<int64_t>(), total);
}

void Checkpoint::refuse_the_rest(const std::function<bool(const std::string& name)>& known) const {
  for (const std::string& name : weights_->names())
    if (!used_.contains(name) && !known(name))
      throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has no place in this model", where_, name)
          .hint("config.json and weights may belong to different models");
}

}  // namespace quern
