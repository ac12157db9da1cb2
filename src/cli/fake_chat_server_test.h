// SPDX-License-Identifier: MIT
#pragma once
// A server on the loopback address for tests: answers POSTs with the pieces it is given, and GETs with a list.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace quern::testing_chat {

struct Script {
  int status = 200;
  std::string type = "text/event-stream";
  std::vector<std::string> pieces;  // sent one by one
  int pause_ms = 0;                 // after each
  bool endless = false;             // the last piece again and again, until the client goes
};

struct Heard {
  std::string method, path, head, body;
};

// A chunk of a streamed answer as the API writes it.
inline std::string event_of(const std::string& content) {
  return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + content + "\"},\"finish_reason\":null}]}\n\n";
}
inline const char* const kDone =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n";

class FakeChatServer {
 public:
  FakeChatServer() {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    QUERN_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "no port");
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    ::listen(listener_, 16);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeChatServer() {
    stop_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    ::close(listener_);
    thread_.join();
  }
  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  void answer_with(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  void set_models(std::string json) {
    const std::lock_guard lock(mutex_);
    models_ = std::move(json);
  }
  std::vector<Heard> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  bool client_left() const { return client_left_; }  // in the midst of an answer

 private:
  int listener_ = -1, port_ = 0;
  std::atomic<bool> stop_ = false, client_left_ = false;
  std::thread thread_;
  mutable std::mutex mutex_;
  Script script_;
  std::string models_ = R"({"data":[{"id":"tiny"}]})";
  std::vector<Heard> heard_;

  void serve() {
    while (!stop_) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) break;
      handle(connection);
      ::shutdown(connection, SHUT_RDWR);
      ::close(connection);
    }
  }

  static bool send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(size_t(n));
    }
    return true;
  }

  static size_t length_of(const std::string& head) {
    for (size_t at = 0; at != std::string::npos; at = head.find('\n', at + 1))
      if (::strncasecmp(head.c_str() + at + 1, "content-length:", 15) == 0)
        return size_t(std::stoul(head.substr(at + 16)));
    return 0;
  }

  void handle(int connection) {
    std::string request;
    char buffer[4096];
    size_t end = std::string::npos;
    while (end == std::string::npos || request.size() < end + 4 + length_of(request.substr(0, end))) {
      const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
      if (n <= 0) return;
      request.append(buffer, size_t(n));
      end = request.find("\r\n\r\n");
    }
    const size_t first = request.find(' '), second = request.find(' ', first + 1);
    Script script;
    {
      const std::lock_guard lock(mutex_);
      heard_.push_back({request.substr(0, first), request.substr(first + 1, second - first - 1), request.substr(0, end),
                        request.substr(end + 4)});
      script = script_;
      if (heard_.back().method == "GET") script = {.type = "application/json", .pieces = {models_}};
    }
    send_all(connection,
             fmt::format("HTTP/1.1 {} X\r\nContent-Type: {}\r\nConnection: close\r\n\r\n", script.status, script.type));
    for (size_t i = 0; i < script.pieces.size() && !stop_;) {
      if (!send_all(connection, script.pieces[i])) {
        client_left_ = true;
        return;
      }
      if (script.pause_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(script.pause_ms));
      if (!script.endless || i + 1 < script.pieces.size()) ++i;
    }
  }
};

}  // namespace quern::testing_chat
