// SPDX-License-Identifier: MIT
#include "infer/generation.h"

#include <algorithm>

#include "base/error.h"

namespace quern {

std::string_view name_of(FinishReason reason) {
  switch (reason) {
    case FinishReason::Stop:
      return "stop";
    case FinishReason::Length:
      return "length";
    case FinishReason::Cancelled:
      return "cancelled";
    case FinishReason::Failed:
      return "failed";
    case FinishReason::None:
      break;
  }
  return "none";
}

Generation::Generation(const Request& request, const Tokenizer& tokenizer, std::shared_ptr<std::atomic<bool>> bell)
    : stop_ids_(request.stop_ids), stop_strings_(request.stop), bell_(std::move(bell)) {
  if (tokenizer.valid())
    decoder_ = std::make_unique<StreamDecoder>(tokenizer, request.skip_special);
  else if (!request.stop.empty())
    throw Error(ErrorKind::InvalidArgument, "stop strings need a tokenizer, this model has none");
  result_.prompt_tokens = int64_t(request.prompt.size());
}

std::optional<TokenEvent> Generation::next() {
  if (events_.empty()) return std::nullopt;
  TokenEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

const GenerationResult& Generation::result() const {
  if (error_) std::rethrow_exception(error_);
  return result_;
}

bool Generation::push(SampledToken token) {
  TokenEvent event{.id = token.id, .text = {}, .logprob = token.logprob, .top = token.top};
  result_.ids.push_back(token.id);
  result_.tokens.push_back(std::move(token));
  bool ended = std::ranges::find(stop_ids_, event.id) != stop_ids_.end();
  if (!ended && decoder_) {
    StopStrings::Output out = stop_strings_.push(decoder_->push(event.id));
    event.text = std::move(out.text);
    if (out.stopped) {
      result_.stop = std::move(out.stop);
      ended = true;
    }
  }
  result_.text += event.text;
  events_.push_back(std::move(event));
  return ended;
}

void Generation::finish(FinishReason reason) {
  if (decoder_ && !stop_strings_.stopped()) {
    StopStrings::Output out = stop_strings_.push(decoder_->finish());
    std::string rest = std::move(out.text);
    if (out.stopped) {
      result_.stop = std::move(out.stop);
      reason = FinishReason::Stop;
    } else {
      rest += stop_strings_.finish();
    }
    result_.text += rest;
    if (!rest.empty() && !events_.empty()) {
      events_.back().text += rest;
    } else if (!rest.empty()) {  // the reader has taken all tokens: what was held back comes as an event of its own
      events_.push_back({.id = -1, .text = std::move(rest), .logprob = 0, .top = {}});
    }
  }
  result_.finish = reason;
}

void Generation::fail(std::exception_ptr error) {
  error_ = std::move(error);
  result_.finish = FinishReason::Failed;
}

}  // namespace quern
