// SPDX-License-Identifier: MIT
#include "text/jinja/objects.h"

#include <algorithm>
#include <ctime>

namespace quern::jinja {

std::string DictView::type_name() const {
  return part_ == Part::Items ? "dict_items" : part_ == Part::Keys ? "dict_keys" : "dict_values";
}

std::optional<std::vector<Value>> DictView::items(Runtime& runtime) {
  std::vector<Value> out;
  for (const auto& [key, value] : dict_.dict()->entries)
    out.push_back(part_ == Part::Keys     ? key
                  : part_ == Part::Values ? value
                                          : runtime.list({key, value}, List::Kind::Tuple));
  return out;
}

Chars DictView::text(Runtime& runtime) {
  return chars_of(type_name() + "(") + repr(runtime, runtime.list(*items(runtime))) + U")";
}

std::optional<Value> Generator::take_first() {
  if (items_.empty()) return std::nullopt;
  Value first = items_.front();
  items_.erase(items_.begin());
  return first;
}

std::optional<Value> Range::item(Runtime&, const Value& key) {
  auto at = key.integer();
  if (!at) return std::nullopt;
  if (*at < 0) at = *at + count_;
  if (*at < 0 || *at >= count_) return std::nullopt;
  return Value{begin_ + *at * step_};
}

std::optional<std::vector<Value>> Range::items(Runtime& runtime) {
  runtime.require_bytes(count_ * int64_t(sizeof(Value)));
  std::vector<Value> out;
  for (int64_t i = 0; i < count_; ++i) out.push_back({begin_ + i * step_});
  return out;
}

bool Range::contains_quickly(const Value& value, bool& answer) const {
  const auto x = value.number();
  answer = x && count_ > 0;
  if (!answer) return true;
  const double place = (*x - double(begin_)) / double(step_);
  answer = place >= 0 && place < double(count_) && place == double(int64_t(place));
  return true;
}

Chars Range::text(Runtime&) {
  return chars_of(step_ == 1 ? fmt::format("range({}, {})", begin_, end_)
                             : fmt::format("range({}, {}, {})", begin_, end_, step_));
}

std::optional<Value> Namespace::attribute(Runtime&, std::string_view name) {
  for (const auto& [known, value] : attributes)
    if (known == name) return value;
  return std::nullopt;
}

std::optional<Value> Namespace::item(Runtime& runtime, const Value& key) {
  return key.str() ? attribute(runtime, utf8_of(key.str()->chars)) : std::nullopt;
}

void Namespace::set(const std::string& name, Value value) {
  for (auto& [known, old] : attributes)
    if (known == name) {
      old = std::move(value);
      return;
    }
  attributes.emplace_back(name, std::move(value));
}

Chars Namespace::text(Runtime& runtime) {
  const Runtime::Level level(runtime);
  Chars out = U"<Namespace {";
  for (const auto& [name, value] : attributes) {
    if (out.size() > 12) out += U", ";
    out += repr(chars_of(name)) + U": " + repr(runtime, value);
    runtime.require_bytes(int64_t(out.size()) * 4);
  }
  return out += U"}>";
}

namespace {
constexpr int64_t kLongestRange = 100'000;  // as Jinja's sandbox has it

Value make_range(Runtime& rt, const Args& args) {
  const Bound bound(rt, "range", args, {"start", "stop", "step"}, 1);
  const bool one = !bound[1];
  const int64_t begin = one ? 0 : bound.integer(0, 0), end = one ? bound.integer(0, 0) : bound.integer(1, 0),
                step = bound.integer(2, 1);
  if (step == 0) rt.fail("range() arg 3 must not be zero");
  constexpr int64_t far = int64_t{1} << 60;
  if (std::max({begin, end, step}) > far || std::min({begin, end, step}) < -far)
    rt.fail("range() with numbers beyond 2**60");
  const int64_t span = step > 0 ? end - begin : begin - end, stride = step > 0 ? step : -step;
  const int64_t count = span > 0 ? (span + stride - 1) / stride : 0;
  if (count > kLongestRange)
    rt.too_much(fmt::format("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({}).", kLongestRange));
  return rt.object<Range>(begin, end, step, count);
}

std::vector<std::pair<Value, Value>> pairs_from(Runtime& rt, const Args& args) {
  std::vector<std::pair<Value, Value>> entries;
  if (args.positional.size() > 1) rt.fail("dict expected at most 1 argument, got {}", args.positional.size());
  if (!args.positional.empty()) {
    const Value& from = args.positional[0];
    if (const Dict* dict = from.dict()) {
      entries = dict->entries;
    } else {
      for (const Value& pair : items_of(rt, from)) {
        const std::vector<Value> two = items_of(rt, pair);
        if (two.size() != 2) rt.fail("dictionary update sequence element has length {}; 2 is required", two.size());
        entries.emplace_back(two[0], two[1]);
      }
    }
  }
  for (const auto& [name, value] : args.named) entries.emplace_back(rt.str(name), value);
  return entries;
}

Value make_namespace(Runtime& rt, const Args& args) {
  const Value made = rt.object<Namespace>();
  auto* names = static_cast<Namespace*>(made.object());
  for (const auto& [key, value] : pairs_from(rt, args)) {
    rt.charge(int64_t(names->attributes.size()));
    names->set(utf8_of(text_of(rt, key)), value);
  }
  return made;
}

// cycler('a', 'b'): next(), current, reset().
class Cycler final : public Object {
 public:
  explicit Cycler(std::vector<Value> items) : items_(std::move(items)) {}
  std::string type_name() const override { return "Cycler"; }
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override {
    if (name == "current") return items_[at_];
    if (name == "next")
      return runtime.object<Function>("next", [this](Runtime& rt, const Args& args) {
        Bound(rt, "next", args, {});
        Value now = items_[at_];
        at_ = (at_ + 1) % items_.size();
        return now;
      });
    if (name == "reset")
      return runtime.object<Function>("reset", [this](Runtime& rt, const Args& args) {
        Bound(rt, "reset", args, {});
        at_ = 0;
        return none();
      });
    return std::nullopt;
  }

 private:
  std::vector<Value> items_;
  size_t at_ = 0;
};

// joiner(', '): nothing the first time it is called, the separator afterwards.
class Joiner final : public Object {
 public:
  explicit Joiner(Value separator) : separator_(std::move(separator)) {}
  std::string type_name() const override { return "Joiner"; }
  bool is_callable() const override { return true; }
  Value call(Runtime& rt, const Args& args) override {
    Bound(rt, "joiner", args, {});
    return std::exchange(used_, true) ? separator_ : rt.str(Chars());
  }

 private:
  Value separator_;
  bool used_ = false;
};

Value strftime(Runtime& rt, const Args& args, int64_t now) {
  const Bound bound(rt, "strftime_now", args, {"format"}, 1);
  if (!bound[0]->str()) rt.fail("strftime() argument 1 must be str, not {}", type_name(*bound[0]));
  const std::string format = utf8_of(bound[0]->str()->chars);
  if (format.size() > 1000 || format.find('\0') != std::string::npos) rt.fail("strftime_now: not a format");
  const std::time_t seconds = now;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::string out(20 * format.size() + 100, '\0');
  // A format whose result may be empty (%p in some languages) is told from a failure by a character before it.
  const size_t written = std::strftime(out.data(), out.size(), ("." + format).c_str(), &parts);
  if (written == 0) rt.fail("strftime_now: the format asks for too long a text");
  return rt.str(std::string_view(out).substr(1, written - 1));
}
}  // namespace

std::vector<std::pair<std::string, Value>> make_globals(Runtime& runtime, const Clock& clock) {
  std::vector<std::pair<std::string, Value>> out;
  const auto add = [&](const std::string& name, Function::Body body) {
    out.emplace_back(name, runtime.object<Function>(name, std::move(body)));
  };
  add("range", make_range);
  add("dict", [](Runtime& rt, const Args& args) { return rt.dict(pairs_from(rt, args)); });
  add("namespace", make_namespace);
  add("cycler", [](Runtime& rt, const Args& args) {
    if (!args.named.empty()) rt.fail("cycler() takes no keyword arguments");
    if (args.positional.empty()) rt.fail("at least one item has to be provided");
    return rt.object<Cycler>(args.positional);
  });
  add("joiner", [](Runtime& rt, const Args& args) {
    const Bound bound(rt, "joiner", args, {"sep"});
    return rt.object<Joiner>(bound[0] ? *bound[0] : rt.str(U", "));
  });
  add("raise_exception", [](Runtime& rt, const Args& args) -> Value {
    const Bound bound(rt, "raise_exception", args, {"message"}, 1);
    rt.refuse(utf8_of(text_of(rt, *bound[0])));
  });
  add("strftime_now", [clock](Runtime& rt, const Args& args) { return strftime(rt, args, clock()); });
  return out;
}

}  // namespace quern::jinja
