// SPDX-License-Identifier: MIT
// Times, prices, causes and counting; the working is written out wherever something is worked out.
#include <algorithm>

#include "data/village/causes.h"
#include "data/village/scene.h"

namespace quern::village {

namespace {

void append(Scene& s, std::string& text, const std::string& sentence) {
  if (!text.empty() && !s.zh()) text += ' ';
  text += sentence;
}

std::vector<Term> some_goods(Scene& s, int count) {
  std::vector<Term> result;
  for (int i : s.dice.distinct(static_cast<int>(lexicon().goods.size()), count))
    result.push_back(lexicon().goods[static_cast<size_t>(i)]);
  return result;
}

}  // namespace

void read_when(Scene& s, Task& t) {
  const Lexicon& words = lexicon();
  const int count = s.dice.chance(kAlike) ? 2 : 1;
  const bool hours = s.dice.chance(0.35);
  const std::vector<int> what = s.dice.distinct(static_cast<int>(words.occasions.size()), count);
  const std::vector<int> days = s.dice.distinct(7, count);
  const std::vector<int> at = s.dice.distinct(10, count);
  const auto put = [&](int i) {
    s.set("o", words.occasions[static_cast<size_t>(what[static_cast<size_t>(i)])]);
    s.set("d", words.weekdays[static_cast<size_t>(days[static_cast<size_t>(i)])]);
    s.set("n", at[static_cast<size_t>(i)] + 2);
  };
  for (int i = 0; i < count; ++i) {
    put(i);
    s.set("v", s.dice.pick(words.places));
    append(s, t.passage, s.say(hours ? "hour.tell" : "when.tell"));
  }
  const int asked = static_cast<int>(s.dice.below(static_cast<uint64_t>(count)));
  put(asked);
  if (hours) {
    t.question = s.say("hour.ask");
    t.answer = s.say("a.hour");
    t.accepted = {std::to_string(at[static_cast<size_t>(asked)] + 2)};
  } else if (s.dice.chance(0.8)) {
    t.question = s.say("when.ask");
    t.answer = s.say("a.when");
    t.accepted = {s.text(*s.telling.find("d"))};
  } else {
    t.question = s.say("when.ask_what");
    t.answer = s.say("a.when_what");
    t.accepted = {s.text(*s.telling.find("o"))};
  }
  if (count == 1 && s.dice.chance(0.6)) add_other_line(s, t.passage);
}

void set_link(Scene& s, int cause, int effect) {
  const Happening &x = happenings()[static_cast<size_t>(cause)], &y = happenings()[static_cast<size_t>(effect)];
  const auto clause = [](const Happening& h) {
    Term t;
    t.en = h.en;
    t.zh = h.zh;
    return t;
  };
  s.set("x", clause(x));
  s.set("y", clause(y));
  Term why;
  why.en = y.en_why;
  why.zh = y.zh;
  s.set("wy", why);
}

void read_why(Scene& s, Task& t) {
  struct Link {
    int cause, effect;
  };
  std::vector<Link> links;
  const auto& all = happenings();
  const int count = s.dice.between(1, 2);
  // A chain of one or two links, or links of two chains.
  int at = static_cast<int>(s.dice.below(all.size()));
  while (all[static_cast<size_t>(at)].effects.empty()) at = static_cast<int>(s.dice.below(all.size()));
  for (int i = 0; i < count; ++i) {
    const auto& effects = all[static_cast<size_t>(at)].effects;
    if (effects.empty()) break;
    const int effect = s.dice.pick(effects);
    links.push_back({at, effect});
    at = effect;
    if (s.dice.chance(0.4)) {
      do at = static_cast<int>(s.dice.below(all.size()));
      while (all[static_cast<size_t>(at)].effects.empty() || at == links.back().cause || at == links.back().effect ||
             std::find(all[static_cast<size_t>(at)].effects.begin(), all[static_cast<size_t>(at)].effects.end(),
                       links.back().effect) != all[static_cast<size_t>(at)].effects.end());
    }
  }
  for (const Link& link : links) {
    set_link(s, link.cause, link.effect);
    append(s, t.passage, s.say("why.link"));
  }
  const Link& asked = s.dice.pick(links);
  set_link(s, asked.cause, asked.effect);
  t.question = s.say("why.ask");
  t.answer = s.say("a.why");
  t.accepted = {s.text(*s.telling.find("x"))};
}

void read_price(Scene& s, Task& t) {
  const int count = s.dice.chance(kAlike) ? 2 : 1;
  const std::vector<Term> goods = some_goods(s, count);
  const std::vector<int> prices = s.dice.distinct(18, count);
  const bool list = s.dice.chance(0.5);
  if (list) t.passage = s.say("price.head");
  for (int i = 0; i < count; ++i) {
    s.set("g", goods[static_cast<size_t>(i)]);
    s.set("n", prices[static_cast<size_t>(i)] + 2);
    if (!list) {
      append(s, t.passage, s.say("price.sentence"));
      continue;
    }
    std::string item;
    s.grammar.expand("price.item", s.telling, item);
    t.passage += s.zh() ? (i ? "，" : "") + item : (i ? ", " : " ") + item;
  }
  if (list) t.passage = s.grammar.finish(t.passage + (s.zh() ? "。" : "."));
  const size_t asked = s.dice.below(goods.size());
  s.set("g", goods[asked]);
  s.set("n", prices[asked] + 2);
  t.question = s.say("price.ask");
  t.answer = s.say("a.price_list");
  t.accepted = {std::to_string(prices[asked] + 2), std::to_string(prices[asked] + 2) + (s.zh() ? "文" : " pence")};
  if (count == 1 && s.dice.chance(0.6)) add_other_line(s, t.passage);
}

void market_change(Scene& s, Task& t) {
  const int paid = s.dice.pick(std::vector<int>{10, 20});
  const int price = s.dice.between(1, paid - 1);
  s.set("a", s.stranger());
  s.set("g", s.dice.pick(lexicon().goods));
  s.set("n", price);
  s.set("p", paid);
  s.set("c", paid - price);
  t.passage = s.say("change.tell");
  t.question = s.say("change.ask");
  t.answer = s.say("change.work");
  t.accepted = {std::to_string(paid - price), std::to_string(paid - price) + (s.zh() ? "文" : " pence")};
}

void market_total(Scene& s, Task& t) {
  const std::vector<Term> goods = some_goods(s, 2);
  const int n = s.dice.between(2, 9), m = s.dice.between(2, 9);
  s.set("a", s.stranger());
  s.set("g", goods[0]);
  s.set("h", goods[1]);
  s.set("n", n);
  s.set("m", m);
  s.set("c", n + m);
  t.passage = s.say("total.tell");
  t.question = s.say("total.ask");
  t.answer = s.say("total.work");
  t.accepted = {std::to_string(n + m), std::to_string(n + m) + (s.zh() ? "文" : " pence")};
}

void market_times(Scene& s, Task& t) {
  const int price = s.dice.between(2, 9), count = s.dice.between(2, 6);
  s.set("a", s.stranger());
  s.set("g", s.dice.pick(lexicon().goods));
  s.set("n", price);
  s.set("k", count);
  s.set("c", price * count);
  t.passage = s.say("times.tell");
  t.question = s.say("times.ask");
  t.answer = s.say("times.work");
  t.accepted = {std::to_string(price * count), std::to_string(price * count) + (s.zh() ? "文" : " pence")};
}

void count_on(Scene& s, Task& t) {
  const bool more = s.dice.chance(0.5);
  const int n = s.dice.between(4, 12), m = more ? s.dice.between(2, 6) : s.dice.between(2, std::min(6, n - 1));
  s.set("a", s.stranger());
  s.set("b", s.stranger());
  s.set("v", s.dice.pick(lexicon().animals));
  s.set("n", n);
  s.set("m", m);
  const int result = more ? n + m : n - m;
  s.set("c", result);
  t.passage = s.say(more ? "more.tell" : "less.tell");
  t.question = s.say(more ? "more.ask" : "less.ask");
  t.answer = s.say(more ? "more.work" : "less.work");
  t.accepted = {std::to_string(result)};
}

void compare_counts(Scene& s, Task& t) {
  const int n = s.dice.between(2, 20);
  int m = n;
  while (m == n) m = s.dice.between(2, 20);
  const Term a = s.stranger(), b = s.stranger();
  s.set("a", a);
  s.set("b", b);
  s.set("v", s.dice.pick(lexicon().animals));
  s.set("n", n);
  s.set("m", m);
  t.passage = s.say("compare.tell");
  const bool more = s.dice.chance(0.6);
  t.question = s.say(more ? "compare.more" : "compare.fewer");
  const Term& right = (n > m) == more ? a : b;
  s.set("r", right);
  const bool first = right == a;
  s.set("o", s.zh() ? (first ? "一" : "二") : (first ? "first" : "second"));
  t.answer = s.say(more ? "compare.work_more" : "compare.work_fewer");
  t.accepted = {s.text(right)};
}

// Digit by digit with the carry, ones first: "7 + 8 = 15, carry 1. 4 + 3 + 1 = 8. Answer: 85."
void two_digit_sum(Scene& s, Task& t) {
  const int n = s.dice.between(10, 99), m = s.dice.between(10, 99);
  s.set("n", n);
  s.set("m", m);
  if (s.dice.chance(0.75)) {
    t.question = s.say("sum.ask");
  } else {
    s.set("a", s.stranger());
    s.set("b", s.stranger());
    s.set("v", s.dice.pick(lexicon().animals));
    s.set("g", s.dice.pick(lexicon().goods));
    t.question = s.say("sum.story");
  }
  const int ones = n % 10 + m % 10, carry = ones / 10, tens = n / 10 + m / 10 + carry;
  const auto d = [](int digit) { return std::to_string(digit); };
  t.answer = d(n % 10) + " + " + d(m % 10) + " = " + d(ones) + (s.zh() ? "，进" : ", carry ") + d(carry) +
             (s.zh() ? "。" : ". ") + d(n / 10) + " + " + d(m / 10) + " + " + d(carry) + " = " + d(tens) +
             (s.zh() ? "。答案：" : ". Answer: ") + d(n + m) + (s.zh() ? "。" : ".");
  t.accepted = {d(n + m)};
}

}  // namespace quern::village
