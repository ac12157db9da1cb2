// SPDX-License-Identifier: MIT
#pragma once
// A server that speaks OpenAI's chat API as partner of a conversation: POST .../chat/completions with "stream": true,
// answered by server-sent events (platform.openai.com/docs/api-reference/chat; html.spec.whatwg.org, "Server-sent
// events").

#include "base/files.h"
#include "base/json.h"
#include "cli/chat_partner.h"

namespace quern {

struct RemoteModel {
  std::string url;    // with or without /v1
  std::string model;  // empty: the server's only one
  std::string key;    // sent as a bearer token
};

// The data of each event out of a stream of bytes. Events may be cut anywhere between two pieces.
class EventReader {
 public:
  // The events that are complete now. Throws InvalidData for one beyond 16 MiB.
  std::vector<std::string> push(std::string_view bytes);
  // What a stream that ends without an empty line leaves.
  std::vector<std::string> finish();

 private:
  std::string line_, data_;
  bool any_data_ = false;
  void end_line(std::vector<std::string>& events);
};

class RemotePartner final : public ChatPartner {
 public:
  // Asks the server which models it has if none is named. Throws Io, NotFound, InvalidArgument.
  explicit RemotePartner(RemoteModel remote);

  std::string introduction() const override;
  ChatAnswer answer(std::span<const ChatMessage> messages, const SamplingFlags& sampling, uint64_t turn,
                    const Show& show) override;
  void check(const SamplingFlags& sampling) const override;
  std::string settings(const SamplingFlags& sampling) const override;
  std::string tokens_used(std::span<const ChatMessage> messages) const override;
  void require_readable(std::span<const ChatMessage>) const override {}  // the server will say
  std::string why_not() override;

 private:
  RemoteModel remote_;
  bool wants_probabilities_ = false;  // asked for once /why was
  int64_t last_tokens_ = 0;           // of the last prompt and answer, as the server counts

  Json request_json(std::span<const ChatMessage> messages, const SamplingFlags& sampling, uint64_t turn) const;
};

// Addresses below what the user gave: "http://h:1" and "http://h:1/v1/" -> "http://h:1/v1/chat/completions".
std::string api_address(std::string base, const std::string& leaf);
// The first line of a file. Throws NotFound, InvalidData when it is empty.
std::string read_key(const fs::path& file);

}  // namespace quern
