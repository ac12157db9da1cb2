// SPDX-License-Identifier: MIT
#pragma once
// A question to a server whose answer comes in pieces.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace quern {

struct HttpPost {
  std::string url, body;
  std::vector<std::string> headers;  // "Content-Type: application/json"
  std::string token;                 // sent as a bearer token; empty: none
  double stall_s = 600;              // without a byte: the connection is taken for dead
};

struct HttpReply {
  long status = 0;
  std::string content_type;
  std::string error;     // of a status that is no success: what the server wrote, at most 64 KiB
  bool stopped = false;  // by `take` or Ctrl-C
};

// Hands a successful answer's bytes to `take` as they come; false from it ends the transfer, and so does Ctrl-C.
// Redirects are not followed. Throws InvalidArgument (the address), Io (connection, certificate), and what `take`
// throws.
HttpReply http_post(const HttpPost& post, const std::function<bool(std::string_view bytes)>& take);

// An address without the user name and password that may stand in it, for messages.
std::string shown_url(const std::string& url);

}  // namespace quern
