// SPDX-License-Identifier: MIT
#include "formats/gguf_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace quern {

namespace {

// Takes `name` apart by `pattern`. What is left over at the end must be a suffix of a parameter.
std::optional<GgufNameMatch> match_pattern(std::string_view pattern, std::string_view name, bool whole) {
  GgufNameMatch match;
  while (!pattern.empty()) {
    const bool layer = pattern.starts_with("{}"), expert = pattern.starts_with("{e}");
    if (!layer && !expert) {
      if (name.empty() || name[0] != pattern[0]) return std::nullopt;
      pattern.remove_prefix(1);
      name.remove_prefix(1);
      continue;
    }
    size_t digits = 0;
    int64_t number = 0;
    for (; digits < name.size() && name[digits] >= '0' && name[digits] <= '9'; ++digits)
      if ((number = number * 10 + (name[digits] - '0')) > 1'000'000) return std::nullopt;
    if (digits == 0 || (digits > 1 && name[0] == '0')) return std::nullopt;
    (layer ? match.layer : match.expert) = number;
    pattern.remove_prefix(layer ? 2 : 3);
    name.remove_prefix(digits);
  }
  if (whole ? !name.empty() : name != ".weight" && name != ".bias") return std::nullopt;
  match.suffix = name;
  return match;
}

std::string filled(std::string_view pattern, int64_t layer, int64_t expert, std::string_view suffix) {
  std::string out;
  while (!pattern.empty()) {
    if (pattern.starts_with("{}")) {
      out += std::to_string(layer);
      pattern.remove_prefix(2);
    } else if (pattern.starts_with("{e}")) {
      out += std::to_string(expert);
      pattern.remove_prefix(3);
    } else {
      out += pattern[0];
      pattern.remove_prefix(1);
    }
  }
  return out += suffix;
}

template <typename Side>
std::optional<GgufNameMatch> first_match(const GgufArchitecture& architecture, std::string_view name, Side side) {
  for (const auto& rows : architecture.names) {
    for (const GgufNameRow& row : rows) {
      auto match = match_pattern(side(row), name, row.layout == GgufLayout::whole);
      if (!match) continue;
      match->row = &row;
      return match;
    }
  }
  return std::nullopt;
}
}  // namespace

std::string GgufNameMatch::hf_name(int64_t for_expert) const { return filled(row->hf, layer, for_expert, suffix); }
std::string GgufNameMatch::gguf_name() const { return filled(row->gguf, layer, -1, suffix); }

std::optional<GgufNameMatch> match_hf_name(const GgufArchitecture& architecture, std::string_view name) {
  const auto hf = [](const GgufNameRow& row) { return row.hf; };
  if (auto match = first_match(architecture, name, hf)) return match;
  if (architecture.optional_prefix.empty()) return std::nullopt;
  return first_match(architecture, std::string(architecture.optional_prefix) + std::string(name), hf);
}

std::optional<GgufNameMatch> match_gguf_name(const GgufArchitecture& architecture, std::string_view name) {
  return first_match(architecture, name, [](const GgufNameRow& row) { return row.gguf; });
}

const GgufArchitecture* gguf_architecture_of_class(std::string_view hf_class, std::string_view model_type) {
  const auto all = gguf_architectures();
  auto it = std::ranges::find(all, hf_class, &GgufArchitecture::hf_class);
  if (it == all.end()) it = std::ranges::find(all, model_type, &GgufArchitecture::model_type);
  return it == all.end() ? nullptr : &*it;
}

}  // namespace quern
