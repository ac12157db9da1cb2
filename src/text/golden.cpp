// SPDX-License-Identifier: MIT
#include "text/golden.h"

#include <set>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "text/tokenizer.h"

namespace quern {
namespace {

class GoldenCheck {
 public:
  GoldenCheck(const Tokenizer& tokenizer, TokenizerGoldenResult& result) : tokenizer_(tokenizer), result_(result) {}

  void run_case(const Json& line, const std::string& name) {
    begin(name);
    const std::string text = line.at("text");
    const EncodeOptions parse{.add_special = true, .parse_special = true};
    compare_encoding(tokenizer_.encode_full(text, parse), line);
    const auto ids = line.at("ids").get<std::vector<TokenId>>();
    expect("encode()", tokenizer_.encode(text, parse) == ids);
    expect_field(line, "ids_no_special", [&](const Json& want) {
      const EncodeOptions bare{.add_special = false, .parse_special = true};
      const auto without = want.get<std::vector<TokenId>>();
      return tokenizer_.encode(text, bare) == without && tokenizer_.encode_full(text, bare).ids == without;
    });
    for (const bool skip : {false, true}) {
      expect_field(line, skip ? "decoded_skip" : "decoded", [&](const Json& want) {
        StreamDecoder stream(tokenizer_, skip);
        std::string streamed;
        for (TokenId id : ids) streamed += stream.push(id);
        streamed += stream.finish();
        return tokenizer_.decode(ids, skip) == want.get<std::string>() && streamed == want.get<std::string>();
      });
    }
    end();
  }

  // What the SentencePiece library says of its own file.
  void run_spm(const Json& line, const std::string& name) {
    begin(name);
    const std::string text = line.at("text");
    const Encoding got = tokenizer_.encode_full(text, {.add_special = false});
    expect_field(line, "ids", [&](const Json& want) {
      const auto ids = want.get<std::vector<TokenId>>();
      return got.ids == ids && tokenizer_.encode(text, {.add_special = false}) == ids;
    });
    expect_field(line, "pieces", [&](const Json& want) { return want.get<std::vector<std::string>>() == got.tokens; });
    expect_field(line, "decoded",
                 [&](const Json& want) { return tokenizer_.decode(got.ids) == want.get<std::string>(); });
    end();
  }

  // Written out and read again, the tokenizer gives the same ids and text.
  void run_written(const Tokenizer& written, const Json& line, const std::string& name) {
    begin(name + " (written and read again)");
    const std::string text = line.at("text");
    const EncodeOptions parse{.add_special = true, .parse_special = true};
    const std::vector<TokenId> ids = tokenizer_.encode(text, parse);
    expect("ids", written.encode(text, parse) == ids);
    expect("decoded", written.decode(ids) == tokenizer_.decode(ids));
    end();
  }

  void run_pair(const Json& line, const std::string& name) {
    begin(name);
    const std::string first = line.at("a"), second = line.at("b");
    compare_encoding(tokenizer_.encode_pair(first, second, {.add_special = true, .parse_special = true}), line);
    end();
  }

 private:
  const Tokenizer& tokenizer_;
  TokenizerGoldenResult& result_;
  std::string name_, wrong_;
  std::set<std::string> known_;

  void begin(const std::string& name) {
    name_ = name;
    wrong_.clear();
    ++result_.cases;
  }
  void end() {
    if (wrong_.empty()) return;
    if (result_.wrong++ == 0) result_.message = name_ + ": " + wrong_;
  }
  void expect(const std::string& what, bool ok) {
    if (!ok) wrong_ += (wrong_.empty() ? "" : ", ") + what;
  }
  template <typename Check>
  void expect_field(const Json& line, const std::string& key, Check&& check) {
    if (line.contains(key)) expect(key, check(line.at(key)));
  }
  void compare_encoding(const Encoding& got, const Json& line) {
    expect_field(line, "ids", [&](const Json& want) { return want.get<std::vector<TokenId>>() == got.ids; });
    expect_field(line, "tokens", [&](const Json& want) { return want.get<std::vector<std::string>>() == got.tokens; });
    expect_field(line, "offsets",
                 [&](const Json& want) { return want.get<std::vector<std::pair<int64_t, int64_t>>>() == got.offsets; });
    expect_field(line, "special_mask",
                 [&](const Json& want) { return want.get<std::vector<uint8_t>>() == got.special_mask; });
    expect_field(line, "type_ids", [&](const Json& want) { return want.get<std::vector<uint8_t>>() == got.type_ids; });
  }
};

template <typename Each>
void for_each_line(const std::filesystem::path& file, Each&& each) {
  if (!std::filesystem::exists(file)) return;
  std::istringstream lines(read_file(file));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string name = file.filename().string() + ":" + std::to_string(number);
    if (!line.empty()) each(parse_json(line, name), name);
  }
}

void check_spm(const fs::path& folder, TokenizerGoldenResult& result) {
  const Tokenizer tokenizer = Tokenizer::load(folder / "spiece.model");
  const Tokenizer written = Tokenizer::from_json(tokenizer.to_json(), "spiece.model written as JSON");
  GoldenCheck check(tokenizer, result);
  for_each_line(folder / "spm_cases.jsonl", [&](const Json& line, const std::string& name) {
    check.run_spm(line, name);
    check.run_written(written, line, name);
  });
}

// Runs `check`; what it throws goes into the result.
template <typename Check>
TokenizerGoldenResult golden_result(Check&& check) {
  using Status = TokenizerGoldenResult::Status;
  TokenizerGoldenResult result;
  try {
    check(result);
    if (result.cases > 0) result.status = result.wrong == 0 ? Status::Pass : Status::Fail;
  } catch (const Error& error) {
    result.status = error.kind() == ErrorKind::Unsupported ? Status::Skip : Status::Fail;
    result.message = error.message();
  } catch (const std::exception& error) {
    result.status = Status::Fail;
    result.message = error.what();
  }
  if (result.cases == 0 && result.message.empty()) result.message = "no cases";
  return result;
}

void check_folder(const fs::path& folder, const Tokenizer& tokenizer, TokenizerGoldenResult& result) {
  GoldenCheck check(tokenizer, result);
  const auto one = [&](const Json& line, const std::string& name) { check.run_case(line, name); };
  for_each_line(folder / "cases.jsonl", one);
  for_each_line(folder / "document.jsonl", one);
  for_each_line(folder / "pairs.jsonl", [&](const Json& line, const std::string& name) { check.run_pair(line, name); });
  const Tokenizer written = Tokenizer::from_json(tokenizer.to_json(), "written again");
  for_each_line(folder / "cases.jsonl",
                [&](const Json& line, const std::string& name) { check.run_written(written, line, name); });
}

}  // namespace

TokenizerGoldenResult check_tokenizer_golden(const std::filesystem::path& folder) {
  return golden_result([&](TokenizerGoldenResult& result) {
    if (!std::filesystem::exists(folder / "tokenizer.json")) {
      result.message = "no tokenizer.json";
      return;
    }
    check_folder(folder, Tokenizer::load(folder / "tokenizer.json"), result);
    if (fs::exists(folder / "spiece.model")) check_spm(folder, result);
  });
}

TokenizerGoldenResult check_tokenizer_golden(const std::filesystem::path& folder, const Tokenizer& tokenizer) {
  return golden_result([&](TokenizerGoldenResult& result) { check_folder(folder, tokenizer, result); });
}

}  // namespace quern
