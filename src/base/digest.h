// SPDX-License-Identifier: MIT
#pragma once
// Cryptographic digests, for checking that a file is the one that was published. SHA-1 is what git names small files
// by.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace quern {

enum class DigestKind { Sha256, Sha1 };

class Digest {
 public:
  explicit Digest(DigestKind kind = DigestKind::Sha256);
  ~Digest();
  Digest(Digest&&) noexcept;
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  std::string hex();  // lower case; ends it

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Reads the file once. git's name of a file is the SHA-1 of "blob SIZE\0" and its bytes.
std::string sha256_of_file(const std::filesystem::path& path);
std::string git_blob_id_of_file(const std::filesystem::path& path);

}  // namespace quern
