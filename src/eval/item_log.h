// SPDX-License-Identifier: MIT
#pragma once
// What was measured item by item, as JSON lines: a header that says of what, then one line for each item in order. A
// run that was interrupted is gone on with; results of another model, task or file are never mixed in.

#include <vector>

#include "base/files.h"
#include "base/json.h"

namespace quern {

class ItemLog {
 public:
  // Makes the file with this header, or goes on with one that has the same. A last line that was cut off is dropped.
  // Throws InvalidData naming what differs, or the line that is damaged; Io.
  ItemLog(fs::path path, const Json& header);

  const std::vector<Json>& items() const { return items_; }  // of earlier runs, item 0 first
  void add(const Json& item);

 private:
  fs::path path_;
  std::vector<Json> items_;
};

}  // namespace quern
