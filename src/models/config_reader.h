// SPDX-License-Identifier: MIT
#pragma once
// Reading config.json: in the older key layout (rope_theta, rope_scaling) and the newer (rope_parameters).

#include <string>

#include "base/json.h"
#include "nn/rotary.h"

namespace quern {

class ConfigReader {
 public:
  explicit ConfigReader(const Json& json);
  int64_t integer(const char* key) const;                     // required, positive
  int64_t integer(const char* key, int64_t otherwise) const;  // also for null
  double number(const char* key, double otherwise) const;
  bool boolean(const char* key, bool otherwise) const;
  std::string text(const char* key, const std::string& otherwise) const;
  // rope_theta with rope_scaling, or rope_parameters. dim = values of a head that turn.
  RopeConfig rope(int64_t dim, int64_t context) const;

 private:
  const Json& json_;
  const Json* value(const char* key) const;  // nullptr when absent or null
};

}  // namespace quern
