// SPDX-License-Identifier: MIT
#pragma once
// The compute team. OpenMP is the pool, and one thread owns it: call these from the thread that runs the model only.
// Results must not depend on the number of threads, nor on which of them does what.

#include <cstdint>
#include <functional>

namespace quern {

int hardware_threads();           // processors this process may run on
void set_compute_threads(int n);  // for the calling thread's team; call once, early
int compute_threads();

// Runs body(begin, end) over [0, n) cut into contiguous, near-equal ranges, a few per thread, whose borders are
// multiples of `grain`; they are dealt as in deal.h. Runs inline when there is one grain or one thread.
void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace quern
