// SPDX-License-Identifier: MIT
#include "data/token_file.h"

#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "data/token_writer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace quern {

namespace {

constexpr char kMagic[8] = {'q', 'u', 'e', 'r', 'n', 'T', 'O', 'K'};
constexpr uint32_t kVersion = 1;
constexpr size_t kTokenHeadBytes = 16, kTailBytes = 72;

struct Tail {
  uint64_t tokens, documents, vocab, text_bytes;
  int64_t separator;
  char tokenizer_hash[16];
  uint64_t body_hash, tail_hash;
};
static_assert(sizeof(Tail) == kTailBytes);

uint64_t padded(uint64_t bytes) { return (bytes + 7) & ~uint64_t{7}; }

// Every token below the vocabulary's size? Chunks of a plain maximum, which the compiler turns into SIMD.
template <typename T>
uint64_t largest(const T* tokens, uint64_t n) {
  T m = 0;
  for (uint64_t i = 0; i < n; ++i) m = std::max(m, tokens[i]);
  return m;
}

}  // namespace

struct TokenStore::Impl {
  std::unique_ptr<MappedFile> file;  // or the vectors below
  std::vector<uint16_t> own16;
  std::vector<uint32_t> own32;
  std::vector<uint64_t> own_ends;
  std::vector<uint16_t> own_token_bytes;

  const uint16_t* tokens16 = nullptr;  // one of the two is set
  const uint32_t* tokens32 = nullptr;
  std::span<const uint64_t> ends;
  std::span<const uint16_t> token_bytes;
  uint64_t size = 0, text_bytes = 0;
  int32_t separator = -1;
  std::string tokenizer_hash, hash;
};

TokenStore::TokenStore() : impl_(std::make_shared<Impl>()) {}
uint64_t TokenStore::size() const { return impl_->size; }
int32_t TokenStore::operator[](uint64_t i) const {
  return impl_->tokens16 ? int32_t(impl_->tokens16[i]) : int32_t(impl_->tokens32[i]);
}
void TokenStore::copy(uint64_t begin, std::span<int32_t> out) const {
  QUERN_CHECK(begin <= size() && out.size() <= size() - begin, "tokens {}+{} of {}", begin, out.size(), size());
  if (impl_->tokens16)
    std::copy_n(impl_->tokens16 + begin, out.size(), out.data());
  else if (!out.empty())
    std::memcpy(out.data(), impl_->tokens32 + begin, out.size_bytes());
}
uint64_t TokenStore::num_documents() const { return impl_->ends.size(); }
uint64_t TokenStore::document_end(uint64_t d) const { return impl_->ends[d]; }
int32_t TokenStore::separator() const { return impl_->separator; }
int64_t TokenStore::vocab_size() const { return int64_t(impl_->token_bytes.size()); }
uint64_t TokenStore::text_bytes() const { return impl_->text_bytes; }
std::span<const uint16_t> TokenStore::token_bytes() const { return impl_->token_bytes; }
const std::string& TokenStore::tokenizer_hash() const { return impl_->tokenizer_hash; }
const std::string& TokenStore::hash() const { return impl_->hash; }

// ---- writing ----

struct TokenWriter::Impl {
  TokenWriterOptions options;
  bool wide;
  std::unique_ptr<AtomicFile> file;
  std::vector<uint16_t> tokens16;
  std::vector<uint32_t> tokens32;
  std::vector<uint64_t> ends;
  uint64_t size = 0, text_bytes = 0;
  bool open_document = false;
  XXH3_state_t* hash = XXH3_createState();

  ~Impl() { XXH3_freeState(hash); }
  void put(const void* data, size_t bytes) {
    XXH3_64bits_update(hash, data, bytes);
    if (file) file->write(data, bytes);
  }
  void pad(uint64_t written) {
    const char zeros[8] = {};
    put(zeros, size_t(padded(written) - written));
  }
};

TokenWriter::TokenWriter(TokenWriterOptions options) : impl_(std::make_unique<Impl>()) {
  Impl& w = *impl_;
  const size_t V = options.token_bytes.size();
  QUERN_CHECK(options.separator < int64_t(V), "separator {} outside a vocabulary of {}", options.separator, V);
  w.wide = V > 65536;
  w.options = std::move(options);
  XXH3_64bits_reset(w.hash);
  if (!w.options.path.empty()) w.file = std::make_unique<AtomicFile>(w.options.path);
  char head[kTokenHeadBytes];
  const uint32_t width = w.wide ? 4 : 2;
  std::memcpy(head, kMagic, 8);
  std::memcpy(head + 8, &kVersion, 4);
  std::memcpy(head + 12, &width, 4);
  w.put(head, sizeof head);
}

TokenWriter::~TokenWriter() = default;

void TokenWriter::add(std::span<const int32_t> ids, uint64_t text_bytes) {
  Impl& w = *impl_;
  w.open_document = true;
  w.text_bytes += text_bytes;
  const size_t V = w.options.token_bytes.size();
  for (int32_t id : ids) QUERN_CHECK(id >= 0 && size_t(id) < V, "token {} outside a vocabulary of {}", id, V);
  if (w.wide) {
    const size_t before = w.tokens32.size();
    w.tokens32.insert(w.tokens32.end(), ids.begin(), ids.end());
    w.put(w.tokens32.data() + before, 4 * ids.size());
  } else {
    const size_t before = w.tokens16.size();
    w.tokens16.insert(w.tokens16.end(), ids.begin(), ids.end());
    w.put(w.tokens16.data() + before, 2 * ids.size());
  }
  if (w.file) {  // the vectors are only a conversion buffer then
    w.tokens16.clear();
    w.tokens32.clear();
  }
  w.size += ids.size();
}

void TokenWriter::end_document() {
  Impl& w = *impl_;
  if (!w.open_document) return;
  if (w.options.separator >= 0) add(std::span(&w.options.separator, 1), 0);
  w.open_document = false;
  if (w.size > (w.ends.empty() ? 0 : w.ends.back())) w.ends.push_back(w.size);  // a document without tokens is none
}

uint64_t TokenWriter::size() const { return impl_->size; }

TokenStore TokenWriter::finish() {
  Impl& w = *impl_;
  end_document();
  w.pad(w.size * (w.wide ? 4 : 2));
  w.put(w.ends.data(), 8 * w.ends.size());
  w.put(w.options.token_bytes.data(), 2 * w.options.token_bytes.size());
  w.pad(2 * w.options.token_bytes.size());
  Tail tail{.tokens = w.size,
            .documents = w.ends.size(),
            .vocab = w.options.token_bytes.size(),
            .text_bytes = w.text_bytes,
            .separator = w.options.separator};
  std::memset(tail.tokenizer_hash, 0, 16);
  std::memcpy(tail.tokenizer_hash, w.options.tokenizer_hash.data(),
              std::min<size_t>(16, w.options.tokenizer_hash.size()));
  tail.body_hash = XXH3_64bits_digest(w.hash);
  tail.tail_hash = XXH3_64bits(&tail, offsetof(Tail, tail_hash));
  if (w.file) {
    w.file->write(&tail, sizeof tail);
    w.file->commit();
    return TokenStore::open(w.options.path, "", false);
  }
  auto store = std::make_shared<TokenStore::Impl>();
  store->own16 = std::move(w.tokens16);
  store->own32 = std::move(w.tokens32);
  store->own_ends = std::move(w.ends);
  store->own_token_bytes = std::move(w.options.token_bytes);
  (w.wide ? (void)(store->tokens32 = store->own32.data()) : (void)(store->tokens16 = store->own16.data()));
  store->ends = store->own_ends;
  store->token_bytes = store->own_token_bytes;
  store->size = w.size;
  store->text_bytes = w.text_bytes;
  store->separator = w.options.separator;
  store->tokenizer_hash = w.options.tokenizer_hash;
  store->hash = fmt::format("{:016x}", tail.tail_hash);
  return TokenStore(std::move(store));
}

TokenStore TokenStore::from_documents(const std::vector<std::vector<int32_t>>& documents,
                                      std::vector<uint16_t> token_bytes, int32_t separator) {
  TokenWriter writer({.token_bytes = token_bytes, .separator = separator});
  for (const auto& ids : documents) {
    uint64_t bytes = 0;
    for (int32_t id : ids) bytes += id >= 0 && size_t(id) < token_bytes.size() ? token_bytes[size_t(id)] : 0;
    writer.add(ids, bytes);
    writer.end_document();
  }
  return writer.finish();
}

void TokenStore::save(const fs::path& path) const {
  TokenWriter writer({.path = path,
                      .token_bytes = {token_bytes().begin(), token_bytes().end()},
                      .separator = separator(),
                      .tokenizer_hash = tokenizer_hash()});
  std::vector<int32_t> ids;
  uint64_t left = text_bytes();
  for (uint64_t d = 0; d < num_documents(); ++d) {
    const uint64_t last = document_end(d) - (separator() >= 0 ? 1 : 0);  // the writer adds the separator itself
    uint64_t i = document_begin(d);
    do {  // once at least: a document may hold its separator alone
      ids.resize(size_t(std::min<uint64_t>(last - i, 1 << 20)));
      copy(i, ids);
      writer.add(ids, left);
      left = 0;
      i += ids.size();
    } while (i < last);
    writer.end_document();
  }
  writer.finish();
}

// ---- reading ----

TokenStore TokenStore::open(const fs::path& path, const std::string& tokenizer_hash, bool verify) {
  const auto bad = [&](std::string_view what) {
    return Error(ErrorKind::InvalidData, "{}: {}", path.string(), what)
        .hint("delete the file; it is made again from the text");
  };
  auto store = std::make_shared<Impl>();
  store->file = std::make_unique<MappedFile>(path);
  const std::string_view bytes = store->file->text();
  if (bytes.size() < 8 || std::memcmp(bytes.data(), kMagic, 8) != 0) throw bad("not a file of tokens");
  if (bytes.size() < kTokenHeadBytes + kTailBytes) throw bad("the token file is cut off");
  uint32_t version, width;
  std::memcpy(&version, bytes.data() + 8, 4);
  std::memcpy(&width, bytes.data() + 12, 4);
  if (version != kVersion) throw bad(fmt::format("token file version {}, this program reads {}", version, kVersion));
  if (width != 2 && width != 4) throw bad("damaged token file (token width)");
  Tail tail;
  std::memcpy(&tail, bytes.data() + bytes.size() - kTailBytes, kTailBytes);
  if (tail.tail_hash != XXH3_64bits(&tail, offsetof(Tail, tail_hash)))
    throw bad("the token file is cut off or damaged");
  // No count is believed before it fits the file: each alone first, so that the sum can't overflow.
  const uint64_t body = bytes.size() - kTokenHeadBytes - kTailBytes;
  if (tail.tokens > body / width || tail.documents > body / 8 || tail.vocab > body / 2 ||
      tail.documents > tail.tokens || padded(tail.tokens * width) + 8 * tail.documents + padded(2 * tail.vocab) != body)
    throw bad("damaged token file (counts do not match its size)");
  if (tail.vocab > uint64_t(std::numeric_limits<int32_t>::max()) || tail.separator < -1 ||
      tail.separator >= int64_t(tail.vocab))
    throw bad("damaged token file (separator outside the vocabulary)");

  const char* at = bytes.data() + kTokenHeadBytes;
  if (width == 2)
    store->tokens16 = reinterpret_cast<const uint16_t*>(at);
  else
    store->tokens32 = reinterpret_cast<const uint32_t*>(at);
  at += padded(tail.tokens * width);
  store->ends = {reinterpret_cast<const uint64_t*>(at), size_t(tail.documents)};
  at += 8 * tail.documents;
  store->token_bytes = {reinterpret_cast<const uint16_t*>(at), size_t(tail.vocab)};
  uint64_t previous = 0;
  for (uint64_t end : store->ends) {  // an empty document still has its separator, or did not get in
    if (end <= previous || end > tail.tokens) throw bad("damaged token file (document borders)");
    previous = end;
  }
  if (previous != tail.tokens) throw bad("damaged token file (document borders)");
  if (verify) {
    if (XXH3_64bits(bytes.data(), bytes.size() - kTailBytes) != tail.body_hash)
      throw bad("damaged token file (checksum does not match)");
    const uint64_t top = width == 2 ? largest(store->tokens16, tail.tokens) : largest(store->tokens32, tail.tokens);
    if (tail.tokens > 0 && top >= tail.vocab) throw bad("damaged token file (token outside the vocabulary)");
  }
  store->size = tail.tokens;
  store->text_bytes = tail.text_bytes;
  store->separator = int32_t(tail.separator);
  store->tokenizer_hash.assign(tail.tokenizer_hash, strnlen(tail.tokenizer_hash, 16));
  store->hash = fmt::format("{:016x}", tail.tail_hash);
  if (!tokenizer_hash.empty() && store->tokenizer_hash != tokenizer_hash)
    throw Error(ErrorKind::InvalidData, "{}: made with another tokenizer", path.string())
        .hint("delete the file, or give it the tokenizer it was made with");
  return TokenStore(std::move(store));
}

}  // namespace quern
