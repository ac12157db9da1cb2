// SPDX-License-Identifier: MIT
#include "base/rng.h"

#include <cmath>

namespace quern {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMul0 = 0xD2511F53, kMul1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = kMul0 * counter[0], p1 = kMul1 * counter[2];
    counter = {uint32_t(p1 >> 32) ^ counter[1] ^ key[0], uint32_t(p1), uint32_t(p0 >> 32) ^ counter[3] ^ key[1],
               uint32_t(p0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

namespace {
uint64_t mix(uint64_t x) {  // SplitMix64's finaliser
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}
}  // namespace

uint64_t stream_id(std::string_view name) {
  uint64_t h = 0xCBF29CE484222325ull;
  for (unsigned char c : name) h = (h ^ c) * 0x100000001B3ull;
  return mix(h);
}

uint32_t Rng::u32() {
  const uint64_t block = state_.position / 4;
  const auto words =
      philox4x32({uint32_t(block), uint32_t(block >> 32), uint32_t(state_.stream), uint32_t(state_.stream >> 32)},
                 {uint32_t(state_.seed), uint32_t(state_.seed >> 32)});
  return words[state_.position++ % 4];
}

double Rng::uniform() { return double(u64() >> 11) * 0x1.0p-53; }

uint64_t Rng::below(uint64_t n) {
  // Lemire 2019, arXiv:1805.10941: multiply, and reject the few values that would be counted twice.
  uint64_t x = u64();
  unsigned __int128 m = static_cast<unsigned __int128>(x) * n;
  if (uint64_t(m) < n) {
    const uint64_t threshold = -n % n;
    while (uint64_t(m) < threshold) {
      x = u64();
      m = static_cast<unsigned __int128>(x) * n;
    }
  }
  return uint64_t(m >> 64);
}

double Rng::normal() {
  const double u = 1.0 - uniform(), v = uniform();
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * M_PI * v);
}

std::vector<float> Rng::normal(size_t n) {
  std::vector<float> out(n);
  for (float& v : out) v = float(normal());
  return out;
}

std::vector<float> Rng::uniform(size_t n, float low, float high) {
  std::vector<float> out(n);
  for (float& v : out) v = low + (high - low) * float(uniform());
  return out;
}

Rng Rng::split(uint64_t stream) const {
  return Rng(state_.seed, mix(state_.stream * 0x9E3779B97F4A7C15ull + stream + 1));
}

}  // namespace quern
