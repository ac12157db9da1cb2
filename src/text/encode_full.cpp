// SPDX-License-Identifier: MIT
// Encoding with everything that can be said about each token. The slow, obvious way; encode() must give the same ids.
#include "base/error.h"
#include "text/aligned_text.h"
#include "text/tokenizer.h"
#include "text/tokenizer_state.h"
#include "text/unicode.h"

namespace quern {
namespace {

class FullEncoder {
 public:
  FullEncoder(const TokenizerState& state, std::string_view utf8, uint8_t type_id)
      : state_(state), text_(to_valid_utf8(utf8)), lease_(state.scratch), type_id_(type_id) {
    if (text_.size() >= UINT32_MAX) {
      throw Error(ErrorKind::Unsupported, "offsets of a text of {} bytes; cut it, or encode without offsets",
                  text_.size());
    }
    // Number of code points that begin before each byte.
    code_points_.resize(text_.size() + 1);
    uint32_t count = 0;
    for (size_t i = 0; i < text_.size(); ++i) {
      code_points_[i] = count;
      count += i + 1 == text_.size() || (static_cast<unsigned char>(text_[i + 1]) & 0xC0) != 0x80;
    }
    code_points_[text_.size()] = count;
  }

  Encoding run(bool parse_special) {
    std::vector<TextSegment> segments;
    if (!text_.empty()) state_.written.split(text_, parse_special, segments);
    for (const TextSegment& segment : segments) {
      AlignedText piece(std::string_view(text_).substr(segment.begin, segment.end - segment.begin), segment.begin);
      if (segment.token != nullptr) {
        add(segment.token->id, piece.text, piece.range_of(0, piece.text.size()));
        continue;
      }
      state_.normalizer.apply_aligned(piece);
      std::vector<TextSegment> inner;
      if (!piece.text.empty()) state_.normalized.split(piece.text, parse_special, inner);
      for (const TextSegment& part : inner) {
        const AlignedText slice = piece.slice(part.begin, part.end);
        if (part.token != nullptr) {
          add(part.token->id, slice.text, slice.range_of(0, slice.text.size()));
        } else {
          cut(slice, 0);
        }
      }
    }
    return std::move(encoding_);
  }

 private:
  const TokenizerState& state_;
  std::string text_;
  std::vector<uint32_t> code_points_;
  ScratchPool::Lease lease_;
  Encoding encoding_;
  std::vector<ModelToken> tokens_;
  uint8_t type_id_;

  void add(TokenId id, std::string token, SourceRange range) {
    encoding_.ids.push_back(id);
    encoding_.tokens.push_back(std::move(token));
    encoding_.offsets.emplace_back(code_points_[range.begin], code_points_[range.end]);
    encoding_.special_mask.push_back(0);
    encoding_.type_ids.push_back(type_id_);
  }

  void add_word(const AlignedText& word) {
    tokens_.clear();
    state_.model->tokenize(word.text, *lease_, tokens_);
    for (const ModelToken& token : tokens_) {
      const std::string_view text = token.spelled
                                        ? std::string_view(word.text).substr(token.begin, token.end - token.begin)
                                        : state_.model->surfaces().text_of(token.id);
      add(token.id, std::string(text), word.range_of(token.begin, token.end));
    }
  }

  void cut(const AlignedText& text, size_t stage) {
    const PreTokenizer& pre = state_.pre_tokenizer;
    if (stage == pre.stages.size()) {
      if (!text.text.empty()) add_word(text);
      return;
    }
    if (pre.stages[stage].transforms()) {
      AlignedText changed = text;
      transform_aligned(pre.stages[stage], changed);
      return cut(changed, stage + 1);
    }
    auto piece = [&](const char* begin, const char* end) {
      cut(text.slice(static_cast<size_t>(begin - text.text.data()), static_cast<size_t>(end - text.text.data())),
          stage + 1);
    };
    pre.run(stage, stage + 1, text.text, piece);
  }
};

}  // namespace

Encoding Tokenizer::encode_full(std::string_view utf8, EncodeOptions options) const {
  std::vector<Encoding> parts(1);
  parts[0] = FullEncoder(*state_, utf8, 0).run(options.parse_special);
  return state_->post_processor.apply(std::move(parts), options.add_special);
}

Encoding Tokenizer::encode_pair(std::string_view first, std::string_view second, EncodeOptions options) const {
  std::vector<Encoding> parts(2);
  parts[0] = FullEncoder(*state_, first, 0).run(options.parse_special);
  parts[1] = FullEncoder(*state_, second, 1).run(options.parse_special);
  return state_->post_processor.apply(std::move(parts), options.add_special);
}

}  // namespace quern
