// SPDX-License-Identifier: MIT
// quern compare runs/a runs/b
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "base/json.h"
#include "cli/command.h"
#include "cli/inspect.h"
#include "formats/hf_folder.h"
#include "formats/model_path.h"
#include "formats/safetensors.h"
#include "tensor/tensor.h"
#include "train/recipe.h"
#include "train/run_log.h"

namespace quern {

namespace {
struct CompareOptions {
  CommonOptions common;
  std::string a, b;
};

struct Side {
  fs::path model, run;  // either may be empty
};

Side side_of(const std::string& argument) {
  if (fs::is_regular_file(argument) && argument.ends_with(".safetensors")) return {.model = argument, .run = {}};
  const fs::path model = resolve_model_path(argument);
  return {.model = model, .run = run_folder_of(model)};
}

// {"a.b": value} for every leaf.
void flatten(const Json& json, const std::string& prefix, std::map<std::string, Json>& out) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) flatten(value, prefix.empty() ? key : prefix + "." + key, out);
  } else {
    out[prefix] = json;
  }
}

Json differences(const Json& a, const Json& b) {
  std::map<std::string, Json> x, y;
  flatten(a, "", x);
  flatten(b, "", y);
  std::set<std::string> keys;
  for (const auto& [key, value] : x) keys.insert(key);
  for (const auto& [key, value] : y) keys.insert(key);
  Json out = Json::array();
  for (const std::string& key : keys) {
    const Json in_a = x.contains(key) ? x[key] : Json(nullptr), in_b = y.contains(key) ? y[key] : Json(nullptr);
    if (in_a != in_b) out.push_back({{"key", key}, {"a", in_a}, {"b", in_b}});
  }
  return out;
}

Json config_of(const Side& s) { return fs::is_directory(s.model) ? read_model_config(s.model) : Json::object(); }

Json recipe_of(const Side& s) {
  const fs::path path = s.run / "recipe.toml";
  return !s.run.empty() && fs::exists(path) ? read_recipe(path).to_json() : Json::object();
}

Json scores_of(const Side& s) {
  Json out = Json::object();
  const fs::path path = s.run / "log.jsonl";
  if (s.run.empty() || !fs::exists(path)) return out;
  const RunHistory history = read_run_log(path);
  for (const EvalEvent& e : history.evals) out[e.data] = {{"step", e.step}, {"loss", e.loss}, {"bits_per_byte", e.bpb}};
  if (!history.steps.empty()) {
    const StepEvent& e = history.steps.back();
    out["training"] = {
        {"step", e.step}, {"loss", e.loss}, {"bits_per_byte", e.bpb}, {"tokens", e.tokens}, {"seconds", e.seconds}};
  }
  return out;
}

std::vector<float> values_of(const SafetensorsTensor& t) {
  Tensor raw = Tensor::empty(t.shape, t.dtype());
  std::copy(t.bytes.begin(), t.bytes.end(), raw.data<std::byte>());
  return raw.to(DType::f32).to_vector();
}

// Per tensor of both: the largest difference, and the size of the difference relative to a (Frobenius norms).
Json compare_tensors(const SafetensorsModel& a, const SafetensorsModel& b) {
  Json list = Json::array(), only_a = Json::array(), only_b = Json::array(), other_shape = Json::array();
  int64_t equal = 0;
  double largest = 0;
  for (const SafetensorsTensor* t : b.tensors())
    if (!a.find(t->name)) only_b.push_back(t->name);
  for (const SafetensorsTensor* t : a.tensors()) {
    const SafetensorsTensor* u = b.find(t->name);
    if (!u) {
      only_a.push_back(t->name);
      continue;
    }
    if (t->shape != u->shape) {
      other_shape.push_back({{"name", t->name}, {"a", t->shape}, {"b", u->shape}});
      continue;
    }
    if (t->dtype_name == u->dtype_name && std::ranges::equal(t->bytes, u->bytes)) {
      ++equal;
      continue;
    }
    const std::vector<float> x = values_of(*t), y = values_of(*u);
    double most = 0, square_difference = 0, square = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double d = double{y[i]} - x[i];
      most = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(most, std::abs(d));
      square_difference += d * d;
      square += double{x[i]} * x[i];
    }
    largest = std::max(largest, most);
    const double relative = square > 0 ? std::sqrt(square_difference / square) : 0;
    list.push_back({{"name", t->name},
                    {"max_difference", std::isfinite(most) ? Json(most) : Json(nullptr)},
                    {"relative_difference", std::isfinite(relative) ? Json(relative) : Json(nullptr)}});
  }
  return {{"equal", equal},
          {"different", list},
          {"max_difference", std::isfinite(largest) ? Json(largest) : Json(nullptr)},
          {"only_in_a", only_a},
          {"only_in_b", only_b},
          {"other_shape", other_shape}};
}

std::string shown(const Json& v) { return v.is_null() ? "-" : v.is_string() ? v.get<std::string>() : to_line(v); }

void print_table(const char* title, const Json& rows) {
  if (rows.empty()) return;
  fmt::print("{}\n", title);
  for (const Json& row : rows)
    fmt::print("  {:<32} {:<24} {}\n", row["key"].get<std::string>(), shown(row["a"]), shown(row["b"]));
}

void compare(const CompareOptions& o) {
  const Side a = side_of(o.a), b = side_of(o.b);
  Json out{{"a", a.model.string()}, {"b", b.model.string()}};
  out["config"] = differences(config_of(a), config_of(b));
  out["recipe"] = differences(recipe_of(a), recipe_of(b));
  out["tensors"] = compare_tensors(SafetensorsModel::open(a.model), SafetensorsModel::open(b.model));
  out["scores"] = differences(scores_of(a), scores_of(b));
  if (o.common.json) {
    fmt::print("{}\n", to_line(out));
    return;
  }
  fmt::print("{:<34} {:<24} {}\n", "", out["a"].get<std::string>(), out["b"].get<std::string>());
  print_table("config.json", out["config"]);
  print_table("recipe", out["recipe"]);
  print_table("scores", out["scores"]);
  const Json& t = out["tensors"];
  fmt::print("weights\n  {} tensors are equal, {} differ", t["equal"].get<int64_t>(), t["different"].size());
  if (!t["different"].empty()) fmt::print(", by at most {}", shown(t["max_difference"]));
  fmt::print("\n");
  std::vector<Json> rows(t["different"].begin(), t["different"].end());
  std::ranges::stable_sort(rows, std::ranges::greater{}, [](const Json& r) {
    return r["relative_difference"].is_null() ? 1e300 : r["relative_difference"].get<double>();
  });
  for (size_t i = 0; i < std::min<size_t>(rows.size(), 12); ++i)
    fmt::print("  {:<52} max {:<12} relative {}\n", rows[i]["name"].get<std::string>(),
               shown(rows[i]["max_difference"]), shown(rows[i]["relative_difference"]));
  if (rows.size() > 12) fmt::print("  and {} more (--json lists all)\n", rows.size() - 12);
  for (const char* key : {"only_in_a", "only_in_b"})
    for (const Json& name : t[key])
      fmt::print("  {} only in {}\n", name.get<std::string>(), out[key + 8].get<std::string>());
  for (const Json& s : t["other_shape"])
    fmt::print("  {} has shape {} and {}\n", s["name"].get<std::string>(), s["a"].dump(), s["b"].dump());
}
}  // namespace

void add_compare_command(CLI::App& app) {
  auto o = std::make_shared<CompareOptions>();
  auto* cmd = app.add_subcommand("compare", "What differs between two models or runs");
  cmd->add_option("a", o->a, "a model folder, a run's folder or a .safetensors file")->required();
  cmd->add_option("b", o->b, "another")->required();
  add_common_options(cmd, o->common);
  add_examples(
      cmd,
      "  quern compare runs/f32 runs/int8\n  quern compare runs/a/checkpoints/000100 runs/a/checkpoints/000200 --json");
  cmd->callback([o] { compare(*o); });
}

}  // namespace quern
