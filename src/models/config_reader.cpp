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

std::vector<std::string> ConfigReader::texts(const char* key) const {
  std::vector<std::string> out;
  const Json* v = value(key);
  if (!v) return out;
  if (!v->is_array()) wrong(key, "a list of strings", *v);
  for (const Json& item : *v) {
    if (!item.is_string()) wrong(key, "a list of strings", *v);
    out.push_back(item.get<std::string>());
  }
  return out;
}

std::vector<double> ConfigReader::numbers(const char* key) const {
  std::vector<double> out;
  const Json* v = value(key);
  if (!v) return out;
  if (!v->is_array()) wrong(key, "a list of numbers", *v);
  for (const Json& item : *v) {
    if (!item.is_number() && !item.is_boolean()) wrong(key, "a list of numbers", *v);
    out.push_back(item.is_boolean() ? double(item.get<bool>()) : item.get<double>());
  }
  return out;
}

void ConfigReader::refuse(const char* key, bool harmless) const {
  const Json* v = value(key);
  if (v && *v != Json(harmless))
    throw Error(ErrorKind::Unsupported, "config.json: '{}' is {}, which this family's definition does not do", key,
                to_line(*v));
}

Activation ConfigReader::activation(const char* key, const std::string& otherwise) const {
  const std::string name = text(key, otherwise);
  const auto known = activation_from_name(name);
  if (!known) throw Error(ErrorKind::Unsupported, "config.json: {} '{}' is not known", key, name);
  return *known;
}

// --- rotary positions ---

namespace {
RopeConfig::Kind rope_kind(const std::string& name) {
  using Kind = RopeConfig::Kind;
  if (name == "default") return Kind::plain;
  if (name == "linear") return Kind::linear;
  if (name == "dynamic") return Kind::dynamic;
  if (name == "yarn") return Kind::yarn;
  if (name == "llama3") return Kind::llama3;
  if (name == "longrope" || name == "su") return Kind::longrope;  // "su": what Phi-3's first files say
  throw Error(ErrorKind::Unsupported, "config.json: rope scaling '{}' is not known", name)
      .hint("known are linear, dynamic, yarn, llama3 and longrope");
}

// Values that a broken or hostile file could make into NaN or a read past the end.
void check_rope(const RopeConfig& c) {
  using Kind = RopeConfig::Kind;
  const bool finite = std::isfinite(c.theta) && std::isfinite(c.factor) && std::isfinite(c.attention_factor);
  if (!finite || !(c.theta > 1) || !(c.factor > 0) || c.dim % 2 != 0 || c.dim < 2 ||
      (c.kind == Kind::dynamic && (c.dim < 4 || c.context < 1)))
    throw Error(ErrorKind::InvalidModel, "config.json: rope_theta {}, factor {} and {} rotated values make no sense",
                c.theta, c.factor, c.dim);
  if ((c.kind == Kind::yarn || c.kind == Kind::llama3 || c.kind == Kind::longrope) && c.original_context < 2)
    throw Error(ErrorKind::InvalidModel, "config.json: original_max_position_embeddings {} makes no sense",
                c.original_context);
  if (c.kind != Kind::longrope) return;
  for (const auto& [name, factors] : {std::pair{"short_factor", &c.short_factor}, {"long_factor", &c.long_factor}}) {
    if (int64_t(factors->size()) != c.dim / 2)
      throw Error(ErrorKind::InvalidModel, "config.json: {} holds {} factors, {} rotated values need {}", name,
                  factors->size(), c.dim, c.dim / 2);
    for (const double f : *factors)
      if (!(f > 0) || !std::isfinite(f))
        throw Error(ErrorKind::InvalidModel, "config.json: {} holds {}, which is no factor", name, f);
  }
}
}  // namespace

RopeConfig ConfigReader::rope(int64_t D, int64_t context, const RopeDefaults& defaults) const {
  const Json* scaling = value("rope_scaling");
  if (!scaling || (scaling->is_object() && scaling->empty())) scaling = value("rope_parameters");
  if (scaling && !scaling->is_object()) wrong("rope_scaling", "an object", *scaling);
  if (scaling)
    for (const char* kind : {"full_attention", "sliding_attention"})
      if (scaling->contains(kind))
        throw Error(ErrorKind::Unsupported,
                    "config.json: rotary positions by layer type in a family that has one kind");
  return rope_from(scaling, *this, D, context, defaults);
}

RopeConfig ConfigReader::rope_from(const Json* scaling, const ConfigReader& outer, int64_t D, int64_t context,
                                   const RopeDefaults& defaults) {
  RopeConfig rope;
  rope.context = context;
  rope.theta = outer.number(defaults.theta_key, defaults.theta);
  rope.original_context = outer.integer("original_max_position_embeddings",
                                        defaults.original_context > 0 ? defaults.original_context : context);
  double partial = outer.number(defaults.partial_key, defaults.partial);
  if (scaling) {
    const ConfigReader r(*scaling);
    rope.theta = r.number("rope_theta", rope.theta);
    partial = r.number("partial_rotary_factor", partial);
    rope.kind = rope_kind(r.text("rope_type", r.text("type", "default")));
    rope.factor = r.number("factor", 1.0);
    rope.original_context = r.integer("original_max_position_embeddings", rope.original_context);
    const bool by_lengths = rope.kind == RopeConfig::Kind::yarn || rope.kind == RopeConfig::Kind::longrope;
    if (by_lengths && !r.value("factor") && rope.original_context > 0)
      rope.factor = double(context) / double(rope.original_context);
    rope.low_freq_factor = r.number("low_freq_factor", 1.0);
    rope.high_freq_factor = r.number("high_freq_factor", 4.0);
    rope.beta_fast = r.number("beta_fast", 32.0);
    rope.beta_slow = r.number("beta_slow", 1.0);
    rope.attention_factor = r.number("attention_factor", 0.0);
    rope.mscale = r.number("mscale", 0.0);
    rope.mscale_all_dim = r.number("mscale_all_dim", 0.0);
    rope.truncate = r.boolean("truncate", true);
    rope.short_factor = r.numbers("short_factor");
    rope.long_factor = r.numbers("long_factor");
  }
  if (!(partial > 0 && partial <= 1) || (partial != defaults.partial && !defaults.may_be_partial))
    throw Error(ErrorKind::Unsupported, "config.json: {} of {}: this family turns {} of each head",
                defaults.partial_key, partial, defaults.partial);
  rope.dim = int64_t(double(D) * partial);
  check_rope(rope);
  return rope;
}

}  // namespace quern
