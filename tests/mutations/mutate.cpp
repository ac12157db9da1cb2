// SPDX-License-Identifier: MIT
#include "mutate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/json.h"

namespace quern {

namespace {
// The last of any; skewed towards the beginning, where the headers are.
size_t place_in(std::string_view data, Rng& rng) {
  if (data.empty()) return 0;
  const size_t reach = rng.below(2) ? data.size() : std::min<size_t>(data.size(), 512);
  return rng.below(reach);
}

void flip_bits(std::string& data, Rng& rng) {
  for (uint64_t n = 1 + rng.below(8); n-- > 0 && !data.empty();) data[place_in(data, rng)] ^= char(1 << rng.below(8));
}

void cut_end(std::string& data, Rng& rng) { data.resize(place_in(data, rng)); }

// Where a length, count, offset or size may stand.
void blow_up_number(std::string& data, Rng& rng) {
  static constexpr std::array<uint64_t, 14> values = {
      0,          1,          0x7F,       0xFF,       0x7FFF'FFFF,           0x8000'0000,           0xFFFF'FFFF,
      1ULL << 32, 1ULL << 33, 1ULL << 40, 1ULL << 62, 0x7FFF'FFFF'FFFF'FFFF, 0x8000'0000'0000'0000, ~0ULL};
  if (data.size() < 8) return flip_bits(data, rng);
  uint64_t value = values[rng.below(values.size())];
  if (rng.below(4) == 0) value = data.size() + rng.below(3) - 1;
  const size_t width = rng.below(2) ? 8 : 4, at = std::min(place_in(data, rng), data.size() - width);
  std::memcpy(data.data() + at, &value, width);
}

void splice(std::string& data, std::string_view other, Rng& rng) {
  const size_t at = place_in(data, rng), size = size_t(rng.below(256)) + 1;
  switch (rng.below(4)) {
    case 0:
      data.erase(at, size);
      break;
    case 1:
      data.insert(at, std::string(data.substr(at, size)));
      break;
    case 2: {
      const std::string piece(other.substr(place_in(other, rng), size));
      data.insert(at, piece);
      break;
    }
    default: {
      const std::string piece(other.substr(place_in(other, rng), size));
      data.replace(at, std::min(piece.size(), data.size() - at), piece);
    }
  }
}

// --- JSON ---

// A node somewhere: the deeper, the rarer.
Json& random_node(Json& root, Rng& rng) {
  Json* at = &root;
  while (at->is_structured() && !at->empty() && rng.below(6) != 0) {
    auto it = at->begin();
    std::advance(it, int64_t(rng.below(at->size())));
    at = &*it;
  }
  return *at;
}

constexpr const char* kDeepMark = "\x01 nested here";

Json hostile_value(Rng& rng) {
  switch (rng.below(20)) {
    case 0:
      return nullptr;
    case 1:
      return true;
    case 2:
      return 0;
    case 3:
      return -1;
    case 4:
      return 1;
    case 5:
      return int64_t{1} << 31;
    case 6:
      return int64_t{0x7FFF'FFFF'FFFF'FFFF};
    case 7:
      return uint64_t{~0ULL};
    case 8:
      return int64_t{1} << 40;
    case 9:
      return 1e308;
    case 10:
      return -0.5;
    case 11:
      return "";
    case 12:
      return std::string(100'000, 'x');
    case 13:
      return Json::array();
    case 14:
      return Json::object();
    case 15:
      return kDeepMark;
    case 16:
      return Json::array({nullptr, 1, "x", Json::object()});
    case 17:
      return "\xC3\x28\xF0\x9F";
    case 18:
      return int64_t{1'000'000'000};
    default:
      return int64_t(rng.below(4096));
  }
}

void change_node(Json& root, Rng& rng) {
  Json& node = random_node(root, rng);
  switch (rng.below(7)) {
    case 0:
      if (node.is_object() && !node.empty()) {
        auto it = node.begin();
        std::advance(it, int64_t(rng.below(node.size())));
        node.erase(it);
        break;
      }
      [[fallthrough]];
    case 1:
      if (node.is_array() && !node.empty()) {
        const Json item = node[rng.below(node.size())];
        for (uint64_t n = 1 + rng.below(1000); n-- > 0;) node.push_back(item);
        break;
      }
      [[fallthrough]];
    case 2: {
      const Json copy = random_node(root, rng);
      node = copy;
      break;
    }
    case 3:
      if (node.is_number()) {
        node = rng.below(2) ? Json(node.get<double>() * 1e6) : Json(-node.get<double>());
        break;
      }
      [[fallthrough]];
    default:
      node = hostile_value(rng);
  }
}

std::string json_mutated(std::string_view original, Rng& rng) {
  Json root = Json::parse(original, nullptr, false);
  if (root.is_discarded()) return std::string(original);
  for (uint64_t n = 1 + rng.below(2); n-- > 0;) change_node(root, rng);
  std::string text = root.dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
  const std::string mark = Json(kDeepMark).dump();
  if (const size_t at = text.find(mark); at != std::string::npos) {
    const size_t depth = size_t{10} << (rng.below(4) * 4);  // up to 40 960
    const bool objects = rng.below(2) == 1;
    std::string nested;
    for (size_t i = 0; i < depth; ++i) nested += objects ? "{\"a\":" : "[";
    nested += "1";
    if (rng.below(2)) nested += std::string(depth, objects ? '}' : ']');
    text.replace(at, mark.size(), nested);
  }
  return text;
}

// --- templates ---

void insert_construct(std::string& data, Rng& rng) {
  static const std::vector<std::string> constructs = {"{%",
                                                      "{{",
                                                      "%}",
                                                      "}}",
                                                      "{#",
                                                      "{% for x in range(1000000000) %}",
                                                      "{% for x in range(99999) %}{% for y in range(99999) %}",
                                                      "{% endfor %}",
                                                      "{% if true %}",
                                                      "{% endif %}",
                                                      "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
                                                      "{{ 'x' * 1000000000 }}",
                                                      "{{ [0] * 1000000000 }}",
                                                      "{{ 10 ** 100000 }}",
                                                      "{{ messages[99999999999999999999] }}",
                                                      "{{ messages | map(attribute='role') | join('x' * 99999) }}",
                                                      "{% set x = messages %}{% set x = x + x %}{{ x + x + x }}",
                                                      "{{ ''.__class__ }}",
                                                      "{{ raise_exception(messages) }}",
                                                      "{{ strftime_now('%' * 9999) }}",
                                                      "{% set ns = namespace(a=1) %}{% set ns.a = ns %}{{ ns }}",
                                                      "{{ messages | tojson(indent=999999999) }}",
                                                      "{{ 1 / 0 }}",
                                                      "{{ -9223372036854775808 // -1 }}",
                                                      "{{ 'abc'[::0] }}",
                                                      "{{ '%999999999d' % 5 }}",
                                                      "{{ '{:>999999999}'.format(5) }}",
                                                      "{{ 'x' | center(999999999) }}",
                                                      "{{ 'x' | indent(999999999) }}"};
  const size_t at = place_in(data, rng);
  switch (rng.below(8)) {
    case 0: {  // deep
      const size_t depth = size_t{10} << (rng.below(4) * 4);
      const bool parentheses = rng.below(2) == 1;
      data.insert(at, "{{ ");
      std::string nested;
      for (size_t i = 0; i < depth; ++i) nested += parentheses ? "(" : "[";
      data.insert(at + 3, nested);
      break;
    }
    case 1: {
      std::string nested;
      for (uint64_t n = size_t{10} << (rng.below(3) * 4); n-- > 0;) nested += "{% if x %}";
      data.insert(at, nested);
      break;
    }
    default:
      data.insert(at, constructs[rng.below(constructs.size())]);
  }
}
}  // namespace

std::string mutated(std::string_view original, std::string_view other, FileKind kind, Rng& rng) {
  if (kind == FileKind::json && rng.below(3) != 0) return json_mutated(original, rng);
  std::string data(original);
  for (uint64_t n = 1 + rng.below(3); n-- > 0;) {
    if (kind == FileKind::text && rng.below(2) == 0) {
      insert_construct(data, rng);
      continue;
    }
    switch (rng.below(kind == FileKind::binary ? 6 : 4)) {
      case 0:
        flip_bits(data, rng);
        break;
      case 1:
        cut_end(data, rng);
        break;
      case 2:
      case 3:
        splice(data, other, rng);
        break;
      default:
        blow_up_number(data, rng);
    }
  }
  return data;
}

}  // namespace quern
