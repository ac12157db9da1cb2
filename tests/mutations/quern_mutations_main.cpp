// SPDX-License-Identifier: MIT
// quern_mutations COUNT [FIRST] [SAVE_DIR]
// Damages the files of small models COUNT times and opens each as `quern show` and `quern run` would. Each must be
// refused with an Error or work: a crash, a bug's exception, more than 2 s of processor time or more than 1 GB fails.
// FIRST: where to begin, to repeat one case; SAVE_DIR: damaged files that failed are kept there.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <new>

#include "base/threads.h"
#include "cli/inspect.h"
#include "infer/chat_format.h"
#include "infer/engine.h"
#include "infer/loaded_model.h"
#include "samples.h"
#include "tensor/kernels/probe.h"

namespace quern {
namespace {

constexpr uint64_t kMemoryBytes = 1'000'000'000;
constexpr int kProcessorSeconds = 2, kWallSeconds = 60;
constexpr int kBug = 3;  // exit status of a child: an exception that is no Error

// What a child tells the parent as it goes.
struct Board {
  int64_t current = -1;
  int64_t refused[5] = {}, worked[5] = {};
  uint64_t slowest_us = 0;
  int64_t slowest = -1;
  char what[512] = "";
};

const char* const kKinds[5] = {"gguf", "safetensors", "tokenizer", "config", "template"};

int kind_index(const std::string& kind) {
  for (int i = 0; i < 5; ++i)
    if (kind == kKinds[i]) return i;
  throw Error(ErrorKind::Internal, "unknown kind {}", kind);
}

// Everything that opening and talking with a model touches.
void use_model(const fs::path& path) {
  try {
    describe(inspect(path.string()));  // quern show
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::Internal) throw;
  }
  const LoadedModel model = open_model(path.string());
  std::vector<int32_t> prompt = {1, 2, 3};
  if (model.tokenizer.valid()) {
    const auto format = ChatFormat::of_folder(path, model.tokenizer);
    if (format) {
      const Json user{{"role", "user"}, {"content", "Hello, 石磨 <|im_end|>"}};
      ChatTemplateInput input{.messages = Json::array({user}), .add_generation_prompt = true};
      prompt = format->encode(input);
      format->stop_ids();
    } else {
      prompt = model.encode_prompt("Hello, 石磨 <|im_end|>");
    }
  }
  Engine engine(model.model, model.tokenizer, {.max_sequences = 1, .cache_bytes = 32 << 20, .prefix_bytes = 0});
  Request request;
  request.prompt = prompt;
  request.max_new_tokens = 3;
  request.sampling = model.sampling;
  request.stop_ids = model.stop_ids;
  engine.generate(std::move(request));
}

// The kinds in turn, and the samples of a kind in turn.
const Sample& sample_of(const std::map<std::string, std::vector<Sample>>& samples, int64_t i) {
  const std::vector<Sample>& of_kind = samples.at(kKinds[i % 5]);
  return of_kind[size_t(i / 5) % of_kind.size()];
}

fs::path source_of(const Sample& s) {
  return !s.stand_in.empty() ? s.stand_in : s.file.empty() ? s.model : s.model / s.file;
}

struct Placed {
  fs::path model, file;  // what is opened, and the file of it that was written
};

// A copy of the sample's model with this content in the place of its file.
Placed place(const Sample& s, const std::string& content, const fs::path& work) {
  Placed p{work / (s.file.empty() ? "model.gguf" : "model"), {}};
  p.file = s.file.empty() ? p.model : p.model / s.file;
  if (!s.file.empty()) {
    fs::remove_all(p.model);
    fs::copy(s.model, p.model);
  }
  std::ofstream(p.file, std::ios::binary | std::ios::trunc) << content;  // nothing here need outlive a power cut
  return p;
}

std::string damaged(const std::map<std::string, std::vector<Sample>>& samples, int64_t i) {
  const Sample& s = sample_of(samples, i);
  const std::vector<Sample>& of_kind = samples.at(s.kind);
  Rng rng(uint64_t(i), "mutations");
  const std::string other = read_file(source_of(of_kind[rng.below(of_kind.size())]));
  return mutated(read_file(source_of(s)), other, s.damage, rng);
}

uint64_t address_space_bytes() {
  const std::string text = read_file("/proc/self/statm");
  return std::strtoull(text.c_str(), nullptr, 10) * uint64_t(::sysconf(_SC_PAGESIZE));
}

// More than there is now; 0: no limit. Sanitizers take address space of their own and are left alone.
void limit_memory(uint64_t more_bytes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  (void)more_bytes;
#else
  const rlimit limit{more_bytes > 0 ? address_space_bytes() + more_bytes : RLIM_INFINITY, RLIM_INFINITY};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
}

void limit_time(int seconds) {
  const itimerval timer{{0, 0}, {seconds, 0}};
  ::setitimer(ITIMER_PROF, &timer, nullptr);  // processor time: a busy machine is no hang
  ::alarm(seconds == 0 ? 0 : kWallSeconds);
}

uint64_t processor_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return uint64_t(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 +
         uint64_t(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void warnings_to_nowhere() {
  const int fd = ::open("/dev/null", O_WRONLY);
  if (fd >= 0) ::dup2(fd, 2);
}

// Without damage each model works: otherwise a refusal would say nothing.
[[noreturn]] void check_undamaged(const std::map<std::string, std::vector<Sample>>& samples, const fs::path& work,
                                  Board& board) {
  set_compute_threads(1);
  warnings_to_nowhere();
  for (const auto& [kind, of_kind] : samples)
    for (const Sample& s : of_kind) {
      if (!s.stand_in.empty()) continue;
      const Placed placed = place(s, read_file(source_of(s)), work);
      try {
        use_model(placed.model);
      } catch (const std::exception& e) {
        std::snprintf(board.what, sizeof board.what, "%s without damage: %s", placed.file.c_str(), e.what());
        ::_exit(kBug);
      }
    }
  ::_exit(0);
}

[[noreturn]] void run_cases(const std::map<std::string, std::vector<Sample>>& samples, const fs::path& work,
                            int64_t first, int64_t end, Board& board) {
  set_compute_threads(1);
  kernel_choice();  // the probe is no part of what is timed
  const auto bug = [&](const char* what) {
    std::snprintf(board.what, sizeof board.what, "%s", what);
    ::_exit(kBug);
  };
  warnings_to_nowhere();
  for (int64_t i = first; i < end; ++i) {
    board.current = i;
    const Placed placed = place(sample_of(samples, i), damaged(samples, i), work);
    const int kind = kind_index(sample_of(samples, i).kind);
    const uint64_t before = processor_us();
    limit_memory(kMemoryBytes);
    limit_time(kProcessorSeconds);
    try {
      use_model(placed.model);
      ++board.worked[kind];
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::Internal) bug(e.what());
      ++board.refused[kind];
    } catch (const std::bad_alloc&) {
      bug("more than 1 GB of memory asked for");
    } catch (const std::exception& e) {
      bug(e.what());
    }
    limit_time(0);
    limit_memory(0);
    const uint64_t took = processor_us() - before;
    if (took > board.slowest_us) board.slowest_us = took, board.slowest = i;
  }
  ::_exit(0);
}

std::string fate(int status, const Board& board) {
  if (WIFEXITED(status)) return WEXITSTATUS(status) == kBug ? board.what : fmt::format("exit {}", WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGPROF) return fmt::format("more than {} s of processor time", kProcessorSeconds);
  if (WTERMSIG(status) == SIGALRM) return fmt::format("more than {} s", kWallSeconds);
  return fmt::format("killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
}

int run(int argc, char** argv) {
  const int64_t count = argc > 1 ? std::atoll(argv[1]) : 1500, first = argc > 2 ? std::atoll(argv[2]) : 0;
  const fs::path save = argc > 3 ? argv[3] : "";
  const TemporaryDirectory dir("quern-mutations");
  std::map<std::string, std::vector<Sample>> samples;
  // Threads don't survive a fork: this process starts none, the children do.
  const TemporaryDirectory home("quern-mutations-home");
  ::setenv("QUERN_HOME", home.path().c_str(), 1);
  set_compute_threads(1);
  for (Sample& s : write_samples(dir.path(), QUERN_FUZZ_SEEDS)) samples[s.kind].push_back(std::move(s));
  auto* board =
      static_cast<Board*>(::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  new (board) Board;
  std::fflush(nullptr);
  if (const pid_t child = ::fork(); child == 0) check_undamaged(samples, dir.path(), *board);
  int unharmed = 0;
  ::wait(&unharmed);
  if (unharmed != 0) {
    fmt::print("FAILED {}\n", fate(unharmed, *board));
    return 1;
  }
  int64_t failures = 0;
  for (int64_t next = first; next < first + count;) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) run_cases(samples, dir.path(), next, first + count, *board);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    const int64_t i = board->current;
    const Sample& s = sample_of(samples, i);
    fmt::print("FAILED mutation {} of {}: {}\n", i,
               s.stand_in.empty() ? (s.model / s.file).lexically_relative(dir.path()).string() : s.stand_in.string(),
               fate(status, *board));
    ++failures;
    if (!save.empty()) {
      fs::create_directories(save);
      const std::string name = s.file.empty() ? "model.gguf" : s.file;
      write_file(save / fmt::format("{}-{}", i, name), damaged(samples, i));
    }
    next = i + 1;
  }
  for (int k = 0; k < 5; ++k)
    fmt::print("{:<12} {} refused, {} still work\n", kKinds[k], board->refused[k], board->worked[k]);
  fmt::print("{} mutations, {} failed; the slowest, {}, took {} ms\n", count, failures, board->slowest,
             board->slowest_us / 1000);
  for (int k = 0; k < 5 && count >= 50; ++k)
    if (board->refused[k] == 0) {
      fmt::print("FAILED: not one damaged {} was refused\n", kKinds[k]);
      ++failures;
    }
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) {
  try {
    return quern::run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "quern_mutations: %s\n", e.what());
    return 1;
  }
}
