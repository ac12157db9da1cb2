// SPDX-License-Identifier: MIT
#include "tensor/kernels/quant_products.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "tensor/kernels/gemm_kernels.h"
#include "tensor/kernels/gemm_team.h"
#include "tensor/kernels/quant_panels.h"
#include "tensor/kernels/quant_rows.h"
#include "tensor/kernels/quant_tiles.h"

namespace quern {
namespace {

constexpr int64_t kFewRows = 4;     // each thread quantises them for itself: cheaper than waiting for another
constexpr int64_t kStripRows = 12;  // from here on strips, for the types that have them
constexpr int64_t kStripK = 512;    // of K in a strip: with 16 rows, 8 KiB of codes
constexpr int64_t kRowBlockBytes = 192 << 10;  // of x at a time: a share of L2

struct Layout {
  QuantPanels panels;
  const QuantInstructions* instructions;
};
const Layout& layout_of(const QuantPart& part) { return *static_cast<const Layout*>(part.w->layout()); }

// x in both ways of quantising it, as far as the parts ask for it.
struct BothRows {
  QuantRows by_32, by_256;
  bool wants_32 = false, wants_256 = false;

  int64_t size_bytes(int64_t N, int64_t K) const {
    return (wants_32 ? quant_rows_bytes(N, K, 32) : 0) + (wants_256 ? quant_rows_bytes(N, K, 256) : 0);
  }
  void place(void* area, int64_t N, int64_t K) {
    if (wants_32) by_32 = quant_rows_at(area, N, K, 32);
    if (wants_256)
      by_256 = quant_rows_at(static_cast<char*>(area) + (wants_32 ? quant_rows_bytes(N, K, 32) : 0), N, K, 256);
  }
  void fill(const QuantInstructions& with, const QuantInput& x, int64_t begin, int64_t end) const {
    if (wants_32) with.quantise(x, begin, end, by_32);
    if (wants_256) with.quantise(x, begin, end, by_256);
  }
  const QuantRows& of(const QuantTypeTiles& tiles) const { return tiles.group == 32 ? by_32 : by_256; }
};

// One panel's products with rows [begin, end) of x. The last panel of a part is computed whole, beside y.
class PanelTarget {
 public:
  PanelTarget(const QuantPart& part, const QuantPanels& panels, int64_t panel, float* y, int64_t ldy)
      : y_(y + part.column + panel * kPanelRows),
        ldy_(ldy),
        cols_(std::min(kPanelRows, panels.M - panel * kPanelRows)) {
    if (!part.bias) return;
    bias_ = part.bias + panel * kPanelRows;
    if (cols_ == kPanelRows) return;
    std::copy_n(bias_, cols_, padded_bias_.begin());
    bias_ = padded_bias_.data();
  }

  // `rows` <= kTileRows rows from row n on; first: y starts at zero; last: nothing follows.
  void run(QuantTileFn* multiply, int64_t rows, int64_t n, QuantTile tile, bool last) {
    tile.bias = last ? bias_ : nullptr;
    float* y = y_ + n * ldy_;
    if (cols_ == kPanelRows) {
      tile.y = y;
      tile.ldy = ldy_;
      return multiply(tile);
    }
    alignas(64) std::array<float, kTileRows * kPanelRows> whole{};
    tile.y = whole.data();
    tile.ldy = kPanelRows;
    if (!tile.first)
      for (int64_t i = 0; i < rows; ++i) std::copy_n(y + i * ldy_, cols_, tile.y + i * kPanelRows);
    multiply(tile);
    for (int64_t i = 0; i < rows; ++i) std::copy_n(tile.y + i * kPanelRows, cols_, y + i * ldy_);
  }

 private:
  float* y_;
  int64_t ldy_, cols_;
  const float* bias_ = nullptr;
  std::array<float, kPanelRows> padded_bias_{};
};

// One panel's products with rows [rows.begin, rows.end) of x.
void multiply_panel(const QuantPanels& panels, const QuantTypeTiles& tiles, int64_t panel, const QuantRows& x,
                    Range rows, PanelTarget& target) {
  const PanelRecord record = panel_record(panels.dtype);
  const bool by_strip = tiles.unpack && rows.size() >= kStripRows;
  const int64_t step = by_strip ? kStripK / record.values : std::max<int64_t>(1, panels.records());
  auto* strip = by_strip ? static_cast<uint8_t*>(gemm_scratch(3, step * tiles.strip_bytes)) : nullptr;
  int64_t b = 0;
  do {
    const int64_t count = std::min(step, panels.records() - b);
    const uint8_t* records = panels.panel(panel) + b * record.bytes;
    if (by_strip) tiles.unpack(records, count, strip);
    for (int64_t n = rows.begin; n < rows.end; n += kTileRows) {
      const int64_t height = std::min<int64_t>(kTileRows, rows.end - n);
      const bool from_strip = by_strip && height == kTileRows;
      target.run(
          from_strip ? tiles.strip : tiles.direct[height - 1], height, n,
          {.records = from_strip ? strip : records, .count = count, .x = x.at(n, b * record.values), .first = b == 0},
          b + count == panels.records());
    }
    b += step;
  } while (b < panels.records());
}

// Calls body(part, panel) for this thread's share of all parts' panels.
template <typename Body>
void for_my_panels(std::span<const QuantPart> parts, int64_t total, int thread, int team, const Body& body) {
  const Range mine = share(total, 1, thread, team);
  int64_t before = 0;
  for (const QuantPart& part : parts) {
    const int64_t panels = layout_of(part).panels.panels();
    const int64_t begin = std::max<int64_t>(0, mine.begin - before), end = std::min(panels, mine.end - before);
    for (int64_t p = begin; p < end; ++p) body(part, p);
    before += panels;
  }
}

}  // namespace

std::shared_ptr<const void> quant_products_pack(const QuantMatrix& w) {
  const QuantInstructions* instructions = quant_instructions();
  QUERN_CHECK(instructions, "the kernels in force have no products with {}", name(w.dtype));
  return std::make_shared<Layout>(Layout{pack_panels(w), instructions});
}

void quant_products(const QuantInput& x, std::span<const QuantPart> parts, float* y, int64_t ldy) {
  const int64_t N = x.N, K = x.K;
  if (N <= 0 || parts.empty()) return;
  const QuantInstructions& instructions = *layout_of(parts[0]).instructions;
  BothRows rows;
  int64_t total = 0;
  for (const QuantPart& part : parts) {
    const QuantPanels& panels = layout_of(part).panels;
    QUERN_CHECK(panels.K == K, "a weight with K = {} can't take x with K = {}", panels.K, K);
    (instructions.tiles(panels.dtype)->group == 32 ? rows.wants_32 : rows.wants_256) = true;
    total += panels.panels();
  }
  const auto multiply = [&](const QuantPart& part, int64_t panel, const BothRows& quantised, Range range) {
    const QuantPanels& panels = layout_of(part).panels;
    const QuantTypeTiles& tiles = *instructions.tiles(panels.dtype);
    PanelTarget target(part, panels, panel, y, ldy);
    multiply_panel(panels, tiles, panel, quantised.of(tiles), range, target);
  };
  const int team = team_for(N, total * kPanelRows, K);
  if (N <= kFewRows) {
    return run_team(team, [&](int thread, int threads) {
      BothRows own = rows;
      own.place(gemm_scratch(2, own.size_bytes(N, K)), N, K);
      own.fill(instructions, x, 0, N);
      for_my_panels(parts, total, thread, threads,
                    [&](const QuantPart& part, int64_t panel) { multiply(part, panel, own, {0, N}); });
    });
  }
  rows.place(gemm_scratch(2, rows.size_bytes(N, K)), N, K);
  const int64_t most_rows = std::max<int64_t>(16, kRowBlockBytes / std::max<int64_t>(1, K) / kTileRows * kTileRows);
  const int64_t row_blocks = (N + most_rows - 1) / most_rows;
  run_team(team, [&](int thread, int threads) {
    const Range mine = share(N, 1, thread, threads);
    rows.fill(instructions, x, mine.begin, mine.end);
    team_barrier(threads);
    for (int64_t block = 0; block < row_blocks; ++block) {
      const Range range = share(N, kTileRows, block, row_blocks);
      for_my_panels(parts, total, thread, threads,
                    [&](const QuantPart& part, int64_t panel) { multiply(part, panel, rows, range); });
    }
  });
}

}  // namespace quern
