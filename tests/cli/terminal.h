// SPDX-License-Identifier: MIT
#pragma once
// The built program on a pseudo-terminal, as a person has it before them.

#include <string>
#include <vector>

#include "base/files.h"

namespace quern {

class Terminal {
 public:
  // quern ARGS..., with `home` as QUERN_HOME.
  Terminal(const std::vector<std::string>& args, const fs::path& home);
  ~Terminal();  // ends the program if it still runs
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& keys);
  // Waits until `text` has come after what was waited for before. False after a minute, or when the program ended.
  bool wait_for(const std::string& text);
  int wait_for_exit();                                   // the exit status; -1 after a minute
  const std::string& screen() const { return screen_; }  // everything that came, escape sequences included

 private:
  int fd_ = -1;
  int child_ = -1;
  std::string screen_;
  size_t seen_ = 0;
  bool read_some();  // false: nothing came for a while, or the end
};

}  // namespace quern
