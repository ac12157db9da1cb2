// SPDX-License-Identifier: MIT
#pragma once
// Reading config.json: in the older key layout (rope_theta, rope_scaling) and the newer (rope_parameters).

#include <string>
#include <vector>

#include "base/json.h"
#include "nn/rotary.h"

namespace quern {

// What a family takes for granted about its rotary positions, and what it calls it.
struct RopeDefaults {
  double theta = 10000.0;
  int64_t original_context = 0;  // trained before stretching; 0: max_position_embeddings
  double partial = 1.0;          // share of a head that turns
  bool may_be_partial = false;   // another share than the default is understood
  const char* theta_key = "rope_theta";
  const char* partial_key = "partial_rotary_factor";
};

class ConfigReader {
 public:
  explicit ConfigReader(const Json& json);
  int64_t integer(const char* key) const;                     // required, positive
  int64_t integer(const char* key, int64_t otherwise) const;  // also for null
  double number(const char* key, double otherwise) const;
  bool boolean(const char* key, bool otherwise) const;
  std::string text(const char* key, const std::string& otherwise) const;
  // Empty when absent or null.
  std::vector<std::string> texts(const char* key) const;
  std::vector<double> numbers(const char* key) const;
  bool has(const char* key) const { return json_.contains(key); }  // null counts
  const Json* value(const char* key) const;                        // nullptr when absent or null

  // rope_theta with rope_scaling, or rope_parameters. D = size of a head, of which the partial share turns.
  RopeConfig rope(int64_t D, int64_t context, const RopeDefaults& defaults = {}) const;
  // From one object of that kind, null for none; `r` has theta and the lengths that are not in it.
  static RopeConfig rope_from(const Json* scaling, const ConfigReader& r, int64_t D, int64_t context,
                              const RopeDefaults& defaults);

  // Refuses a flag that would change results and that nothing here knows.
  void refuse(const char* key, bool harmless) const;
  // f by its name. Throws Unsupported.
  Activation activation(const char* key, const std::string& otherwise) const;

 private:
  const Json& json_;
};

}  // namespace quern
