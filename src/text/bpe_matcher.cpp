// SPDX-License-Identifier: MIT
#include "text/bpe_matcher.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "text/encode_scratch.h"

namespace quern {

void BorderFilter::reset(size_t num_merges) {
  const size_t bits = std::bit_ceil(std::max<size_t>(num_merges * 16, 1024));
  bits_.assign(bits / 64, 0);
  shift_ = 64 - std::countr_zero(bits);
}

void BorderFilter::add(std::string_view left, std::string_view right) {
  const auto byte = [](char c) { return uint32_t{static_cast<unsigned char>(c)}; };
  const uint32_t l =
      left.size() > 1 ? byte(left[left.size() - 2]) << 8 | byte(left.back()) : byte(left.back()) | kSingle;
  const uint32_t r = right.size() > 1 ? byte(right[0]) << 8 | byte(right[1]) : byte(right[0]) | kSingle;
  const size_t at = place(l, r);
  bits_[at / 64] |= uint64_t{1} << at % 64;
}

// Whether a and b stay side by side. `limit`: pairs of a rank below it would be merged across the border first.
bool BpeMatcher::agree(TokenId a, TokenId b, uint32_t limit) const {
  while (true) {
    if (table_.rank(a, b) < limit) return false;  // kNone is above all limits but the first, which is kNone itself
    const Token &left = tokens_[static_cast<size_t>(a)], &right = tokens_[static_cast<size_t>(b)];
    if (left.rank > right.rank) {
      limit = static_cast<uint32_t>(left.rank);  // of equals the one more to the left, inside a, went first
      a = left.right;
    } else {
      if (right.rank < 0) return true;
      limit = static_cast<uint32_t>(right.rank) + 1;  // of equals the one across the border went first
      b = right.left;
    }
  }
}

std::unique_ptr<const BpeMatcher> BpeMatcher::build(const Vocabulary& bytes, const std::vector<BpeMerge>& merges,
                                                    const MergeTable& table, const std::array<TokenId, 256>& byte_ids) {
  std::unique_ptr<BpeMatcher> matcher(new BpeMatcher(table));
  std::vector<Token>& tokens = matcher->tokens_;
  tokens.resize(static_cast<size_t>(bytes.id_limit()));
  for (TokenId id : byte_ids) {
    if (id < 0) return nullptr;
    tokens[static_cast<size_t>(id)].rank = -1;
  }
  std::vector<size_t> last_made(tokens.size());  // rank of the last merge that makes each token
  for (size_t r = 0; r < merges.size(); ++r) last_made[static_cast<size_t>(merges[r].result)] = r;
  for (size_t r = 0; r < merges.size(); ++r) {
    const auto [a, b, joined] = merges[r];
    Token& token = tokens[static_cast<size_t>(joined)];
    const Token &left = tokens[static_cast<size_t>(a)], &right = tokens[static_cast<size_t>(b)];
    if (token.rank == -1) return nullptr;
    // A part that no merge so far makes is made by none, or by a later one; only the first is harmless.
    if (left.rank == kUnreachable || right.rank == kUnreachable) {
      if (left.rank == kUnreachable && last_made[static_cast<size_t>(a)] > r) return nullptr;
      if (right.rank == kUnreachable && last_made[static_cast<size_t>(b)] > r) return nullptr;
      continue;
    }
    // Do a and b come to stand side by side at all? As agree(a, b), but for the pair (a, b) itself.
    bool meets;
    if (left.rank > right.rank) {
      meets = matcher->agree(left.right, b, static_cast<uint32_t>(left.rank));
    } else {
      meets = right.rank < 0 || matcher->agree(a, right.left, static_cast<uint32_t>(right.rank) + 1);
    }
    if (!meets) continue;
    if (token.rank != kUnreachable) return nullptr;  // made in two ways, which can't be
    token.rank = static_cast<int32_t>(r);
    token.left = a;
    token.right = b;
  }
  std::vector<std::pair<std::string_view, TokenId>> strings;
  for (TokenId id = 0; id < bytes.id_limit(); ++id) {
    if (tokens[static_cast<size_t>(id)].rank == kUnreachable || !bytes.contains(id)) continue;
    strings.emplace_back(bytes.text_of(id), id);
    tokens[static_cast<size_t>(id)].size = static_cast<uint32_t>(bytes.text_of(id).size());
  }
  matcher->filter_.reset(merges.size());
  for (const BpeMerge& merge : merges) matcher->filter_.add(bytes.text_of(merge.left), bytes.text_of(merge.right));
  matcher->trie_ = std::make_unique<ByteTrie>(strings);
  for (const auto& [text, id] : strings) {
    tokens[static_cast<size_t>(id)].shorter = matcher->trie_->longest(text.data(), text.data() + text.size() - 1);
  }
  return matcher;
}

TokenId* BpeMatcher::encode(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const {
  // A border is closed once no token that fits can follow there.
  std::vector<uint64_t>& closed = scratch.closed;
  closed.assign(size / 64 + 1, 0);
  const char* end = word + size;
  TokenId* at = out;
  size_t pos = 0;
  TokenId token = trie_->longest(word, end);
  while (true) {
    const Token& t = tokens_[static_cast<size_t>(token)];
    const size_t border = pos + t.size;
    const auto fits = [&] {
      if (at == out) return true;
      if (!filter_.may_cross(word + pos, tokens_[static_cast<size_t>(at[-1])].size, t.size)) return true;
      return agree(at[-1], token, MergeTable::kNone);
    };
    if (!(closed[border / 64] >> border % 64 & 1) && fits()) {
      *at++ = token;
      pos = border;
      if (pos == size) return at;
      token = trie_->longest(word + pos, end);
    } else if (t.shorter >= 0) {
      token = t.shorter;
    } else {
      closed[pos / 64] |= uint64_t{1} << pos % 64;
      QUERN_CHECK(at > out, "a word of {} bytes has no encoding", size);
      token = *--at;
      pos -= tokens_[static_cast<size_t>(token)].size;
    }
  }
}

}  // namespace quern
