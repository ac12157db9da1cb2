// SPDX-License-Identifier: MIT
#include "data/village/grammar.h"

#include <cctype>

#include "base/error.h"

namespace quern::village {

namespace {

std::string_view trim(std::string_view s) {
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.front()))) s.remove_prefix(1);
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.back()))) s.remove_suffix(1);
  return s;
}

// ASCII alone, whatever the locale.
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// The sound decides, not the letter: "an hour", "a ewe".
bool starts_with_vowel_sound(std::string_view word) {
  for (const char* an : {"hour", "honest"})
    if (word.starts_with(an)) return true;
  for (const char* a : {"ewe", "one", "use", "uni"})
    if (word.starts_with(a)) return false;
  return !word.empty() && std::string_view("aeiouAEIOU").find(word[0]) != std::string_view::npos;
}

std::string_view pronoun(char sex, std::string_view form) {
  const int who = sex == 'm' ? 0 : sex == 'f' ? 1 : sex == 'p' ? 3 : 2;
  static constexpr std::string_view he[] = {"he", "she", "it", "they"}, him[] = {"him", "her", "it", "them"},
                                    his[] = {"his", "her", "its", "their"},
                                    self[] = {"himself", "herself", "itself", "themselves"};
  return form == "he" ? he[who] : form == "him" ? him[who] : form == "his" ? his[who] : self[who];
}

}  // namespace

uint64_t Telling::key_of(std::string_view slot) {
  QUERN_CHECK(slot.size() <= 8, "village grammar: slot name '{}' is too long", slot);
  uint64_t key = 0;
  for (char c : slot) key = key << 8 | static_cast<unsigned char>(c);
  return key;
}

Term& Telling::slot(uint64_t key) {
  for (size_t i = 0; i < keys_.size(); ++i)
    if (keys_[i] == key) return values_[i];
  if (keys_.empty()) {
    keys_.reserve(64);
    values_.reserve(64);
  }
  keys_.push_back(key);
  return values_.emplace_back();
}

void Telling::set(std::string_view name, const Term& value) { slot(key_of(name)) = value; }

void Telling::set(std::string_view name, std::string_view text) {
  Term& term = slot(key_of(name));
  term = Term();
  term.en = term.zh = text;
}

const Term* Telling::find(std::string_view name) const { return find(key_of(name)); }

const Term* Telling::find(uint64_t key) const {
  for (size_t i = 0; i < keys_.size(); ++i)
    if (keys_[i] == key) return &values_[i];
  return nullptr;
}

Grammar::Grammar(Lang lang, const std::vector<const char*>& sources) : lang_(lang) {
  for (const char* source : sources) add(source);
  for (Group& group : groups_) {
    QUERN_CHECK(!group.open.empty(), "village grammar: group '{}' has no alternative for training", group.name);
    for (auto* list : {&group.open, &group.held_out})
      for (Alternative& alternative : *list) link(alternative.sequence, group.name);
  }
}

void Grammar::add(const char* source) {
  std::string_view rest(source);
  int current = -1;
  const auto open = [&](std::string_view name) {
    const auto [it, fresh] = index_.emplace(std::string(name), static_cast<int>(groups_.size()));
    if (fresh) groups_.push_back({.name = std::string(name)});
    current = it->second;
  };
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = trim(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.empty()) continue;
    if (line[0] != '#') {
      QUERN_CHECK(current >= 0, "village grammar: '{}' stands before any group", line);
      add_alternative(groups_[static_cast<size_t>(current)], line);
      continue;
    }
    const size_t equals = line.find(" = ");
    open(trim(line.substr(1, equals == std::string_view::npos ? equals : equals - 1)));
    if (equals == std::string_view::npos) continue;
    std::string_view list = line.substr(equals + 3);
    for (int depth = 0; !list.empty();) {  // cut at the bars outside parentheses
      size_t cut = 0;
      for (; cut < list.size(); ++cut) {
        if (list[cut] == '(') ++depth;
        if (list[cut] == ')') --depth;
        if (list[cut] == '|' && depth == 0) break;
      }
      add_alternative(groups_[static_cast<size_t>(current)], trim(list.substr(0, cut)));
      list = cut < list.size() ? list.substr(cut + 1) : std::string_view();
    }
  }
}

void Grammar::add_alternative(Group& group, std::string_view line) {
  const bool held_out = line.starts_with("! ");
  if (held_out) line = trim(line.substr(2));
  const int64_t id = (lang_ == Lang::zh ? 10000 : 0) + static_cast<int64_t>(templates_.size());
  size_t at = 0;
  Alternative alternative{.sequence = parse(line, at, false, group.name), .id = id, .held_out = held_out};
  (held_out ? group.held_out : group.open).push_back(std::move(alternative));
  templates_.push_back({id, lang_, group.name, std::string(line), held_out});
}

Grammar::Sequence Grammar::parse(std::string_view text, size_t& at, bool nested, const std::string& where) const {
  Sequence sequence;
  std::string plain;
  const auto flush = [&] {
    if (!plain.empty()) sequence.push_back({.kind = Kind::Text, .text = std::move(plain)});
    plain.clear();
  };
  const auto until = [&](char close) {
    const size_t end = text.find(close, at);
    QUERN_CHECK(end != std::string_view::npos, "village grammar: '{}' has no '{}' in: {}", where, close, text);
    std::string inside(text.substr(at + 1, end - at - 1));
    at = end + 1;
    return inside;
  };
  while (at < text.size()) {
    const char c = text[at];
    if (nested && (c == '|' || c == ')')) break;
    if (c == '{' || c == '<') {
      flush();
      std::string inside = until(c == '{' ? '}' : '>');
      const size_t dot = inside.find('.');
      Node node{.kind = c == '{' ? Kind::Slot : Kind::Verb, .text = inside.substr(0, dot)};
      if (dot != std::string::npos) node.form = inside.substr(dot + 1);
      sequence.push_back(std::move(node));
    } else if (c == '[') {
      flush();
      sequence.push_back({.kind = Kind::Group, .text = until(']')});
    } else if (c == '(') {
      flush();
      Node choice{.kind = Kind::Choice};
      do {
        ++at;
        choice.parts.push_back(parse(text, at, true, where));
        QUERN_CHECK(at < text.size(), "village grammar: '{}' has an open '(' in: {}", where, text);
      } while (text[at] == '|');
      ++at;
      sequence.push_back(std::move(choice));
    } else if (c == '\\' && at + 1 < text.size() && text[at + 1] == 'n') {
      plain += '\n';
      at += 2;
    } else {
      plain += c;
      ++at;
    }
  }
  flush();
  return sequence;
}

void Grammar::link(Sequence& sequence, const std::string& where) {
  for (Node& node : sequence) {
    if (node.kind == Kind::Group) {
      const auto it = index_.find(node.text);
      QUERN_CHECK(it != index_.end(), "village grammar: '{}' asks for an unknown group [{}]", where, node.text);
      node.group = it->second;
    }
    if (node.kind == Kind::Slot) node.key = Telling::key_of(node.text);
    if (node.kind == Kind::Verb) {
      const std::string verb = node.text;
      node.text = conjugate(verb, node.form, false);
      node.past = conjugate(verb, node.form, true);
    }
    for (Sequence& part : node.parts) link(part, where);
  }
}

bool Grammar::has(std::string_view group) const { return index_.find(group) != index_.end(); }

void Grammar::expand(std::string_view group, Telling& telling, std::string& out) const {
  const auto it = index_.find(group);
  QUERN_CHECK(it != index_.end(), "village grammar: no group '{}'", group);
  expand(it->second, telling, out, 0);
}

void Grammar::expand(int index, Telling& telling, std::string& out, int depth) const {
  const Group& group = groups_[static_cast<size_t>(index)];
  QUERN_CHECK(depth < 40, "village grammar: '{}' does not end", group.name);
  const bool held_out =
      !group.held_out.empty() && telling.held_out_share > 0.0 && telling.dice.chance(telling.held_out_share);
  const Alternative& alternative = telling.dice.pick(held_out ? group.held_out : group.open);
  if (telling.first_template < 0) telling.first_template = alternative.id;
  if (held_out) telling.held_out_template = alternative.id;
  write(alternative.sequence, telling, out, depth);
}

void Grammar::write(const Sequence& sequence, Telling& telling, std::string& out, int depth) const {
  for (const Node& node : sequence) switch (node.kind) {
      case Kind::Text:
        out += node.text;
        break;
      case Kind::Slot:
        write_slot(node, telling, out);
        break;
      case Kind::Group:
        expand(node.group, telling, out, depth + 1);
        break;
      case Kind::Choice:
        write(telling.dice.pick(node.parts), telling, out, depth + 1);
        break;
      case Kind::Verb:
        out += telling.past ? node.past : node.text;
        break;
    }
}

void Grammar::write_slot(const Node& node, const Telling& telling, std::string& out) const {
  const Term* term = telling.find(node.key);
  QUERN_CHECK(term != nullptr, "village grammar: slot '{}' is not set", node.text);
  const std::string& form = node.form;
  if (form.empty()) {
    out += term->text(lang_);
  } else if (form == "pl") {
    out += lang_ == Lang::zh ? term->zh : term->plural.empty() ? term->en : term->plural;
  } else if (form == "m") {
    out += term->measure.empty() ? "个" : term->measure;
  } else if (lang_ == Lang::zh) {
    out += term->sex == 'f' ? "她" : term->sex == 'm' ? "他" : "它";
  } else if (form == "He" || form == "His") {
    out += capital(std::string(pronoun(term->sex, form == "He" ? "he" : "his")));
  } else {
    QUERN_CHECK(form == "he" || form == "him" || form == "his" || form == "self", "village grammar: {{{}.{}}}",
                node.text, form);
    out += pronoun(term->sex, form);
  }
}

std::string Grammar::say(std::string_view group, Telling& telling) const {
  std::string raw;
  expand(group, telling, raw);
  return finish(raw);
}

std::string Grammar::finish(std::string_view raw) const {
  std::string out;
  out.reserve(raw.size());
  if (lang_ == Lang::zh) {
    out = raw;
    return out;
  }
  bool sentence_start = true;
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == ' ' && (out.empty() || out.back() == ' ' || out.back() == '\n')) continue;
    if (c == '*' && !out.empty() && (out.back() == 'a' || out.back() == 'A')) {  // a* apple -> an apple
      size_t next = i + 1;
      while (next < raw.size() && raw[next] == ' ') ++next;
      if (starts_with_vowel_sound(raw.substr(next))) out += 'n';
      continue;
    }
    if ((c == '.' || c == ',' || c == '?' || c == '!') && !out.empty() && out.back() == ' ') out.pop_back();
    if (c == '"' && (out.empty() || out.back() == ' ' || out.back() == '\n')) sentence_start = true;
    if (is_letter(c)) {
      if (sentence_start) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      sentence_start = false;
    } else if (c == '\n') {
      sentence_start = true;
    } else if (is_digit(c)) {
      sentence_start = false;
    } else if (c == ' ' && !out.empty()) {
      const char before = out.back();
      const char earlier = out.size() > 1 ? out[out.size() - 2] : ' ';
      // After ?" or !" a reporting verb may follow ("Who?" asked Ada), so only . " starts a new sentence there.
      if (before == '.' || before == '!' || before == '?' || (before == '"' && earlier == '.')) sentence_start = true;
    }
    out += c;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace quern::village
