// SPDX-License-Identifier: MIT
#include "text/sentencepiece.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "text/base64.h"
#include "text/char_bpe_model.h"
#include "text/protobuf_reader.h"
#include "text/template_json.h"
#include "text/tokenizer_extras.h"
#include "text/tokenizer_state.h"
#include "text/unicode.h"
#include "text/unigram_model.h"

namespace quern {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

enum class PieceType : uint64_t { Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6 };

struct SpmPiece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::Normal;
};

struct SpmModel {
  enum class Kind : uint64_t { Unigram = 1, Bpe = 2, Word = 3, Char = 4 } kind = Kind::Unigram;
  std::vector<SpmPiece> pieces;
  bool byte_fallback = false, mark_behind = false;
  std::string unk_surface = " \xE2\x81\x87 ", bos_piece = "<s>", eos_piece = "</s>";
  std::string normalizer, charsmap;
  bool dummy_prefix = true, remove_extra_spaces = true, escape_spaces = true;
};

SpmPiece read_piece(std::string_view bytes, const std::string& where) {
  SpmPiece piece;
  for (ProtobufReader in(bytes, where); in.next();) {
    if (in.field() == 1) {
      piece.text = in.utf8();
    } else if (in.field() == 2) {
      piece.score = in.real();
      if (!std::isfinite(piece.score)) in.fail("a score that is not finite");
    } else if (in.field() == 3) {
      if (in.integer() < 1 || in.integer() > 6) in.fail(fmt::format("a piece of type {}", in.integer()));
      piece.type = static_cast<PieceType>(in.integer());
    }
  }
  return piece;
}

void read_trainer_spec(std::string_view bytes, const std::string& where, SpmModel& model) {
  for (ProtobufReader in(bytes, where); in.next();) {
    switch (in.field()) {
      case 3:
        if (in.integer() < 1 || in.integer() > 4) in.fail(fmt::format("a model of type {}", in.integer()));
        model.kind = static_cast<SpmModel::Kind>(in.integer());
        break;
      case 24:
        model.mark_behind = in.boolean();
        break;
      case 35:
        model.byte_fallback = in.boolean();
        break;
      case 44:
        model.unk_surface = in.utf8();
        break;
      case 46:
        model.bos_piece = in.utf8();
        break;
      case 47:
        model.eos_piece = in.utf8();
        break;
    }
  }
}

void read_normalizer_spec(std::string_view bytes, const std::string& where, SpmModel& model) {
  for (ProtobufReader in(bytes, where); in.next();) {
    switch (in.field()) {
      case 1:
        model.normalizer = in.utf8();
        break;
      case 2:
        model.charsmap = in.text();
        break;
      case 3:
        model.dummy_prefix = in.boolean();
        break;
      case 4:
        model.remove_extra_spaces = in.boolean();
        break;
      case 5:
        model.escape_spaces = in.boolean();
        break;
    }
  }
}

SpmModel read_model(std::string_view bytes, const std::string& where) {
  SpmModel model;
  for (ProtobufReader in(bytes, where); in.next();) {
    if (in.field() == 1) {
      if (model.pieces.size() > kMaxTokenId) in.fail("too many pieces");
      model.pieces.push_back(read_piece(in.text(), fmt::format("{}: piece {}", where, model.pieces.size())));
    } else if (in.field() == 2) {
      read_trainer_spec(in.text(), where + ": trainer_spec", model);
    } else if (in.field() == 3) {
      read_normalizer_spec(in.text(), where + ": normalizer_spec", model);
    }
  }
  if (model.pieces.empty()) {
    throw Error(ErrorKind::InvalidModel, "{}: no pieces in it, so it is not a SentencePiece model", where);
  }
  const auto unsupported = [&where](std::string_view what) {
    throw Error(ErrorKind::Unsupported, "{}: SentencePiece models {} are not supported", where, what);
  };
  if (model.kind == SpmModel::Kind::Word || model.kind == SpmModel::Kind::Char) unsupported("of words or characters");
  if (model.mark_behind) unsupported("that mark spaces behind words");
  if (!model.escape_spaces) unsupported("that do not escape spaces");
  return model;
}

Vocabulary vocabulary_of(const SpmModel& model, const std::string& where) {
  Vocabulary out;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const std::string& text = model.pieces[id].text;
    if (text.empty() || !out.add(static_cast<TokenId>(id), text)) {
      throw Error(ErrorKind::InvalidModel, "{}: piece {} ('{}') is empty or stands twice", where, id, text);
    }
  }
  return out;
}

// A pair of pieces is joined when what they spell is a piece; of all pairs the one with the best score goes first.
std::vector<BpeMerge> merges_of(const SpmModel& model, const Vocabulary& surfaces, const std::string& where) {
  constexpr size_t kLongestPiece = 512;  // bytes; each is cut everywhere
  std::vector<TokenId> by_score;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    if (model.pieces[id].type == PieceType::Unused) {
      throw Error(ErrorKind::Unsupported, "{}: BPE with unused pieces is not supported", where);
    }
    if (model.pieces[id].type == PieceType::Normal) by_score.push_back(static_cast<TokenId>(id));
  }
  const auto piece = [&model](TokenId id) -> const SpmPiece& { return model.pieces[static_cast<size_t>(id)]; };
  std::stable_sort(by_score.begin(), by_score.end(),
                   [&](TokenId a, TokenId b) { return piece(a).score > piece(b).score; });
  std::vector<BpeMerge> merges;
  for (TokenId id : by_score) {
    const std::string_view text = piece(id).text;
    if (text.size() > kLongestPiece) {
      throw Error(ErrorKind::InvalidModel, "{}: piece {} has {} bytes, more than {}", where, id, text.size(),
                  kLongestPiece);
    }
    for (size_t cut = 1; cut < text.size(); ++cut) {
      if ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) continue;
      const TokenId left = surfaces.find(text.substr(0, cut)), right = surfaces.find(text.substr(cut));
      if (left < 0 || right < 0 || piece(left).type != PieceType::Normal || piece(right).type != PieceType::Normal)
        continue;
      merges.push_back({left, right, id});
      if (merges.size() >= MergeTable::kNone) {
        throw Error(ErrorKind::InvalidModel, "{}: its pieces can be joined in too many ways", where);
      }
    }
  }
  return merges;
}

std::shared_ptr<const TokenModel> model_of(const SpmModel& model, bool has_symbols, const std::string& where) {
  Vocabulary surfaces = vocabulary_of(model, where);
  TokenId unk_id = -1;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    if (model.pieces[id].type == PieceType::Unknown) unk_id = static_cast<TokenId>(id);
  }
  if (model.kind == SpmModel::Kind::Bpe) {
    std::vector<BpeMerge> merges = merges_of(model, surfaces, where);
    return std::make_shared<CharBpeModel>(
        std::move(surfaces), std::move(merges),
        CharBpeOptions{.unk_token = unk_id < 0 ? "" : model.pieces[size_t(unk_id)].text,
                       .fuse_unk = true,
                       .byte_fallback = model.byte_fallback,
                       .ignore_merges = has_symbols});
  }
  std::vector<double> scores;
  for (const SpmPiece& piece : model.pieces) scores.push_back(piece.score);
  return std::make_shared<UnigramModel>(std::move(surfaces), std::move(scores), unk_id, model.byte_fallback);
}

// Symbols the user asked for are one token wherever they stand; a pattern that isolates them. "" without any.
std::string symbol_pattern(const SpmModel& model) {
  std::vector<std::string> symbols;
  for (const SpmPiece& piece : model.pieces) {
    if (piece.type == PieceType::UserDefined) symbols.push_back(piece.text);
  }
  std::stable_sort(symbols.begin(), symbols.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  std::string pattern;
  for (const std::string& symbol : symbols) {
    if (!pattern.empty()) pattern += '|';
    for (size_t i = 0; i < symbol.size();) {
      if (symbol[i] == ' ') {
        pattern += kSpaceMark;
        ++i;
        continue;
      }
      if (std::string_view(R"(\^$.|?*+()[]{}-#&~/)").find(symbol[i]) != std::string_view::npos) pattern += '\\';
      pattern += symbol[i++];
    }
  }
  return pattern;
}

// The prefix comes before a text that begins with a space, too. (Otherwise such a space is removed first, which comes
// to the same as not adding another: Metaspace's way.)
bool prepends_always(const SpmModel& model) { return model.dummy_prefix && !model.remove_extra_spaces; }

Json normalizer_of(const SpmModel& model) {
  Json steps = Json::array();
  if (!model.charsmap.empty()) {
    // SentencePiece looks for the longest text its map replaces, Hugging Face tokenizers at each grapheme cluster;
    // composed first, sequences of marks come out the same.
    if (model.normalizer.find("nfkc") != std::string::npos) steps.push_back({{"type", "NFC"}});
    steps.push_back({{"type", "Precompiled"}, {"precompiled_charsmap", encode_base64(model.charsmap)}});
  }
  if (model.remove_extra_spaces) {
    steps.push_back({{"type", "Strip"}, {"strip_left", !model.dummy_prefix}, {"strip_right", true}});
    steps.push_back({{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", kSpaceMark}});
  }
  if (prepends_always(model)) {
    steps.push_back({{"type", "Prepend"}, {"prepend", kSpaceMark}});
    steps.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpaceMark}});
  }
  if (steps.empty()) return nullptr;
  return {{"type", "Sequence"}, {"normalizers", steps}};
}

Json pre_tokenizer_of(const SpmModel& model, const std::string& symbols) {
  const bool inner_mark = std::any_of(model.pieces.begin(), model.pieces.end(), [](const SpmPiece& piece) {
    return piece.text.find(kSpaceMark, 1) != std::string::npos;
  });
  const bool split = model.kind == SpmModel::Kind::Unigram && !inner_mark && symbols.empty();
  Json steps = Json::array();
  if (!prepends_always(model)) {
    steps.push_back({{"type", "Metaspace"},
                     {"replacement", kSpaceMark},
                     {"prepend_scheme", model.dummy_prefix ? "always" : "never"},
                     {"split", split}});
  } else if (split) {
    steps.push_back(
        {{"type", "Split"}, {"pattern", {{"String", kSpaceMark}}}, {"behavior", "MergedWithNext"}, {"invert", false}});
  }
  if (!symbols.empty()) {
    steps.push_back(
        {{"type", "Split"}, {"pattern", {{"Regex", symbols}}}, {"behavior", "Isolated"}, {"invert", false}});
  }
  if (steps.empty()) return nullptr;
  return {{"type", "Sequence"}, {"pretokenizers", steps}};
}

Json decoder_of(const SpmModel& model) {
  Json steps = Json::array();
  for (const SpmPiece& piece : model.pieces) {
    if (piece.type != PieceType::Unknown) continue;
    steps.push_back({{"type", "Replace"}, {"pattern", {{"String", piece.text}}}, {"content", model.unk_surface}});
  }
  steps.push_back({{"type", "Replace"}, {"pattern", {{"String", kSpaceMark}}}, {"content", " "}});
  steps.push_back({{"type", "ByteFallback"}});
  steps.push_back({{"type", "Fuse"}});
  if (model.dummy_prefix) steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  return {{"type", "Sequence"}, {"decoders", steps}};
}

}  // namespace

Tokenizer read_sentencepiece(std::string_view bytes, const std::string& where, const TokenizerExtras& extras) {
  const SpmModel model = read_model(bytes, where);
  const std::string symbols = symbol_pattern(model);
  TokenizerParts parts;
  parse_pre_tokenizer(pre_tokenizer_of(model, symbols).dump(), parts, where);
  parts.model = model_of(model, !symbols.empty(), where);
  parse_normalizer(normalizer_of(model).dump(), parts, where);
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const SpmPiece& piece = model.pieces[id];
    if (piece.type == PieceType::Control || piece.type == PieceType::Unknown)
      parts.added.push_back({.id = static_cast<TokenId>(id), .content = piece.text});
  }
  add_extra_tokens(extras, parts);
  parse_post_processor(template_json(extras, model.bos_piece, model.eos_piece, parts, where), parts, where);
  parse_decoder(decoder_of(model).dump(), parts, where);
  return finish_tokenizer(std::move(parts), where);
}

}  // namespace quern
