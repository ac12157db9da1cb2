// SPDX-License-Identifier: MIT
#include "data/batch_source.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/json.h"
#include "base/rng.h"

namespace quern {

ShuffledRows::ShuffledRows(std::shared_ptr<const RowSet> rows, uint64_t seed, bool shuffle)
    : rows_(std::move(rows)), seed_(seed), shuffle_(shuffle) {
  if (rows_->rows() < 1)
    throw Error(ErrorKind::InvalidData, "there is no text to train on")
        .hint("give more text, or a smaller validation part");
  QUERN_CHECK(rows_->rows() < int64_t(UINT32_MAX), "{} rows", rows_->rows());
}

void ShuffledRows::append_row(int64_t i, TokenBatch& batch) const {
  const int64_t n = rows_->rows(), epoch = i / n;
  if (!shuffle_) return rows_->append_row(i % n, batch);
  if (epoch != epoch_) {
    order_.resize(size_t(n));
    std::iota(order_.begin(), order_.end(), 0u);
    Rng rng = Rng(seed_, "data.shuffle").split(uint64_t(epoch));
    rng.shuffle(std::span(order_));
    epoch_ = epoch;
  }
  rows_->append_row(order_[size_t(i % n)], batch);
}

std::string ShuffledRows::fingerprint() const {
  return fmt::format("{}({}) of {}", shuffle_ ? "shuffled" : "in order", seed_, rows_->fingerprint());
}

RandomBlocks::RandomBlocks(TokenStore tokens, int64_t T, uint64_t seed)
    : tokens_(std::move(tokens)), T_(T), seed_(seed) {
  if (T < 1 || tokens_.size() < uint64_t(T) + 1)
    throw Error(ErrorKind::InvalidData, "{} tokens are too few for blocks of {}", tokens_.size(), T)
        .hint("give more text, or a shorter block");
}

int64_t RandomBlocks::rows_per_epoch() const { return std::max<int64_t>(1, int64_t(tokens_.size()) / T_); }

void RandomBlocks::append_row(int64_t i, TokenBatch& batch) const {
  if (batch.segments.empty()) batch.segments.push_back(0);
  Rng rng = Rng(seed_, "data.blocks").split(uint64_t(i));
  const uint64_t begin = rng.below(tokens_.size() - uint64_t(T_));
  const size_t at = batch.ids.size(), T = size_t(T_);
  batch.ids.resize(at + T);
  batch.labels.resize(at + T);
  tokens_.copy(begin, std::span(batch.ids).subspan(at, T));
  tokens_.copy(begin + 1, std::span(batch.labels).subspan(at, T));
  const auto token_bytes = tokens_.token_bytes();
  for (size_t t = 0; t < T; ++t) {
    batch.positions.push_back(int32_t(t));
    const size_t label = size_t(batch.labels[at + t]);
    if (label < token_bytes.size()) batch.bytes += token_bytes[label];
  }
  batch.num_targets += T_;
  batch.segments.push_back(int32_t(batch.ids.size()));
}

std::string RandomBlocks::fingerprint() const { return fmt::format("blocks({}) T{} of {}", seed_, T_, tokens_.hash()); }

Mixture::Mixture(std::vector<Part> parts, uint64_t seed) : parts_(std::move(parts)), seed_(seed) {
  if (parts_.empty()) throw Error(ErrorKind::InvalidArgument, "a mixture needs at least one source");
  double total = 0;
  for (const Part& part : parts_) {
    if (!(part.weight >= 0) || !std::isfinite(part.weight))
      throw Error(ErrorKind::InvalidArgument, "a mixture weight of {} is not a number >= 0", part.weight);
    if (part.rows->row_length() != parts_[0].rows->row_length())
      throw Error(ErrorKind::InvalidArgument, "sources of a mixture have rows of {} and {} tokens",
                  parts_[0].rows->row_length(), part.rows->row_length());
    total += part.weight;
  }
  if (total <= 0) throw Error(ErrorKind::InvalidArgument, "all weights of the mixture are 0");
  if (parts_.size() > size_t(kCycle))
    throw Error(ErrorKind::InvalidArgument, "more than {} sources in a mixture", kCycle);
  // Slots of a cycle by largest remainder; a part with any weight gets one at least.
  std::vector<std::pair<double, size_t>> remainders;
  int64_t left = kCycle;
  for (size_t k = 0; k < parts_.size(); ++k) {
    const double exact = parts_[k].weight / total * double(kCycle);
    slots_.push_back(parts_[k].weight > 0 ? std::max<int64_t>(1, int64_t(exact)) : 0);
    left -= slots_.back();
    remainders.push_back({parts_[k].weight > 0 ? exact - double(slots_.back()) : -2e9, k});
  }
  std::stable_sort(remainders.begin(), remainders.end(), [](auto a, auto b) { return a.first > b.first; });
  for (size_t r = 0; left > 0; r = (r + 1) % remainders.size()) {
    if (parts_[remainders[r].second].weight <= 0) continue;
    ++slots_[remainders[r].second];
    --left;
  }
  while (left < 0) {  // many tiny parts took their one slot from the largest
    --*std::max_element(slots_.begin(), slots_.end());
    ++left;
  }
}

void Mixture::load_cycle(int64_t cycle) const {
  if (cycle == cycle_) return;
  order_.clear();
  for (size_t k = 0; k < parts_.size(); ++k) order_.insert(order_.end(), size_t(slots_[k]), uint32_t(k));
  Rng rng = Rng(seed_, "data.mixture").split(uint64_t(cycle));
  rng.shuffle(std::span(order_));
  std::vector<int32_t> seen(parts_.size(), 0);
  earlier_.resize(order_.size());
  for (size_t s = 0; s < order_.size(); ++s) earlier_[s] = seen[order_[s]]++;
  cycle_ = cycle;
}

int64_t Mixture::row_length() const { return parts_[0].rows->row_length(); }

int64_t Mixture::rows_per_epoch() const {
  double rows = 1;
  for (size_t k = 0; k < parts_.size(); ++k)
    if (slots_[k] > 0)
      rows = std::max(rows, double(parts_[k].rows->rows_per_epoch()) * double(kCycle) / double(slots_[k]));
  return int64_t(std::ceil(rows));
}

void Mixture::append_row(int64_t i, TokenBatch& batch) const {
  load_cycle(i / kCycle);
  const size_t slot = size_t(i % kCycle), k = order_[slot];
  parts_[k].rows->append_row(i / kCycle * slots_[k] + earlier_[slot], batch);
}

int64_t Mixture::rows_of_part(size_t k, int64_t i) const {
  load_cycle(i / kCycle);
  const auto end = order_.begin() + i % kCycle;
  return i / kCycle * slots_[k] + std::count(order_.begin(), end, uint32_t(k));
}

std::string Mixture::fingerprint() const {
  std::string out = fmt::format("mixture({})", seed_);
  for (size_t k = 0; k < parts_.size(); ++k)
    out += fmt::format(" {}/{} {};", slots_[k], kCycle, parts_[k].rows->fingerprint());
  return out;
}

std::string SourceState::to_json() const { return to_line(Json{{"rows", rows}, {"fingerprint", fingerprint}}); }

SourceState SourceState::from_json(const std::string& text) {
  const Json json = parse_json(text, "state of the data source");
  if (!json.is_object() || !json.contains("rows") || !json["rows"].is_number_integer() || json["rows"] < 0 ||
      !json.contains("fingerprint") || !json["fingerprint"].is_string())
    throw Error(ErrorKind::InvalidData, "the checkpoint's state of the data source lacks 'rows' or 'fingerprint'");
  return {.rows = json["rows"], .fingerprint = json["fingerprint"]};
}

BatchSource::BatchSource(std::shared_ptr<const RowStream> rows, int64_t B) : rows_(std::move(rows)), B_(B) {
  if (B < 1 || B * rows_->row_length() > int64_t(INT32_MAX))
    throw Error(ErrorKind::InvalidArgument, "a batch of {} rows of {} tokens is not possible", B, rows_->row_length());
}

TokenBatch BatchSource::next() {
  TokenBatch batch;
  for (int64_t b = 0; b < B_; ++b) rows_->append_row(position_++, batch);
  return batch;
}

SourceState BatchSource::state() const { return {.rows = position_, .fingerprint = rows_->fingerprint()}; }

void BatchSource::restore(const SourceState& state) {
  if (state.fingerprint != rows_->fingerprint())
    throw Error(ErrorKind::InvalidData, "the checkpoint was trained on other data or with other data settings")
        .hint("checkpoint: {}\n  now:        {}", state.fingerprint, rows_->fingerprint());
  position_ = state.rows;
}

EvalBatches::EvalBatches(std::shared_ptr<const RowSet> rows, int64_t B, int64_t max_rows)
    : rows_(std::move(rows)), B_(B), count_(max_rows > 0 ? std::min(max_rows, rows_->rows()) : rows_->rows()) {
  QUERN_CHECK(B >= 1, "a batch of {} rows", B);
}

bool EvalBatches::next(TokenBatch& batch) {
  batch.clear();
  for (int64_t b = 0; b < B_ && position_ < count_; ++b, ++position_)
    rows_->append_row(int64_t(__int128{position_} * rows_->rows() / count_), batch);
  return batch.size() > 0;
}

}  // namespace quern
