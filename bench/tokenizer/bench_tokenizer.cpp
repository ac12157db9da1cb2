// SPDX-License-Identifier: MIT
// Our side of the tokenizer bench. Each call does one job in a process of its own, so that its peak memory can be read,
// and prints one line of JSON.
//   quern_bench_tokenizer train CORPUS VOCAB THREADS OUT.json
//   quern_bench_tokenizer encode TOKENIZER.json CORPUS REPEATS OUT.ids
//   quern_bench_tokenizer decode TOKENIZER.json IDS REPEATS
// CORPUS holds documents, each ended by a NUL. OUT.ids: int32 ids, a document's ids ended by -1.

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "text/tokenizer.h"
#include "text/tokenizer_train.h"

namespace quern {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_mb() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024.0;
}

std::vector<std::string> read_documents(const fs::path& path) {
  const std::string text = read_file(path);
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\0', at);
    QUERN_CHECK(end != std::string::npos, "{}: the last document is not ended by a NUL", path.string());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

void train(const fs::path& corpus, int64_t vocab_size, int threads, const fs::path& out) {
  const std::vector<std::string> documents = read_documents(corpus);
  size_t next = 0;
  BpeTrainOptions options{.vocab_size = vocab_size, .split = SplitKind::Llama3, .threads = threads};
  double counted = 0.0;
  options.on_progress = [&](const std::string& phase, double) {
    if (phase == "count") counted = now();
  };
  const double start = now(), cpu_start = cpu_seconds();
  const Tokenizer tokenizer = train_bpe(
      [&](std::string& document) {
        if (next == documents.size()) return false;
        document = documents[next++];
        return true;
      },
      options);
  const double seconds = now() - start, cpu = cpu_seconds() - cpu_start;
  tokenizer.save(out);
  fmt::print("{{\"seconds\": [{}], \"cpu_seconds\": {}, \"count_seconds\": {}, \"peak_mb\": {}}}\n", seconds, cpu,
             counted - start, peak_mb());
}

void encode(const fs::path& tokenizer_file, const fs::path& corpus, int repeats, const fs::path& out) {
  const std::vector<std::string> documents = read_documents(corpus);
  const Tokenizer tokenizer = Tokenizer::load(tokenizer_file);
  std::vector<double> seconds, cpu;
  std::vector<TokenId> ids;
  for (int r = 0; r < repeats; ++r) {
    ids.clear();
    const double start = now(), cpu_start = cpu_seconds();
    for (const std::string& document : documents) {
      const std::vector<TokenId> one = tokenizer.encode(document, {.add_special = false});
      ids.insert(ids.end(), one.begin(), one.end());
      ids.push_back(-1);
    }
    seconds.push_back(now() - start);
    cpu.push_back(cpu_seconds() - cpu_start);
  }
  write_file(out, {reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(TokenId)});
  fmt::print("{{\"seconds\": [{}], \"cpu_seconds\": [{}], \"tokens\": {}, \"peak_mb\": {}}}\n",
             fmt::join(seconds, ", "), fmt::join(cpu, ", "), ids.size() - documents.size(), peak_mb());
}

void decode(const fs::path& tokenizer_file, const fs::path& ids_file, int repeats) {
  const std::string raw = read_file(ids_file);
  std::vector<TokenId> ids(raw.size() / sizeof(TokenId));
  std::copy_n(raw.data(), raw.size(), reinterpret_cast<char*>(ids.data()));
  std::erase(ids, -1);
  const Tokenizer tokenizer = Tokenizer::load(tokenizer_file);
  std::vector<double> seconds;
  size_t bytes = 0;
  for (int r = 0; r < repeats; ++r) {
    const double start = now();
    bytes = tokenizer.decode(ids).size();
    seconds.push_back(now() - start);
  }
  fmt::print("{{\"seconds\": [{}], \"bytes\": {}}}\n", fmt::join(seconds, ", "), bytes);
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    if (args.size() == 5 && args[0] == "train") {
      quern::train(args[1], std::stoll(args[2]), std::stoi(args[3]), args[4]);
    } else if (args.size() == 5 && args[0] == "encode") {
      quern::encode(args[1], args[2], std::stoi(args[3]), args[4]);
    } else if (args.size() == 4 && args[0] == "decode") {
      quern::decode(args[1], args[2], std::stoi(args[3]));
    } else {
      fmt::print(stderr, "usage: see the head of bench_tokenizer.cpp\n");
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  return 0;
}
