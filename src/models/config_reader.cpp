// SPDX-License-Identifier: MIT
#include "models/config_reader.h"

#include <cmath>

namespace quern {

namespace {
constexpr int64_t kLargest = int64_t{1} << 40;

[[noreturn]] void wrong(const char* key, const char* expected, const Json& got) {
  std::string shown = to_line(got);
  if (shown.size() > 60) shown = shown.substr(0, 60) + "…";
  throw Error(ErrorKind::InvalidModel, "config.json: '{}' must be {}, found {}", key, expected, shown);
}
}  // namespace

ConfigReader::ConfigReader(const Json& json) : json_(json) {
  if (!json.is_object()) throw Error(ErrorKind::InvalidModel, "config.json: an object is expected");
}

const Json* ConfigReader::value(const char* key) const {
  const auto it = json_.find(key);
  return it == json_.end() || it->is_null() ? nullptr : &*it;
}

int64_t ConfigReader::integer(const char* key, int64_t otherwise) const {
  const Json* v = value(key);
  if (!v) return otherwise;
  if (!v->is_number_integer()) wrong(key, "a whole number", *v);
  const int64_t n =
      v->is_number_unsigned() && v->get<uint64_t>() > uint64_t(kLargest) ? kLargest + 1 : v->get<int64_t>();
  if (n < 0 || n > kLargest) wrong(key, "a sensible size", *v);
  return n;
}

int64_t ConfigReader::integer(const char* key) const {
  const int64_t n = integer(key, -1);
  if (n < 0) throw Error(ErrorKind::InvalidModel, "config.json: '{}' is missing", key);
  if (n == 0) throw Error(ErrorKind::InvalidModel, "config.json: '{}' is 0", key);
  return n;
}

double ConfigReader::number(const char* key, double otherwise) const {
  const Json* v = value(key);
  if (!v) return otherwise;
  if (!v->is_number()) wrong(key, "a number", *v);
  return v->get<double>();
}

bool ConfigReader::boolean(const char* key, bool otherwise) const {
  const Json* v = value(key);
  if (!v) return otherwise;
  if (!v->is_boolean()) wrong(key, "true or false", *v);
  return v->get<bool>();
}

std::string ConfigReader::text(const char* key, const std::string& otherwise) const {
  const Json* v = value(key);
  if (!v) return otherwise;
  if (!v->is_string()) wrong(key, "a string", *v);
  return v->get<std::string>();
}

RopeConfig ConfigReader::rope(int64_t dim, int64_t context) const {
  RopeConfig rope;
  rope.dim = dim;
  rope.context = context;
  rope.theta = number("rope_theta", 10000.0);
  rope.original_context = context;
  const Json* scaling = value("rope_parameters");
  if (!scaling) scaling = value("rope_scaling");
  if (scaling) {
    if (!scaling->is_object()) wrong("rope_scaling", "an object", *scaling);
    const ConfigReader r(*scaling);
    rope.theta = r.number("rope_theta", rope.theta);
    const std::string kind = r.text("rope_type", r.text("type", "default"));
    using Kind = RopeConfig::Kind;
    if (kind == "default")
      rope.kind = Kind::plain;
    else if (kind == "linear")
      rope.kind = Kind::linear;
    else if (kind == "dynamic")
      rope.kind = Kind::dynamic;
    else if (kind == "yarn")
      rope.kind = Kind::yarn;
    else if (kind == "llama3")
      rope.kind = Kind::llama3;
    else
      throw Error(ErrorKind::Unsupported, "config.json: rope scaling '{}' is not known", kind)
          .hint("known are linear, dynamic, yarn and llama3");
    rope.factor = r.number("factor", 1.0);
    rope.original_context =
        r.integer("original_max_position_embeddings", integer("original_max_position_embeddings", context));
    if (rope.kind == Kind::yarn && !scaling->contains("factor") && rope.original_context > 0)
      rope.factor = double(context) / double(rope.original_context);
    rope.low_freq_factor = r.number("low_freq_factor", 1.0);
    rope.high_freq_factor = r.number("high_freq_factor", 4.0);
    rope.beta_fast = r.number("beta_fast", 32.0);
    rope.beta_slow = r.number("beta_slow", 1.0);
    rope.attention_factor = r.number("attention_factor", 0.0);
    rope.mscale = r.number("mscale", 0.0);
    rope.mscale_all_dim = r.number("mscale_all_dim", 0.0);
    rope.truncate = r.boolean("truncate", true);
  }
  if (!(rope.theta > 1) || !std::isfinite(rope.theta) || !(rope.factor > 0) || dim % 2 != 0 || dim < 2)
    throw Error(ErrorKind::InvalidModel, "config.json: rope_theta {}, factor {} and {} rotated values make no sense",
                rope.theta, rope.factor, dim);
  return rope;
}

}  // namespace quern
