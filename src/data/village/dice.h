// SPDX-License-Identifier: MIT
#pragma once
// Small, fast random choices for the village's text. A document has dice of its own, keyed by (seed, stream, index), so
// it is the same whatever was written before it and on whichever thread. Rng (base/rng.h) keeps the same promise but
// costs a Philox block per draw; a document makes hundreds of draws.
// SplitMix64: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace quern::village {

class Dice {
 public:
  explicit Dice(uint64_t seed, uint64_t stream = 0, uint64_t index = 0) {
    state_ = mix(seed + 0x9e3779b97f4a7c15ull) ^ mix(stream * 0xd1342543de82ef95ull + 1);
    state_ = mix(state_ + mix(index ^ 0x2545f4914f6cdd1dull));
  }
  uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15ull); }
  uint64_t below(uint64_t n) { return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64); }
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<uint64_t>(high - low) + 1)); }
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < p; }
  template <typename Container>
  const auto& pick(const Container& items) {
    return items[below(std::size(items))];
  }
  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }
  // `count` different numbers below n, in random order. Needs count <= n.
  std::vector<int> distinct(int n, int count) {
    std::vector<int> chosen;
    while (static_cast<int>(chosen.size()) < count) {
      const int candidate = static_cast<int>(below(static_cast<uint64_t>(n)));
      bool seen = false;
      for (int c : chosen) seen |= c == candidate;
      if (!seen) chosen.push_back(candidate);
    }
    return chosen;
  }

 private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

}  // namespace quern::village
