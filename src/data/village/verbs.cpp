// SPDX-License-Identifier: MIT
// English verb forms: a table of the irregular ones, rules for the rest.

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "data/village/grammar.h"

namespace quern::village {

namespace {

struct Irregular {
  std::string_view base, past, participle;
};

constexpr Irregular kIrregular[] = {
    {"become", "became", "become"},  {"begin", "began", "begun"},
    {"blow", "blew", "blown"},       {"break", "broke", "broken"},
    {"bring", "brought", "brought"}, {"build", "built", "built"},
    {"buy", "bought", "bought"},     {"catch", "caught", "caught"},
    {"come", "came", "come"},        {"cost", "cost", "cost"},
    {"cut", "cut", "cut"},           {"dig", "dug", "dug"},
    {"do", "did", "done"},           {"draw", "drew", "drawn"},
    {"drink", "drank", "drunk"},     {"eat", "ate", "eaten"},
    {"fall", "fell", "fallen"},      {"feed", "fed", "fed"},
    {"feel", "felt", "felt"},        {"find", "found", "found"},
    {"fly", "flew", "flown"},        {"forget", "forgot", "forgotten"},
    {"get", "got", "got"},           {"give", "gave", "given"},
    {"go", "went", "gone"},          {"grow", "grew", "grown"},
    {"hang", "hung", "hung"},        {"have", "had", "had"},
    {"hear", "heard", "heard"},      {"hide", "hid", "hidden"},
    {"hold", "held", "held"},        {"keep", "kept", "kept"},
    {"know", "knew", "known"},       {"lay", "laid", "laid"},
    {"leave", "left", "left"},       {"lend", "lent", "lent"},
    {"let", "let", "let"},           {"lie", "lay", "lain"},
    {"lose", "lost", "lost"},        {"make", "made", "made"},
    {"meet", "met", "met"},          {"pay", "paid", "paid"},
    {"put", "put", "put"},           {"read", "read", "read"},
    {"ride", "rode", "ridden"},      {"ring", "rang", "rung"},
    {"rise", "rose", "risen"},       {"run", "ran", "run"},
    {"say", "said", "said"},         {"see", "saw", "seen"},
    {"sell", "sold", "sold"},        {"send", "sent", "sent"},
    {"shine", "shone", "shone"},     {"sing", "sang", "sung"},
    {"sit", "sat", "sat"},           {"sleep", "slept", "slept"},
    {"speak", "spoke", "spoken"},    {"spend", "spent", "spent"},
    {"stand", "stood", "stood"},     {"steal", "stole", "stolen"},
    {"sweep", "swept", "swept"},     {"swim", "swam", "swum"},
    {"take", "took", "taken"},       {"teach", "taught", "taught"},
    {"tell", "told", "told"},        {"think", "thought", "thought"},
    {"throw", "threw", "thrown"},    {"understand", "understood", "understood"},
    {"wake", "woke", "woken"},       {"wear", "wore", "worn"},
    {"win", "won", "won"},           {"write", "wrote", "written"},
};

bool ends_with_any(std::string_view word, std::initializer_list<std::string_view> endings) {
  for (std::string_view e : endings)
    if (word.ends_with(e)) return true;
  return false;
}

bool is_vowel(char c) { return std::string_view("aeiou").find(c) != std::string_view::npos; }

bool consonant_y(std::string_view v) { return v.size() > 1 && v.back() == 'y' && !is_vowel(v[v.size() - 2]); }

// The last consonant is doubled before -ed and -ing in these short verbs.
bool doubles(std::string_view v) {
  for (std::string_view d : {"stop", "plan", "drop", "chat", "hum", "nod",  "clap", "mop",  "knit",  "hop",   "trip",
                             "slip", "wrap", "run",  "sit",  "put", "cut",  "dig",  "get",  "let",   "win",   "swim",
                             "hug",  "beg",  "grab", "rub",  "jog", "step", "tap",  "trot", "begin", "forget"})
    if (v == d) return true;
  return false;
}

std::string third_person(std::string_view v) {
  if (v == "have") return "has";
  if (v == "do" || v == "go") return std::string(v) + "es";
  if (consonant_y(v)) return std::string(v.substr(0, v.size() - 1)) + "ies";
  if (ends_with_any(v, {"s", "sh", "ch", "x", "z"})) return std::string(v) + "es";
  return std::string(v) + "s";
}

std::string past_form(std::string_view v, bool participle) {
  for (const Irregular& i : kIrregular)
    if (i.base == v) return std::string(participle ? i.participle : i.past);
  if (v.ends_with("e")) return std::string(v) + "d";
  if (consonant_y(v)) return std::string(v.substr(0, v.size() - 1)) + "ied";
  if (doubles(v)) return std::string(v) + v.back() + "ed";
  return std::string(v) + "ed";
}

std::string ing_form(std::string_view v) {
  if (v == "lie") return "lying";
  if (v == "be") return "being";
  if (v.ends_with("e") && !v.ends_with("ee")) return std::string(v.substr(0, v.size() - 1)) + "ing";
  if (doubles(v)) return std::string(v) + v.back() + "ing";
  return std::string(v) + "ing";
}

}  // namespace

std::string conjugate(std::string_view verb, std::string_view form, bool past) {
  if (form == "base") return std::string(verb);
  if (form == "ing") return ing_form(verb);
  if (form == "pp") return verb == "be" ? "been" : past_form(verb, true);
  const bool plural = form == "pl";
  if (form == "past") past = true;
  if (form == "now") past = false;
  QUERN_CHECK(form.empty() || plural || form == "past" || form == "now", "verb form '{}.{}'", verb, form);
  if (verb == "be") return past ? (plural ? "were" : "was") : (plural ? "are" : "is");
  if (verb == "can") return past ? "could" : "can";
  if (past) return past_form(verb, false);
  return plural ? std::string(verb) : third_person(verb);
}

}  // namespace quern::village
