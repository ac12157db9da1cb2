// SPDX-License-Identifier: MIT
#include "base/digest.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace quern {
namespace {

// FIPS 180-4's example "abc", and what git itself says (git hash-object).
TEST(Digest, KnownValues) {
  Digest d;
  d.update("ab");
  d.update("c");
  EXPECT_EQ(d.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TemporaryDirectory dir;
  write_file(dir.path() / "hello", "hello\n");
  write_file(dir.path() / "empty", "");
  EXPECT_EQ(git_blob_id_of_file(dir.path() / "hello"), "ce013625030ba8dba906f756967f9e9ca394464a");
  EXPECT_EQ(git_blob_id_of_file(dir.path() / "empty"), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  EXPECT_EQ(sha256_of_file(dir.path() / "empty"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace quern
