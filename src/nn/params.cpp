// SPDX-License-Identifier: MIT
#include "nn/params.h"

namespace quern {

std::shared_ptr<ParamStore> ParamStore::fresh(uint64_t seed, const ParamOptions& options) {
  auto store = std::make_shared<ParamStore>();
  store->options_ = options;
  store->seed_ = seed;
  return store;
}

std::shared_ptr<ParamStore> ParamStore::from_checkpoint(Find find, std::string where, const ParamOptions& options) {
  auto store = std::make_shared<ParamStore>();
  store->options_ = options;
  store->find_ = std::move(find);
  store->where_ = std::move(where);
  return store;
}

std::shared_ptr<ParamStore> ParamStore::alias(std::shared_ptr<const ParamStore> other, const ParamOptions& options) {
  auto store = std::make_shared<ParamStore>();
  store->options_ = options;
  store->other_ = std::move(other);
  return store;
}

int64_t ParamStore::num_values() const {
  int64_t n = 0;
  for (const Parameter& p : parameters_) n += p.value.numel();
  return n;
}

Tensor ParamStore::find(std::string_view name) const {
  const auto it = by_name_.find(std::string(name));
  return it == by_name_.end() ? Tensor{} : parameters_[it->second].value;
}

void ParamStore::clear_grads() const {
  for (const auto& [names, tensor] : bases_) tensor.clear_grad();
}

bool ParamStore::stays_stored(const Shape& shape) const {
  return options_.keep_stored && find_ && options_.trainable == Trainable::No && shape.size() >= 2;
}

bool ParamStore::has_base(const std::string& key) const { return base_by_key_.contains(key); }

Tensor ParamStore::found(const std::string& name, const Shape& shape) const {
  const std::optional<Tensor> tensor = find_(name);
  if (!tensor) throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' is missing", where_, name);
  if (tensor->shape() != shape)
    throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' has shape {}, the config asks for {}", where_, name,
                to_string(tensor->shape()), to_string(shape))
        .hint("use the config.json published with these weights");
  return *tensor;
}

void ParamStore::fill(const std::string& name, const Tensor& part, const Init& init) const {
  if (find_) return part.copy_from(found(name, part.shape()));
  Tensor values = Tensor::empty(part.shape());
  if (init.kind == Init::Kind::constant) {
    values.fill(init.value);
  } else {
    Rng rng(seed_, name);
    for (float& v : values.span()) v = init.value * float(rng.normal());
  }
  part.copy_from(values);
}

namespace {
// Dtypes in which a product or a table takes a matrix as it is stored.
bool is_weight(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16 || is_quantised(dtype);
}
}  // namespace

Tensor ParamStore::take(const std::vector<std::pair<std::string, int64_t>>& parts, const Shape& shape,
                        const Init& init) {
  std::string key;
  for (const auto& [name, rows] : parts) key += name + ";";
  Tensor base;
  bool filled = other_ != nullptr;
  const bool stored = !other_ && parts.size() == 1 && stays_stored(shape);
  // A config may ask for more than any memory holds: what the checkpoint has is looked at before memory is taken.
  std::vector<Tensor> sources;
  if (find_ && !other_ && !stored) {
    for (const auto& [name, rows] : parts) {
      Shape part = shape;
      if (!part.empty()) part[0] = rows;
      sources.push_back(found(name, part));
    }
  }
  if (other_) {
    if (const auto it = other_->base_by_key_.find(key); it != other_->base_by_key_.end())
      base = other_->bases_[it->second].second.alias();
    QUERN_CHECK(base.defined(), "no parameter '{}' to share", key);
    QUERN_CHECK(base.shape() == shape, "parameter '{}' has shape {}, not {}", key, to_string(base.shape()),
                to_string(shape));
  } else if (stored) {
    base = found(parts[0].first, shape);
    filled = is_weight(base.dtype());
    if (!filled) base = Tensor::empty(shape);
  } else {
    base = Tensor::empty(shape, shape.size() >= 2 ? options_.dtype : DType::f32);
  }
  base.set_trainable(options_.trainable == Trainable::Yes);
  base_by_key_.emplace(key, bases_.size());
  bases_.emplace_back(key, base);
  int64_t row = 0;
  const size_t first = parameters_.size();
  for (const auto& [name, rows] : parts) {
    const Tensor part = parts.size() == 1 ? base : base.slice(0, row, row + rows);
    row += rows;
    if (!filled && !sources.empty())
      part.detach().copy_from(sources[parameters_.size() - first]);
    else if (!filled)
      fill(name, part.detach(), init);
    by_name_.emplace(name, parameters_.size());
    parameters_.push_back({name, part});
  }
  return base;
}

Params Params::operator/(std::string_view name) const { return Params(store_, this->name(name)); }

Tensor Params::tensor(std::string_view leaf, const Shape& shape, const Init& init) const {
  return store_->take({{name(leaf), shape.empty() ? 1 : shape[0]}}, shape, init);
}

std::vector<Tensor> Params::parts(const std::vector<std::pair<std::string, int64_t>>& parts, const Shape& tail,
                                  const Init& init) const {
  Shape shape{0};
  shape.insert(shape.end(), tail.begin(), tail.end());
  std::string key;
  for (const auto& [leaf, rows] : parts) key += name(leaf) + ";";
  const bool lies_apart = store_->other_ && !store_->other_->has_base(key);
  if (!lies_apart && !store_->stays_stored(shape)) return {packed(parts, tail, init)};
  std::vector<Tensor> out;
  for (const auto& [leaf, rows] : parts) {
    shape[0] = rows;
    out.push_back(tensor(leaf, shape, init));
  }
  return out;
}

Tensor Params::packed(const std::vector<std::pair<std::string, int64_t>>& parts, const Shape& tail,
                      const Init& init) const {
  std::vector<std::pair<std::string, int64_t>> named;
  int64_t rows = 0;
  for (const auto& [leaf, n] : parts) {
    named.emplace_back(name(leaf), n);
    rows += n;
  }
  Shape shape{rows};
  shape.insert(shape.end(), tail.begin(), tail.end());
  return store_->take(named, shape, init);
}

}  // namespace quern
