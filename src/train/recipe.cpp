// SPDX-License-Identifier: MIT
#include "train/recipe.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/json.h"
#include "train/recipe_fields.h"

namespace quern {

std::string toml_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04X}", byte);
    else
      out += c;
  }
  return out + '"';
}

namespace {

// A comment per key that says what it is and, for a string with choices, what else it could be.
std::string comment_of(const RecipeField& field) {
  std::string text = field.about;
  if (!field.choices.empty()) {
    if (!text.empty()) text += ": ";
    text += fmt::format("{}", fmt::join(field.choices, " | "));
  }
  return text;
}

std::string toml_value(const RecipeField& field) {
  if (const auto* integer = std::get_if<int64_t*>(&field.value)) return fmt::format("{}", **integer);
  if (const auto* number = std::get_if<double*>(&field.value)) {
    const std::string text = fmt::format("{}", **number);  // the shortest text that reads back to the same bits
    return text.find_first_of(".e") == text.npos ? text + ".0" : text;
  }
  if (const auto* flag = std::get_if<bool*>(&field.value)) return **flag ? "true" : "false";
  if (const auto* text = std::get_if<std::string*>(&field.value)) return toml_quote(**text);
  std::string out;
  for (const std::string& item : *std::get<std::vector<std::string>*>(field.value))
    out += (out.empty() ? "" : ", ") + toml_quote(item);
  return "[" + out + "]";
}

}  // namespace

std::string Recipe::place(std::string_view key) const {
  const auto it = origin.find(key);
  return it == origin.end() ? std::string(key) : fmt::format("{}: {}", it->second, key);
}

void Recipe::validate() const {
  const auto refuse = [&](std::string_view key, const std::string& why) {
    return Error(ErrorKind::InvalidRecipe, "{} {}", place(key), why);
  };
  if (run.name.empty() || run.name.find('/') != std::string::npos || run.name[0] == '.')
    throw refuse("run.name", fmt::format("= \"{}\" can't name a folder", run.name));

  const bool explicit_sizes = model.layers > 0 || model.width > 0 || model.heads > 0;
  if (model.init_from.empty() && model.depth == 0 && train.minutes == 0 && !explicit_sizes)
    throw refuse("model.depth", "or model.layers, width and heads must say how large the model is")
        .hint("start with model.depth = 4");
  if (model.init_from.empty() && model.depth == 0 && explicit_sizes) {
    if (model.layers == 0) throw refuse("model.layers", "is missing; width and heads are given");
    if (model.width == 0) throw refuse("model.width", "is missing; layers are given");
    if (model.heads == 0) throw refuse("model.heads", "is missing; layers are given");
  }
  if (model.heads > 0) {
    if (model.kv_heads > 0 && model.heads % model.kv_heads != 0)
      throw refuse("model.kv_heads", fmt::format("= {} must divide heads = {}", model.kv_heads, model.heads));
    if (model.head_dim == 0 && model.width > 0 && model.width % model.heads != 0)
      throw refuse("model.heads", fmt::format("= {} must divide width = {}", model.heads, model.width))
          .hint("or give model.head_dim");
    const int64_t head_dim = model.head_dim > 0 ? model.head_dim : model.width / model.heads;
    if (model.family == "llama" && head_dim % 2 != 0)
      throw refuse("model.head_dim", fmt::format("= {} must be even: positions rotate pairs of numbers", head_dim));
    if (model.family == "gpt2" && model.kv_heads > 0 && model.kv_heads != model.heads)
      throw refuse("model.kv_heads", "is for llama: gpt2 has as many key/value heads as heads");
    if (model.family == "gpt2" && model.head_dim > 0 && model.width > 0 && model.head_dim * model.heads != model.width)
      throw refuse("model.head_dim", "times heads must be width for gpt2");
  }
  if (model.context > 0 && model.context < train.sequence)
    throw refuse("model.context",
                 fmt::format("= {} is shorter than train.sequence = {}", model.context, train.sequence));

  if (data.source.empty()) throw refuse("data.source", "is empty").hint("village, stock, or a file or folder");
  if (train.micro_batch_rows > 0 && train.batch_rows % train.micro_batch_rows != 0)
    throw refuse("train.micro_batch_rows",
                 fmt::format("= {} must divide batch_rows = {}", train.micro_batch_rows, train.batch_rows));
  if (train.steps == 0 && train.tokens == 0 && train.epochs == 0 && train.minutes == 0 && model.depth == 0)
    throw refuse("train.steps", "or tokens, epochs or minutes must say when the run ends");
  if (train.steps > 0 && train.warmup_steps > train.steps)
    throw refuse("train.warmup_steps", fmt::format("= {} is more than steps = {}", train.warmup_steps, train.steps));
  if (train.sample_every > 0 && train.sample_prompts.empty())
    throw refuse("train.sample_every", "needs train.sample_prompts");
}

std::string Recipe::to_toml() const {
  Recipe copy = *this;
  std::string out, section;
  for (const RecipeField& field : recipe_fields(copy)) {
    if (section != field.section) {
      out += fmt::format("{}[{}]\n", section.empty() ? "" : "\n", field.section);
      section = field.section;
    }
    const std::string line = fmt::format("{} = {}", field.key, toml_value(field)), comment = comment_of(field);
    out += comment.empty() ? line + "\n" : fmt::format("{:<36}  # {}\n", line, comment);
  }
  return out;
}

Json Recipe::to_json() const {
  Recipe copy = *this;
  Json json = Json::object();
  for (const RecipeField& field : recipe_fields(copy))
    std::visit([&](const auto* value) { json[field.section][field.key] = *value; }, field.value);
  return json;
}

}  // namespace quern
