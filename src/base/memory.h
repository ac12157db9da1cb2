// SPDX-License-Identifier: MIT
#pragma once
// How much memory the machine has and this process takes.

#include <cstdint>

namespace quern {

uint64_t physical_memory_bytes();   // of the machine, or the limit of this process's group when that is lower
uint64_t available_memory_bytes();  // what can be taken without swapping, at this moment
uint64_t resident_bytes();          // of this process, now
uint64_t peak_resident_bytes();     // the most it ever had

}  // namespace quern
