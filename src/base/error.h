// SPDX-License-Identifier: MIT
#pragma once
// What a user can cause throws Error with a kind; the CLI turns kinds into exit codes, a server into HTTP status.
// What only a bug can cause is QUERN_CHECK, which throws InternalError and is always on.

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace quern {

enum class ErrorKind {
  InvalidArgument,  // a wrong option, shape or request field
  InvalidRecipe,    // a recipe (TOML) that can't be followed
  InvalidModel,     // config.json, weights or tokenizer that disagree or are damaged
  InvalidData,      // a corpus, token file or checkpoint that is damaged
  NotFound,         // a file, model or name that does not exist
  Io,               // the operating system said no: disk full, read-only, permission
  Resources,        // does not fit into memory, disk or the given limits
  Unsupported,      // understood, but not built or not available on this machine
  Interrupted,      // the user asked to stop
  Internal,         // a bug
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind), message_(message) {}
  template <typename... Args>
  Error(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args)
      : Error(kind, fmt::format(format, std::forward<Args>(args)...)) {}

  // What to try next; printed on a line of its own.
  template <typename... Args>
  Error&& hint(fmt::format_string<Args...> format, Args&&... args) && {
    hint_ = fmt::format(format, std::forward<Args>(args)...);
    full_ = message_ + "\n  hint: " + hint_;
    return std::move(*this);
  }

  const char* what() const noexcept override { return full_.empty() ? message_.c_str() : full_.c_str(); }
  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  // Process exit status: 2 for what the user can mend, 130 after an interrupt, 70 for a bug.
  int exit_code() const { return kind_ == ErrorKind::Interrupted ? 130 : kind_ == ErrorKind::Internal ? 70 : 2; }

 private:
  ErrorKind kind_;
  std::string message_, hint_, full_;
};

[[noreturn]] void throw_check_failure(const char* file, int line, const char* condition, const std::string& message);

#define QUERN_CHECK(ok, ...)                                                                      \
  do {                                                                                            \
    if (!(ok)) ::quern::throw_check_failure(__FILE__, __LINE__, #ok, ::fmt::format(__VA_ARGS__)); \
  } while (false)

#ifdef NDEBUG
#define QUERN_DCHECK(ok, ...) \
  do {                        \
  } while (false)
#else
#define QUERN_DCHECK(ok, ...) QUERN_CHECK(ok, __VA_ARGS__)
#endif

}  // namespace quern
