// SPDX-License-Identifier: MIT
#include "tensor/tensor.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <queue>
#include <unordered_set>

#include "tensor/kernels/convert.h"

namespace quern {

struct Tensor::Impl {
  std::shared_ptr<std::byte> storage;
  std::byte* data = nullptr;
  Shape shape, strides;
  DType dtype = DType::f32;
  bool trainable = false, mapped = false;
  std::shared_ptr<Impl> base;  // for a view: whose storage and gradient it looks at
  int64_t offset = 0;          // for a view: elements from the base's first
  std::shared_ptr<Node> node;  // for a computed base
  Tensor grad;                 // for a base: contiguous, shaped like it

  // Long tapes would otherwise be destroyed by recursion, one stack frame per op.
  ~Impl() {
    if (!node) return;
    std::vector<std::shared_ptr<Node>> doomed{std::move(node)};
    while (!doomed.empty()) {
      const std::shared_ptr<Node> n = std::move(doomed.back());
      doomed.pop_back();
      if (n.use_count() > 1) continue;
      n->backward = nullptr;  // it holds the inputs a second time
      for (Tensor& t : n->inputs)
        if (t.impl_ && t.impl_.use_count() == 1 && t.impl_->node) doomed.push_back(std::move(t.impl_->node));
    }
  }
};

std::string to_string(const Shape& shape) {
  std::string out = "(";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + ")";
}

int64_t numel(const Shape& shape) {
  int64_t n = 1;
  for (int64_t s : shape) n *= s;
  return n;
}

namespace {
Shape row_major(const Shape& shape) {
  Shape strides(shape.size());
  int64_t step = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

uint64_t next_order() {
  static std::atomic<uint64_t> counter{0};
  return counter.fetch_add(1, std::memory_order_relaxed);
}
}  // namespace

namespace {
// Strides count values, bytes count blocks: both agree only when every row is whole blocks.
void require_whole_blocks(const Shape& shape, DType dtype) {
  const int unit = info(dtype).block_size;
  const int64_t row = shape.empty() ? 1 : shape.back();
  if (row % unit != 0)
    throw Error(ErrorKind::InvalidArgument,
                "{} has rows of {} values, which are no whole blocks of {} ({} values each)", to_string(shape), row,
                name(dtype), unit)
        .hint("{}", row % 32 == 0 ? "take a type with blocks of 32: q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl, mxfp4"
                                  : "take f16 or bf16, which have no blocks");
}
}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype) {
  require_whole_blocks(shape, dtype);
  auto impl = std::make_shared<Impl>();
  impl->storage = Device::cpu().allocate(quern::size_bytes(dtype, quern::numel(shape)));
  impl->data = impl->storage.get();
  impl->shape = shape;
  impl->strides = row_major(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor Tensor::zeros(const Shape& shape, DType dtype) {
  Tensor t = empty(shape, dtype);
  std::memset(t.raw(), 0, t.size_bytes());
  return t;
}

Tensor Tensor::full(const Shape& shape, float value) {
  Tensor t = empty(shape);
  t.fill(value);
  return t;
}

Tensor Tensor::from(std::span<const float> values, const Shape& shape) {
  QUERN_CHECK(int64_t(values.size()) == quern::numel(shape), "{} values for shape {}", values.size(), to_string(shape));
  Tensor t = empty(shape);
  std::copy(values.begin(), values.end(), t.data<float>());
  return t;
}

Tensor Tensor::from(std::span<const int32_t> values, const Shape& shape) {
  QUERN_CHECK(int64_t(values.size()) == quern::numel(shape), "{} values for shape {}", values.size(), to_string(shape));
  Tensor t = empty(shape, DType::i32);
  std::copy(values.begin(), values.end(), t.data<int32_t>());
  return t;
}

Tensor Tensor::normal(Rng& rng, const Shape& shape, float std) {
  Tensor t = empty(shape);
  for (float& v : t.span()) v = std * float(rng.normal());
  return t;
}

Tensor Tensor::borrow(const void* data, const Shape& shape, DType dtype, std::shared_ptr<const void> owner,
                      bool mapped) {
  require_whole_blocks(shape, dtype);
  auto impl = std::make_shared<Impl>();
  auto* bytes = const_cast<std::byte*>(static_cast<const std::byte*>(data));
  impl->storage = std::shared_ptr<std::byte>(bytes, [owner](std::byte*) {});
  impl->mapped = mapped;
  impl->data = bytes;
  impl->shape = shape;
  impl->strides = row_major(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

const Shape& Tensor::shape() const { return impl_->shape; }
const Shape& Tensor::strides() const { return impl_->strides; }
int64_t Tensor::size(int64_t dim) const { return impl_->shape[size_t(dim < 0 ? dim + ndim() : dim)]; }
int64_t Tensor::numel() const { return quern::numel(impl_->shape); }
DType Tensor::dtype() const { return impl_->dtype; }
void* Tensor::raw() const { return impl_->data; }
bool Tensor::is_mapped() const { return base()->mapped; }

bool Tensor::is_contiguous() const {
  int64_t step = 1;
  for (size_t i = impl_->shape.size(); i-- > 0;) {
    if (impl_->shape[i] != 1 && impl_->strides[i] != step) return false;
    step *= impl_->shape[i];
  }
  return true;
}

float Tensor::item() const {
  QUERN_CHECK(numel() == 1 && dtype() == DType::f32, "item() of a tensor {} {}", name(dtype()), to_string(shape()));
  return *data<float>();
}

std::vector<float> Tensor::to_vector() const {
  const Tensor c = to(DType::f32).contiguous();
  return {c.data(), c.data() + c.numel()};
}

const std::shared_ptr<Tensor::Impl>& Tensor::base() const { return impl_->base ? impl_->base : impl_; }

Tensor Tensor::view(Shape shape, Shape strides, int64_t offset) const {
  const DTypeInfo& type = info(dtype());
  QUERN_CHECK(offset % type.block_size == 0, "a view at value {} cuts a block of {}", offset, type.name);
  auto impl = std::make_shared<Impl>();
  impl->storage = impl_->storage;
  impl->data = impl_->data + offset / type.block_size * type.block_bytes;
  impl->shape = std::move(shape);
  impl->strides = std::move(strides);
  impl->dtype = dtype();
  impl->base = base();
  impl->offset = impl_->offset + offset;
  return Tensor(std::move(impl));
}

Tensor Tensor::reshape(const Shape& shape) const {
  QUERN_CHECK(quern::numel(shape) == numel(), "reshape of {} to {}", to_string(this->shape()), to_string(shape));
  QUERN_CHECK(is_contiguous(), "reshape of a tensor {} that is not contiguous", to_string(this->shape()));
  require_whole_blocks(shape, dtype());
  return view(shape, row_major(shape), 0);
}

Tensor Tensor::transpose(int64_t a, int64_t b) const {
  Shape shape = impl_->shape, strides = impl_->strides;
  const auto at = [&](int64_t d) { return size_t(d < 0 ? d + ndim() : d); };
  std::swap(shape[at(a)], shape[at(b)]);
  std::swap(strides[at(a)], strides[at(b)]);
  return view(std::move(shape), std::move(strides), 0);
}

Tensor Tensor::slice(int64_t dim, int64_t begin, int64_t end) const {
  const size_t d = size_t(dim < 0 ? dim + ndim() : dim);
  QUERN_CHECK(0 <= begin && begin <= end && end <= impl_->shape[d], "slice [{}, {}) of size {}", begin, end,
              impl_->shape[d]);
  Shape shape = impl_->shape;
  shape[d] = end - begin;
  if (impl_->strides[d] == 1) require_whole_blocks({end - begin}, dtype());
  return view(std::move(shape), impl_->strides, begin * impl_->strides[d]);
}

namespace {
// Calls f(source offset, destination offset, count) for runs along the last dimension.
template <typename F>
void for_each_run(const Shape& shape, const Shape& strides, F&& f) {
  const size_t nd = shape.size();
  if (numel(shape) == 0) return;
  if (nd == 0) return f(0, 0, 1, 1);
  Shape index(nd, 0);
  const int64_t run = shape[nd - 1];
  int64_t source = 0, done = 0;
  for (;;) {
    f(source, done, run, strides[nd - 1]);
    done += run;
    size_t d = nd - 1;
    while (d-- > 0) {
      source += strides[d];
      if (++index[d] < shape[d]) break;
      source -= strides[d] * shape[d];
      index[d] = 0;
    }
    if (d == size_t(-1)) return;
  }
}

template <typename T>
void gather(const void* from, void* to, const Shape& shape, const Shape& strides) {
  const T* s = static_cast<const T*>(from);
  T* d = static_cast<T*>(to);
  for_each_run(shape, strides, [&](int64_t source, int64_t done, int64_t n, int64_t step) {
    if (step == 1)
      std::memcpy(d + done, s + source, size_t(n) * sizeof(T));
    else
      for (int64_t i = 0; i < n; ++i) d[done + i] = s[source + i * step];
  });
}

template <typename T>
void scatter(const void* from, void* to, const Shape& shape, const Shape& strides) {
  const T* s = static_cast<const T*>(from);
  T* d = static_cast<T*>(to);
  for_each_run(shape, strides, [&](int64_t target, int64_t done, int64_t n, int64_t step) {
    if (step == 1)
      std::memcpy(d + target, s + done, size_t(n) * sizeof(T));
    else
      for (int64_t i = 0; i < n; ++i) d[target + i * step] = s[done + i];
  });
}
}  // namespace

Tensor Tensor::contiguous() const {
  if (is_contiguous()) return *this;
  QUERN_CHECK(!is_quantised(dtype()), "a strided view of {} blocks can't be copied", name(dtype()));
  Tensor out = empty(shape(), dtype());
  switch (info(dtype()).block_bytes) {
    case 1:
      gather<uint8_t>(raw(), out.raw(), shape(), strides());
      break;
    case 2:
      gather<uint16_t>(raw(), out.raw(), shape(), strides());
      break;
    case 4:
      gather<uint32_t>(raw(), out.raw(), shape(), strides());
      break;
    default:
      gather<uint64_t>(raw(), out.raw(), shape(), strides());
      break;
  }
  if (trainable()) {
    out.record("contiguous", {*this}, [x = *this](const Tensor& dy) { x.add_grad(dy); });
  }
  return out;
}

Tensor Tensor::clone() const {
  Tensor source = detach().contiguous();
  Tensor out = empty(shape(), dtype());
  std::memcpy(out.raw(), source.raw(), size_bytes());
  return out;
}

Tensor Tensor::to(DType to) const {
  if (to == dtype()) return *this;
  Tensor out = empty(shape(), to);
  out.copy_from(detach());
  if (trainable()) out.record("to", {*this}, [x = *this](const Tensor& dy) { x.add_grad(dy); });
  return out;
}

void Tensor::copy_from(const Tensor& source) const {
  QUERN_CHECK(source.numel() == numel(), "copy of {} into {}", to_string(source.shape()), to_string(shape()));
  if (is_quantised(source.dtype()) && source.ndim() == 2 && !source.is_contiguous())  // a transposed view, perhaps
    return copy_from(source.detach().transpose(0, 1).to(DType::f32).transpose(0, 1));
  const Tensor s = source.detach().contiguous();
  Tensor converted = s;
  if (s.dtype() != dtype()) {
    converted = empty(shape(), dtype());
    if (s.dtype() == DType::f32)
      convert_from_f32_simd(dtype(), s.data<float>(), converted.raw(), numel());
    else if (dtype() == DType::f32)
      convert_to_f32_simd(s.dtype(), s.raw(), converted.data<float>(), numel());
    else {
      std::vector<float> wide(static_cast<size_t>(numel()));
      convert_to_f32_simd(s.dtype(), s.raw(), wide.data(), numel());
      convert_from_f32_simd(dtype(), wide.data(), converted.raw(), numel());
    }
  }
  if (is_contiguous()) {
    std::memmove(raw(), converted.raw(), size_bytes());
    return;
  }
  QUERN_CHECK(!is_quantised(dtype()), "{} blocks can't be copied into a strided view", name(dtype()));
  switch (info(dtype()).block_bytes) {
    case 1:
      scatter<uint8_t>(converted.raw(), raw(), shape(), strides());
      break;
    case 2:
      scatter<uint16_t>(converted.raw(), raw(), shape(), strides());
      break;
    case 4:
      scatter<uint32_t>(converted.raw(), raw(), shape(), strides());
      break;
    default:
      scatter<uint64_t>(converted.raw(), raw(), shape(), strides());
      break;
  }
}

void Tensor::fill(float value) const {
  QUERN_CHECK(is_contiguous() && dtype() == DType::f32, "fill() wants a contiguous f32 tensor");
  std::fill_n(data<float>(), numel(), value);
}

// ---- autograd -------------------------------------------------------------------------------------------------------

bool Tensor::trainable() const {
  if (!impl_) return false;
  const Impl& b = *base();
  return b.trainable || b.node != nullptr;
}

Tensor& Tensor::set_trainable(bool value) {
  QUERN_CHECK(!base()->node, "set_trainable() of a computed tensor");
  base()->trainable = value;
  return *this;
}

Tensor Tensor::detach() const { return trainable() ? alias() : *this; }

Tensor Tensor::clone_if_shared() const { return impl_->storage.use_count() > 1 ? clone() : *this; }

Tensor Tensor::alias() const {
  auto impl = std::make_shared<Impl>();
  impl->storage = impl_->storage;
  impl->data = impl_->data;
  impl->shape = impl_->shape;
  impl->strides = impl_->strides;
  impl->dtype = impl_->dtype;
  impl->mapped = is_mapped();
  return Tensor(std::move(impl));
}

Tensor Tensor::grad() const {
  const Tensor& g = base()->grad;
  if (!g.defined() || !impl_->base) return g;
  return g.view(impl_->shape, impl_->strides, impl_->offset);
}

void Tensor::clear_grad() const { base()->grad = {}; }

Tensor::GradSlot Tensor::grad_slot() const {
  Impl& b = *base();
  // A gradient may be shared with that of a sum's other term (add_grad takes it over uncopied): own it before adding.
  if (b.grad.defined() && b.grad.impl_->storage.use_count() > 1) b.grad = b.grad.clone();
  if (!impl_->base) {
    const bool fresh = !b.grad.defined();
    if (fresh) b.grad = empty(b.shape);
    return {b.grad, !fresh};
  }
  // Other parts of the base may never be written, so a view starts from zeros, unless there are none: views repeat no
  // value, so one of as many values is all of the base in another order.
  const bool fresh = !b.grad.defined(), whole = numel() == quern::numel(b.shape);
  if (fresh) b.grad = whole ? empty(b.shape) : zeros(b.shape);
  return {b.grad.view(impl_->shape, impl_->strides, impl_->offset), !(fresh && whole)};
}

std::optional<std::vector<Tensor>> Tensor::fresh_grads_of_parts(std::initializer_list<Tensor> parts) {
  const Impl* b = parts.begin()->base().get();
  int64_t covered = 0;
  for (const Tensor& part : parts) {
    if (part.base().get() != b || !part.impl_->base) return std::nullopt;
    covered += part.numel();
  }
  Impl& base = *parts.begin()->base();
  if (base.grad.defined() || covered != quern::numel(base.shape)) return std::nullopt;
  base.grad = empty(base.shape);
  std::vector<Tensor> out;
  for (const Tensor& part : parts)
    out.push_back(base.grad.view(part.impl_->shape, part.impl_->strides, part.impl_->offset));
  return out;
}

void Tensor::add_grad(const Tensor& g) const {
  Impl& b = *base();
  if (!impl_->base && !b.grad.defined() && g.is_contiguous() && !g.impl_->base && g.shape() == b.shape) {
    b.grad = g;
    return;
  }
  const GradSlot slot = grad_slot();
  const Tensor source = g.contiguous();
  const float* s = source.data();
  float* d = slot.buffer.data();
  const bool add = slot.accumulate;
  for_each_run(slot.buffer.shape(), slot.buffer.strides(), [&](int64_t target, int64_t done, int64_t n, int64_t step) {
    if (add)
      for (int64_t i = 0; i < n; ++i) d[target + i * step] += s[done + i];
    else
      for (int64_t i = 0; i < n; ++i) d[target + i * step] = s[done + i];
  });
}

void Tensor::record(const char* op, std::vector<Tensor> inputs, std::function<void(const Tensor&)> backward) const {
  bool wanted = false;
  for (const Tensor& t : inputs) wanted = wanted || t.trainable();
  if (!wanted) return;
  impl_->node = std::make_shared<Node>(Node{op, next_order(), std::move(inputs), std::move(backward)});
}

bool Tensor::same_storage(const Tensor& other) const { return impl_->storage == other.impl_->storage; }

void Tensor::backward(const Tensor& dy) const {
  QUERN_CHECK(trainable(), "backward() from a tensor that depends on nothing trainable");
  if (dy.defined()) {
    add_grad(dy);
  } else {
    QUERN_CHECK(numel() == 1, "backward() without a seed from shape {}", to_string(shape()));
    add_grad(full(shape(), 1.0f));
  }
  const auto later = [](const std::shared_ptr<Impl>& a, const std::shared_ptr<Impl>& b) {
    return a->node->order < b->node->order;
  };
  std::priority_queue<std::shared_ptr<Impl>, std::vector<std::shared_ptr<Impl>>, decltype(later)> ready(later);
  std::unordered_set<Impl*> seen;
  const auto visit = [&](const Tensor& t) {
    if (!t.defined()) return;
    const auto& b = t.base();
    if (b->node && seen.insert(b.get()).second) ready.push(b);
  };
  visit(*this);
  while (!ready.empty()) {
    const std::shared_ptr<Impl> impl = ready.top();
    ready.pop();
    const std::shared_ptr<Node> node = impl->node;
    if (impl->grad.defined() && node->backward) {  // no gradient: nothing downstream used this output
      const Tensor g = std::move(impl->grad);
      impl->grad = {};
      node->backward(g);
    }
    for (const Tensor& t : node->inputs) visit(t);
    // The tape is used once: dropping it here returns activations as early as possible.
    node->backward = nullptr;
    node->inputs.clear();
  }
}

bool any_trainable(std::initializer_list<const Tensor*> tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const Tensor* t) { return t->defined() && t->trainable(); });
}

Tensor checkpointed(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  if (!x.trainable()) return f(x);  // nothing to hang the tape on
  Tensor out = f(x.detach()).detach();
  out.record("checkpointed", {x}, [f, x](const Tensor& dy) {
    Tensor again = x.detach();
    again.set_trainable(true);
    f(again).backward(dy);
    if (again.grad().defined()) x.add_grad(again.grad());
  });
  return out;
}

void check_shape(const char* function, const char* name, const Tensor& x, const char* letters,
                 std::initializer_list<int64_t> expected) {
  if (x.defined() && x.shape() == Shape(expected)) return;
  throw Error(ErrorKind::InvalidArgument, "{}: {} has shape {}, expected ({}) = {}", function, name,
              x.defined() ? to_string(x.shape()) : "(none)", letters, to_string(Shape(expected)));
}

}  // namespace quern
