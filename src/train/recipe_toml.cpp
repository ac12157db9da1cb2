// SPDX-License-Identifier: MIT
// The reader of recipes. toml++ is slow to compile and is included here alone.
#include <fmt/ranges.h>

// toml++ asserts (with NDEBUG: assumes) that "[" is followed by a key and would end the program at "[$". Without the
// assertion it goes on to its own error, with line and column.
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/files.h"
#include "base/nearest.h"
#include "train/recipe.h"
#include "train/recipe_fields.h"

namespace quern {

namespace {

constexpr size_t kLargestRecipe = 1 << 20;

// For messages: a hostile name must not fill or repaint the terminal.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 60)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text.size() > 60 ? out + "..." : out;
}

std::string type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true/false";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or time";
  }
}

[[noreturn]] void wrong_type(const std::string& place, const RecipeField& field, const char* expected,
                             const toml::node& node) {
  throw Error(ErrorKind::InvalidRecipe, "{}: {} must be {}, found {}", place, field.name(), expected, type_name(node));
}

template <typename T>
void check_range(const std::string& place, const RecipeField& field, T value) {
  if (std::isfinite(double(value)) && double(value) >= field.lowest && double(value) <= field.highest) return;
  const double near = double(value) > field.highest ? field.highest : field.lowest;
  throw Error(ErrorKind::InvalidRecipe, "{}: {} = {} is impossible, it must be between {} and {}", place, field.name(),
              value, field.lowest, field.highest)
      .hint("the nearest possible value is {}", near);
}

int64_t read_integer(const std::string& place, const RecipeField& field, const toml::node& node) {
  if (const auto* integer = node.as_integer()) {
    check_range(place, field, integer->get());
    return integer->get();
  }
  if (const auto* number = node.as_floating_point()) {  // 1e7 is a float to TOML, and a count to people
    check_range(place, field, number->get());
    if (number->get() != std::floor(number->get()))
      throw Error(ErrorKind::InvalidRecipe, "{}: {} = {} must be a whole number", place, field.name(), number->get())
          .hint("the nearest possible value is {}", std::llround(number->get()));
    return int64_t(number->get());
  }
  if (const auto* text = node.as_string(); text && field.is_size) {
    int64_t size = 0;
    try {
      size = int64_t(parse_size(text->get()));
    } catch (const Error& e) {
      throw Error(ErrorKind::InvalidRecipe, "{}: {}: {}", place, field.name(), shown(e.message())).hint("{}", e.hint());
    }
    check_range(place, field, size);
    return size;
  }
  wrong_type(place, field, field.is_size ? "an integer or a size like \"30MB\"" : "an integer", node);
}

std::string read_string(const std::string& place, const RecipeField& field, const toml::node& node) {
  const auto* text = node.as_string();
  if (!text) wrong_type(place, field, "a string", node);
  const std::string& value = text->get();
  if (value.find('\0') != std::string::npos)
    throw Error(ErrorKind::InvalidRecipe, "{}: {} has a NUL character in it", place, field.name());
  if (!field.choices.empty() && std::ranges::find(field.choices, value) == field.choices.end())
    throw Error(ErrorKind::InvalidRecipe, "{}: {} = \"{}\" is not known", place, field.name(), shown(value))
        .hint("did you mean \"{}\"? known: {}", nearest(value, field.choices), fmt::join(field.choices, ", "));
  return value;
}

void assign(const std::string& place, RecipeField& field, const toml::node& node) {
  if (auto* integer = std::get_if<int64_t*>(&field.value)) {
    **integer = read_integer(place, field, node);
  } else if (auto* number = std::get_if<double*>(&field.value)) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (!value) wrong_type(place, field, "a number", node);
    check_range(place, field, *value);
    **number = *value;
  } else if (auto* flag = std::get_if<bool*>(&field.value)) {
    if (!node.is_boolean()) wrong_type(place, field, "true or false", node);
    **flag = node.as_boolean()->get();
  } else if (auto* text = std::get_if<std::string*>(&field.value)) {
    **text = read_string(place, field, node);
  } else {
    std::vector<std::string> list;
    if (node.is_string())
      list.push_back(read_string(place, field, node));
    else if (const toml::array* array = node.as_array())
      for (const toml::node& item : *array) list.push_back(read_string(place, field, item));
    else
      wrong_type(place, field, "a list of strings", node);
    *std::get<std::vector<std::string>*>(field.value) = std::move(list);
  }
}

std::vector<std::string> sections_of(const std::vector<RecipeField>& fields) {
  std::vector<std::string> sections;
  for (const RecipeField& field : fields)
    if (sections.empty() || sections.back() != field.section) sections.push_back(field.section);
  return sections;
}

[[noreturn]] void unknown_section(const std::string& place, std::string_view name,
                                  const std::vector<RecipeField>& fields) {
  const std::vector<std::string> sections = sections_of(fields);
  for (const RecipeField& field : fields)
    if (field.key == name)
      throw Error(ErrorKind::InvalidRecipe, "{}: unknown section '{}'", place, shown(name))
          .hint("the key is {}", field.name());
  throw Error(ErrorKind::InvalidRecipe, "{}: unknown section '{}'", place, shown(name))
      .hint("did you mean [{}]? known: {}", nearest(name, sections), fmt::join(sections, ", "));
}

RecipeField& find_field(const std::string& place, std::string_view section, std::string_view key,
                        std::vector<RecipeField>& fields) {
  std::vector<std::string> keys;
  for (RecipeField& field : fields) {
    if (field.section != section) continue;
    if (field.key == key) return field;
    keys.push_back(field.key);
  }
  if (keys.empty()) unknown_section(place, section, fields);
  for (const RecipeField& field : fields)
    if (field.key == key)
      throw Error(ErrorKind::InvalidRecipe, "{}: unknown key '{}.{}'", place, section, shown(key))
          .hint("did you mean {}?", field.name());
  throw Error(ErrorKind::InvalidRecipe, "{}: unknown key '{}.{}'", place, section, shown(key))
      .hint("did you mean {}.{}? [{}] knows: {}", section, nearest(key, keys), section, fmt::join(keys, ", "));
}

toml::table parse_toml(std::string_view text, const std::string& where) {
  try {
    return toml::parse(text, where);
  } catch (const toml::parse_error& e) {
    throw Error(ErrorKind::InvalidRecipe, "{}:{}:{}: not valid TOML: {}", where, e.source().begin.line,
                e.source().begin.column, shown(e.description()));
  }
}

}  // namespace

Recipe parse_recipe(std::string_view text, const std::string& where, const std::vector<std::string>& overrides) {
  if (text.size() > kLargestRecipe)
    throw Error(ErrorKind::InvalidRecipe, "{}: {} is too large for a recipe", where, format_size(text.size()))
        .hint("is this really a recipe (TOML)?");
  Recipe recipe;
  std::vector<RecipeField> fields = recipe_fields(recipe);
  const toml::table root = parse_toml(text, where);
  for (const auto& [section, node] : root) {
    const std::string section_place = fmt::format("{}:{}", where, section.source().begin.line);
    const auto known = sections_of(fields);
    if (std::ranges::find(known, section.str()) == known.end()) unknown_section(section_place, section.str(), fields);
    const toml::table* table = node.as_table();
    if (!table)
      throw Error(ErrorKind::InvalidRecipe, "{}: '{}' must be a section, found {}", section_place, section.str(),
                  type_name(node))
          .hint("write [{}] on a line of its own, its keys below", section.str());
    for (const auto& [key, value] : *table) {
      const std::string place = fmt::format("{}:{}", where, key.source().begin.line);
      RecipeField& field = find_field(place, section.str(), key.str(), fields);
      assign(place, field, value);
      recipe.origin[field.name()] = place;
    }
  }
  for (const std::string& override : overrides) set_recipe_value(recipe, override);
  recipe.validate();
  return recipe;
}

Recipe read_recipe(const fs::path& path, const std::vector<std::string>& overrides) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored) && fs::file_size(path, ignored) > kLargestRecipe)
    throw Error(ErrorKind::InvalidRecipe, "{}: {} is too large for a recipe", path.string(),
                format_size(fs::file_size(path, ignored)))
        .hint("is this really a recipe (TOML)?");
  return parse_recipe(read_file(path), path.string(), overrides);
}

void set_recipe_value(Recipe& recipe, std::string_view assignment, const std::string& where) {
  const size_t equals = assignment.find('=');
  const size_t dot = assignment.substr(0, equals).find('.');
  if (equals == std::string_view::npos || dot == std::string_view::npos)
    throw Error(ErrorKind::InvalidRecipe, "{} {}: an override is section.key=value", where, shown(assignment))
        .hint("for example --set train.lr=3e-4");
  const auto trim = [](std::string_view s) {
    const size_t first = s.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view{}
                                           : s.substr(first, s.find_last_not_of(" \t") - first + 1);
  };
  const std::string_view section = trim(assignment.substr(0, dot));
  const std::string_view key = trim(assignment.substr(dot + 1, equals - dot - 1));
  const std::string_view text = trim(assignment.substr(equals + 1));

  const std::string place = fmt::format("{} {}", where, shown(assignment));
  std::vector<RecipeField> fields = recipe_fields(recipe);
  RecipeField& field = find_field(place, section, key, fields);

  // What a shell leaves of quotes is not TOML, so a string (or a size, or a list of one) may stand bare.
  const bool starts_quoted = text.starts_with('"') || text.starts_with('\'');
  const bool is_list = std::holds_alternative<std::vector<std::string>*>(field.value);
  const bool bare = std::holds_alternative<std::string*>(field.value) ? !starts_quoted
                    : is_list                                         ? !starts_quoted && !text.starts_with('[')
                    : field.is_size ? !starts_quoted && text.find_first_not_of("+-0123456789_") != text.npos
                                    : false;
  const std::string source = fmt::format("v = {}\n", bare ? toml_quote(text) : std::string(text));
  toml::table table;
  try {
    table = toml::parse(source, where);
  } catch (const toml::parse_error&) {
    throw Error(ErrorKind::InvalidRecipe, "{}: can't read the value '{}' of {}", place, shown(text), field.name());
  }
  if (table.size() != 1) throw Error(ErrorKind::InvalidRecipe, "{}: one value is expected for {}", place, field.name());
  assign(place, field, *table.get("v"));
  recipe.origin[field.name()] = where;
}

}  // namespace quern
