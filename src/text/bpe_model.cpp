// SPDX-License-Identifier: MIT
#include "text/bpe_model.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

#include "base/error.h"
#include "text/bpe_matcher.h"
#include "text/byte_level.h"
#include "text/encode_scratch.h"
#include "text/json_write.h"

namespace quern {

namespace {
// Up to this many symbols the next merge is found by looking at all ranks, beyond it by a heap.
constexpr size_t kShort = 128;
}  // namespace

void MergeTable::build(const std::vector<BpeMerge>& merges) {
  QUERN_CHECK(merges.size() < kNone, "{} merges", merges.size());
  const size_t size = std::bit_ceil(std::max<size_t>(16, merges.size() * 2));
  slots_.assign(size, ~uint64_t{0});
  mask_ = size - 1;
  shift_ = 64 - std::countr_zero(size);
  for (size_t r = 0; r < merges.size(); ++r) {
    const uint64_t key = uint64_t(uint32_t(merges[r].left)) << 21 | uint32_t(merges[r].right);
    size_t slot = (key * kMultiplier) >> shift_;
    while (slots_[slot] != ~uint64_t{0} && (slots_[slot] >> 22) != key) slot = (slot + 1) & mask_;
    slots_[slot] = key << 22 | r;
  }
}

BpeModel::BpeModel(Vocabulary surfaces, Vocabulary bytes, std::vector<BpeMerge> merges, bool ignore_merges)
    : surfaces_(std::move(surfaces)),
      bytes_(std::move(bytes)),
      merges_(std::move(merges)),
      ignore_merges_(ignore_merges) {
  table_.build(merges_);
  // A pair that is listed twice keeps its last place, as in Hugging Face tokenizers.
  size_t kept = 0;
  for (size_t r = 0; r < merges_.size(); ++r) {
    if (table_.rank(merges_[r].left, merges_[r].right) == r) merges_[kept++] = merges_[r];
  }
  if (kept < merges_.size()) {
    merges_.resize(kept);
    table_.build(merges_);
  }
  for (const BpeMerge& merge : merges_) results_.push_back(merge.result);
  for (int b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    byte_ids_[static_cast<size_t>(b)] = bytes_.find({&byte, 1});
    has_all_bytes_ &= byte_ids_[static_cast<size_t>(b)] >= 0;
  }
  byte_pair_rank_.assign(65536, MergeTable::kNone);
  for (size_t first = 0; first < 256; ++first) {
    for (size_t second = 0; second < 256; ++second) {
      if (byte_ids_[first] < 0 || byte_ids_[second] < 0) continue;
      byte_pair_rank_[first * 256 + second] = table_.rank(byte_ids_[first], byte_ids_[second]);
    }
  }
}

BpeModel::~BpeModel() = default;

bool BpeModel::build_matcher() const {
  std::call_once(matcher_once_, [this] {
    matcher_ = BpeMatcher::build(bytes_, merges_, table_, byte_ids_);
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
  if (size <= kShort && has_all_bytes_) {
    TokenId symbols[kShort];
    uint32_t ranks[kShort];
    for (size_t i = 0; i < size; ++i) symbols[i] = byte_ids_[byte(i)];
    for (size_t i = 0; i + 1 < size; ++i) ranks[i] = byte_pair_rank_[size_t{byte(i)} * 256 + byte(i + 1)];
    return merge_short(size, symbols, ranks, out);
  }
  scratch.symbols.clear();
  for (size_t i = 0; i < size; ++i) {
    if (byte_ids_[byte(i)] >= 0) scratch.symbols.push_back(byte_ids_[byte(i)]);
  }
  const size_t count = scratch.symbols.size();
  if (count == 0) return out;
  scratch.ranks.resize(count);
  for (size_t i = 0; i + 1 < count; ++i) scratch.ranks[i] = table_.rank(scratch.symbols[i], scratch.symbols[i + 1]);
  if (count <= kShort) return merge_short(count, scratch.symbols.data(), scratch.ranks.data(), out);
  return merge_long(count, scratch, out);
}

// ranks[i] is that of (symbols[i], symbols[i + 1]); both arrays stay dense.
TokenId* BpeModel::merge_short(size_t count, TokenId* symbols, uint32_t* ranks, TokenId* out) const {
  while (count > 1) {
    size_t best = 0;
    uint32_t best_rank = ranks[0];
    for (size_t i = 1; i + 1 < count; ++i) {
      if (ranks[i] < best_rank) best_rank = ranks[i], best = i;
    }
    if (best_rank == MergeTable::kNone) break;
    symbols[best] = results_[best_rank];
    const size_t behind = count - best - 2;  // symbols behind the pair
    std::memmove(symbols + best + 1, symbols + best + 2, behind * sizeof *symbols);
    if (behind > 0) {
      std::memmove(ranks + best, ranks + best + 1, behind * sizeof *ranks);
      ranks[best] = table_.rank(symbols[best], symbols[best + 1]);
    }
    if (best > 0) ranks[best - 1] = table_.rank(symbols[best - 1], symbols[best]);
    --count;
  }
  std::memcpy(out, symbols, count * sizeof *symbols);
  return out + count;
}

// A heap of (rank, place); entries that no longer hold are dropped when they surface. Positions are 31 bits.
TokenId* BpeModel::merge_long(size_t count, EncodeScratch& scratch, TokenId* out) const {
  QUERN_CHECK(count < (size_t{1} << 31), "a word of {} bytes", count);
  std::vector<TokenId>& symbols = scratch.symbols;
  std::vector<uint32_t>& ranks = scratch.ranks;
  std::vector<int32_t>&next = scratch.next, &previous = scratch.previous;
  std::vector<uint64_t>& heap = scratch.heap;
  next.resize(count);
  previous.resize(count);
  heap.clear();
  ranks[count - 1] = MergeTable::kNone;
  for (size_t i = 0; i < count; ++i) {
    next[i] = i + 1 < count ? static_cast<int32_t>(i + 1) : -1;
    previous[i] = static_cast<int32_t>(i) - 1;
    if (ranks[i] != MergeTable::kNone) heap.push_back(uint64_t{ranks[i]} << 32 | i);
  }
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  const auto set_rank = [&](int32_t at, uint32_t rank) {
    ranks[static_cast<size_t>(at)] = rank;
    if (rank == MergeTable::kNone) return;
    heap.push_back(uint64_t{rank} << 32 | static_cast<uint32_t>(at));
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  while (!heap.empty()) {
    const uint64_t top = heap.front();
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    heap.pop_back();
    const auto at = static_cast<int32_t>(top & 0xFFFFFFFFu);
    const auto rank = static_cast<uint32_t>(top >> 32);
    const auto place = static_cast<size_t>(at);
    if (ranks[place] != rank) continue;
    const int32_t gone = next[place];
    symbols[place] = results_[rank];
    ranks[static_cast<size_t>(gone)] = MergeTable::kNone;
    next[place] = next[static_cast<size_t>(gone)];
    if (next[place] >= 0) {
      previous[static_cast<size_t>(next[place])] = at;
      set_rank(at, table_.rank(symbols[place], symbols[static_cast<size_t>(next[place])]));
    } else {
      ranks[place] = MergeTable::kNone;
    }
    if (previous[place] >= 0) {
      set_rank(previous[place], table_.rank(symbols[static_cast<size_t>(previous[place])], symbols[place]));
    }
  }
  for (int32_t at = 0; at >= 0; at = next[static_cast<size_t>(at)]) *out++ = symbols[static_cast<size_t>(at)];
  return out;
}

std::string BpeModel::bytes_of(TokenId id) const {
  return std::string(bytes_.contains(id) ? bytes_.text_of(id) : surfaces_.text_of(id));
}

void BpeModel::tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const {
  scratch.ids.resize(word.size());
  const TokenId* end = encode_word(word.data(), word.size(), scratch, scratch.ids.data());
  for (const TokenId* id = scratch.ids.data(); id < end; ++id) out.push_back({*id, bytes_.text_of(*id).size()});
}

void BpeModel::encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
                      IdSink& out) const {
  const char* text_end = text.data() + text.size();
  WordCache& cache = scratch.cache;
  auto word = [&](const char* begin, const char* end) {
    const auto size = static_cast<size_t>(end - begin);
    if (size > WordCache::kMaxBytes) {
      TokenId* at = out.room(size);
      out.advance_to(encode_word(begin, size, scratch, at));
      return;
    }
    const WordCache::Key key = WordCache::key_of(begin, size, static_cast<size_t>(text_end - begin));
    WordCache::Entry& entry = cache.place(key);
    TokenId* at = out.room(16);  // past what 15 bytes can give, and what is copied below
    if (entry.key == key) [[likely]] {
      std::memcpy(at, entry.ids, 16);  // three ids and the count, of which entry.count are meant
      out.advance_to(at + entry.count);
      return;
    }
    TokenId* ids_end = encode_word(begin, size, scratch, at);
    const auto count = static_cast<size_t>(ids_end - at);
    if (count <= WordCache::kMaxIds) {
      entry.key = key;
      entry.count = static_cast<uint32_t>(count);
      std::memcpy(entry.ids, at, count * sizeof *at);
      cache.count_miss();
    }
    out.advance_to(ids_end);
  };
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
  out += ",\n    \"merges\": [";
  for (size_t r = 0; r < merges_.size(); ++r) {
    out += r > 0 ? ",\n      [" : "\n      [";
    write_json_string(out, surfaces_.text_of(merges_[r].left));
    out += ", ";
    write_json_string(out, surfaces_.text_of(merges_[r].right));
    out += ']';
  }
  out += merges_.empty() ? "]\n  }" : "\n    ]\n  }";
}

}  // namespace quern
