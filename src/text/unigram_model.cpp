// SPDX-License-Identifier: MIT
#include "text/unigram_model.h"

#include <algorithm>

#include "base/error.h"
#include "text/encode_scratch.h"
#include "text/json_write.h"
#include "text/unicode.h"
#include "text/word_loop.h"

namespace quern {

UnigramModel::UnigramModel(Vocabulary surfaces, std::vector<double> scores, TokenId unk_id, bool byte_fallback,
                           std::vector<TokenId> hidden)
    : surfaces_(std::move(surfaces)),
      hidden_(std::move(hidden)),
      scores_(std::move(scores)),
      unk_id_(unk_id),
      byte_fallback_(byte_fallback) {
  constexpr double kUnkPenalty = 10;
  std::vector<std::pair<std::string_view, TokenId>> strings;
  double smallest = 0;
  for (TokenId id = 0; id < surfaces_.id_limit(); ++id) {
    if (!surfaces_.contains(id)) continue;
    smallest = id == 0 ? scores_[0] : std::min(smallest, scores_[static_cast<size_t>(id)]);
    if (!surfaces_.text_of(id).empty() && !is_hidden(hidden_, id)) strings.emplace_back(surfaces_.text_of(id), id);
  }
  unk_score_ = smallest - kUnkPenalty;
  trie_.emplace(std::move(strings));
  for (int b = 0; b < 256; ++b) byte_tokens_.push_back(surfaces_.find(fmt::format("<0x{:02X}>", b)));
}

// A place that no token reaches beyond ends all paths to its left, so what lies before it is handed out there; the
// lattice is as long as the longest stretch without one. Scores run on, so that rounding is that of one long path.
template <typename Piece>
void UnigramModel::best_path(std::string_view word, EncodeScratch& scratch, Piece&& piece) const {
  std::vector<UnigramNode>& nodes = scratch.lattice;  // nodes[i]: byte base + i
  std::vector<TokenId>& path = scratch.symbols;       // ids and, in scratch.ranks, where they end: last first
  size_t base = 0, reach = 0;
  size_t unknown_begin = std::string_view::npos, unknown_end = 0;  // a run of unknown pieces not yet handed out
  const auto end_unknown = [&] {
    if (unknown_begin != std::string_view::npos) piece(unknown_begin, unknown_end, unk_id_);
    unknown_begin = std::string_view::npos;
  };
  const auto hand_out = [&](size_t to) {
    path.clear();
    scratch.ranks.clear();
    for (size_t at = to - base; at > 0; at -= nodes[at].back) {
      path.push_back(nodes[at].id);
      scratch.ranks.push_back(nodes[at].back);
    }
    size_t begin = base;
    for (size_t i = path.size(); i-- > 0;) {
      const size_t end = begin + scratch.ranks[i];
      if (path[i] == unk_id_) {
        if (unknown_begin == std::string_view::npos) unknown_begin = begin;
        unknown_end = end;
      } else {
        end_unknown();
        piece(begin, end, path[i]);
      }
      begin = end;
    }
  };
  nodes.assign(1, {});
  const char* word_end = word.data() + word.size();
  for (size_t at = 0; at < word.size();) {
    if (at == reach && at > base) {
      hand_out(at);
      nodes[0] = {nodes[at - base].score, 0, -1};
      nodes.resize(1);
      base = at;
    }
    const double score = nodes[at - base].score;
    const auto length = static_cast<size_t>(decode_utf8(word.data() + at).length);
    bool single = false;  // the character itself is a token
    const auto offer = [&](size_t size, double candidate, TokenId id) {
      reach = std::max(reach, at + size);
      if (nodes.size() <= at + size - base) nodes.resize(at + size - base + 1);
      UnigramNode& node = nodes[at + size - base];
      if (node.back == 0 || candidate > node.score) node = {candidate, static_cast<uint32_t>(size), id};
    };
    trie_->for_each_prefix(word.data() + at, word_end, [&](size_t size, TokenId id) {
      offer(size, scores_[static_cast<size_t>(id)] + score, id);
      single |= size == length;
    });
    if (!single) {
      if (unk_id_ < 0) {
        throw Error(ErrorKind::InvalidData, "'{}' is not in the vocabulary, and the tokenizer has no unknown token",
                    word.substr(at, length))
            .hint("use the tokenizer.json published with the model");
      }
      offer(length, unk_score_ + score, unk_id_);
    }
    at += length;
  }
  hand_out(word.size());
  end_unknown();
}

template <typename Add>
void UnigramModel::resolve(std::string_view word, size_t begin, size_t end, TokenId id, Add&& add) const {
  if (id != unk_id_) return add(id, begin, end, false);
  const std::string_view text = word.substr(begin, end - begin);
  if (const TokenId known = surfaces_.find(text); known >= 0 && !is_hidden(hidden_, known))
    return add(known, begin, end, false);
  const auto spelled = [this](char byte) { return byte_tokens_[static_cast<unsigned char>(byte)] >= 0; };
  if (byte_fallback_ && std::all_of(text.begin(), text.end(), spelled)) {
    for (char byte : text) add(byte_tokens_[static_cast<unsigned char>(byte)], begin, end, false);
    return;
  }
  add(unk_id_, begin, end, true);
}

TokenId* UnigramModel::encode_word(const char* word, size_t size, EncodeScratch& scratch, TokenId* out) const {
  const std::string_view text(word, size);
  best_path(text, scratch, [&](size_t begin, size_t end, TokenId id) {
    resolve(text, begin, end, id, [&](TokenId token, size_t, size_t, bool) { *out++ = token; });
  });
  return out;
}

void UnigramModel::tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const {
  best_path(word, scratch, [&](size_t begin, size_t end, TokenId id) {
    resolve(word, begin, end, id,
            [&](TokenId token, size_t b, size_t e, bool spelled) { out.push_back({token, b, e, spelled}); });
  });
}

void UnigramModel::encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
                          IdSink& out) const {
  CachedWords word(*this, text, scratch, out);
  pre.run(first_stage, pre.stages.size(), text, word);
}

std::shared_ptr<const TokenModel> UnigramModel::hiding(const std::vector<TokenId>& ids) const {
  return ids == hidden_ ? nullptr : std::make_shared<UnigramModel>(surfaces_, scores_, unk_id_, byte_fallback_, ids);
}

void UnigramModel::write_json(std::string& out) const {
  out += "{\n    \"type\": \"Unigram\",\n    \"unk_id\": ";
  out += unk_id_ < 0 ? "null" : fmt::format("{}", unk_id_);
  out += ",\n    \"vocab\": [";
  for (TokenId id = 0; id < surfaces_.id_limit(); ++id) {
    out += id > 0 ? ",\n      [" : "\n      [";
    write_json_string(out, surfaces_.text_of(id));
    out += fmt::format(", {}]", scores_[static_cast<size_t>(id)]);
  }
  out += fmt::format("\n    ],\n    \"byte_fallback\": {}\n  }}", byte_fallback_);
}

}  // namespace quern
