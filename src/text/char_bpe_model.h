// SPDX-License-Identifier: MIT
#pragma once
// Byte pair encoding that starts from characters: SentencePiece's kind (a character without a token is spelled in byte
// tokens "<0x0A>"), and the kinds that mark the begin or the end of a word. bpe_model.h is the kind for bytes.
//
// A text without words, as SentencePiece's kind has it, is still not merged as a whole: between two characters that no
// merge joins, a cut changes nothing.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/merge_list.h"
#include "text/token_model.h"

namespace quern {

struct CharBpeOptions {
  std::string unk_token;       // for characters without a token; "": they are left out
  bool fuse_unk = false;       // one for a run of them
  bool byte_fallback = false;  // their bytes' tokens rather than the unknown one, where all are in the vocabulary
  std::string prefix, suffix;  // of each character but a word's first; of a word's last
  bool ignore_merges = false;  // a word that is a token is that token
};

// Which pairs of characters stand on the two sides of some merge. May say yes wrongly, never no.
class JunctionFilter {
 public:
  void reset(size_t num_merges);
  void add(char32_t left, char32_t right);
  bool may_join(char32_t left, char32_t right) const {
    if ((left | right) < 128) return ascii_[left * 128 + right];
    const size_t at = place(left, right);
    return bits_[at / 64] >> at % 64 & 1;
  }

 private:
  std::vector<uint8_t> ascii_ = std::vector<uint8_t>(128 * 128);
  std::vector<uint64_t> bits_ = std::vector<uint64_t>(1);
  int shift_ = 58;
  size_t place(char32_t left, char32_t right) const {
    return ((uint64_t{left} << 21 | right) * 0x9E3779B97F4A7C15u) >> shift_;
  }
};

class CharBpeModel final : public TokenModel {
 public:
  // `hidden`: tokens that a whole word is never taken for, sorted. (Merges that spell one are the file's own choice.)
  CharBpeModel(Vocabulary surfaces, std::vector<BpeMerge> merges, CharBpeOptions options,
               std::vector<TokenId> hidden = {});

  const Vocabulary& surfaces() const override { return surfaces_; }
  void tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const override;
  void encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
              IdSink& out) const override;
  bool separates(char32_t left, char32_t right) const override;
  std::shared_ptr<const TokenModel> hiding(const std::vector<TokenId>& ids) const override;
  void write_json(std::string& out) const override;

  // Appends at most `size` ids, returns the new end of `out`.
  TokenId* encode_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const;

 private:
  Vocabulary surfaces_;
  std::vector<TokenId> hidden_;  // sorted
  MergeList merges_;
  CharBpeOptions options_;
  TokenId unk_id_;
  std::vector<TokenId> char_ids_;  // of the vocabulary's single characters, by code point; -1 where there is none
  std::array<TokenId, 256> byte_tokens_;
  JunctionFilter junctions_;
  size_t longest_ = 0;  // bytes of the longest token

  TokenId char_id(char32_t c) const { return c < char_ids_.size() ? char_ids_[c] : -1; }
  TokenId whole_word(std::string_view word) const;
  template <typename Add>
  void for_each_symbol(std::string_view word, Add&& add) const;
};

}  // namespace quern
