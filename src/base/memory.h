// SPDX-License-Identifier: MIT
#pragma once
// How much memory the machine has and this process takes, and giving back what it no longer needs.

#include <cstddef>
#include <cstdint>

namespace quern {

uint64_t physical_memory_bytes();   // of the machine, or the limit of this process's group when that is lower
uint64_t available_memory_bytes();  // what can be taken without swapping, at this moment
uint64_t resident_bytes();          // of this process, now
uint64_t peak_resident_bytes();     // the most it ever had

// The whole pages of [begin, begin + size_bytes), which must be a read-only mapping of a file: they leave this process
// and come back when somebody reads them. All threads stop for a moment: for much at a time.
void give_back_pages(const void* begin, size_t size_bytes);
void give_back_freed_memory();  // what malloc keeps for later

}  // namespace quern
