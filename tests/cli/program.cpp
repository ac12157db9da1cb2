// SPDX-License-Identifier: MIT
#include "program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "formats/hf_folder.h"
#include "infer/chat.h"
#include "infer/tiny_models.h"
#include "text/tokenizer_train.h"

namespace quern {

Outcome run_quern(const std::vector<std::string>& args, const std::string& input, const fs::path& folder) {
  static const TemporaryDirectory home("quern-home");  // of all runs, so that the probe is made once
  const TemporaryDirectory dir("quern-cli");
  write_file(dir.path() / "in", input);
  std::vector<std::string> words{QUERN_BINARY};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::array<fs::path, 3> files = {dir.path() / "in", dir.path() / "out", dir.path() / "err"};
    for (int fd = 0; fd < 3; ++fd)
      ::dup2(::open(files[size_t(fd)].c_str(), fd == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0600), fd);
    if (!folder.empty() && ::chdir(folder.c_str()) != 0) ::_exit(126);
    ::setenv("QUERN_HOME", home.path().c_str(), 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = read_file(dir.path() / "out"),
          .err = read_file(dir.path() / "err")};
}

void write_tiny_model(const fs::path& folder, uint64_t seed, int64_t context, bool chat) {
  fs::create_directories(folder);
  bool given = false;
  const DocumentSource letters = [&](std::string& text) {
    text = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ.,!?'\n0123456789é中<>|_";
    return !std::exchange(given, true);
  };
  const Tokenizer tokenizer = train_chars(
      letters, {.special_tokens = chat ? std::vector<std::string>{std::string(kEndOfText), std::string(kTurnStart),
                                                                  std::string(kTurnEnd)}
                                       : std::vector<std::string>{std::string(kEndOfText)},
                .unk_token = "",
                .max_chars = 0});
  tokenizer.save(folder / "tokenizer.json");
  Json config = testing_models::tiny_llama_config(tokenizer.vocab_size(), context);
  config["eos_token_id"] = 0;
  save_model(folder, *build_model(config, ParamStore::fresh(seed, {})));
  write_file(folder / "generation_config.json", R"({"eos_token_id": 0})");
}

}  // namespace quern
