// SPDX-License-Identifier: MIT
#include "golden.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "tensor/tensor.h"

namespace quern::goldens {

void Comparison::add(const std::string& what, double error, double tolerance) {
  ++compared_;
  if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
  const double ratio = tolerance > 0 ? error / tolerance : error > 0 ? std::numeric_limits<double>::infinity() : 0;
  if (ratio <= worst_ratio_) return;
  worst_ratio_ = ratio;
  worst_.max_error = error;
  worst_.tolerance = tolerance;
  worst_.note = what;
}

void Comparison::close(const std::string& what, std::span<const float> got, std::span<const float> want,
                       double absolute, double relative) {
  if (got.size() != want.size()) return add(fmt::format("{}: {} values, not {}", what, got.size(), want.size()), 1, 0);
  double error = 0, tolerance = absolute, worst = -1;
  for (size_t i = 0; i < got.size(); ++i) {
    // Equal infinities (removed tokens) agree; one alone does not.
    const double e = got[i] == want[i] ? 0 : std::abs(double{got[i]} - want[i]);
    const double t = absolute + (std::isfinite(want[i]) ? relative * std::abs(want[i]) : 0);
    const double ratio = std::isfinite(e) ? e / t : std::numeric_limits<double>::infinity();
    if (ratio > worst) worst = ratio, error = e, tolerance = t;
  }
  add(what, error, tolerance);
}

void Comparison::close_by_std(const std::string& what, std::span<const float> got, std::span<const float> want,
                              double factor) {
  if (got.size() != want.size()) return add(fmt::format("{}: {} values, not {}", what, got.size(), want.size()), 1, 0);
  double mean = 0, variance = 0, error = 0;
  for (const float w : want) mean += w / double(want.size());
  for (const float w : want) variance += (w - mean) * (w - mean) / double(want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const double e = std::abs(double{got[i]} - want[i]);
    error = e <= error ? error : e;  // a NaN is taken over
    if (std::isnan(error)) break;
  }
  add(what, error / std::sqrt(variance), factor);
}

void Comparison::number(const std::string& what, double got, double want, double absolute, double relative) {
  add(what, std::abs(got - want), absolute + relative * std::abs(want));
}

void Comparison::same_ids(const std::string& what, std::span<const int32_t> got, std::span<const int32_t> want) {
  size_t wrong = std::max(got.size(), want.size()) - std::min(got.size(), want.size());
  for (size_t i = 0; i < std::min(got.size(), want.size()); ++i) wrong += got[i] != want[i];
  add(what, double(wrong), 0);
}

void Comparison::require(const std::string& what, bool ok) { add(what, ok ? 0 : 1, 0); }

Outcome Comparison::outcome() const {
  if (compared_ == 0) return {Outcome::Status::Fail, 0, 0, "there was nothing to compare"};
  Outcome out = worst_;
  out.status = worst_ratio_ <= 1 ? Outcome::Status::Pass : Outcome::Status::Fail;
  return out;
}

std::vector<float> Expected::floats(const std::string& name) const {
  const SafetensorsTensor& t = file_.at(name);
  read_.insert(name);
  if (!info(t.dtype()).floating)
    throw Error(ErrorKind::InvalidData, "{}: '{}' has dtype {}, not a floating one", file_.path().string(), name,
                t.dtype_name);
  const Tensor raw = Tensor::empty(t.shape, t.dtype());
  std::memcpy(raw.raw(), t.bytes.data(), t.bytes.size());
  return raw.to_vector();
}

std::vector<int32_t> Expected::ids(const std::string& name) const {
  const SafetensorsTensor& t = file_.at(name);
  read_.insert(name);
  std::vector<int32_t> out(size_t(t.num_values()));
  for (size_t i = 0; i < out.size(); ++i) {
    if (t.dtype() == DType::i64) {
      int64_t value;
      std::memcpy(&value, t.bytes.data() + 8 * i, 8);
      out[i] = int32_t(value);
    } else if (t.dtype() == DType::i32) {
      std::memcpy(&out[i], t.bytes.data() + 4 * i, 4);
    } else {
      throw Error(ErrorKind::InvalidData, "{}: '{}' has dtype {}, not an integer one", file_.path().string(), name,
                  t.dtype_name);
    }
  }
  return out;
}

std::vector<uint8_t> Expected::bytes(const std::string& name) const {
  const SafetensorsTensor& t = file_.at(name);
  read_.insert(name);
  const auto* begin = reinterpret_cast<const uint8_t*>(t.bytes.data());
  return {begin, begin + t.bytes.size()};
}

std::vector<std::string> Expected::names(const std::string& prefix) const {
  std::vector<std::string> out;
  for (const SafetensorsTensor& t : file_.tensors())
    if (t.name.starts_with(prefix)) out.push_back(t.name);
  std::ranges::sort(out);
  return out;
}

void Expected::require_all_read() const {
  for (const SafetensorsTensor& t : file_.tensors())
    if (!read_.contains(t.name)) throw not_yet(fmt::format("'{}' is not compared yet", t.name));
}

bool is_safetensors(const fs::path& path) { return path.extension() == ".safetensors"; }

std::function<bool(const fs::path&)> folder_with(const std::string& file) {
  return [file](const fs::path& path) { return fs::exists(path / file); };
}

}  // namespace quern::goldens
