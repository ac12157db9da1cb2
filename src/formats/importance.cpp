// SPDX-License-Identifier: MIT
#include "formats/importance.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "formats/gguf.h"
#include "formats/gguf_config.h"

namespace quern {

namespace {
constexpr std::string_view kSums = ".in_sum2", kCounts = ".counts";
constexpr float kMostCounted = 1e15f;

// The matrices that share a name in GGUF: one, or a layer's experts.
struct StackedImportance {
  int64_t K = 0;
  std::map<int64_t, const ColumnImportance*> parts;  // by expert, 0 where there are none
};

const GgufArchitecture& architecture_for(const Json& config, const std::string& where) {
  const GgufArchitecture* a = gguf_architecture_of(config);
  if (!a) throw Error(ErrorKind::Unsupported, "{}: GGUF has no names for the weights of this model", where);
  return *a;
}

// f32 values of an importance file's tensor, every one a sum of squares or a count.
std::vector<float> sums_in(const GgufFile& file, const GgufTensor& t) {
  if (t.dtype() != DType::f32 || t.shape.empty())
    throw Error(ErrorKind::InvalidData, "{}: '{}' is no f32 matrix", file.path().string(), t.name);
  std::vector<float> values = file.borrow(t).to_vector();
  for (const float v : values)
    if (!(v >= 0) || !std::isfinite(v))
      throw Error(ErrorKind::InvalidData, "{}: '{}' holds {}", file.path().string(), t.name, v);
  return values;
}
}  // namespace

std::vector<float> ColumnImportance::means() const {
  std::vector<float> out;
  if (count > 0)
    for (const float sum : sum_squares) out.push_back(sum / float(count));
  return out;
}

std::vector<float> Importance::of(const std::string& weight) const {
  const auto it = by_weight.find(weight);
  return it == by_weight.end() ? std::vector<float>{} : it->second.means();
}

void save_importance(const fs::path& file, const Importance& importance, const Json& config) {
  const GgufArchitecture& a = architecture_for(config, file.string());
  std::map<std::string, StackedImportance> stacks;
  for (const auto& [name, columns] : importance.by_weight) {
    const auto match = match_hf_name(a, name);
    if (!match) continue;  // nothing that a GGUF file would hold
    StackedImportance& stack = stacks[match->gguf_name()];
    stack.K = int64_t(columns.sum_squares.size());
    stack.parts[std::max<int64_t>(0, match->expert)] = &columns;
  }
  std::vector<GgufSource> tensors;
  for (const auto& [name, stack] : stacks) {
    const int64_t E = stack.parts.rbegin()->first + 1;
    std::vector<float> sums(size_t(E * stack.K)), counts(static_cast<size_t>(E));
    for (const auto& [expert, columns] : stack.parts) {
      std::ranges::copy(columns->sum_squares, sums.begin() + expert * stack.K);
      counts[size_t(expert)] = float(columns->count);
    }
    const auto add = [&](std::string_view end, const std::vector<float>& values, int64_t K) {
      tensors.push_back(
          {.name = name + std::string(end), .dtype = DType::f32, .shape = {E, K}, .produce = [values, E, K] {
             return Tensor::from(values, {E, K});
           }});
    };
    add(kSums, sums, stack.K);
    add(kCounts, counts, 1);
  }
  GgufMetadata metadata;
  metadata.set("general.type", GgufValue::text("imatrix"));
  metadata.set("imatrix.datasets", GgufValue::texts(importance.texts));
  metadata.set("imatrix.chunk_count", GgufValue::u32(uint32_t(importance.windows)));
  metadata.set("imatrix.chunk_size", GgufValue::u32(uint32_t(importance.window_tokens)));
  save_gguf(file, metadata, tensors);
}

Importance load_importance(const fs::path& path, const Json& config) {
  const GgufArchitecture& a = architecture_for(config, path.string());
  if (!fs::exists(path)) throw Error(ErrorKind::NotFound, "{}: no such file", path.string());
  if (!fs::is_regular_file(path) || !looks_like_gguf(path))
    throw Error(ErrorKind::InvalidData, "{}: no importance matrix", path.string())
        .hint(
            "`quern quantize MODEL --calibrate TEXT --save-imatrix FILE` makes one; llama.cpp's older .dat files "
            "are not read");
  const GgufFile file = GgufFile::open(path);
  if (file.metadata().text("general.type").value_or("") != "imatrix")
    throw Error(ErrorKind::InvalidData, "{}: a GGUF file, but no importance matrix", path.string());
  Importance out;
  if (const auto texts = file.metadata().texts("imatrix.datasets")) out.texts.assign(texts->begin(), texts->end());
  out.windows = file.metadata().integer("imatrix.chunk_count").value_or(0);
  out.window_tokens = file.metadata().integer("imatrix.chunk_size").value_or(0);
  for (const GgufTensor& t : file.tensors()) {
    if (!t.name.ends_with(kSums)) continue;
    const std::string name = t.name.substr(0, t.name.size() - kSums.size());
    const GgufTensor* counted = file.find(name + std::string(kCounts));
    if (!counted) throw Error(ErrorKind::InvalidData, "{}: '{}' has no counts", path.string(), name);
    const std::vector<float> sums = sums_in(file, t), counts = sums_in(file, *counted);
    const size_t K = size_t(t.shape.back());
    if (counts.empty() || K == 0 || sums.size() != counts.size() * K || std::ranges::max(counts) > kMostCounted)
      throw Error(ErrorKind::InvalidData, "{}: '{}' has {} sums and {} counts", path.string(), name, sums.size(),
                  counts.size());
    const auto match = match_gguf_name(a, name);
    if (!match) continue;  // of a part that this model does not have
    const bool stacked = match->row->hf.find("{e}") != std::string_view::npos;
    for (size_t e = 0; e < (stacked ? counts.size() : 1); ++e) {
      const auto begin = sums.begin() + ptrdiff_t(e * K);
      out.by_weight[stacked ? match->hf_name(int64_t(e)) : match->hf_name()] = {
          .sum_squares = {begin, begin + ptrdiff_t(K)}, .count = std::llround(counts[e])};
    }
  }
  if (out.by_weight.empty())
    throw Error(ErrorKind::InvalidData, "{}: of no matrix of this model", path.string())
        .hint("the importance matrix was made from another model");
  return out;
}

}  // namespace quern
