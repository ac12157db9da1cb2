// SPDX-License-Identifier: MIT
#include "text/char_bpe_model.h"

#include <algorithm>
#include <bit>

#include "base/error.h"
#include "text/encode_scratch.h"
#include "text/json_write.h"
#include "text/unicode.h"
#include "text/word_loop.h"

namespace quern {

void JunctionFilter::reset(size_t num_merges) {
  const size_t bits = std::bit_ceil(std::max<size_t>(num_merges * 16, 64));
  bits_.assign(bits / 64, 0);
  shift_ = 64 - std::countr_zero(bits);
  std::fill(ascii_.begin(), ascii_.end(), 0);
}

void JunctionFilter::add(char32_t left, char32_t right) {
  if ((left | right) < 128) {
    ascii_[left * 128 + right] = 1;
  } else {
    const size_t at = place(left, right);
    bits_[at / 64] |= uint64_t{1} << at % 64;
  }
}

CharBpeModel::CharBpeModel(Vocabulary surfaces, std::vector<BpeMerge> merges, CharBpeOptions options,
                           std::vector<TokenId> hidden)
    : surfaces_(std::move(surfaces)),
      hidden_(std::move(hidden)),
      merges_(std::move(merges)),
      options_(std::move(options)),
      unk_id_(options_.unk_token.empty() ? -1 : surfaces_.find(options_.unk_token)),
      char_ids_(single_characters(surfaces_)) {
  for (TokenId id = 0; id < surfaces_.id_limit(); ++id) {
    if (surfaces_.contains(id)) longest_ = std::max(longest_, surfaces_.text_of(id).size());
  }
  for (size_t b = 0; b < 256; ++b) byte_tokens_[b] = surfaces_.find(fmt::format("<0x{:02X}>", b));
  junctions_.reset(merges_.all().size());
  for (const BpeMerge& merge : merges_.all()) {
    const std::string_view left = surfaces_.text_of(merge.left), right = surfaces_.text_of(merge.right);
    if (left.empty() || right.empty()) continue;
    junctions_.add(decode_utf8_before(left.data() + left.size()).value, decode_utf8(right.data()).value);
  }
}

// add(id, bytes) for what merging starts from.
template <typename Add>
void CharBpeModel::for_each_symbol(std::string_view word, Add&& add) const {
  const bool plain = options_.prefix.empty() && options_.suffix.empty();
  std::string spelled;
  size_t unknown = 0;  // bytes of unknown characters not yet added
  const auto add_unknown = [&] {
    if (unknown > 0) add(unk_id_, unknown);
    unknown = 0;
  };
  for (size_t i = 0; i < word.size();) {
    const CodePoint c = decode_utf8(word.data() + i);
    const auto length = static_cast<size_t>(c.length);
    std::string_view text = word.substr(i, length);
    TokenId id;
    if (plain) {
      id = char_id(c.value);
    } else {
      spelled.clear();
      if (i > 0) spelled += options_.prefix;
      spelled += text;
      if (i + length == word.size()) spelled += options_.suffix;
      text = spelled;
      id = surfaces_.find(text);
    }
    i += length;
    if (id >= 0) {
      add_unknown();
      add(id, length);
      continue;
    }
    const auto known = [this](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)] >= 0; };
    if (options_.byte_fallback && std::all_of(text.begin(), text.end(), known)) {
      // In front of an unknown character that waits to be fused: so does the reference.
      for (char byte : text) add(byte_tokens_[static_cast<unsigned char>(byte)], 1);
      continue;
    }
    if (options_.unk_token.empty()) continue;
    if (unk_id_ < 0) {
      throw Error(ErrorKind::InvalidData, "'{}' is not in the vocabulary, and neither is the unknown token '{}'", text,
                  options_.unk_token)
          .hint("use the tokenizer.json published with the model");
    }
    if (!options_.fuse_unk) add_unknown();
    unknown += length;
  }
  add_unknown();
}

TokenId CharBpeModel::whole_word(std::string_view word) const {
  if (!options_.ignore_merges || word.size() > longest_) return -1;
  const TokenId id = surfaces_.find(word);
  return is_hidden(hidden_, id) ? -1 : id;
}

TokenId* CharBpeModel::encode_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const {
  scratch.symbols.clear();
  for_each_symbol({word, size}, [&](TokenId id, size_t) { scratch.symbols.push_back(id); });
  return merges_.merge(scratch, out);
}

void CharBpeModel::tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const {
  if (const TokenId whole = whole_word(word); whole >= 0) {
    out.push_back({whole, 0, word.size()});
    return;
  }
  std::vector<size_t> ends;  // of each symbol, in bytes
  scratch.symbols.clear();
  for_each_symbol(word, [&](TokenId id, size_t bytes) {
    scratch.symbols.push_back(id);
    ends.push_back((ends.empty() ? 0 : ends.back()) + bytes);
  });
  const size_t count = scratch.symbols.size();
  if (count == 0) return;
  scratch.ids.resize(count);
  scratch.ranks.resize(count);
  for (size_t i = 0; i + 1 < count; ++i) scratch.ranks[i] = merges_.rank(scratch.symbols[i], scratch.symbols[i + 1]);
  merges_.merge_long(count, scratch, scratch.ids.data());
  const TokenId* id = scratch.ids.data();
  for (size_t at = 0; at < count;) {
    const int32_t next = scratch.next[at];
    const size_t behind = next < 0 ? count : static_cast<size_t>(next);
    out.push_back({*id++, at == 0 ? 0 : ends[at - 1], ends[behind - 1]});
    at = behind;
  }
}

void CharBpeModel::encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
                          IdSink& out) const {
  CachedWords part(*this, text, scratch, out);
  const bool cuts = options_.prefix.empty() && options_.suffix.empty();
  auto word = [&](const char* begin, const char* end) {
    if (const TokenId whole = whole_word({begin, static_cast<size_t>(end - begin)}); whole >= 0) return out.push(whole);
    const char* from = begin;
    char32_t previous = 0;
    bool previous_known = false;
    for (const char* p = begin; cuts && p < end;) {
      const CodePoint c = decode_utf8(p);
      const bool known = char_id(c.value) >= 0;
      if (known && previous_known && !junctions_.may_join(previous, c.value)) {
        part(from, p);
        from = p;
      }
      previous = c.value;
      previous_known = known;
      p += c.length;
    }
    part(from, end);
  };
  pre.run(first_stage, pre.stages.size(), text, word);
}

bool CharBpeModel::separates(char32_t left, char32_t right) const {
  const bool plain = options_.prefix.empty() && options_.suffix.empty() && !options_.ignore_merges;
  return plain && char_id(left) >= 0 && char_id(right) >= 0 && !junctions_.may_join(left, right);
}

std::shared_ptr<const TokenModel> CharBpeModel::hiding(const std::vector<TokenId>& ids) const {
  if (!options_.ignore_merges || ids == hidden_) return nullptr;
  return std::make_shared<CharBpeModel>(surfaces_, merges_.all(), options_, ids);
}

void CharBpeModel::write_json(std::string& out) const {
  const auto text = [&out](std::string_view name, const std::string& value) {
    out += fmt::format("    \"{}\": ", name);
    value.empty() ? void(out += "null") : write_json_string(out, value);
    out += ",\n";
  };
  const auto flag = [&out](std::string_view name, bool value) {
    out += fmt::format("    \"{}\": {},\n", name, value ? "true" : "false");
  };
  out += "{\n    \"type\": \"BPE\",\n    \"dropout\": null,\n";
  text("unk_token", options_.unk_token);
  text("continuing_subword_prefix", options_.prefix);
  text("end_of_word_suffix", options_.suffix);
  flag("fuse_unk", options_.fuse_unk);
  flag("byte_fallback", options_.byte_fallback);
  flag("ignore_merges", options_.ignore_merges);
  out += "    \"vocab\": ";
  write_json_vocabulary(out, surfaces_);
  out += ",\n    \"merges\": ";
  merges_.write_json(out, surfaces_);
  out += "\n  }";
}

}  // namespace quern
