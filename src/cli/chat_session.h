// SPDX-License-Identifier: MIT
#pragma once
// A conversation, as the verb `run` holds it: what was said, and the commands that begin with a slash.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/chat_partner.h"

namespace quern {

class ChatSession {
 public:
  ChatSession(std::unique_ptr<ChatPartner> partner, SamplingFlags sampling, std::string system);

  // Asks, and hands the answer's pieces to `show` as they come; false from it ends the answer. A partner that was not
  // taught conversations continues the text instead.
  ChatAnswer ask(const std::string& text, const ChatPartner::Show& show);
  // The last question again, with the next seed. Nothing when there is none.
  std::optional<ChatAnswer> again(const ChatPartner::Show& show);

  // /system TEXT, /set NAME VALUE and so on; what is to be told to the user. Throws InvalidArgument, naming what there
  // is. `regenerate` is set where the last question is to be asked again, `quit` where the conversation ends.
  struct Reply {
    std::string text;
    bool regenerate = false, quit = false;
  };
  Reply command(const std::string& line);

  const ChatPartner& partner() const { return *partner_; }
  const std::vector<ChatMessage>& messages() const { return messages_; }
  const std::string& question() const { return last_question_; }  // the last one

 private:
  std::unique_ptr<ChatPartner> partner_;
  SamplingFlags sampling_;
  std::string system_;
  std::vector<ChatMessage> messages_;
  std::string last_question_;
  bool answered_ = false;                   // the last question was, and stands among the messages
  std::vector<AnsweredToken> last_tokens_;  // of the last answer, for /why
  uint64_t turn_ = 0;

  std::vector<ChatMessage> with_system(const std::string& system, const std::vector<ChatMessage>& messages) const;
  Reply edit(const std::string& text);
  Reply system(const std::string& text);
  std::string why();
  std::string set(const std::string& name, const std::string& value);
  void save(const std::string& path) const;
  void load(const std::string& path);
};

}  // namespace quern
