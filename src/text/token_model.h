// SPDX-License-Identifier: MIT
#pragma once
// The part of a tokenizer that turns words into ids. A new kind of model is a class here and a row in model_json.cpp.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/pre_tokenizer.h"
#include "text/tokenizer.h"
#include "text/vocabulary.h"

namespace quern {

struct EncodeScratch;  // encode_scratch.h

// A growing array of ids that is written through plain pointers.
class IdSink {
 public:
  explicit IdSink(std::vector<TokenId>& out) : out_(out), at_(out.data() + out.size()), limit_(at_) {}
  ~IdSink() { out_.resize(static_cast<size_t>(at_ - out_.data())); }
  IdSink(const IdSink&) = delete;
  IdSink& operator=(const IdSink&) = delete;
  // A place for at least `count` ids; what was written is told with advance_to().
  TokenId* room(size_t count) {
    if (static_cast<size_t>(limit_ - at_) < count) grow(count);
    return at_;
  }
  void advance_to(TokenId* end) { at_ = end; }
  void push(TokenId id) { *room(1) = id, ++at_; }

 private:
  std::vector<TokenId>& out_;
  TokenId *at_, *limit_;
  void grow(size_t count) {
    const auto used = static_cast<size_t>(at_ - out_.data());
    out_.resize(used + count + used / 2 + 64);
    at_ = out_.data() + used;
    limit_ = out_.data() + out_.size();
  }
};

struct ModelToken {
  TokenId id;
  size_t begin, end;     // bytes of the word it stands for
  bool spelled = false;  // its text in an Encoding is those bytes, not the vocabulary's entry (an unknown part)
};

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual const Vocabulary& surfaces() const = 0;  // tokens as written in tokenizer.json
  // Appends the tokens of one word.
  virtual void tokenize(std::string_view word, EncodeScratch& scratch, std::vector<ModelToken>& out) const = 0;
  // Appends the ids of a text, cut into words by stages [first, end) of `pre`. The same ids as tokenize(), fast.
  virtual void encode(std::string_view text, const PreTokenizer& pre, size_t first_stage, EncodeScratch& scratch,
                      IdSink& out) const = 0;
  // A model that never finds these tokens in a text (special ones, which no user's text may spell), or null where it
  // can't find them anyway.
  virtual std::shared_ptr<const TokenModel> hiding(const std::vector<TokenId>&) const { return nullptr; }
  // No token holds `left` followed by `right`, and a text cut between them has the same ids. Used to cut long texts.
  virtual bool separates(char32_t left, char32_t right) const {
    (void)left, (void)right;
    return false;
  }
  // The value of "model" in tokenizer.json.
  virtual void write_json(std::string& out) const = 0;
};

}  // namespace quern
