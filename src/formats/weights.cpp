// SPDX-License-Identifier: MIT
#include "formats/weights.h"

#include <algorithm>

#include "base/error.h"
#include "formats/safetensors.h"

namespace quern {

namespace {
class SafetensorsWeights final : public Weights {
 public:
  explicit SafetensorsWeights(const fs::path& folder) : model_(SafetensorsModel::open(folder)) {}

  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const SafetensorsTensor* t : model_.tensors()) out.push_back(t->name);
    return out;
  }

  // The tensors' bytes may start anywhere, so they are copied into memory of their own when not aligned.
  std::optional<Tensor> find(const std::string& name) const override {
    const SafetensorsTensor* t = model_.find(name);
    if (!t) return std::nullopt;
    const DType dtype = t->dtype();
    if (reinterpret_cast<uintptr_t>(t->bytes.data()) % size_t(info(dtype).block_bytes) == 0)
      return Tensor::borrow(t->bytes.data(), t->shape, dtype, mapping_of(*t), /*mapped=*/true);
    Tensor copy = Tensor::empty(t->shape, dtype);
    std::ranges::copy(t->bytes, copy.data<std::byte>());
    return copy;
  }

  int64_t num_values() const override {
    int64_t total = 0;
    for (const SafetensorsTensor* t : model_.tensors()) total += t->num_values();
    return total;
  }

 private:
  std::shared_ptr<const MappedFile> mapping_of(const SafetensorsTensor& t) const {
    for (const SafetensorsFile& file : model_.files()) {
      const auto all = file.mapping()->bytes();
      if (t.bytes.data() >= all.data() && t.bytes.data() <= all.data() + all.size()) return file.mapping();
    }
    throw Error(ErrorKind::Internal, "tensor '{}' lies in no file", t.name);
  }

  SafetensorsModel model_;
};
}  // namespace

std::unique_ptr<Weights> open_folder_weights(const fs::path& folder) {
  if (!fs::exists(folder / "model.safetensors") && !fs::exists(folder / "model.safetensors.index.json"))
    for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json"})
      if (fs::exists(folder / name))
        throw Error(ErrorKind::Unsupported, "{}: weights are pickled, and a pickle can run any code when it is read",
                    (folder / name).string())
            .hint("take the safetensors version of this model");
  return std::make_unique<SafetensorsWeights>(folder);
}

}  // namespace quern
