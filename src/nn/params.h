// SPDX-License-Identifier: MIT
#pragma once
// Where modules get their tensors from. A module's constructor takes them by name from Params: freshly initialised,
// read from a checkpoint (or left where it lies), or borrowed from a model that exists. So training, loading and
// looking at a model under training share one constructor, and what was handed out is the parameter list. A name is its
// Hugging Face name.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tensor/ops.h"
#include "tensor/tensor.h"

namespace quern {

struct Init {
  enum class Kind { constant, normal } kind = Kind::constant;
  float value = 0;  // the constant, or the standard deviation
};
namespace init {
inline Init zeros() { return {Init::Kind::constant, 0}; }
inline Init ones() { return {Init::Kind::constant, 1}; }
inline Init normal(float std) { return {Init::Kind::normal, std}; }
}  // namespace init

enum class Trainable : bool { No, Yes };

struct Parameter {
  std::string name;  // "model.layers.0.self_attn.q_proj.weight"
  Tensor value;      // may be a view into a packed matrix
};

// Sees what meets the weights of a model while it runs: for calibration. Called by the thread that runs the model.
class InputTap {
 public:
  virtual ~InputTap() = default;
  // x (..., K) is about to be multiplied by the weights of these names, each (rows, K).
  virtual void see(std::span<const std::string> weights, const Tensor& x) = 0;
};

struct ParamOptions {
  Trainable trainable = Trainable::No;
  DType dtype = DType::f32;              // of matrices; vectors (norms, biases) are f32
  Precision precision = Precision::f32;  // of products in training
  bool packed_products = false;          // Linear lays its weights out for the kernels (inference)
  // Of a checkpoint's weights that are not trained: matrices stay in the dtype (block-quantised, f16, bf16, f32) and in
  // the memory in which they were found, uncopied; `dtype` then says nothing. Vectors are f32 as ever.
  bool keep_stored = false;
  QuantCompute compute = QuantCompute::exact;     // of products with weights read as stored
  std::shared_ptr<InputTap> input_tap = nullptr;  // of every Linear; none: nothing is looked at, at no cost
};

// The parameters of one model, in the order in which its modules asked for them.
class ParamStore {
 public:
  // Finds a tensor of a checkpoint, or nothing. The shape is checked here.
  using Find = std::function<std::optional<Tensor>(const std::string& name)>;

  // Values drawn by (seed, name), so that they don't depend on the order of construction.
  static std::shared_ptr<ParamStore> fresh(uint64_t seed, const ParamOptions& options);
  // `where` names the checkpoint in errors.
  static std::shared_ptr<ParamStore> from_checkpoint(Find find, std::string where, const ParamOptions& options);
  // The same memory as `other`, usually not trainable: a second view of a model under training.
  static std::shared_ptr<ParamStore> alias(std::shared_ptr<const ParamStore> other, const ParamOptions& options);

  const ParamOptions& options() const { return options_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  int64_t num_values() const;
  Tensor find(std::string_view name) const;  // undefined when there is none
  // One tensor per piece of storage (packed matrices once): what an optimizer walks.
  void clear_grads() const;
  void forget_source() { find_ = nullptr, other_ = nullptr; }  // once the model is built

 private:
  friend class Params;
  bool stays_stored(const Shape& shape) const;
  bool has_base(const std::string& key) const;
  Tensor found(const std::string& name, const Shape& shape) const;
  Tensor take(const std::vector<std::pair<std::string, int64_t>>& names_and_rows, const Shape& shape, const Init& init);
  void fill(const std::string& name, const Tensor& part, const Init& init) const;

  ParamOptions options_;
  uint64_t seed_ = 0;
  Find find_;
  std::string where_;
  std::shared_ptr<const ParamStore> other_;
  std::vector<Parameter> parameters_;
  std::unordered_map<std::string, size_t> by_name_;    // of parameters_
  std::vector<std::pair<std::string, Tensor>> bases_;  // by the joined names of their parts
  std::unordered_map<std::string, size_t> base_by_key_;
};

// A place in the tree of names: p / "model.layers" / 3 / "mlp".
class Params {
 public:
  explicit Params(std::shared_ptr<ParamStore> store, std::string prefix = "")
      : store_(std::move(store)), prefix_(std::move(prefix)) {}
  Params operator/(std::string_view name) const;
  Params operator/(int64_t index) const { return *this / std::to_string(index); }

  Tensor tensor(std::string_view name, const Shape& shape, const Init& init) const;
  // Several tensors with the same columns as one matrix: rows of the first, then of the second, ...; each keeps its
  // name as a view. shape (sum of rows, ...) from parts {name, rows}.
  Tensor packed(const std::vector<std::pair<std::string, int64_t>>& parts, const Shape& tail, const Init& init) const;
  // The same for who can also take them one by one: packed into one tensor, or, where the checkpoint's memory is kept,
  // each as it was found, in the order of `parts`.
  std::vector<Tensor> parts(const std::vector<std::pair<std::string, int64_t>>& parts, const Shape& tail,
                            const Init& init) const;

  const ParamOptions& options() const { return store_->options(); }
  const std::string& prefix() const { return prefix_; }
  std::string name(std::string_view leaf) const {
    return prefix_.empty() ? std::string(leaf) : prefix_ + "." + std::string(leaf);
  }

 private:
  std::shared_ptr<ParamStore> store_;
  std::string prefix_;
};

}  // namespace quern
