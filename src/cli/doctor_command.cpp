// SPDX-License-Identifier: MIT
// quern doctor
#include <gnu/libc-version.h>
#include <hwy/base.h>
#include <libxml/xmlversion.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <utf8proc.h>
#include <zlib.h>

#include <cstdio>

#include <hwy/highway.h>
#include "base/files.h"
#include "base/home.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/terminal.h"
#include "base/threads.h"

#include "cli/command.h"
#include "tensor/kernels/cpu_features.h"
#include "tensor/kernels/probe.h"

namespace quern {

namespace {
Json libraries() {
  char pcre2[64] = "";
  pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
  return {{"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
          {"highway", fmt::format("{}.{}.{}", HWY_MAJOR, HWY_MINOR, HWY_PATCH)},
          {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                        NLOHMANN_JSON_VERSION_PATCH)},
          {"cli11", CLI11_VERSION},
          {"pcre2", pcre2},
          {"utf8proc", utf8proc_version()},
          {"sqlite", sqlite3_libversion()},
          {"libxml2", LIBXML_DOTTED_VERSION},
          {"zlib", zlibVersion()},
          {"glibc", gnu_get_libc_version()},
          {"compiler", __VERSION__}};
}

// Space where files would go, null when that can't be told.
Json disk(const fs::path& path) {
  std::error_code error;
  fs::path at = fs::absolute(path, error);
  while (!at.empty() && !fs::exists(at, error) && at != at.parent_path()) at = at.parent_path();
  const fs::space_info space = fs::space(at, error);
  if (error) return nullptr;
  return {{"path", path.string()}, {"free_bytes", space.available}, {"total_bytes", space.capacity}};
}

Json examine(bool anew) {
  const ProbeReport p = anew ? probe_anew() : probe();
  const CpuFeatures& f = cpu_features();
  Json kernels = Json::array();
  for (const ProbeReport::Candidate& c : p.candidates)
    kernels.push_back({{"name", c.name}, {"f32_gflops", c.f32_gflops}, {"int8_gops", c.int8_gops}});
  const fs::path home = quern_home();
  return {{"version", QUERN_VERSION},
          {"cpu",
           {{"name", p.cpu},
            {"processors", hardware_threads()},
            {"threads", compute_threads()},
            {"features", p.features},
            {"l1_bytes", f.l1_bytes},
            {"l2_bytes", f.l2_bytes},
            {"l3_bytes", f.l3_bytes}}},
          {"probe",
           {{"f32_peak_gflops", p.f32_peak_gflops},
            {"bf16_peak_gflops", p.bf16_peak_gflops},
            {"int8_peak_gops", p.int8_peak_gops},
            {"memory_gb_per_s", p.memory_gb_per_s},
            {"milliseconds", p.milliseconds},
            {"from_file", p.from_file},
            {"file", p.file.string()}}},
          {"kernels", {{"choice", kernel_choice()}, {"reason", p.reason}, {"candidates", kernels}}},
          {"memory", {{"total_bytes", physical_memory_bytes()}, {"available_bytes", available_memory_bytes()}}},
          {"disk", {disk("."), disk(fs::temp_directory_path())}},
          {"home", home.empty() ? Json(nullptr) : Json(home.string())},
          {"libraries", libraries()}};
}

void print(const Json& d) {
  const auto line = [](std::string_view name, const std::string& value) { fmt::print("{:<12} {}\n", name, value); };
  const auto text = [](const Json& j) { return j.get<std::string>(); };
  const auto size = [](const Json& j) { return format_size(j.get<uint64_t>()); };
  const Json &cpu = d["cpu"], &p = d["probe"];
  line("quern", text(d["version"]));
  line("processor", fmt::format("{}, {} for this process, {} compute threads", text(cpu["name"]),
                                cpu["processors"].get<int>(), cpu["threads"].get<int>()));
  std::string features;
  for (const Json& f : cpu["features"]) features += (features.empty() ? "" : " ") + text(f);
  line("features", features.empty() ? "none beyond the baseline" : features);
  line("caches",
       fmt::format("L1 {}, L2 {}, L3 {}", size(cpu["l1_bytes"]), size(cpu["l2_bytes"]), size(cpu["l3_bytes"])));
  const double bf16 = p["bf16_peak_gflops"].get<double>();
  line(
      "one core",
      fmt::format("f32 {:.0f} GFLOP/s, bf16 {}, int8 {:.0f} GOP/s; all together read {:.1f} GB/s of memory",
                  p["f32_peak_gflops"].get<double>(), bf16 > 0 ? fmt::format("{:.0f} GFLOP/s", bf16) : "no instruction",
                  p["int8_peak_gops"].get<double>(), p["memory_gb_per_s"].get<double>()));
  for (const Json& c : d["kernels"]["candidates"])
    line("", fmt::format("{:<10} f32 {:.0f} GFLOP/s, int8 {:.0f} GOP/s", text(c["name"]), c["f32_gflops"].get<double>(),
                         c["int8_gops"].get<double>()));
  line("kernels", fmt::format("{}: {}", text(d["kernels"]["choice"]), text(d["kernels"]["reason"])));
  line("probe", p["from_file"] == true
                    ? fmt::format("kept in {}; quern doctor --probe measures anew", text(p["file"]))
                    : fmt::format("took {:.0f} ms{}", p["milliseconds"].get<double>(),
                                  text(p["file"]).empty() ? ", could not be kept" : ", kept in " + text(p["file"])));
  line("memory", fmt::format("{} free of {}", size(d["memory"]["available_bytes"]), size(d["memory"]["total_bytes"])));
  for (const Json& disk : d["disk"])
    if (disk.is_object())
      line("disk",
           fmt::format("{} free of {} at {}", size(disk["free_bytes"]), size(disk["total_bytes"]), text(disk["path"])));
  line("home", d["home"].is_null() ? "none: set QUERN_HOME" : text(d["home"]) + " (QUERN_HOME)");
  std::string libraries;
  for (const auto& [name, version] : d["libraries"].items())
    libraries += (libraries.empty() ? "" : ", ") + name + " " + text(version);
  line("libraries", libraries);
}
}  // namespace

void add_doctor_command(CLI::App& app) {
  struct Options {
    CommonOptions common;
    bool anew = false;
  };
  auto o = std::make_shared<Options>();
  auto* cmd = app.add_subcommand("doctor", "What this machine can do, and which kernels were chosen and why");
  cmd->add_flag("--probe", o->anew, "measure again, and keep the result");
  add_common_options(cmd, o->common);
  add_examples(cmd, "  quern doctor\n  quern doctor --probe --json");
  cmd->callback([o] {
    if (o->common.threads > 0) set_compute_threads(o->common.threads);
    const Json d = examine(o->anew);
    if (o->common.json)
      fmt::print("{}\n", to_line(d));
    else
      print(d);
  });
}

}  // namespace quern
