// SPDX-License-Identifier: MIT
#include "text/bpe_model.h"

#include "text/bpe_matcher.h"
#include "text/byte_level.h"
#include "text/encode_scratch.h"
#include "text/json_write.h"
#include "text/word_loop.h"

namespace quern {

BpeModel::BpeModel(Vocabulary surfaces, Vocabulary bytes, std::vector<BpeMerge> merges, bool ignore_merges)
    : surfaces_(std::move(surfaces)),
      bytes_(std::move(bytes)),
      merges_(std::move(merges)),
      ignore_merges_(ignore_merges) {
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    byte_ids_[static_cast<size_t>(b)] = bytes_.find({&byte, 1});
    has_all_bytes_ &= byte_ids_[static_cast<size_t>(b)] >= 0;
  }
  byte_pair_rank_.assign(65536, MergeTable::kNone);
  for (size_t first = 0; first < 256; ++first) {
    for (size_t second = 0; second < 256; ++second) {
      if (byte_ids_[first] < 0 || byte_ids_[second] < 0) continue;
      byte_pair_rank_[first * 256 + second] = merges_.rank(byte_ids_[first], byte_ids_[second]);
    }
  }
}

BpeModel::~BpeModel() = default;

bool BpeModel::build_matcher() const {
  std::call_once(matcher_once_, [this] {
    matcher_ = BpeMatcher::build(bytes_, merges_.all(), merges_.table(), byte_ids_);
    ready_matcher_.store(matcher_.get(), std::memory_order_release);
  });
  return matcher_ != nullptr;
}

TokenId* BpeModel::encode_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const {
  if (ignore_merges_) {
    if (const TokenId whole = bytes_.find({word, size}); whole >= 0) {
      *out++ = whole;
      return out;
    }
  }
  if (const BpeMatcher* matcher = ready_matcher_.load(std::memory_order_acquire))
    return matcher->encode(word, size, scratch, out);
  scratch.merged_bytes += size;
  // Merging makes some 10 MB/s, building the matcher takes some 0.2 us a token.
  if (scratch.merged_bytes > 2 * bytes_.count() + 10000) {
    scratch.merged_bytes = 0;
    build_matcher();
  }
  return merge_word(word, size, scratch, out);
}

TokenId* BpeModel::merge_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const {
  const auto byte = [word](size_t i) { return static_cast<unsigned char>(word[i]); };
  if (size <= MergeList::kShort && has_all_bytes_) {
    TokenId symbols[MergeList::kShort];
    uint32_t ranks[MergeList::kShort];
    for (size_t i = 0; i < size; ++i) symbols[i] = byte_ids_[byte(i)];
    for (size_t i = 0; i + 1 < size; ++i) ranks[i] = byte_pair_rank_[size_t{byte(i)} * 256 + byte(i + 1)];
    return merges_.merge_short(size, symbols, ranks, out);
  }
  scratch.symbols.clear();
  for (size_t i = 0; i < size; ++i) {
    if (byte_ids_[byte(i)] >= 0) scratch.symbols.push_back(byte_ids_[byte(i)]);
  }
  return merges_.merge(scratch, out);
}

void BpeModel::tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const {
  scratch.ids.resize(word.size());
  const TokenId* end = encode_word(word.data(), word.size(), scratch, scratch.ids.data());
  size_t at = 0;
  for (const TokenId* id = scratch.ids.data(); id < end; ++id) {
    const size_t size = bytes_.text_of(*id).size();
    out.push_back({*id, at, at + size});
    at += size;
  }
}

void BpeModel::encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
                      IdSink& out) const {
  CachedWords word(*this, text, scratch, out);
  pre.run(first_stage, pre.stages.size(), text, word);
}

void BpeModel::write_json(std::string& out) const {
  out +=
      "{\n    \"type\": \"BPE\",\n    \"dropout\": null,\n    \"unk_token\": null,\n    \"continuing_subword_prefix\": "
      "null,\n";
  out += "    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n    \"byte_fallback\": false,\n";
  out += ignore_merges_ ? "    \"ignore_merges\": true,\n" : "    \"ignore_merges\": false,\n";
  out += "    \"vocab\": ";
  write_json_vocabulary(out, surfaces_);
  out += ",\n    \"merges\": ";
  merges_.write_json(out, surfaces_);
  out += "\n  }";
}

}  // namespace quern
