// SPDX-License-Identifier: MIT
#pragma once
// Tokens -> rows -> batches. A row is T positions; what lies in row i of a stream is a pure function of (data, seed,
// i), so a run that is resumed, or starts in the middle, sees bit-identical batches, and its state is one number.
//
//   RowSet     a finite list of rows, each target token in exactly one of them     (PackedRows, SftRows)
//   RowStream  an endless sequence of rows                                         (ShuffledRows, RandomBlocks,
//   Mixture) BatchSource(RowStream, B)  batches for training        EvalBatches(RowSet, B)  one pass for measuring

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/ignore_label.h"
#include "data/token_file.h"

namespace quern {

// B rows of T, flattened to N = B*T positions.
struct TokenBatch {
  std::vector<int32_t> ids;        // (N)
  std::vector<int32_t> labels;     // (N) the token after ids[i], kIgnoreLabel where nothing is to be learned
  std::vector<int32_t> positions;  // (N) counted from 0 in each segment
  std::vector<int32_t> segments;   // cumulative offsets: first 0, last N; attention stays within a segment
  int64_t bytes = 0;               // UTF-8 bytes of the counted target tokens, for bits per byte
  int64_t num_targets = 0;         // labels that are not kIgnoreLabel

  int64_t size() const { return int64_t(ids.size()); }
  void clear();
};

// Rows are appended to a batch.
class RowSet {
 public:
  virtual ~RowSet() = default;
  virtual int64_t row_length() const = 0;  // T
  virtual int64_t rows() const = 0;
  virtual void append_row(int64_t i, TokenBatch& batch) const = 0;  // 0 <= i < rows()
  virtual std::string fingerprint() const = 0;                      // of data and settings
};

class RowStream {
 public:
  virtual ~RowStream() = default;
  virtual int64_t row_length() const = 0;  // T
  virtual int64_t rows_per_epoch() const = 0;
  virtual void append_row(int64_t i, TokenBatch& batch) const = 0;  // any i >= 0
  virtual std::string fingerprint() const = 0;
};

enum class Packing {
  // Every row holds whole documents, or pieces of those longer than T, chosen by best-fit decreasing; attention never
  // crosses from one to another. Ding et al. 2024, arXiv:2404.10830.
  BestFit,
  // The corpus as one stream, cut every T tokens.
  Stream,
};

struct PackingOptions {
  Packing packing = Packing::BestFit;
  // Stream only: attention stops at document borders. BestFit always stops there.
  bool mask_documents = true;
  // New targets per piece of a long document. 0: T. Smaller: each piece repeats T - stride tokens as context that is
  // not counted, so every target sees at least that much (measuring; costs T / stride times the work).
  int64_t stride = 0;
};

class PackedRows : public RowSet {
 public:
  PackedRows(TokenStore tokens, int64_t T, const PackingOptions& options = {});
  int64_t row_length() const override { return T_; }
  int64_t rows() const override { return int64_t(row_begin_.size()) - 1; }
  void append_row(int64_t i, TokenBatch& batch) const override;
  std::string fingerprint() const override { return fingerprint_; }
  int64_t num_targets() const { return num_targets_; }  // in all rows
  double fill() const;                                  // share of positions that hold tokens, not padding

 private:
  struct Piece {
    uint64_t begin;   // first target token
    uint32_t length;  // inputs and targets
    uint32_t skip;    // leading targets that are context only
    bool fresh;       // `begin` is the first token of a document: the separator stands before it
  };
  TokenStore tokens_;
  int64_t T_, num_targets_ = 0, num_filled_ = 0;
  bool mask_documents_;
  std::vector<Piece> pieces_;
  std::vector<uint64_t> row_begin_;  // (rows + 1) into pieces_
  std::string fingerprint_;
};

// One conversation, already rendered by the chat template and tokenized. Trained pieces are what the assistant says,
// its stop token included.
struct ChatExample {
  std::vector<std::pair<std::vector<int32_t>, bool /*trained*/>> pieces;
};

// Conversations, best-fit packed, attention within each, loss on trained pieces only.
class SftRows : public RowSet {
 public:
  // token_bytes (V): UTF-8 bytes of each token, may be empty (then bytes stay 0). A conversation of more than T
  // positions is cut at T; one with nothing trained left is dropped. Both are counted.
  SftRows(std::vector<ChatExample> examples, int64_t T, std::vector<uint16_t> token_bytes = {}, int32_t padding = 0);
  int64_t row_length() const override { return T_; }
  int64_t rows() const override { return int64_t(row_begin_.size()) - 1; }
  void append_row(int64_t i, TokenBatch& batch) const override;
  std::string fingerprint() const override { return fingerprint_; }
  int64_t truncated() const { return truncated_; }
  int64_t dropped() const { return dropped_; }
  int64_t num_targets() const { return num_targets_; }
  double fill() const;

 private:
  int64_t T_, truncated_ = 0, dropped_ = 0, num_targets_ = 0;
  int32_t padding_;
  std::vector<int32_t> tokens_;      // all conversations, flat
  std::vector<uint8_t> trained_;     // per token
  std::vector<uint64_t> begin_;      // (conversations + 1) into tokens_
  std::vector<uint32_t> order_;      // conversations in packed order
  std::vector<uint64_t> row_begin_;  // (rows + 1) into order_
  std::vector<uint16_t> token_bytes_;
  std::string fingerprint_;
};

// Endless: epoch after epoch, each in an order of its own drawn from (seed, epoch).
class ShuffledRows : public RowStream {
 public:
  ShuffledRows(std::shared_ptr<const RowSet> rows, uint64_t seed, bool shuffle = true);
  int64_t row_length() const override { return rows_->row_length(); }
  int64_t rows_per_epoch() const override { return rows_->rows(); }
  void append_row(int64_t i, TokenBatch& batch) const override;
  std::string fingerprint() const override;

 private:
  std::shared_ptr<const RowSet> rows_;
  uint64_t seed_;
  bool shuffle_;
  mutable int64_t epoch_ = -1;  // cache: the order of one epoch
  mutable std::vector<uint32_t> order_;
};

// Windows of T tokens that begin anywhere in the store, drawn with replacement (nanoGPT's loader). Document borders are
// ignored.
class RandomBlocks : public RowStream {
 public:
  RandomBlocks(TokenStore tokens, int64_t T, uint64_t seed);
  int64_t row_length() const override { return T_; }
  int64_t rows_per_epoch() const override;
  void append_row(int64_t i, TokenBatch& batch) const override;
  std::string fingerprint() const override;

 private:
  TokenStore tokens_;
  int64_t T_;
  uint64_t seed_;
};

// Rows drawn from several streams in proportion to their weights: exact over each 1024 rows, in an order drawn from the
// seed. All streams have the same T.
class Mixture : public RowStream {
 public:
  struct Part {
    std::shared_ptr<const RowStream> rows;
    double weight;
  };
  Mixture(std::vector<Part> parts, uint64_t seed);
  int64_t row_length() const override;
  int64_t rows_per_epoch() const override;  // until the part that is exhausted last, in epochs, was seen once
  void append_row(int64_t i, TokenBatch& batch) const override;
  std::string fingerprint() const override;
  // Rows of part k among the first i rows of the mixture.
  int64_t rows_of_part(size_t k, int64_t i) const;

 private:
  static constexpr int64_t kCycle = 1024;
  std::vector<Part> parts_;
  std::vector<int64_t> slots_;  // rows of each part in a cycle
  uint64_t seed_;
  mutable int64_t cycle_ = -1;            // cache: the order of one cycle
  mutable std::vector<uint32_t> order_;   // part of each slot
  mutable std::vector<int32_t> earlier_;  // how many slots before this one belong to the same part
  void load_cycle(int64_t cycle) const;
};

// Where a source stands: goes into a checkpoint's state.json.
struct SourceState {
  int64_t rows = 0;                                       // handed out so far
  std::string fingerprint;                                // of data and settings
  std::string to_json() const;                            // one line
  static SourceState from_json(const std::string& text);  // throws InvalidData
  bool operator==(const SourceState&) const = default;
};

class BatchSource {
 public:
  BatchSource(std::shared_ptr<const RowStream> rows, int64_t B);
  TokenBatch next();
  SourceState state() const;
  // Throws InvalidData when the state belongs to other data or settings.
  void restore(const SourceState& state);
  int64_t batch_size() const { return B_; }
  int64_t row_length() const { return rows_->row_length(); }
  int64_t rows_per_epoch() const { return rows_->rows_per_epoch(); }
  double epoch() const { return double(position_) / double(rows_per_epoch()); }  // epochs handed out

 private:
  std::shared_ptr<const RowStream> rows_;
  int64_t B_, position_ = 0;
};

// One pass in order, every target once; the last batch may have fewer rows.
class EvalBatches {
 public:
  // max_rows > 0: only that many rows, spread evenly over the set.
  EvalBatches(std::shared_ptr<const RowSet> rows, int64_t B, int64_t max_rows = 0);
  bool next(TokenBatch& batch);  // false at the end
  void rewind() { position_ = 0; }
  int64_t rows() const { return count_; }

 private:
  std::shared_ptr<const RowSet> rows_;
  int64_t B_, count_, position_ = 0;
};

// For `quern data preview`: a row as runs of tokens of one kind.
struct PreviewSpan {
  std::vector<int32_t> ids;
  bool trained = false;         // the model learns to produce these tokens
  bool starts_segment = false;  // attention sees nothing before this
};
std::vector<PreviewSpan> preview_spans(const TokenBatch& batch);

}  // namespace quern
