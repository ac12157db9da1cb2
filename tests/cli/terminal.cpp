// SPDX-License-Identifier: MIT
#include "terminal.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace quern {

namespace {
constexpr auto kPatience = std::chrono::seconds(60);
}

Terminal::Terminal(const std::vector<std::string>& args, const fs::path& home) {
  std::vector<std::string> words{QUERN_BINARY};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const winsize size{.ws_row = 40, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
  child_ = ::forkpty(&fd_, nullptr, nullptr, &size);
  if (child_ == 0) {
    ::setenv("QUERN_HOME", home.c_str(), 1);
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
}

Terminal::~Terminal() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  ::close(fd_);
}

void Terminal::type(const std::string& keys) {
  for (size_t at = 0; at < keys.size();) {
    const ssize_t n = ::write(fd_, keys.data() + at, keys.size() - at);
    if (n <= 0) return;
    at += size_t(n);
  }
}

bool Terminal::read_some() {
  pollfd p{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&p, 1, 100) <= 0) return true;
  char buffer[4096];
  const ssize_t n = ::read(fd_, buffer, sizeof buffer);
  if (n <= 0) return false;
  screen_.append(buffer, size_t(n));
  return true;
}

bool Terminal::wait_for(const std::string& text) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    if (const size_t at = screen_.find(text, seen_); at != std::string::npos) {
      seen_ = at + text.size();
      return true;
    }
    if (std::chrono::steady_clock::now() > until || !read_some()) return false;
  }
}

int Terminal::wait_for_exit() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  while (::waitpid(child_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) return -1;
    if (!read_some()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  child_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace quern
