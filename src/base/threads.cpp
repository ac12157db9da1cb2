// SPDX-License-Identifier: MIT
#include "base/threads.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <exception>
#include <mutex>

#include "base/deal.h"

namespace quern {

namespace {
constexpr int64_t kPiecesPerThread = 4;
}

int hardware_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, omp_get_num_procs());
}

void set_compute_threads(int n) { omp_set_num_threads(std::max(1, n)); }
int compute_threads() { return omp_in_parallel() ? 1 : omp_get_max_threads(); }

void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (n <= 0) return;
  grain = std::max<int64_t>(1, grain);
  const int64_t chunks = (n + grain - 1) / grain;
  const int64_t parts = std::min<int64_t>(compute_threads(), chunks);
  if (parts <= 1) return body(0, n);
  const int64_t pieces = std::min(chunks, parts * kPiecesPerThread);
  Deal deal(pieces);
  std::exception_ptr failure;
  std::mutex mutex;
#pragma omp parallel num_threads(int(parts))
  deal.each(omp_get_thread_num(), omp_get_num_threads(), [&](int64_t p) {
    try {
      body(chunks * p / pieces * grain, std::min(n, chunks * (p + 1) / pieces * grain));
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace quern
