// SPDX-License-Identifier: MIT
#include "text/word_counter.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/terminal.h"
#include "text/unicode.h"
#include "text/word_table.h"

namespace quern {
namespace {

// Sorted runs on disk: size (u32), bytes, count (u64), word after word in byte order.
class Spill {
 public:
  explicit Spill(const fs::path& parent)
      : directory_("quern-words", parent.empty() ? fs::temp_directory_path() : parent) {}

  void write_run(const WordTable& table) {
    std::vector<std::pair<std::string, uint64_t>> words;
    words.reserve(table.size());
    table.for_each([&](std::string_view word, uint64_t count) { words.emplace_back(word, count); });
    std::sort(words.begin(), words.end());
    fs::path path;
    {
      const std::lock_guard lock(mutex_);
      path = directory_.path() / std::to_string(runs_.size());
      runs_.push_back(path);
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wb"), std::fclose);
    bool ok = file != nullptr;
    for (const auto& [word, count] : words) {
      const auto size = static_cast<uint32_t>(word.size());
      ok = ok && std::fwrite(&size, sizeof size, 1, file.get()) == 1 &&
           std::fwrite(word.data(), 1, size, file.get()) == size &&
           std::fwrite(&count, sizeof count, 1, file.get()) == 1;
    }
    ok = ok && std::fflush(file.get()) == 0;
    if (!ok) {
      throw Error(ErrorKind::Io, "{}: can't write a run of counted words", path.string())
          .hint("free some space there, or name another directory for spilling");
    }
  }

  WordCounts merge() const {
    struct Head {
      std::string word;
      uint64_t count;
      size_t run;
      bool operator>(const Head& other) const { return word > other.word; }
    };
    std::vector<std::unique_ptr<std::FILE, int (*)(std::FILE*)>> files;
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
    const auto advance = [&](size_t run) {
      uint32_t size;
      if (std::fread(&size, sizeof size, 1, files[run].get()) != 1) return;
      Head head{std::string(size, '\0'), 0, run};
      if (std::fread(head.word.data(), 1, size, files[run].get()) != size ||
          std::fread(&head.count, sizeof head.count, 1, files[run].get()) != 1) {
        throw Error(ErrorKind::Io, "{}: the run ends too early", runs_[run].string());
      }
      heads.push(std::move(head));
    };
    for (size_t run = 0; run < runs_.size(); ++run) {
      files.emplace_back(std::fopen(runs_[run].c_str(), "rb"), std::fclose);
      if (files.back() == nullptr)
        throw Error(ErrorKind::Io, "{}: can't read a run of counted words", runs_[run].string());
      advance(run);
    }
    WordCounts out;
    while (!heads.empty()) {
      const Head head = heads.top();
      heads.pop();
      advance(head.run);
      if (out.size() > 0 && out.word(out.size() - 1) == head.word) {
        out.counts.back() += head.count;
      } else {
        out.add(head.word, head.count);
      }
    }
    return out;
  }

 private:
  TemporaryDirectory directory_;
  std::mutex mutex_;
  std::vector<fs::path> runs_;
};

// A piece of a document; pieces of a large one share it.
struct Piece {
  std::shared_ptr<const std::string> document;
  std::string_view text;
};
using Batch = std::vector<Piece>;

// Batches on their way from the reading thread to the counting ones.
class BatchQueue {
 public:
  explicit BatchQueue(size_t limit) : limit_(limit) {}
  // False when a counting thread has failed, so that nobody waits for room that never comes.
  bool push(Batch batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || batches_.size() < limit_; });
    if (closed_) return false;
    batches_.push_back(std::move(batch));
    changed_.notify_all();
    return true;
  }
  std::optional<Batch> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !batches_.empty(); });
    if (batches_.empty()) return std::nullopt;
    Batch batch = std::move(batches_.front());
    batches_.pop_front();
    changed_.notify_all();
    return batch;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> batches_;
  size_t limit_;
  bool closed_ = false;
};

class Counter {
 public:
  Counter(const PreTokenizer& pre, const WordCountOptions& options)
      : pre_(pre), options_(options), table_cap_(options.memory_cap_bytes / static_cast<uint64_t>(options.threads)) {}

  void count(std::string_view text, WordTable& table) {
    const char* text_end = text.data() + text.size();
    auto word = [&](const char* begin, const char* end) {
      while (static_cast<size_t>(end - begin) > options_.max_word_bytes) {
        const char* cut = begin + options_.max_word_bytes;
        while ((static_cast<unsigned char>(*cut) & 0xC0) == 0x80) --cut;
        table.add(begin, static_cast<size_t>(cut - begin), static_cast<size_t>(text_end - begin));
        begin = cut;
      }
      table.add(begin, static_cast<size_t>(end - begin), static_cast<size_t>(text_end - begin));
    };
    pre_.for_each_word(text, word);
    if (table.memory_bytes() > table_cap_) spill(table);
  }

  void spill(WordTable& table) {
    if (table.size() == 0) return;
    {
      const std::lock_guard lock(mutex_);
      if (spill_ == nullptr) spill_ = std::make_unique<Spill>(options_.spill_dir);
    }
    spill_->write_run(table);
    table.clear();
  }

  WordCounts finish(std::vector<WordTable>& tables) {
    if (spill_ != nullptr) {
      for (WordTable& table : tables) spill(table);
      return spill_->merge();
    }
    for (size_t t = 1; t < tables.size(); ++t) {
      tables[t].for_each([&](std::string_view word, uint64_t count) { tables[0].add(word, count); });
      tables[t].clear();
    }
    WordCounts out;
    out.ends.reserve(tables[0].size());
    out.counts.reserve(tables[0].size());
    tables[0].for_each([&](std::string_view word, uint64_t count) { out.add(word, count); });
    tables[0].clear();
    return out;
  }

 private:
  const PreTokenizer& pre_;
  const WordCountOptions& options_;
  uint64_t table_cap_;
  std::mutex mutex_;
  std::unique_ptr<Spill> spill_;
};

}  // namespace

WordCounts count_words(const DocumentSource& documents, const PreTokenizer& pre, const WordCountOptions& options) {
  constexpr size_t kBatchBytes = 1 << 18;
  const auto threads = static_cast<size_t>(std::max(options.threads, 1));
  const bool can_cut = std::none_of(pre.stages.begin(), pre.stages.end(),
                                    [](const SplitStage& stage) { return stage.kind == SplitStage::Kind::Pattern; });
  Counter counter(pre, options);
  std::vector<WordTable> tables(threads);
  BatchQueue queue(threads * 2);
  std::vector<std::exception_ptr> failures(threads);
  uint64_t bytes_read = 0;
  {
    std::vector<std::jthread> team;
    struct CloseOnExit {
      BatchQueue& queue;
      ~CloseOnExit() { queue.close(); }
    } close{queue};  // before the team is joined, also when reading throws
    for (size_t t = 0; t < threads; ++t) {
      team.emplace_back([&, t] {
        try {
          while (const std::optional<Batch> batch = queue.pop()) {
            for (const Piece& piece : *batch) counter.count(piece.text, tables[t]);
          }
        } catch (...) {
          failures[t] = std::current_exception();
          queue.close();
        }
      });
    }
    Batch batch;
    size_t batch_bytes = 0;
    const auto add = [&](Piece piece) {
      batch_bytes += piece.text.size();
      batch.push_back(std::move(piece));
      if (batch_bytes < kBatchBytes) return true;
      batch_bytes = 0;
      return queue.push(std::exchange(batch, {}));
    };
    bool going = true;
    for (std::string text; going && documents(text); text.clear()) {
      if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped while counting words");
      if (!is_valid_utf8(text)) text = to_valid_utf8(text);
      bytes_read += text.size();
      const auto document = std::make_shared<const std::string>(std::move(text));
      std::string_view rest = *document;
      while (going && can_cut && rest.size() > 2 * kBatchBytes) {
        const size_t cut = safe_cut(rest, kBatchBytes);
        going = add({document, rest.substr(0, cut)});
        rest.remove_prefix(cut);
      }
      going = going && add({document, rest});
      if (options.on_progress) options.on_progress(bytes_read);
    }
    if (going) queue.push(std::move(batch));
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  WordCounts out = counter.finish(tables);
  out.total_bytes = bytes_read;
  return out;
}

}  // namespace quern
