// SPDX-License-Identifier: MIT
#pragma once
// Counter-based random numbers: a value depends only on (seed, stream, step, index), never on threads or on what was
// drawn elsewhere. Philox 4x32 with 10 rounds: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace quern {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// 64 bits from a name, to turn "data.shuffle" or a parameter's name into a stream (FNV-1a, then mixed).
uint64_t stream_id(std::string_view name);

class Rng {
 public:
  // Where a generator stands; saving and restoring it resumes the sequence exactly.
  struct State {
    uint64_t seed = 0, stream = 0, position = 0;
    bool operator==(const State&) const = default;
  };

  explicit Rng(uint64_t seed, uint64_t stream = 0, uint64_t position = 0) : state_{seed, stream, position} {}
  explicit Rng(const State& state) : state_(state) {}
  Rng(uint64_t seed, std::string_view stream) : Rng(seed, stream_id(stream)) {}

  uint32_t u32();
  uint64_t u64() { return (uint64_t{u32()} << 32) | u32(); }
  double uniform();            // [0, 1), 53 bits
  uint64_t below(uint64_t n);  // [0, n), unbiased; n > 0
  int64_t between(int64_t low, int64_t high) { return low + int64_t(below(uint64_t(high - low) + 1)); }  // inclusive
  bool chance(double p) { return uniform() < p; }
  double normal();  // mean 0, standard deviation 1 (Box-Muller)
  std::vector<float> normal(size_t n);
  std::vector<float> uniform(size_t n, float low, float high);
  template <typename T>
  void shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
  template <typename Container>
  const auto& pick(const Container& items) {
    return items[below(std::size(items))];
  }
  // A generator for a part of the work, independent of this one's position.
  Rng split(uint64_t stream) const;
  Rng split(std::string_view stream) const { return split(stream_id(stream)); }

  const State& state() const { return state_; }

 private:
  State state_;  // position counts 32-bit words
};

}  // namespace quern
