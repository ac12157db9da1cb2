// SPDX-License-Identifier: MIT
#include "cli/line_reader.h"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <iostream>

#include "base/terminal.h"

namespace quern {

struct LineReader::Impl {
  EditLine* editor = nullptr;
  History* history = nullptr;
  std::string history_file, prompt;

  static char* prompt_of(EditLine* editor) {
    void* self = nullptr;
    el_get(editor, EL_CLIENTDATA, &self);
    return static_cast<Impl*>(self)->prompt.data();
  }
};

LineReader::LineReader(std::filesystem::path history_file) : impl_(std::make_unique<Impl>()) {
  if (!is_terminal(0) || !is_terminal(1)) return;
  // Only the characters' encoding: numbers are still written with a point.
  if (const char* set = std::setlocale(LC_CTYPE, ""); !set || MB_CUR_MAX < 2) std::setlocale(LC_CTYPE, "C.UTF-8");
  Impl& i = *impl_;
  i.editor = el_init("quern", stdin, stdout, stderr);
  if (!i.editor) return;
  i.history = history_init();
  i.history_file = history_file.string();
  el_set(i.editor, EL_CLIENTDATA, &i);
  el_set(i.editor, EL_PROMPT_ESC, &Impl::prompt_of, '\1');
  el_set(i.editor, EL_EDITOR, "emacs");
  el_set(i.editor, EL_SIGNAL, 0);
  HistEvent event;
  if (i.history) {
    history(i.history, &event, H_SETSIZE, 1000);
    history(i.history, &event, H_SETUNIQUE, 1);
    if (!i.history_file.empty()) history(i.history, &event, H_LOAD, i.history_file.c_str());
    el_set(i.editor, EL_HIST, history, i.history);
  }
  el_source(i.editor, nullptr);  // the user's ~/.editrc
}

LineReader::~LineReader() {
  Impl& i = *impl_;
  if (i.editor) el_end(i.editor);
  if (!i.history) return;
  HistEvent event;
  if (!i.history_file.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(i.history_file).parent_path(), ignored);
    history(i.history, &event, H_SAVE, i.history_file.c_str());
  }
  history_end(i.history);
}

bool LineReader::interactive() const { return impl_->editor != nullptr; }

LineReader::Got LineReader::read_one(const std::string& prompt, std::string& line) {
  Impl& i = *impl_;
  line.clear();
  if (!i.editor) {
    if (stop_requested() || !std::getline(std::cin, line)) return stop_requested() ? Got::Interrupted : Got::End;
    if (line.ends_with('\r')) line.pop_back();
    return Got::Line;
  }
  i.prompt = use_color(1) ? "\1\x1b[1m\1" + prompt + "\1\x1b[0m\1" : prompt;
  int count = 0;
  errno = 0;
  const char* text = el_gets(i.editor, &count);
  if (stop_requested()) {
    el_reset(i.editor);
    return Got::Interrupted;
  }
  if (!text || count <= 0) return Got::End;
  line.assign(text, size_t(count));
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  return Got::Line;
}

LineReader::Got LineReader::read(const std::string& prompt, std::string& line) {
  Got got = read_one(prompt, line);
  if (got != Got::Line || !interactive()) return got;
  std::string more;
  if (line.starts_with("\"\"\"")) {
    line.erase(0, 3);
    while (!line.ends_with("\"\"\"")) {
      if ((got = read_one("... ", more)) != Got::Line) return got;
      line += "\n" + more;
    }
    line.resize(line.size() - 3);
  } else {
    while (line.ends_with('\\')) {
      line.back() = '\n';
      if ((got = read_one("... ", more)) != Got::Line) return got;
      line += more;
    }
  }
  HistEvent event;
  if (impl_->history && !line.empty()) history(impl_->history, &event, H_ENTER, line.c_str());
  return Got::Line;
}

}  // namespace quern
