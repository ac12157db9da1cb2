// SPDX-License-Identifier: MIT
#pragma once
// A conversation with a model, as the verb `run` holds it: what was said, and the commands that begin with a slash.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/sampling_options.h"
#include "infer/chat.h"
#include "infer/chat_format.h"
#include "infer/engine.h"

namespace quern {

class ChatSession {
 public:
  ChatSession(LoadedModel model, SamplingFlags sampling, EngineOptions options, std::string system);

  // Asks, and hands the answer's pieces to `show` as they come; false from it ends the answer. A model that was not
  // taught conversations continues the text instead.
  GenerationResult ask(const std::string& text, const std::function<bool(const std::string&)>& show);
  // The last question again, with the next seed. Nothing when there is none.
  std::optional<GenerationResult> again(const std::function<bool(const std::string&)>& show);

  // /system TEXT, /set NAME VALUE and so on; what is to be told to the user. Throws InvalidArgument, naming what there
  // is. `regenerate` is set where the last question is to be asked again, `quit` where the conversation ends.
  struct Reply {
    std::string text;
    bool regenerate = false, quit = false;
  };
  Reply command(const std::string& line);

  bool knows_chat() const { return format_.has_value(); }
  // Does the model's template begin each answer inside a thought?
  bool starts_thinking() const { return starts_thinking_; }
  const LoadedModel& model() const { return model_; }

 private:
  LoadedModel model_;
  SamplingFlags sampling_;
  Engine engine_;
  std::string system_;
  std::vector<ChatMessage> messages_;
  std::string last_question_;
  std::optional<ChatFormat> format_;  // nothing: the model was not taught conversations
  bool starts_thinking_ = false;
  std::vector<SampledToken> last_tokens_;  // of the last answer, for /why
  uint64_t turn_ = 0;

  std::vector<ChatMessage> with_system() const;
  ChatTemplateInput conversation(bool add_generation_prompt) const;
  std::vector<int32_t> prompt_for(const std::string& text);
  std::string why() const;
  std::string set(const std::string& name, const std::string& value);
  void save(const std::string& path) const;
  void load(const std::string& path);
};

}  // namespace quern
