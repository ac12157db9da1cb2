// SPDX-License-Identifier: MIT
#pragma once
// A hub on the loopback address for tests: serves what it is given, and misbehaves as it is told.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"

namespace quern::testing_hub {

struct Served {
  std::string body;
  int status = 200;
  std::string location;     // of a redirect
  bool ranges = true;       // honours Range
  size_t drop_after = 0;    // closes the connection after so many bytes of each answer; 0: never
  int failures = 0;         // so many times 503 first
  std::string needs_token;  // 401 without it
  std::string etag;
};

struct Asked {
  std::string path, headers;
};

class FakeHub {
 public:
  FakeHub() {
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
  ~FakeHub() {
    stop_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    ::close(listener_);
    thread_.join();
  }
  std::string url(const std::string& host = "127.0.0.1") const { return fmt::format("http://{}:{}", host, port_); }
  void put(const std::string& path, Served served) {
    const std::lock_guard lock(mutex_);
    served_[path] = std::move(served);
  }
  std::vector<Asked> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  size_t times_asked(const std::string& path) const {
    size_t n = 0;
    for (const Asked& a : asked()) n += a.path == path;
    return n;
  }

 private:
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::map<std::string, Served> served_;
  std::vector<Asked> asked_;

  void serve() {
    while (!stop_) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) break;
      std::string request;
      char buffer[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
        if (n <= 0) break;
        request.append(buffer, size_t(n));
      }
      answer(connection, request);
      ::shutdown(connection, SHUT_RDWR);
      ::close(connection);
    }
  }

  static void send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(size_t(n));
    }
  }

  void answer(int connection, const std::string& request) {
    const std::string path = request.substr(4, request.find(' ', 4) - 4);
    Served s;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back({path, request});
      const auto it = served_.find(path);
      if (it == served_.end()) {
        s.status = 404;
      } else {
        s = it->second;
        if (it->second.failures > 0) --it->second.failures, s = Served{.body = "busy", .status = 503};
      }
    }
    if (!s.needs_token.empty() && request.find("Bearer " + s.needs_token) == std::string::npos)
      s = Served{.status = 401};
    size_t from = 0;
    std::string head;
    if (const size_t at = request.find("Range: bytes="); at != std::string::npos && s.ranges && s.status == 200) {
      from = size_t(std::stoul(request.substr(at + 13)));
      const size_t mark = request.find("If-Range: ");
      const bool same = mark == std::string::npos || request.compare(mark + 10, s.etag.size(), s.etag) == 0;
      if (!same) {
        from = 0;
      } else if (from >= s.body.size()) {
        s = Served{.status = 416};
        from = 0;
      } else {
        s.status = 206;
        head += fmt::format("Content-Range: bytes {}-{}/{}\r\n", from, s.body.size() - 1, s.body.size());
      }
    }
    if (!s.location.empty()) head += "Location: " + s.location + "\r\n";
    if (!s.etag.empty()) head += "ETag: " + s.etag + "\r\n";
    const std::string_view body = std::string_view(s.body).substr(from);
    send_all(connection, fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n", s.status,
                                     body.size(), head));
    send_all(connection, s.drop_after > 0 ? body.substr(0, s.drop_after) : body);
  }
};

}  // namespace quern::testing_hub
