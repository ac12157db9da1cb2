// SPDX-License-Identifier: MIT
#include "base/digest.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/files.h"

namespace quern {

struct Digest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Digest::Digest(DigestKind kind) : state_(std::make_unique<State>()) {
  QUERN_CHECK(EVP_DigestInit_ex(state_->context, kind == DigestKind::Sha256 ? EVP_sha256() : EVP_sha1(), nullptr) == 1,
              "the digest is not available");
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;

void Digest::update(std::span<const std::byte> bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }
void Digest::update(std::string_view text) { update(std::as_bytes(std::span(text))); }

std::string Digest::hex() {
  unsigned char value[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, value, &size);
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", value[i]);
  return out;
}

namespace {
// A mapping of gigabytes is read once, in pieces, so that Ctrl-C and the page cache are not kept waiting.
std::string digest_of_file(const fs::path& path, Digest digest) {
  if (fs::file_size(path) == 0) return digest.hex();
  const MappedFile file(path);
  constexpr size_t kPiece = size_t{8} << 20;
  for (auto rest = file.bytes(); !rest.empty(); rest = rest.subspan(std::min(kPiece, rest.size())))
    digest.update(rest.first(std::min(kPiece, rest.size())));
  return digest.hex();
}
}  // namespace

std::string sha256_of_file(const fs::path& path) { return digest_of_file(path, Digest(DigestKind::Sha256)); }

std::string git_blob_id_of_file(const fs::path& path) {
  Digest digest(DigestKind::Sha1);
  digest.update(fmt::format("blob {}", fs::file_size(path)));
  digest.update(std::string_view("\0", 1));
  return digest_of_file(path, std::move(digest));
}

}  // namespace quern
