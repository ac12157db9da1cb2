// SPDX-License-Identifier: MIT
#include "eval/compression.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "base/files.h"
#include "base/rng.h"

namespace quern {
namespace {

std::string prose(int sentences, uint64_t seed) {
  Rng rng(seed);
  const std::vector<std::string> words = {"the", "mill",    "stone", "turns", "slowly", "while",
                                          "rye", "becomes", "flour", "and",   "bread"};
  std::string out;
  for (int i = 0; i < sentences; ++i) {
    for (int k = 0; k < 9; ++k) out += rng.pick(words) + " ";
    out += ".\n";
  }
  return out;
}

TEST(Compression, AloneIsWhatTheXzCommandGives) {
  if (std::system("command -v xz > /dev/null") != 0) GTEST_SKIP() << "xz is not installed";
  const std::string text = prose(3000, 1);
  const TemporaryDirectory dir;
  write_file(dir.path() / "text", text);
  ASSERT_EQ(std::system(("xz -9 " + (dir.path() / "text").string()).c_str()), 0);
  const auto packed = double(fs::file_size(dir.path() / "text.xz"));
  EXPECT_NEAR(double(compress_alone(text).packed_bytes), packed,
              16);  // the dictionary's size is one byte of the header
}

TEST(Compression, WhatWasSeenBeforeHelps) {
  const std::string text = prose(500, 1), other = prose(500, 2);
  const auto alone = compress_alone(text), after_other = compress_after(other, text),
             after_itself = compress_after(text, text);
  EXPECT_LT(after_other.packed_bytes, alone.packed_bytes);
  EXPECT_LT(after_itself.packed_bytes, 100u);
  EXPECT_NEAR(double(compress_after("", text).packed_bytes), double(alone.packed_bytes), 64);
  EXPECT_NEAR(alone.bits_per_byte(), 8.0 * double(alone.packed_bytes) / double(text.size()), 1e-12);
}

}  // namespace
}  // namespace quern
