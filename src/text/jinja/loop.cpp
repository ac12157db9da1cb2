// SPDX-License-Identifier: MIT
#include "text/jinja/loop.h"

#include <algorithm>

#include "text/jinja/objects.h"

namespace quern::jinja {

Loop::Loop(Runtime& runtime, std::vector<Value> items, Keep keep, Recurse recurse, int depth)
    : runtime_(runtime),
      items_(std::move(items)),
      keep_(std::move(keep)),
      recurse_(std::move(recurse)),
      depth_(depth),
      held_bytes_(int64_t(items_.capacity() * sizeof(Value))) {
  if (!keep_) length_ = int64_t(items_.size());
  runtime.budget().bytes -= held_bytes_;
}

void Loop::end() {
  items_ = {};
  at_ = 0;
  runtime_.budget().bytes += std::exchange(held_bytes_, 0);
}

std::optional<Value> Loop::fetch() {
  while (at_ < items_.size()) {
    Value& item = items_[at_++];
    if (!keep_ || keep_(item)) return item;
  }
  return std::nullopt;
}

const std::optional<Value>& Loop::peek() {
  if (!after_) after_ = fetch();
  return after_;
}

bool Loop::advance() {
  auto item = after_ ? std::exchange(after_, std::nullopt) : fetch();
  if (!item) return false;
  ++index0_;
  before_ = std::exchange(current_, std::move(*item));
  return true;
}

// How many items there are; with a condition, all that follow are looked at now.
int64_t Loop::all() {
  if (length_ >= 0) return length_;
  std::vector<Value> rest;
  while (auto item = fetch()) rest.push_back(std::move(*item));
  length_ = int64_t(rest.size()) + index0_ + 1 + (after_ ? 1 : 0);
  items_ = std::move(rest);
  at_ = 0;
  keep_ = nullptr;
  return length_;
}

Value Loop::call(Runtime& runtime, const Args& args) {
  const Bound bound(runtime, "loop", args, {"iterable"}, 1);
  if (!recurse_) runtime.fail("The loop must have the 'recursive' marker to be called recursively.");
  return recurse_(*bound[0]);
}

std::optional<Value> Loop::attribute(Runtime& runtime, std::string_view name) {
  if (name == "index") return Value{index0_ + 1};
  if (name == "index0") return Value{index0_};
  if (name == "first") return Value{index0_ == 0};
  if (name == "last") return Value{!peek().has_value()};
  if (name == "length") return Value{all()};
  if (name == "revindex") return Value{all() - index0_};
  if (name == "revindex0") return Value{all() - index0_ - 1};
  if (name == "depth") return Value{int64_t{depth_} + 1};
  if (name == "depth0") return Value{int64_t{depth_}};
  if (name == "previtem") return index0_ == 0 ? runtime.undefined("there is no previous item") : *before_;
  if (name == "nextitem") return peek() ? *peek() : runtime.undefined("there is no next item");
  if (name == "cycle")
    return runtime.object<Function>("cycle", [this](Runtime& rt, const Args& args) {
      if (args.positional.empty()) rt.fail("no items for cycling given");
      return args.positional[size_t(std::max<int64_t>(index0_, 0)) % args.positional.size()];
    });
  if (name == "changed")
    return runtime.object<Function>("changed", [this](Runtime& rt, const Args& args) {
      rt.charge(int64_t(args.positional.size()));
      const bool same = last_changed_ && std::equal(last_changed_->begin(), last_changed_->end(),
                                                    args.positional.begin(), args.positional.end(), equal);
      if (!same) last_changed_ = args.positional;
      return Value{!same};
    });
  return std::nullopt;
}

}  // namespace quern::jinja
