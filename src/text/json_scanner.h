// SPDX-License-Identifier: MIT
#pragma once
// A forward-only JSON reader for large flat parts, as a vocabulary of 200 000 entries: nothing is built, every value is
// handed over as it is met. Small parts are passed on as raw text.

#include <cstdint>
#include <string>
#include <string_view>

namespace quern {

class JsonScanner {
 public:
  // `where` names the file in errors (InvalidModel, with line and column). `text` must outlive the scanner.
  JsonScanner(std::string_view text, const std::string& where);

  char peek();                    // next significant character, '\0' at the end
  void expect(char c);            // that character or an error
  bool accept(char c);            // skips it if it is next
  void string(std::string& out);  // unescaped
  int64_t integer();              // an integer; a fraction or exponent is an error
  double number();                // a finite number
  std::string_view skip_value();  // any value, checked for form; its text
  void expect_end();

  // for (scanner.begin_object(); scanner.next_key(key);) { ...one value... }
  void begin_object() { expect('{'), first_ = true; }
  bool next_key(std::string& key);
  void begin_array() { expect('['), first_ = true; }
  bool next_element();

  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::string_view text_;
  std::string where_;
  size_t at_ = 0;
  bool first_ = false;
  void skip_space();
  void skip_nested(int depth);
  void skip_number();
  char32_t hex4();
};

}  // namespace quern
