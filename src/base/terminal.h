// SPDX-License-Identifier: MIT
#pragma once
// What a person sees in a terminal: colour when it is wanted (a terminal, NO_COLOR not set), width, a progress line
// that rewrites itself on a terminal and becomes plain occasional lines in a file. All of it goes to standard error.

#include <chrono>
#include <string>
#include <string_view>

namespace quern {

bool is_terminal(int fd);
bool use_color(int fd);                    // terminal, and NO_COLOR is not set
int terminal_width();                      // columns; 80 when unknown
int display_width(std::string_view utf8);  // columns taken: wide characters count two
std::string paint(std::string_view text, std::string_view style,
                  int fd = 2);  // style: bold dim red green yellow blue cyan

std::string format_duration(double seconds);  // "3m 20s"
std::string format_count(double n);           // "1.24 M"

// Messages for people, on standard error. `warn` is prefixed and yellow on a terminal.
void say(std::string_view line);
void warn(std::string_view line);

class Progress {
 public:
  explicit Progress(double plain_interval_s = 10.0);
  ~Progress();
  void update(std::string_view line);  // cheap to call often: redraws at most ten times a second
  void print(std::string_view line);   // a line that stays, above the moving one
  void finish();

 private:
  bool terminal_, drawn_ = false;
  double plain_interval_s_;
  std::chrono::steady_clock::time_point last_{};
  std::string pending_;
  void draw(std::string_view line);
};

// First Ctrl-C (or SIGTERM) asks to stop, the second ends the process with status 130. Poll stop_requested().
void install_interrupt_handler();
bool stop_requested();
void clear_stop_request();

}  // namespace quern
