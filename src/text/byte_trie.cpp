// SPDX-License-Identifier: MIT
#include "text/byte_trie.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace quern {

class ByteTrie::Builder {
 public:
  using Strings = std::span<const std::pair<std::string_view, TokenId>>;
  explicit Builder(std::vector<Unit>& units) : units_(units) { add_block(); }

  // Lays out the states below the root; returns its base, 0 when there are none. `strings` is sorted and none is empty.
  uint32_t place(Strings strings) {
    struct Task {
      Strings strings;  // all share their first `depth` bytes, and none ends there
      size_t depth;
      size_t parent;  // unit that gets the base
    };
    constexpr size_t kRoot = SIZE_MAX;
    uint32_t root_base = 0;
    std::vector<Task> tasks = {{strings, 0, kRoot}};
    std::vector<std::pair<unsigned char, Strings>> children;
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      if (task.strings.empty()) continue;
      children.clear();
      for (size_t i = 0; i < task.strings.size();) {
        const char byte = task.strings[i].first[task.depth];
        size_t end = i + 1;
        while (end < task.strings.size() && task.strings[end].first[task.depth] == byte) ++end;
        children.emplace_back(static_cast<unsigned char>(byte), task.strings.subspan(i, end - i));
        i = end;
      }
      const uint32_t base = find_base(children);
      (task.parent == kRoot ? root_base : units_[task.parent].base) = base;
      for (auto child = children.rbegin(); child != children.rend(); ++child) {  // so that the first is laid out next
        const auto& [byte, below] = *child;
        Unit& unit = units_[base ^ byte];
        unit.used = 1;
        unit.label = byte;
        const bool ends = below.front().first.size() == task.depth + 1;  // the shortest comes first
        if (ends) unit.id_plus_1 = static_cast<uint32_t>(below.front().second + 1) & 0x7FFFFF;
        tasks.push_back({ends ? below.subspan(1) : below, task.depth + 1, base ^ byte});
      }
    }
    return root_base;
  }

 private:
  std::vector<Unit>& units_;
  std::vector<bool> base_taken_;  // two states with one base would share children
  // Blocks that still have room are tried in turn; one that was tried in vain too often is given up.
  struct Open {
    uint32_t block;
    int failures = 0;
  };
  std::vector<Open> open_;

  void add_block() {
    const auto block = static_cast<uint32_t>(units_.size() / 256);
    units_.resize(units_.size() + 256);
    base_taken_.resize(units_.size());
    if (block > 0) open_.push_back({block});
  }

  uint32_t find_base(const std::vector<std::pair<unsigned char, Strings>>& children) {
    for (size_t i = open_.size(); i-- > 0;) {
      const uint32_t first = open_[i].block * 256;
      for (uint32_t at = 0; at < 256; ++at) {
        if (units_[first + at].used) continue;
        const uint32_t base = first + (at ^ children.front().first);
        if (base_taken_[base]) continue;
        if (std::any_of(children.begin(), children.end(),
                        [&](const auto& child) { return units_[base ^ child.first].used; }))
          continue;
        base_taken_[base] = true;
        return base;
      }
      if (++open_[i].failures >= 8 || open_.size() > 16) open_.erase(open_.begin() + static_cast<ptrdiff_t>(i));
    }
    add_block();
    const auto base = static_cast<uint32_t>(units_.size() - 256);
    base_taken_[base] = true;
    return base;
  }
};

ByteTrie::ByteTrie(std::vector<std::pair<std::string_view, TokenId>> strings) {
  std::sort(strings.begin(), strings.end());
  Builder builder(units_);
  root_base_ = builder.place(strings);
}

}  // namespace quern
