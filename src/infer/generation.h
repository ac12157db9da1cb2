// SPDX-License-Identifier: MIT
#pragma once
// A request under way: tokens are read from it as they come. The engine fills it in step(); both run on one thread for
// now, and everything that a reader on another thread would touch goes through this class.

#include <atomic>
#include <deque>
#include <exception>
#include <memory>

#include "infer/request.h"
#include "infer/stop_strings.h"
#include "text/tokenizer.h"

namespace quern {

class Generation {
 public:
  // The next token, or nothing when none has come since.
  std::optional<TokenEvent> next();
  bool done() const { return result_.finish != FinishReason::None; }
  void cancel() {  // takes effect before the engine's next step
    cancelled_ = true;
    *bell_ = true;
  }
  // What there is so far, all of it once done. Throws what went wrong when the request failed.
  const GenerationResult& result() const;

  // --- the engine's side ---
  // `bell` is rung by cancel(), so that an engine need not ask every request in every step.
  Generation(const Request& request, const Tokenizer& tokenizer, std::shared_ptr<std::atomic<bool>> bell);
  bool cancelled() const { return cancelled_; }
  // Takes a token; true when a stop token or stop string ended the text.
  bool push(SampledToken token);
  void finish(FinishReason reason);
  void fail(std::exception_ptr error);
  GenerationResult& mutable_result() { return result_; }

 private:
  std::vector<int32_t> stop_ids_;
  std::unique_ptr<StreamDecoder> decoder_;  // none without a tokenizer
  StopStrings stop_strings_;
  std::deque<TokenEvent> events_;
  GenerationResult result_;
  std::exception_ptr error_;
  std::shared_ptr<std::atomic<bool>> bell_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace quern
