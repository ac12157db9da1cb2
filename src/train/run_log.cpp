// SPDX-License-Identifier: MIT
#include "train/run_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

namespace quern {

namespace {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// Rates and times need no more than six digits; losses keep all.
Json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr);
}

double get_number(const Json& json, const char* key) {
  const auto it = json.find(key);
  if (it == json.end()) return 0.0;
  return it->is_number() ? it->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

int64_t get_integer(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_number_integer() ? it->get<int64_t>() : 0;
}

std::string get_string(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

Json metrics_json(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = number(value);
  return json;
}

Metrics get_metrics(const Json& json) {
  Metrics metrics;
  if (const auto it = json.find("metrics"); it != json.end() && it->is_object())
    for (const auto& [name, value] : it->items()) metrics.emplace_back(name, get_number(*it, name.c_str()));
  return metrics;
}

// The event in a line; null when the line is damaged.
Json parse_line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == line.npos) return nullptr;
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  return json.is_object() && json.contains("step") && json["step"].is_number_integer() ? json : Json(nullptr);
}

template <typename Visit>  // visit(line without its end, whether the end was there)
void for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    visit(text.substr(0, end), end != text.npos);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

StepEvent step_event(const Json& json) {
  const auto skipped = json.find("skipped");
  return {.step = get_integer(json, "step"),
          .loss = get_number(json, "loss"),
          .bpb = get_number(json, "bpb"),
          .lr = get_number(json, "lr"),
          .grad_norm = get_number(json, "grad_norm"),
          .tokens = get_integer(json, "tokens"),
          .tokens_per_s = get_number(json, "tokens_per_s"),
          .seconds = get_number(json, "seconds"),
          .peak_share = get_number(json, "peak_share"),
          .memory_bytes = get_integer(json, "memory_bytes"),
          .skipped = skipped != json.end() && skipped->is_boolean() && skipped->get<bool>(),
          .metrics = get_metrics(json)};
}

}  // namespace

RunHistory read_run_log(const fs::path& path) {
  RunHistory history;
  const std::string text = read_file(path);
  for_each_line(text, [&](std::string_view line, bool) {
    const Json json = parse_line(line);
    const std::string type = json.is_null() ? "" : get_string(json, "type");
    const int64_t step = json.is_null() ? 0 : get_integer(json, "step");
    if (type == "step") {
      history.steps.push_back(step_event(json));
    } else if (type == "eval") {
      history.evals.push_back({.step = step,
                               .data = get_string(json, "data"),
                               .loss = get_number(json, "loss"),
                               .bpb = get_number(json, "bpb"),
                               .seconds = get_number(json, "seconds"),
                               .tokens = get_integer(json, "tokens"),
                               .metrics = get_metrics(json)});
    } else if (type == "sample") {
      history.samples.push_back({.step = step,
                                 .seconds = get_number(json, "seconds"),
                                 .prompt = get_string(json, "prompt"),
                                 .text = get_string(json, "text")});
    } else if (type == "stage") {
      history.stages.push_back({.step = step,
                                .name = get_string(json, "name"),
                                .what = get_string(json, "what"),
                                .seconds = get_number(json, "seconds"),
                                .memory_bytes = get_integer(json, "memory_bytes"),
                                .note = get_string(json, "note")});
    } else {
      ++history.damaged_lines;
    }
  });
  return history;
}

RunLog::RunLog(const fs::path& path, int64_t keep_until_step) : path_(path) {
  std::error_code error;
  if (keep_until_step < 0 || !fs::exists(path, error)) {
    write_file(path, "");
  } else {
    const std::string old = read_file(path);
    std::string kept;
    for_each_line(old, [&](std::string_view line, bool ended) {
      const Json json = ended ? parse_line(line) : Json(nullptr);
      if (!json.is_null() && json["step"].get<int64_t>() <= keep_until_step) kept.append(line) += '\n';
    });
    if (kept != old) write_file(path, kept);
  }
  fd_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0) throw Error(ErrorKind::Io, "{}: can't write the log: {}", path.string(), std::strerror(errno));
}

RunLog::~RunLog() {
  if (fd_ >= 0) ::close(fd_);
}

void RunLog::write_line(std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error(ErrorKind::Io, "{}: can't write the log: {}", path_.string(), std::strerror(errno));
    rest.remove_prefix(size_t(n));
  }
}

void RunLog::write(const StepEvent& e) {
  Json json = {{"type", "step"},
               {"step", e.step},
               {"loss", number(e.loss)},
               {"bpb", number(e.bpb)},
               {"lr", number(e.lr)},
               {"grad_norm", number(e.grad_norm)},
               {"tokens", e.tokens},
               {"tokens_per_s", rounded(e.tokens_per_s)},
               {"seconds", rounded(e.seconds)},
               {"peak_share", rounded(e.peak_share)},
               {"memory_bytes", e.memory_bytes}};
  if (e.skipped) json["skipped"] = true;
  if (!e.metrics.empty()) json["metrics"] = metrics_json(e.metrics);
  write_line(to_line(json));
}

void RunLog::write(const EvalEvent& e) {
  Json json = {{"type", "eval"},         {"step", e.step},       {"data", e.data},
               {"loss", number(e.loss)}, {"bpb", number(e.bpb)}, {"seconds", rounded(e.seconds)},
               {"tokens", e.tokens}};
  if (!e.metrics.empty()) json["metrics"] = metrics_json(e.metrics);
  write_line(to_line(json));
}

void RunLog::write(const SampleEvent& e) {
  write_line(to_line(Json{
      {"type", "sample"}, {"step", e.step}, {"seconds", rounded(e.seconds)}, {"prompt", e.prompt}, {"text", e.text}}));
}

void RunLog::write(const StageEvent& e) {
  Json json = {{"type", "stage"},
               {"step", e.step},
               {"name", e.name},
               {"what", e.what},
               {"seconds", rounded(e.seconds)},
               {"memory_bytes", e.memory_bytes}};
  if (!e.note.empty()) json["note"] = e.note;
  write_line(to_line(json));
}

}  // namespace quern
