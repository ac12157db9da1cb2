// SPDX-License-Identifier: MIT
#pragma once
// Compares quern with values that other implementations produced. A folder of goldens holds areas (models, training,
// losses, ...); each area has a file here that finds its cases and checks them.

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "formats/safetensors.h"

namespace quern::goldens {

struct Outcome {
  enum class Status { Pass, Fail, Skip } status = Status::Skip;
  // Of the comparison nearest to (or furthest beyond) its tolerance. Exact comparisons count mismatches against 0.
  double max_error = 0, tolerance = 0;
  std::string note;  // where that was; why a case is skipped
};

// What the case asks for does not exist yet: the case is skipped, never passed.
inline Error not_yet(const std::string& what) { return Error(ErrorKind::Unsupported, what); }

// Collects comparisons and keeps the worst.
class Comparison {
 public:
  // |got - want| <= absolute + relative * |want| for each value.
  void close(const std::string& what, std::span<const float> got, std::span<const float> want, double absolute,
             double relative = 0);
  // |got - want| <= factor * standard deviation of `want`; the error is reported in units of that deviation.
  void close_by_std(const std::string& what, std::span<const float> got, std::span<const float> want, double factor);
  void number(const std::string& what, double got, double want, double absolute, double relative = 0);
  void same_ids(const std::string& what, std::span<const int32_t> got, std::span<const int32_t> want);
  void require(const std::string& what, bool ok);  // an exact comparison
  Outcome outcome() const;                         // Fail when nothing was compared

 private:
  void add(const std::string& what, double error, double tolerance);
  int64_t compared_ = 0;
  double worst_ratio_ = -1;
  Outcome worst_;
};

// A file of expected values. Remembers what was read, so that a value nobody compared is noticed.
class Expected {
 public:
  explicit Expected(const fs::path& path) : file_(SafetensorsFile::open(path)) {}

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  std::vector<float> floats(const std::string& name) const;   // f32, bf16, f16
  std::vector<int32_t> ids(const std::string& name) const;    // i64, i32
  std::vector<uint8_t> bytes(const std::string& name) const;  // of any dtype, as they lie
  const std::vector<int64_t>& shape(const std::string& name) const { return file_.at(name).shape; }
  std::vector<std::string> names(const std::string& prefix = "") const;
  // Throws not_yet naming the first tensor that was never read.
  void require_all_read() const;

 private:
  SafetensorsFile file_;
  mutable std::set<std::string> read_;
};

struct Area {
  std::string folder;  // "models": below DIR
  // Is the entry `path` of that folder a case?
  std::function<bool(const fs::path& path)> is_case;
  // `base`: the case's path without extension. Throws Unsupported for what does not exist yet.
  std::function<Outcome(const fs::path& base)> check;
};

Area models_area(), training_area(), losses_area(), sampling_area(), tokenizers_area();
Area gguf_models_area(), chat_templates_area(), quants_area();

// For areas of one safetensors file per case, and of one folder per case.
bool is_safetensors(const fs::path& path);
std::function<bool(const fs::path&)> folder_with(const std::string& file);

}  // namespace quern::goldens
