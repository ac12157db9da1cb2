// SPDX-License-Identifier: MIT
#include "tensor/kernels/probe.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/home.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/threads.h"
#include "tensor/kernels/cpu_features.h"
#include "tensor/kernels/gemm_choice.h"
#include "tensor/kernels/int8_gemm.h"
#include "tensor/kernels/probe_peaks.h"

namespace quern {
namespace {

constexpr int kFormat = 1;                // of the file; another number is measured anew
constexpr double kWorthSwitching = 1.05;  // a later candidate must be this much faster: noise must not choose

fs::path report_file() {
  const fs::path home = quern_home();
  return home.empty() ? home : home / "machine.json";
}

// What the choice depends on: another processor, or kernels that are new in this program, ask for a new probe.
std::string machine_key() {
  const CpuFeatures& cpu = cpu_features();
  std::string key = fmt::format("{} {}/{}/{}", cpu.model, cpu.family, cpu.model_number, cpu.stepping);
  for (const std::string& feature : cpu.names()) key += " " + feature;
  key += " |";
  for (const std::string& kernels : available_kernels()) key += " " + kernels;
  return key;
}

// Puts a set in force for the life of the object.
class InForce {
 public:
  explicit InForce(const KernelSet& set, const KernelSet* before) : before_(before) { put_in_force(set); }
  ~InForce() {
    if (before_) put_in_force(*before_);
  }

 private:
  const KernelSet* before_;
};

// Right first: a product that has every kind of edge, against the reference.
bool is_right() {
  constexpr int64_t M = 31, N = 67, K = 424;
  Rng rng(1);
  const std::vector<float> a = rng.uniform(M * K, -1, 1), b = rng.uniform(K * N, -1, 1);
  std::vector<float> c(M * N), ref(M * N);
  const Mat ma = row_major(a.data(), K), mb = row_major(b.data(), K).transposed();
  gemm(M, N, K, ma, mb, c.data(), N);
  gemm_ref(M, N, K, ma, mb, ref.data(), N);
  for (size_t i = 0; i < c.size(); ++i)
    if (!(std::fabs(c[i] - ref[i]) < 1e-4f)) return false;
  int8_gemm(M, N, K, ma, mb, c.data(), N, {.block_k = 128});
  int8_gemm_ref(M, N, K, ma, mb, ref.data(), N, {.block_k = 128});
  return c == ref;
}

ProbeReport::Candidate time_candidate(const std::string& name) {
  constexpr int64_t M = 96, N = 96, K = 384;
  constexpr double kOperations = 2.0 * M * N * K;
  const std::vector<float> a(M * K, 0.5f), b(K * N, 0.25f);
  std::vector<float> c(M * N);
  const Mat ma = row_major(a.data(), K), mb = row_major(b.data(), K).transposed();
  double f32 = 1e30, int8 = 1e30;
  const auto timed = [](double& best, const auto& work) {
    const double start = now_s();
    work();
    best = std::min(best, now_s() - start);
  };
  const double give_up = now_s() + 0.02;
  for (int run = 0; run < 20 && (run < 2 || now_s() < give_up); ++run) {
    timed(f32, [&] { gemm(M, N, K, ma, mb, c.data(), N); });
    timed(int8, [&] { int8_gemm(M, N, K, ma, mb, c.data(), N); });
  }
  return {name, kOperations / f32 / 1e9, kOperations / int8 / 1e9};
}

ProbeReport measure() {
  ProbeReport report;
  const double start = now_s();
  report.cpu = cpu_features().model;
  report.features = cpu_features().names();
  const int team = compute_threads();
  report.memory_gb_per_s = memory_gb_per_s();
  set_compute_threads(1);  // else the team would be measured, not the kernel
  report.f32_peak_gflops = f32_peak_gflops();
  report.bf16_peak_gflops = bf16_peak_gflops();
  report.int8_peak_gops = int8_peak_gops();
  const KernelSet* before = kernels_in_force_or_null();
  double best = 0;
  int wrong = 0;
  for (const KernelSet& set : kernel_sets()) {
    if (set.missing) continue;
    const InForce in_force(set, before);
    if (!is_right()) {
      ++wrong;
      continue;
    }
    report.candidates.push_back(time_candidate(set.name));
    const ProbeReport::Candidate& candidate = report.candidates.back();
    const double score = std::sqrt(candidate.f32_gflops * candidate.int8_gops);
    if (report.choice.empty() || score > best * kWorthSwitching) best = score, report.choice = set.name;
  }
  set_compute_threads(team);
  QUERN_CHECK(!report.choice.empty(), "no set of kernels computes a product correctly on this machine");
  report.reason = report.candidates.size() == 1
                      ? "the only kernels for this machine"
                      : fmt::format("fastest of {} in f32 and int8 together", report.candidates.size());
  if (wrong) report.reason += fmt::format("; {} left out for wrong results", wrong);
  report.milliseconds = (now_s() - start) * 1e3;
  return report;
}

Json to_json(const ProbeReport& r) {
  Json candidates = Json::array();
  for (const auto& c : r.candidates)
    candidates.push_back({{"name", c.name}, {"f32_gflops", c.f32_gflops}, {"int8_gops", c.int8_gops}});
  return {{"cpu", r.cpu},
          {"features", r.features},
          {"f32_peak_gflops", r.f32_peak_gflops},
          {"bf16_peak_gflops", r.bf16_peak_gflops},
          {"int8_peak_gops", r.int8_peak_gops},
          {"memory_gb_per_s", r.memory_gb_per_s},
          {"milliseconds", r.milliseconds},
          {"candidates", candidates},
          {"choice", r.choice},
          {"reason", r.reason}};
}

ProbeReport from_json(const Json& j) {
  ProbeReport r;
  r.cpu = j.at("cpu").get<std::string>();
  r.features = j.at("features").get<std::vector<std::string>>();
  r.f32_peak_gflops = j.at("f32_peak_gflops").get<double>();
  r.bf16_peak_gflops = j.at("bf16_peak_gflops").get<double>();
  r.int8_peak_gops = j.at("int8_peak_gops").get<double>();
  r.memory_gb_per_s = j.at("memory_gb_per_s").get<double>();
  r.milliseconds = j.at("milliseconds").get<double>();
  for (const Json& c : j.at("candidates"))
    r.candidates.push_back(
        {c.at("name").get<std::string>(), c.at("f32_gflops").get<double>(), c.at("int8_gops").get<double>()});
  r.choice = j.at("choice").get<std::string>();
  r.reason = j.at("reason").get<std::string>();
  return r;
}

// A file that can't be read or does not fit is as good as none: the probe is repeated and the file replaced.
std::optional<ProbeReport> read_report(const fs::path& file) {
  std::error_code ignored;
  if (file.empty() || !fs::is_regular_file(file, ignored)) return std::nullopt;
  try {
    const Json all = read_json(file);
    if (all.at("format") != kFormat) return std::nullopt;
    ProbeReport report = from_json(all.at("machines").at(machine_key()));
    const std::vector<std::string> known = available_kernels();
    if (std::find(known.begin(), known.end(), report.choice) == known.end()) return std::nullopt;
    report.file = file;
    report.from_file = true;
    return report;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void keep_report(ProbeReport& report) {
  const fs::path file = report_file();
  if (file.empty()) return;
  try {
    Json all = {{"format", kFormat}, {"machines", Json::object()}};
    try {
      if (Json old = read_json(file); old.at("format") == kFormat && old.at("machines").is_object())
        all = std::move(old);
    } catch (const std::exception&) {
    }
    all["machines"][machine_key()] = to_json(report);
    fs::create_directories(file.parent_path());
    write_file(file, all.dump(2) + "\n");
    report.file = file;
  } catch (const std::exception&) {  // a read-only home: the choice holds for this process
  }
}

}  // namespace

std::vector<std::string> available_kernels() {
  std::vector<std::string> names;
  for (const KernelSet& set : kernel_sets())
    if (!set.missing) names.emplace_back(set.name);
  return names;
}

void force_kernels(std::string_view choice) {
  std::string known;
  for (const KernelSet& set : kernel_sets()) {
    if (set.name == choice) {
      if (set.missing)
        throw Error(ErrorKind::Unsupported, "the kernels \"{}\" need {}, which this machine lacks", choice,
                    set.missing);
      return put_in_force(set);
    }
    known += known.empty() ? set.name : std::string(", ") + set.name;
  }
  throw Error(ErrorKind::InvalidArgument, "there are no kernels called \"{}\"; known here are {}", choice, known);
}

std::string kernel_choice() {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (const KernelSet* set = kernels_in_force_or_null()) return set->name;
  const std::string choice = probe().choice;
  force_kernels(choice);
  return choice;
}

ProbeReport probe_anew() {
  ProbeReport report = measure();
  keep_report(report);
  return report;
}

ProbeReport probe() {
  if (std::optional<ProbeReport> kept = read_report(report_file())) return *kept;
  return probe_anew();
}

}  // namespace quern
