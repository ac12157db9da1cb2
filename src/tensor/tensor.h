// SPDX-License-Identifier: MIT
#pragma once
// Tensor: a small value (shared storage, shape, strides, dtype) and, when an input is trainable, the tape behind it.
//
// Views (slice, transpose, reshape) share storage with their base, and their gradient is the same view of the base's
// gradient: cutting q, k and v out of one product costs nothing in either direction.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "tensor/dtype.h"

namespace quern {

using Shape = std::vector<int64_t>;
std::string to_string(const Shape& shape);  // "(2, 16, 512)"
int64_t numel(const Shape& shape);

// Memory of one processor. Freed blocks are kept and handed out again, because a training step asks for the same
// sizes every time and fresh pages cost more than the arithmetic on them.
class Device {
 public:
  static Device& cpu();

  std::shared_ptr<std::byte> allocate(size_t size_bytes);  // 64-byte aligned, not initialised
  size_t bytes_in_use() const;                             // handed out now
  size_t peak_bytes() const;                               // the most that was handed out at once
  void reset_peak();
  void release_cached();

  ~Device();
  struct Pool;  // the free lists; named here for the deleter

 private:
  Device();
  std::shared_ptr<Pool> pool_;
};

class Tensor;

// One recorded operation. `backward` receives the gradient of the output and adds to those of `inputs`.
struct Node {
  const char* op;
  uint64_t order;  // creation order: walking it downwards is a topological order
  std::vector<Tensor> inputs;
  std::function<void(const Tensor& dy)> backward;
};

class Tensor {
 public:
  Tensor() = default;
  // Rows of a block type must be whole blocks: InvalidArgument otherwise.
  static Tensor empty(const Shape& shape, DType dtype = DType::f32);
  static Tensor zeros(const Shape& shape, DType dtype = DType::f32);
  static Tensor full(const Shape& shape, float value);
  static Tensor from(std::span<const float> values, const Shape& shape);
  static Tensor from(std::span<const int32_t> values, const Shape& shape);
  static Tensor from(std::initializer_list<float> values, const Shape& shape) {
    return from(std::span<const float>(values.begin(), values.size()), shape);
  }
  static Tensor from(const std::vector<float>& values, const Shape& shape) {
    return from(std::span<const float>(values), shape);
  }
  static Tensor from(const std::vector<int32_t>& values, const Shape& shape) {
    return from(std::span<const int32_t>(values), shape);
  }
  static Tensor normal(Rng& rng, const Shape& shape, float std = 1.0f);
  // Memory owned by somebody else (a mapped checkpoint); `owner` keeps it alive. Read-only by agreement.
  // `mapped`: the memory is a read-only mapping of a file, whose pages may be dropped and read again.
  static Tensor borrow(const void* data, const Shape& shape, DType dtype, std::shared_ptr<const void> owner,
                       bool mapped = false);

  bool defined() const { return impl_ != nullptr; }
  explicit operator bool() const { return defined(); }
  const Shape& shape() const;
  const Shape& strides() const;  // in elements
  int64_t ndim() const { return int64_t(shape().size()); }
  int64_t size(int64_t dim) const;  // negative counts from the end
  int64_t numel() const;
  DType dtype() const;
  bool is_contiguous() const;
  bool is_mapped() const;  // or a view of what is
  size_t size_bytes() const { return quern::size_bytes(dtype(), numel()); }

  template <typename T = float>
  T* data() const {
    return static_cast<T*>(raw());
  }
  void* raw() const;
  // The values of a contiguous tensor of plain type T.
  template <typename T = float>
  std::span<T> span() const {
    return {data<T>(), size_t(numel())};
  }
  float item() const;                    // the value of a one-element f32 tensor
  std::vector<float> to_vector() const;  // any float dtype and strides, row-major

  // Views. They never copy; reshape of a non-contiguous tensor is an error, and so is a cut through a block.
  Tensor reshape(const Shape& shape) const;
  Tensor transpose(int64_t a, int64_t b) const;
  Tensor slice(int64_t dim, int64_t begin, int64_t end) const;
  // Copies. to() and copy_from() take every dtype as source, and make every one that is not read-only.
  Tensor contiguous() const;  // itself when it is so already
  Tensor clone() const;       // values only, not trainable
  Tensor to(DType dtype) const;
  void copy_from(const Tensor& source) const;  // same number of values, dtypes converted
  void fill(float value) const;

  // Autograd.
  bool trainable() const;             // a leaf to be trained, or computed from one
  Tensor& set_trainable(bool value);  // leaves only
  Tensor detach() const;              // the same storage, outside the tape
  Tensor alias() const;               // likewise, always a handle of its own, for ops that work in place
  Tensor clone_if_shared() const;     // itself when nobody else holds the storage
  Tensor grad() const;                // undefined when nothing arrived yet; for a view, that view of the base's
  void clear_grad() const;
  // Runs the tape backwards from this tensor, seeded with `dy` (ones when left out, for a scalar).
  // The tape is freed as it is walked.
  void backward(const Tensor& dy = {}) const;

  // Where an op's backward leaves the gradient of an input: a buffer shaped like the tensor, and whether values are
  // there already (add) or not (overwrite everything).
  struct GradSlot;
  GradSlot grad_slot() const;
  // For views that together cover one base, each value once (q, k and v of one product): buffers of a gradient that
  // holds nothing yet, to be overwritten. nullopt when they don't, or when something is there already.
  static std::optional<std::vector<Tensor>> fresh_grads_of_parts(std::initializer_list<Tensor> parts);
  void add_grad(const Tensor& g) const;  // takes `g` over, uncopied, when nothing is there yet

  // Records `node` as the origin of this (freshly made) tensor, if any input is trainable.
  void record(const char* op, std::vector<Tensor> inputs, std::function<void(const Tensor& dy)> backward) const;
  bool same_storage(const Tensor& other) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  Tensor view(Shape shape, Shape strides, int64_t offset) const;
  const std::shared_ptr<Impl>& base() const;
};

struct Tensor::GradSlot {
  Tensor buffer;
  bool accumulate;
};

bool any_trainable(std::initializer_list<const Tensor*> tensors);

// Activation checkpointing (Chen et al. 2016, arXiv:1604.06174): runs `f` now and forgets its insides; backward runs
// it again. Costs one more forward pass of `f`, keeps only x.
Tensor checkpointed(const std::function<Tensor(const Tensor&)>& f, const Tensor& x);

// QUERN_SHAPE(x, N, C) checks that x has those sizes; the message names letters and values.
void check_shape(const char* function, const char* name, const Tensor& x, const char* letters,
                 std::initializer_list<int64_t> expected);
#define QUERN_SHAPE(x, ...) ::quern::check_shape(__func__, #x, x, #__VA_ARGS__, {__VA_ARGS__})

}  // namespace quern
