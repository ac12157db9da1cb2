// SPDX-License-Identifier: MIT
#pragma once
// How the attention kernels cut their work: which keys a query sees, tiles, scratch memory, tasks for threads.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "base/deal.h"
#include "base/threads.h"
#include "tensor/kernels/attention.h"

namespace quern {

inline constexpr int64_t kTileRows =
    6;  // rows of a register tile: 6 x 2 vectors of sums, 2 of b, 1 of a fill 16 registers
inline constexpr int64_t kQueryTile = 48;  // queries whose scores are held at once
inline constexpr int64_t kKeyBlock = 96;   // keys they are held for; a multiple of kTileRows and of two vectors

inline int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// One sequence: T queries from row q_begin on, S keys from row k_begin on.
struct SequenceRows {
  int64_t q_begin, T, k_begin, S;
};

inline SequenceRows sequence_rows(const AttentionShape& shape, int64_t s) {
  const int64_t *q = shape.segments + s, *k = shape.key_segments() + s;
  return {q[0], q[1] - q[0], k[0], k[1] - k[0]};
}

// Query t sees keys [first, last).
struct KeyRange {
  int64_t first, last;
};

inline KeyRange visible_keys(const AttentionShape& shape, const SequenceRows& seq, int64_t t) {
  if (!shape.causal) return {0, seq.S};
  const int64_t last = std::clamp<int64_t>(seq.S - seq.T + t + 1, 0, seq.S);
  return {shape.window > 0 ? std::max<int64_t>(0, last - shape.window) : 0, last};
}

// Floats on cache lines of their own, not initialised.
class Scratch {
 public:
  float* floats(int64_t n) {
    blocks_.emplace_back(static_cast<float*>(::operator new(size_t(n) * sizeof(float), std::align_val_t(64))));
    return blocks_.back().get();
  }

 private:
  struct Free {
    void operator()(float* p) const { ::operator delete(p, std::align_val_t(64)); }
  };
  std::vector<std::unique_ptr<float, Free>> blocks_;
};

// One piece of work: query tiles [first_tile, last_tile) of the tiles of all query heads of one (sequence, key/value
// head).
struct AttentionTask {
  int64_t sequence, head;  // key/value head
  int64_t first_tile, last_tile;
};

inline int64_t query_tiles(const AttentionShape& shape, const SequenceRows& seq) {
  return shape.H / shape.K * ((seq.T + kQueryTile - 1) / kQueryTile);
}

// Tasks, the dearest first. A (sequence, key/value head) is split only where that is allowed and there are too few.
inline std::vector<AttentionTask> attention_tasks(const AttentionShape& shape, bool may_split) {
  std::vector<AttentionTask> tasks;
  const int64_t whole = std::max<int64_t>(1, shape.num_segments * shape.K);
  const int64_t parts = may_split ? std::max<int64_t>(1, 3 * (compute_threads() - 1) / whole) : 1;
  for (int64_t s = 0; s < shape.num_segments; ++s) {
    const int64_t tiles = query_tiles(shape, sequence_rows(shape, s));
    const int64_t step = std::max<int64_t>(1, (tiles + parts - 1) / parts);
    for (int64_t head = 0; head < shape.K; ++head)
      for (int64_t tile = 0; tile < std::max<int64_t>(1, tiles); tile += step)
        tasks.push_back({s, head, tile, std::min(tiles, tile + step)});
  }
  const auto cost = [&](const AttentionTask& t) {
    return double(t.last_tile - t.first_tile) * double(sequence_rows(shape, t.sequence).S);
  };
  std::stable_sort(tasks.begin(), tasks.end(), [&](const auto& a, const auto& b) { return cost(a) > cost(b); });
  return tasks;
}

// Each thread has tasks of its own, neighbouring rows first, and helps the others when it is done with them. No result
// depends on who computes it.
template <class Worker>
void run_tasks(const std::vector<AttentionTask>& tasks, const Worker& make_worker) {
  Deal deal(int64_t(tasks.size()));
  const int64_t team = std::min<int64_t>(compute_threads(), int64_t(tasks.size()));
  parallel_for(team, 1, [&](int64_t begin, int64_t end) {
    auto work = make_worker();
    for (int64_t member = begin; member < end; ++member)
      deal.each(member, team, [&](int64_t i) { work(tasks[size_t(i)]); });
  });
}

}  // namespace quern
