// SPDX-License-Identifier: MIT
// Rows of documents and of conversations.
#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "data/batch_source.h"
#include "data/packing.h"

namespace quern {

namespace {

void begin_rows(TokenBatch& batch) {
  if (batch.segments.empty()) batch.segments.push_back(0);
}

void end_segment(TokenBatch& batch) {
  const int32_t begin = batch.segments.back(), end = int32_t(batch.ids.size());
  if (end == begin) return;
  for (int32_t i = begin; i < end; ++i) batch.positions.push_back(i - begin);
  batch.segments.push_back(end);
}

// The rest of the row: tokens that nothing attends to and nobody learns, a segment of their own.
void pad_row(TokenBatch& batch, size_t row_end, int32_t padding) {
  batch.ids.resize(row_end, padding);
  batch.labels.resize(row_end, kIgnoreLabel);
  end_segment(batch);
}

void put_target(TokenBatch& batch, int32_t label, std::span<const uint16_t> token_bytes) {
  batch.labels.push_back(label);
  ++batch.num_targets;
  if (size_t(label) < token_bytes.size()) batch.bytes += token_bytes[size_t(label)];
}

void check_row_length(int64_t T) {
  if (T < 1 || T > (int64_t{1} << 24))
    throw Error(ErrorKind::InvalidArgument, "a row length of {} is not between 1 and 2^24", T);
}

}  // namespace

void TokenBatch::clear() {
  ids.clear();
  labels.clear();
  positions.clear();
  segments.clear();
  bytes = num_targets = 0;
}

PackedRows::PackedRows(TokenStore tokens, int64_t T, const PackingOptions& options)
    : tokens_(std::move(tokens)),
      T_(T),
      mask_documents_(options.packing == Packing::BestFit || options.mask_documents) {
  check_row_length(T);
  const int64_t stride = options.stride > 0 ? std::min(options.stride, T) : T;
  if (stride != T && options.packing == Packing::Stream)
    throw Error(ErrorKind::InvalidArgument, "a stride below the row length needs best-fit packing");
  const bool separated = tokens_.separator() >= 0;
  // Target ranges: the parts of the store within which attention may look back.
  const uint64_t ranges = mask_documents_ ? tokens_.num_documents() : std::min<uint64_t>(1, tokens_.size());
  uint64_t space = uint64_t(T);  // left in the current row of a stream
  row_begin_.push_back(0);
  for (uint64_t d = 0; d < ranges; ++d) {
    const uint64_t begin = mask_documents_ ? tokens_.document_begin(d) : 0;
    const uint64_t end = mask_documents_ ? tokens_.document_end(d) : tokens_.size();
    uint64_t at = separated ? begin : begin + 1;  // nothing stands before the first token: it can't be a target
    while (at < end) {
      const bool first = at == (separated ? begin : begin + 1);
      const uint64_t context = options.packing == Packing::BestFit && !first ? uint64_t(T - stride) : 0;
      const uint64_t room = options.packing == Packing::BestFit ? uint64_t(T) : space;
      const uint64_t targets = std::min(end - at, room - context);
      pieces_.push_back({.begin = at - context,
                         .length = uint32_t(targets + context),
                         .skip = uint32_t(context),
                         .fresh = separated && at == begin});
      num_targets_ += int64_t(targets);
      num_filled_ += int64_t(targets + context);
      at += targets;
      if (options.packing == Packing::Stream && (space -= targets) == 0) {
        space = uint64_t(T);
        row_begin_.push_back(pieces_.size());
      }
    }
  }
  if (options.packing == Packing::Stream) {
    if (row_begin_.back() != pieces_.size()) row_begin_.push_back(pieces_.size());
  } else {
    std::vector<uint32_t> lengths;
    lengths.reserve(pieces_.size());
    for (const Piece& piece : pieces_) lengths.push_back(piece.length);
    RowPlan plan = best_fit(lengths, T);
    std::vector<Piece> packed;
    packed.reserve(pieces_.size());
    for (uint32_t i : plan.order) packed.push_back(pieces_[i]);
    pieces_ = std::move(packed);
    row_begin_ = std::move(plan.row_begin);
  }
  fingerprint_ = fmt::format("packed {} T{} {}{} s{}", tokens_.hash(), T,
                             options.packing == Packing::BestFit ? "best-fit" : "stream",
                             mask_documents_ ? "" : " unmasked", stride);
}

double PackedRows::fill() const { return rows() == 0 ? 1.0 : double(num_filled_) / (double(rows()) * double(T_)); }

void PackedRows::append_row(int64_t i, TokenBatch& batch) const {
  QUERN_CHECK(i >= 0 && i < rows(), "row {} of {}", i, rows());
  begin_rows(batch);
  const size_t row_end = batch.ids.size() + size_t(T_);
  const auto token_bytes = tokens_.token_bytes();
  std::vector<int32_t> targets;
  for (uint64_t p = row_begin_[size_t(i)]; p < row_begin_[size_t(i) + 1]; ++p) {
    const Piece& piece = pieces_[p];
    targets.resize(piece.length);
    tokens_.copy(piece.begin, targets);
    batch.ids.push_back(piece.fresh ? tokens_.separator() : tokens_[piece.begin - 1]);
    batch.ids.insert(batch.ids.end(), targets.begin(), targets.end() - 1);
    for (uint32_t t = 0; t < piece.length; ++t) {
      if (t < piece.skip)
        batch.labels.push_back(kIgnoreLabel);
      else
        put_target(batch, targets[t], token_bytes);
    }
    end_segment(batch);
  }
  pad_row(batch, row_end, std::max(0, tokens_.separator()));
}

SftRows::SftRows(std::vector<ChatExample> examples, int64_t T, std::vector<uint16_t> token_bytes, int32_t padding)
    : T_(T), padding_(padding), token_bytes_(std::move(token_bytes)) {
  check_row_length(T);
  begin_.push_back(0);
  std::vector<uint32_t> lengths;
  for (const ChatExample& example : examples) {
    const size_t begin = tokens_.size(), limit = size_t(T) + 1;  // T inputs and the label of the last
    size_t total = 0;
    for (const auto& [ids, trained] : example.pieces) {
      const size_t take = std::min(ids.size(), limit - std::min(limit, total));
      tokens_.insert(tokens_.end(), ids.begin(), ids.begin() + int64_t(take));
      trained_.insert(trained_.end(), take, uint8_t(trained));
      total += ids.size();
    }
    int64_t targets = 0;
    for (size_t k = begin + 1; k < tokens_.size(); ++k) targets += trained_[k];
    if (targets == 0) {
      ++dropped_;
      tokens_.resize(begin);
      trained_.resize(begin);
      continue;
    }
    truncated_ += total > limit;
    num_targets_ += targets;
    begin_.push_back(tokens_.size());
    lengths.push_back(uint32_t(tokens_.size() - begin - 1));
  }
  RowPlan plan = best_fit(lengths, T);
  order_ = std::move(plan.order);
  row_begin_ = std::move(plan.row_begin);
  const std::string_view tokens(reinterpret_cast<const char*>(tokens_.data()), tokens_.size() * 4);
  const std::string_view trained(reinterpret_cast<const char*>(trained_.data()), trained_.size());
  fingerprint_ = fmt::format("sft {} {} T{}", content_hash(tokens), content_hash(trained), T);
}

double SftRows::fill() const {
  const double filled = double(tokens_.size()) - double(order_.size());
  return rows() == 0 ? 1.0 : filled / (double(rows()) * double(T_));
}

void SftRows::append_row(int64_t i, TokenBatch& batch) const {
  QUERN_CHECK(i >= 0 && i < rows(), "row {} of {}", i, rows());
  begin_rows(batch);
  const size_t row_end = batch.ids.size() + size_t(T_);
  for (uint64_t p = row_begin_[size_t(i)]; p < row_begin_[size_t(i) + 1]; ++p) {
    const uint32_t example = order_[p];
    for (uint64_t k = begin_[example]; k + 1 < begin_[example + 1]; ++k) {
      batch.ids.push_back(tokens_[k]);
      if (trained_[k + 1])
        put_target(batch, tokens_[k + 1], token_bytes_);
      else
        batch.labels.push_back(kIgnoreLabel);
    }
    end_segment(batch);
  }
  pad_row(batch, row_end, padding_);
}

std::vector<PreviewSpan> preview_spans(const TokenBatch& batch) {
  std::vector<PreviewSpan> spans;
  for (size_t s = 0; s + 1 < batch.segments.size(); ++s) {
    const size_t begin = size_t(batch.segments[s]), end = size_t(batch.segments[s + 1]);
    const auto ignored = [](int32_t label) { return label == kIgnoreLabel; };
    if (std::all_of(batch.labels.begin() + int64_t(begin), batch.labels.begin() + int64_t(end), ignored)) continue;
    spans.push_back({.ids = {batch.ids[begin]}, .trained = false, .starts_segment = true});
    for (size_t i = begin; i < end; ++i) {
      const bool trained = !ignored(batch.labels[i]);
      if (!trained && i + 1 == end) break;  // the token after an untrained end is not in the batch
      if (spans.back().trained != trained) spans.push_back({.trained = trained});
      spans.back().ids.push_back(trained ? batch.labels[i] : batch.ids[i + 1]);
    }
  }
  return spans;
}

}  // namespace quern
