// SPDX-License-Identifier: MIT
#pragma once
// From tokens back to text: the steps of "decoder" in a tokenizer.json. Some work on each token, some hold tokens back,
// Fuse and ByteLevel join them to one; what follows these works on the whole text.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/regex_split.h"

namespace quern {

struct DecoderStep {
  enum class Kind {
    Replace,       // `regex`, or `literal` when that is null, becomes `content`
    ByteFallback,  // a run of "<0x0A>" becomes the bytes; when they are not UTF-8, one U+FFFD for each
    Strip,         // up to `start` and `stop` times `content` at the ends
    Metaspace,     // `literal` becomes a space, and nothing in the first token (unless `keep_first`)
    WordPiece,     // a space before a token without the prefix `literal`, which goes; `cleanup` of English spacing
    Suffix,        // `literal` becomes a space, and nothing in the last token
    Ctc,           // repeated tokens once, `literal` goes; `cleanup`, with `content` for a space
    Fuse,          // joined
    ByteLevel,     // joined as bytes of the byte-level alphabet
  } kind = Kind::Fuse;
  std::string literal, content;
  std::shared_ptr<const Regex> regex;
  size_t start = 0, stop = 0;
  bool keep_first = false, cleanup = false;
};

class Decoder {
 public:
  Decoder() = default;
  explicit Decoder(std::vector<DecoderStep> steps) : steps_(std::move(steps)) {}
  const std::vector<DecoderStep>& steps() const { return steps_; }

  // Bytes that a token stands for in the middle of a text.
  std::string piece_of(std::string_view token) const;

 private:
  std::vector<DecoderStep> steps_;
};

// Tokens in, text out, as soon as it can't change any more. The decoder must outlive it.
class DecoderRun {
 public:
  explicit DecoderRun(const Decoder& decoder);
  void push(std::string_view token, std::string& out);
  void finish(std::string& out);

 private:
  struct Stage {
    const DecoderStep* step;
    size_t index = 0;      // tokens seen
    bool holds = false;    // `held` is a token (Suffix, Ctc)
    std::string held;      // a token, or bytes not yet decoded
    bool at_start = true;  // Strip on the whole text: nothing but what is stripped has been seen
    size_t stripped = 0;
  };
  std::vector<Stage> each_;  // steps that work token by token
  const DecoderStep* join_ = nullptr;
  std::vector<Stage> strips_;      // Strip steps on the whole text
  std::vector<DecoderStep> rest_;  // steps that need the whole text at once
  std::string pending_;            // ByteLevel: bytes of an unfinished character
  std::string whole_;              // for rest_

  void feed(size_t stage, std::string token, std::string& out);
  void flush(size_t stage, std::string& out);
  void join(std::string_view token, std::string& out);
  void strip(size_t stage, std::string text, std::string& out);
};

// Moves what is whole characters from `bytes` to `out`; an ill-formed part becomes U+FFFD.
void take_whole_characters(std::string& bytes, std::string& out);

}  // namespace quern
