// SPDX-License-Identifier: MIT
#pragma once
// What models do with the words of a text: look them up among those seen, else encode and remember them.

#include <cstring>

#include "text/encode_scratch.h"
#include "text/token_model.h"

namespace quern {

// Called with each word. Model::encode_word(word, size, scratch, out) appends at most `size` ids and returns the new
// end.
template <typename Model>
class CachedWords {
 public:
  // `text` holds all the words.
  CachedWords(const Model& model, std::string_view text, EncodeScratch& scratch, IdSink& out)
      : model_(model), text_end_(text.data() + text.size()), scratch_(scratch), cache_(scratch.cache), out_(out) {}

  void operator()(const char* begin, const char* end) {
    const auto size = static_cast<size_t>(end - begin);
    if (size > WordCache::kMaxBytes) {
      TokenId* at = out_.room(size);
      out_.advance_to(model_.encode_word(begin, size, scratch_, at));
      return;
    }
    const WordCache::Key key = WordCache::key_of(begin, size, static_cast<size_t>(text_end_ - begin));
    WordCache::Entry& entry = cache_.place(key);
    TokenId* at = out_.room(16);  // past what 15 bytes can give, and what is copied below
    if (entry.key == key) [[likely]] {
      std::memcpy(at, entry.ids, 16);  // three ids and the count, of which entry.count are meant
      out_.advance_to(at + entry.count);
      return;
    }
    TokenId* ids_end = model_.encode_word(begin, size, scratch_, at);
    const auto count = static_cast<size_t>(ids_end - at);
    if (count <= WordCache::kMaxIds) {
      entry.key = key;
      entry.count = static_cast<uint32_t>(count);
      std::memcpy(entry.ids, at, count * sizeof *at);
      cache_.count_miss();
    }
    out_.advance_to(ids_end);
  }

 private:
  const Model& model_;
  const char* text_end_;
  EncodeScratch& scratch_;
  WordCache& cache_;
  IdSink& out_;
};

}  // namespace quern
