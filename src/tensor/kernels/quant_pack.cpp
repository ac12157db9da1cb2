// SPDX-License-Identifier: MIT
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "base/memory.h"
#include "base/threads.h"
#include "tensor/kernels/quant_panels.h"
#include "tensor/quant/blocks.h"

namespace quern {
namespace {

// Word i of a row's bytes goes to line i.
template <int kBytes>
void put_lines(const uint8_t* from, int64_t r, uint8_t* lines) {
  for (int i = 0; i < kBytes / 4; ++i) std::memcpy(lines + kLineBytes * i + 4 * r, from + 4 * i, 4);
}

void put_half(Half value, int64_t r, uint8_t* halves) { std::memcpy(halves + 2 * r, &value, 2); }

// Scale (or min) of sub-block s.
void put_scale(int value, int s, int64_t r, uint8_t* scales) {
  scales[2 * kPanelRows * (s / 2) + 2 * r + s % 2] = uint8_t(value);
}

// Bit i of the word -> bit i / 4 of byte i % 4.
void put_q5_high(const uint8_t* qh, int64_t r, uint8_t* line) {
  uint32_t word;
  std::memcpy(&word, qh, 4);
  for (int j = 0; j < 4; ++j) {
    uint32_t x = word >> j & 0x11111111u;  // bits 4 g, brought together step by step
    x = (x | x >> 3) & 0x03030303u;
    x = (x | x >> 6) & 0x000F000Fu;
    line[4 * r + j] = uint8_t(x | x >> 12);
  }
}

constexpr int64_t kSecondHalves = 2 * kPanelRows;  // where m and dmin stand

template <DType dtype, typename Block>
void put_block(const Block& b, int64_t r, uint8_t* record) {
  constexpr PanelRecord at = panel_record(dtype);
  if constexpr (dtype == DType::mxfp4) {
    record[r] = b.e;
  } else {
    put_half(b.d, r, record);
  }
  if constexpr (requires { b.m; }) put_half(b.m, r, record + kSecondHalves);
  if constexpr (requires { b.dmin; }) put_half(b.dmin, r, record + kSecondHalves);
  if constexpr (dtype == DType::q6_k) {
    put_lines<sizeof b.ql>(b.ql, r, record + at.lines);
  } else {
    put_lines<sizeof b.qs>(reinterpret_cast<const uint8_t*>(b.qs), r, record + at.lines);
  }
  if constexpr (dtype == DType::q5_0 || dtype == DType::q5_1) put_q5_high(b.qh, r, record + at.high);
  if constexpr (dtype == DType::q5_k || dtype == DType::q6_k) put_lines<sizeof b.qh>(b.qh, r, record + at.high);
  if constexpr (dtype == DType::q3_k) put_lines<sizeof b.hmask>(b.hmask, r, record + at.high);
  if constexpr (dtype == DType::q4_k || dtype == DType::q5_k) {
    for (int s = 0; s < 8; ++s) {
      const ScaleMin both = k4_scale_min(b.scales, s);
      put_scale(both.scale, s, r, record + at.scales);
      put_scale(both.min, s, r, record + at.mins);
    }
  }
  if constexpr (dtype == DType::q2_k || dtype == DType::q6_k)
    for (int s = 0; s < 16; ++s) put_scale(b.scales[s], s, r, record + at.scales);
  if constexpr (dtype == DType::q3_k)
    for (int s = 0; s < 16; ++s) put_scale(q3k_scale(b.scales, s), s, r, record + at.scales);
  if constexpr (dtype == DType::iq4_xs)
    for (int s = 0; s < 8; ++s) put_scale(iq4xs_scale(b, s), s, r, record + at.scales);
}

template <DType dtype>
void pack_range(const QuantMatrix& w, int64_t begin, int64_t end, uint8_t* panels) {
  using Block = typename BlockOf<dtype>::type;
  constexpr int64_t kBytes = panel_record(dtype).bytes;
  const int64_t records = w.K / panel_record(dtype).values;
  for (int64_t p = begin; p < end; ++p) {
    uint8_t* panel = panels + p * records * kBytes;
    const int64_t rows = std::min(kPanelRows, w.M - p * kPanelRows);
    if (rows < kPanelRows) std::memset(panel, 0, size_t(records * kBytes));
    for (int64_t r = 0; r < rows; ++r) {
      const auto* blocks = static_cast<const Block*>(w.row(p * kPanelRows + r));
      for (int64_t i = 0; i < records; ++i) put_block<dtype>(blocks[i], r, panel + i * kBytes);
    }
  }
}

void pack_range(const QuantMatrix& w, int64_t begin, int64_t end, uint8_t* panels) {
  switch (w.dtype) {
#define QUERN_CASE(dtype) \
  case DType::dtype:      \
    return pack_range<DType::dtype>(w, begin, end, panels)
    QUERN_CASE(q4_0);
    QUERN_CASE(q4_1);
    QUERN_CASE(q5_0);
    QUERN_CASE(q5_1);
    QUERN_CASE(q8_0);
    QUERN_CASE(q2_k);
    QUERN_CASE(q3_k);
    QUERN_CASE(q4_k);
    QUERN_CASE(q5_k);
    QUERN_CASE(q6_k);
    QUERN_CASE(iq4_nl);
    QUERN_CASE(iq4_xs);
    QUERN_CASE(mxfp4);
#undef QUERN_CASE
    default:
      QUERN_CHECK(false, "no panels for {}", name(w.dtype));
  }
}

constexpr size_t kHugePage = 2 << 20, kSlabBytes = 32 << 20;

std::shared_ptr<uint8_t> allocate_huge(size_t size_bytes) {
  const size_t size = (size_bytes + kHugePage - 1) / kHugePage * kHugePage;
  auto* memory = static_cast<uint8_t*>(std::aligned_alloc(kHugePage, size));
  if (!memory)
    throw Error(ErrorKind::Resources, "can't get {} bytes for a weight in the layout of the kernels", size_bytes)
        .hint("use a smaller model or more strongly quantised weights");
  ::madvise(memory, size, MADV_HUGEPAGE);
  return {memory, std::free};
}

// Small weights share slabs of huge pages: small pages would cost more time to get than to fill. A slab lives as long
// as a weight in it.
std::shared_ptr<uint8_t> allocate_panels(size_t size_bytes) {
  if (size_bytes >= kSlabBytes / 4) return allocate_huge(size_bytes);
  static std::mutex mutex;
  static std::weak_ptr<uint8_t> latest;
  static size_t used = 0;
  const std::lock_guard lock(mutex);
  std::shared_ptr<uint8_t> slab = latest.lock();
  if (!slab || used + size_bytes > kSlabBytes) {
    latest = slab = allocate_huge(kSlabBytes);
    used = 0;
  }
  uint8_t* place = slab.get() + used;
  used += (size_bytes + 63) / 64 * 64;
  return {std::move(slab), place};
}

}  // namespace

QuantPanels pack_panels(const QuantMatrix& w) {
  const PanelRecord record = panel_record(w.dtype);
  QUERN_CHECK(record.values != 0, "no panels for {}", name(w.dtype));
  if (w.K % record.values != 0)
    throw Error(ErrorKind::InvalidModel, "a {} matrix has rows of {} values, which is no multiple of {}", name(w.dtype),
                w.K, record.values);
  QuantPanels panels{w.dtype, w.M, w.K, nullptr};
  panels.data = allocate_panels(size_t(std::max<int64_t>(1, panels.panels() * panels.panel_bytes())));
  // All threads stop for a moment when pages are given back, so it is done for many at a time.
  const int64_t piece = std::max<int64_t>(1, (16 << 20) / std::max<int64_t>(1, panels.panel_bytes()));
  for (int64_t p = 0; p < panels.panels(); p += piece) {
    const int64_t stop = std::min(panels.panels(), p + piece);
    parallel_for(stop - p, 1,
                 [&](int64_t begin, int64_t end) { pack_range(w, p + begin, p + end, panels.data.get()); });
    if (w.mapped)
      give_back_pages(w.row(p * kPanelRows),
                      size_bytes(w.dtype, (std::min(w.M, stop * kPanelRows) - p * kPanelRows) * w.K));
  }
  return panels;
}

}  // namespace quern
