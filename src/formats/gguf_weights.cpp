// SPDX-License-Identifier: MIT
#include "formats/gguf_weights.h"

#include <map>

#include "base/error.h"
#include "base/memory.h"

namespace quern {

namespace {
class GgufWeights final : public Weights {
 public:
  GgufWeights(std::shared_ptr<const GgufFile> file, const GgufArchitecture& architecture, const Json& config)
      : file_(std::move(file)), heads_(heads_of_config(config)) {
    for (const GgufTensor& t : file_->tensors()) {
      if (is_rope_table(t.name)) continue;
      const auto match = match_gguf_name(architecture, t.name);
      if (!match) {
        entries_[t.name].push_back({&t, GgufLayout::same, -1});
        continue;
      }
      const GgufLayout layout = match->row->layout;
      const bool stacked = match->row->hf.find("{e}") != std::string_view::npos && match->expert < 0;
      if (!stacked) {
        std::vector<Entry>& parts = entries_[match->hf_name()];
        // A tensor that is whole counts more than the same one cut in two.
        if (layout == GgufLayout::mla_keys || layout == GgufLayout::mla_values) {
          if (parts.size() != 1 || is_half(parts[0])) parts.push_back({&t, layout, -1});
        } else {
          parts = {{&t, layout, -1}};
        }
        continue;
      }
      if (t.shape.size() != 3 || t.shape[0] > kMostExperts)
        throw Error(ErrorKind::InvalidModel, "{}: tensor '{}' of shape {} is no stack of experts",
                    file_->path().string(), t.name, to_string(t.shape));
      for (int64_t e = 0; e < t.shape[0]; ++e) entries_[match->hf_name(e)] = {{&t, layout, e}};
    }
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, parts] : entries_) out.push_back(name);
    return out;
  }

  std::optional<Tensor> find(const std::string& name) const override {
    const auto it = entries_.find(name);
    if (it == entries_.end()) return std::nullopt;
    const Entry& entry = it->second.front();
    if (is_half(entry)) return joined_halves(name, it->second);
    Tensor t = file_->borrow(*entry.tensor);
    if (entry.expert >= 0) t = t.slice(0, entry.expert, entry.expert + 1).reshape({t.size(1), t.size(2)});
    try {
      Tensor out = from_gguf_layout(t, entry.layout, heads_);
      if (t.is_mapped() && !out.is_mapped()) give_back_pages(t.raw(), t.size_bytes());  // nobody else reads them
      return out;
    } catch (const Error& e) {
      throw Error(e.kind(), "{}: '{}': {}", file_->path().string(), entry.tensor->name, e.message());
    }
  }

  int64_t num_values() const override {
    int64_t total = 0;
    for (const GgufTensor& t : file_->tensors()) total += t.num_values();
    return total;
  }

 private:
  static constexpr int64_t kMostExperts = 1 << 16;
  struct Entry {
    const GgufTensor* tensor;
    GgufLayout layout;
    int64_t expert;
  };
  static bool is_half(const Entry& e) { return e.layout == GgufLayout::mla_keys || e.layout == GgufLayout::mla_values; }

  // keys (H, rank, A) and values (H, B, rank) -> (H (A + B), rank), f32
  Tensor joined_halves(const std::string& name, const std::vector<Entry>& parts) const {
    const GgufTensor *keys = nullptr, *values = nullptr;
    for (const Entry& e : parts) (e.layout == GgufLayout::mla_keys ? keys : values) = e.tensor;
    if (!keys || !values || keys->shape.size() != 3 || values->shape.size() != 3 ||
        keys->shape[0] != values->shape[0] || keys->shape[1] != values->shape[2])
      throw Error(ErrorKind::InvalidModel, "{}: '{}' can't be put together from attn_k_b and attn_v_b",
                  file_->path().string(), name);
    const int64_t H = keys->shape[0], R = keys->shape[1], A = keys->shape[2], B = values->shape[1];
    const std::vector<float> k = file_->borrow(*keys).to(DType::f32).to_vector();
    const std::vector<float> v = file_->borrow(*values).to(DType::f32).to_vector();
    Tensor out = Tensor::empty({H * (A + B), R});
    float* to = out.data();
    for (int64_t h = 0; h < H; ++h) {
      for (int64_t a = 0; a < A; ++a)
        for (int64_t r = 0; r < R; ++r) *to++ = k[size_t((h * R + r) * A + a)];
      to = std::copy_n(v.data() + h * B * R, B * R, to);
    }
    return out;
  }

  std::shared_ptr<const GgufFile> file_;
  GgufHeads heads_;
  std::map<std::string, std::vector<Entry>> entries_;
};
}  // namespace

std::unique_ptr<Weights> open_gguf_weights(std::shared_ptr<const GgufFile> file, const GgufArchitecture& architecture,
                                           const Json& config) {
  return std::make_unique<GgufWeights>(std::move(file), architecture, config);
}

}  // namespace quern
