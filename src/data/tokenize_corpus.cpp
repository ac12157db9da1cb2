// SPDX-License-Identifier: MIT
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/files.h"
#include "base/terminal.h"
#include "base/threads.h"
#include "data/token_writer.h"
#include "text/tokenizer.h"

namespace quern {

namespace {

constexpr size_t kBatchBytes = size_t{16} << 20;  // of text held at once
constexpr size_t kGrainBytes = size_t{64} << 10;  // of text per piece of work
constexpr EncodeOptions kPlain = {.add_special = false, .parse_special = false};

int32_t end_of_text(const Tokenizer& tokenizer) {
  for (const char* name : {"<|endoftext|>", "<|end_of_text|>", "</s>", "<|eot|>", "<eos>", "[SEP]"})
    if (const auto id = tokenizer.token_to_id(name); id && tokenizer.is_special(*id)) return *id;
  return -1;
}

}  // namespace

TokenizedCorpus tokenize_corpus(Corpus corpus, const Tokenizer& tokenizer, const TokenizeOptions& options) {
  const int32_t separator = options.separator == -1 ? end_of_text(tokenizer) : std::max(-1, options.separator);
  std::vector<uint16_t> token_bytes(size_t(tokenizer.vocab_size()));
  for (size_t id = 0; id < token_bytes.size(); ++id)
    token_bytes[id] = uint16_t(std::min<size_t>(UINT16_MAX, tokenizer.token_bytes(TokenId(id)).size()));
  const std::string hash = content_hash(tokenizer.to_json());
  const auto writer_for = [&](const char* name) {
    return TokenWriter({.path = options.out_dir.empty() ? fs::path() : options.out_dir / name,
                        .token_bytes = token_bytes,
                        .separator = separator,
                        .tokenizer_hash = hash});
  };
  TokenWriter train = writer_for("train.tokens"), validation = writer_for("validation.tokens");

  std::unique_ptr<Progress> progress;
  if (!options.quiet) progress = std::make_unique<Progress>();
  bool more = true;
  while (more) {
    std::vector<Document> documents;
    size_t bytes = 0;
    while (bytes < kBatchBytes) {
      Document document;
      if (!(more = corpus.next(document))) break;
      bytes += document.text.size();
      documents.push_back(std::move(document));
    }
    // Pieces of work of near-equal size, cut by the documents alone, so that threads don't show in the result.
    std::vector<std::vector<TokenId>> ids(documents.size());
    std::vector<size_t> pieces = {0};
    size_t in_piece = 0;
    for (size_t d = 0; d < documents.size(); ++d) {
      if (documents[d].text.size() >= 4 * kGrainBytes) {  // long: all threads on this one
        ids[d] = tokenizer.encode_parallel(documents[d].text, compute_threads(), kPlain);
        continue;
      }
      if ((in_piece += documents[d].text.size()) >= kGrainBytes) {
        pieces.push_back(d + 1);
        in_piece = 0;
      }
    }
    if (pieces.back() != documents.size()) pieces.push_back(documents.size());
    parallel_for(int64_t(pieces.size()) - 1, 1, [&](int64_t begin, int64_t end) {
      for (size_t d = pieces[size_t(begin)]; d < pieces[size_t(end)]; ++d)
        if (documents[d].text.size() < 4 * kGrainBytes) tokenizer.encode_append(documents[d].text, kPlain, ids[d]);
    });
    for (size_t d = 0; d < documents.size(); ++d) {
      TokenWriter& out = documents[d].split == DocumentSplit::Train ? train : validation;
      out.add(ids[d], documents[d].text.size());
      if (!documents[d].continues) out.end_document();
    }
    if (progress)
      progress->update(fmt::format("tokenizing: {} of {}, {} tokens", format_size(corpus.stats().raw_bytes),
                                   format_size(corpus.total_raw_bytes()),
                                   format_count(double(train.size() + validation.size()))));
    if (stop_requested()) throw Error(ErrorKind::Interrupted, "stopped while tokenizing");
  }
  if (progress) progress->finish();
  if (corpus.stats().bytes == 0)
    throw Error(ErrorKind::InvalidData, "no text was found in the corpus\n{}", corpus.stats().report())
        .hint("quern reads .txt, .md, .jsonl and .html, each also .gz");
  return {.train = train.finish(), .validation = validation.finish(), .stats = corpus.stats()};
}

}  // namespace quern
