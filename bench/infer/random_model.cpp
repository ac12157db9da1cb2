// SPDX-License-Identifier: MIT
#include "random_model.h"

#include <cmath>
#include <cstring>
#include <map>

#include "base/rng.h"
#include "formats/gguf.h"
#include "tensor/quant/quantise.h"

namespace quern {
namespace {

constexpr int64_t kV = 32000, kC = 2048, kL = 16, kH = 32, kK = 8, kD = 64, kF = 5632, kContext = 4096;
constexpr int64_t kPoolRows = 512;

class RandomRows {
 public:
  explicit RandomRows(DType dtype) : dtype_(dtype) {}

  Tensor matrix(int64_t M, int64_t K) {
    const std::vector<uint8_t>& pool = pool_of(K);
    const size_t row = size_bytes(dtype_, K);
    Tensor t = Tensor::empty({M, K}, dtype_);
    for (int64_t m = 0; m < M; ++m)
      std::memcpy(t.data<uint8_t>() + size_t(m) * row, pool.data() + rng_.below(kPoolRows) * row, row);
    return t;
  }

 private:
  const std::vector<uint8_t>& pool_of(int64_t K) {
    std::vector<uint8_t>& pool = pools_[K];
    if (!pool.empty()) return pool;
    std::vector<float> values(size_t(kPoolRows * K));
    for (float& v : values) v = float(rng_.normal()) / std::sqrt(float(K));
    pool.resize(size_bytes(dtype_, kPoolRows * K));
    quantise(dtype_, values.data(), kPoolRows, K, {}, pool.data());
    return pool;
  }

  DType dtype_;
  Rng rng_{7};
  std::map<int64_t, std::vector<uint8_t>> pools_;
};

// One byte each, one merge of two, then names that no text holds.
std::vector<std::string> tokens() {
  std::vector<std::string> all;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool shown = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    const int c = shown ? byte : next++;  // the letters of byte-level BPE
    all.push_back(c < 0x80 ? std::string(1, char(c)) : std::string{char(0xC0 | c >> 6), char(0x80 | (c & 63))});
  }
  all.push_back("ab");
  while (int64_t(all.size()) < kV) all.push_back(fmt::format("[token {}]", all.size()));
  return all;
}

GgufMetadata metadata() {
  GgufMetadata m;
  m.add("general.architecture", GgufValue::text("llama"));
  m.add("general.name", GgufValue::text("random"));
  m.add("llama.block_count", GgufValue::u32(kL));
  m.add("llama.context_length", GgufValue::u32(kContext));
  m.add("llama.embedding_length", GgufValue::u32(kC));
  m.add("llama.feed_forward_length", GgufValue::u32(kF));
  m.add("llama.attention.head_count", GgufValue::u32(kH));
  m.add("llama.attention.head_count_kv", GgufValue::u32(kK));
  m.add("llama.attention.layer_norm_rms_epsilon", GgufValue::f32(1e-5f));
  m.add("llama.rope.dimension_count", GgufValue::u32(kD));
  m.add("llama.rope.freq_base", GgufValue::f32(10000));
  m.add("llama.vocab_size", GgufValue::u32(kV));
  m.add("tokenizer.ggml.model", GgufValue::text("gpt2"));
  m.add("tokenizer.ggml.pre", GgufValue::text("gpt-2"));
  m.add("tokenizer.ggml.tokens", GgufValue::texts(tokens()));
  m.add("tokenizer.ggml.token_type", GgufValue::i32s(std::vector<int32_t>(kV, 1)));
  m.add("tokenizer.ggml.merges", GgufValue::texts(std::vector<std::string>{"a b"}));
  m.add("tokenizer.ggml.bos_token_id", GgufValue::u32(300));
  m.add("tokenizer.ggml.eos_token_id", GgufValue::u32(301));
  return m;
}

}  // namespace

void write_random_model(DType dtype, const std::string& path) {
  RandomRows rows(dtype);
  std::vector<GgufSource> all;
  const auto matrix = [&](const std::string& name, int64_t M, int64_t K) {
    all.push_back({name, dtype, {M, K}, [&rows, M, K] { return rows.matrix(M, K); }});
  };
  const auto norm = [&](const std::string& name) {
    all.push_back({name, DType::f32, {kC}, [] { return Tensor::full({kC}, 1.0f); }});
  };
  matrix("token_embd.weight", kV, kC);
  for (int64_t l = 0; l < kL; ++l) {
    const std::string at = fmt::format("blk.{}.", l);
    norm(at + "attn_norm.weight");
    matrix(at + "attn_q.weight", kH * kD, kC);
    matrix(at + "attn_k.weight", kK * kD, kC);
    matrix(at + "attn_v.weight", kK * kD, kC);
    matrix(at + "attn_output.weight", kC, kH * kD);
    norm(at + "ffn_norm.weight");
    matrix(at + "ffn_gate.weight", kF, kC);
    matrix(at + "ffn_up.weight", kF, kC);
    matrix(at + "ffn_down.weight", kC, kF);
  }
  norm("output_norm.weight");
  matrix("output.weight", kV, kC);
  save_gguf(path, metadata(), all);
}

}  // namespace quern
