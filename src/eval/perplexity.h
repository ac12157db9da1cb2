// SPDX-License-Identifier: MIT
#pragma once
// How well a model predicts a text: perplexity, exp(mean -log p(token)), and bits per byte, which does not depend on
// the tokenizer: sum of -log2 p over the bytes of the text.
//
// A number without its protocol says little; these are known here:
//   sliding    each document apart; windows of `context` tokens that begin `stride` (half of it) tokens apart. Each
//              token is counted once, in the first window that holds it, so that it is predicted from at least context
//              - stride tokens where there are as many.
//   windows    the same with windows side by side: the cheapest, and the highest
//   llama.cpp  the whole text as one row of tokens, windows side by side, the second half of each counted, what does
//              not fill a window left out; a begin-of-text token, if the tokenizer adds one, stands in the place of
//              each window's first token (llama.cpp, tools/perplexity)

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "eval/interval.h"
#include "models/causal_lm.h"

namespace quern {

class TokenStore;

struct PerplexityOptions {
  int64_t context = 0;          // tokens per window; 0: what the model was made for
  int64_t stride = 0;           // 0: half of the context; `context`: windows side by side, the cheapest
  int64_t batch_tokens = 8192;  // of one pass of the model
  int32_t start_id = -1;  // stands before each document, so that its first token is predicted too; -1: that one is
                          // not counted
  std::function<bool(int64_t done_tokens)> on_progress;  // false: stop; what was done counts
};

struct DocumentScore {
  double nll = 0;       // nats, all counted tokens
  double text_nll = 0;  // nats, of tokens that stand for bytes of the text: end-of-text marks are left out
  int64_t tokens = 0, bytes = 0;
};

struct PerplexityResult {
  DocumentScore total;
  int64_t documents = 0;
  bool stopped = false;
  // 95 %, as documents vary (delta method for a ratio of sums); none below two documents.
  bool has_interval = false;
  Interval perplexity_interval, bits_per_byte_interval;

  double perplexity() const;
  double bits_per_byte() const;
  double loss() const { return total.tokens ? total.nll / double(total.tokens) : 0; }  // nats per token
};

// Scores documents as they are added. The model's weights may be in training: nothing is recorded.
class PerplexityMeter {
 public:
  // token_bytes[id]: UTF-8 bytes that a token stands for; 0 for special ones.
  PerplexityMeter(const CausalLm& model, std::vector<uint16_t> token_bytes, PerplexityOptions options = {});
  // False when the progress function asked to stop.
  bool add(std::span<const int32_t> document);
  // By llama.cpp's protocol; every window counts as a document of its own. bos_id -1: none. Throws InvalidData for less
  // than a window.
  bool add_second_halves(std::span<const int32_t> text, int32_t bos_id);
  PerplexityResult result();
  const PerplexityOptions& options() const { return options_; }  // context and stride as they are used

 private:
  struct Window {
    size_t document;
    std::vector<int32_t> ids;
    size_t first_counted;  // labels before it were counted in an earlier window
  };
  const CausalLm& model_;
  std::vector<uint16_t> token_bytes_;
  PerplexityOptions options_;
  std::vector<Window> pending_;
  int64_t pending_tokens_ = 0, done_ = 0;
  std::vector<DocumentScore> scores_;
  bool stopped_ = false;

  bool push(Window window);
  void run_pending();
};

// Of tokens already made, document by document; a document's separator, if it has one, is predicted as its last token
// and stands before its first. At most `max_tokens` (0: all) in documents spread evenly over the store. Windows lie
// side by side unless options say otherwise.
PerplexityResult eval_bits_per_byte(const CausalLm& model, const TokenStore& store, int64_t max_tokens = 0,
                                    PerplexityOptions options = {});

}  // namespace quern
