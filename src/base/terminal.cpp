// SPDX-License-Identifier: MIT
#include "base/terminal.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace quern {

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

bool use_color(int fd) {
  const char* off = std::getenv("NO_COLOR");
  return is_terminal(fd) && !(off && *off);
}

int terminal_width() {
  winsize size{};
  for (int fd : {2, 1, 0})
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

int display_width(std::string_view s) {
  int width = 0;
  for (size_t i = 0; i < s.size();) {
    const unsigned char c = static_cast<unsigned char>(s[i]);
    const size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (c == 0x1B) {  // an escape sequence takes no room
      while (i < s.size() && s[i] != 'm') ++i;
      ++i;
      continue;
    }
    uint32_t cp = c;
    if (length == 3 && i + 2 < s.size())
      cp = (c & 0xFu) << 12 | (uint32_t(s[i + 1]) & 0x3F) << 6 | (uint32_t(s[i + 2]) & 0x3F);
    const bool wide = length == 4 || (cp >= 0x1100 && cp <= 0x115F) || (cp >= 0x2E80 && cp <= 0xA4CF) ||
                      (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0xF900 && cp <= 0xFAFF) ||
                      (cp >= 0xFF00 && cp <= 0xFF60);
    width += wide ? 2 : 1;
    i += length;
  }
  return width;
}

std::string paint(std::string_view text, std::string_view style, int fd) {
  if (!use_color(fd)) return std::string(text);
  static constexpr std::array<std::pair<std::string_view, const char*>, 8> codes{{{"bold", "1"},
                                                                                  {"dim", "2"},
                                                                                  {"red", "31"},
                                                                                  {"green", "32"},
                                                                                  {"yellow", "33"},
                                                                                  {"blue", "34"},
                                                                                  {"magenta", "35"},
                                                                                  {"cyan", "36"}}};
  for (const auto& [name, code] : codes)
    if (name == style) return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  return std::string(text);
}

std::string format_duration(double s) {
  if (!(s >= 0) || s > 1e9) return "-";
  if (s < 9.95) return fmt::format("{:.1f}s", s);
  const int64_t t = std::llround(s);
  if (t < 60) return fmt::format("{}s", t);
  if (t < 3600) return fmt::format("{}m {:02}s", t / 60, t % 60);
  return fmt::format("{}h {:02}m", t / 3600, t % 3600 / 60);
}

std::string format_count(double n) {
  const char* units[] = {"", " k", " M", " G", " T", " P", " E"};
  int u = 0;
  while (std::abs(n) >= 999.5 && u < 6) n /= 1000, ++u;
  return u == 0 ? fmt::format("{:.0f}", n) : fmt::format("{:.3g}{}", n, units[u]);
}

void say(std::string_view line) { fmt::print(stderr, "{}\n", line); }
void warn(std::string_view line) { fmt::print(stderr, "{} {}\n", paint("warning:", "yellow"), line); }

Progress::Progress(double plain_interval_s) : terminal_(is_terminal(2)), plain_interval_s_(plain_interval_s) {}
Progress::~Progress() { finish(); }

void Progress::draw(std::string_view line) {
  if (!terminal_) {
    fmt::print(stderr, "{}\n", line);
    return;
  }
  std::string cut(line);
  while (!cut.empty() && display_width(cut) >= terminal_width()) cut.pop_back();
  fmt::print(stderr, "\r\x1b[K{}", cut);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::update(std::string_view line) {
  const auto now = std::chrono::steady_clock::now();
  const double since = std::chrono::duration<double>(now - last_).count();
  pending_ = line;
  if (since < (terminal_ ? 0.1 : plain_interval_s_)) return;
  last_ = now;
  draw(pending_);
  pending_.clear();
}

void Progress::print(std::string_view line) {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
  drawn_ = false;
  fmt::print(stderr, "{}\n", line);
}

void Progress::finish() {
  if (!pending_.empty()) draw(pending_);
  pending_.clear();
  if (drawn_) fmt::print(stderr, "\n");
  drawn_ = false;
}

namespace {
std::atomic<int> interrupts{0};
void on_interrupt(int) {
  if (interrupts.fetch_add(1) >= 1) ::_exit(130);
}
}  // namespace

void install_interrupt_handler() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}
bool stop_requested() { return interrupts.load(std::memory_order_relaxed) > 0; }
void clear_stop_request() { interrupts = 0; }

}  // namespace quern
