// SPDX-License-Identifier: MIT
// The tiles of the block-quantised products: written once, included after quant_codes-inl.h by each file that defines
// the vector. Up to four rows of x meet 16 rows of w, one per lane; codes are unpacked once for all rows of x.
//   dot<kChain, kSigned, g>(chain, sum, codes, x)                    sum = codes x over groups 0..7, g this one
//   dot_scaled<kChain, kSigned, g, kGroups>(chain, sum, codes, x, scale)   sum += scale (codes x over kGroups groups)
//   kByteOffset                                                            what these add to a signed code

template <int... i, typename F>
QUERN_INLINE void unroll_sequence(std::integer_sequence<int, i...>, const F& f) {
  (f(std::integral_constant<int, i>{}), ...);
}
// f(constant 0), f(constant 1), ..., f(constant n - 1), spelled out.
template <int n, typename F>
QUERN_INLINE void unroll(const F& f) {
  unroll_sequence(std::make_integer_sequence<int, n>{}, f);
}
#define QUERN_UNROLLED(i) [&](auto i) __attribute__((always_inline))

template <int kRows>
QUERN_INLINE void begin_tile(const QuantTile& tile, VectorF y[kRows][kVectors]) {
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) y[i][v] = tile.first ? zero_f() : load_f(tile.y + i * tile.ldy + v * kLanes);
}
template <int kRows>
QUERN_INLINE void end_tile(const QuantTile& tile, const VectorF y[kRows][kVectors]) {
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const VectorF sum = tile.bias ? add(y[i][v], load_f(tile.bias + v * kLanes)) : y[i][v];
      store_f(tile.y + i * tile.ldy + v * kLanes, sum);
    }
}

template <class W, int kRows>
void simple_tile(const QuantTile& tile) {
  constexpr int kOffset = W::kOffset + (W::kSigned ? kByteOffset : 0);
  const QuantRows& x = tile.x;
  const int64_t x_groups = x.K / 32;
  VectorF y[kRows][kVectors];
  begin_tile<kRows>(tile, y);
  const uint8_t* record = tile.records;
  for (int64_t b = 0; b < tile.count; ++b, record += W::kBytes) {
    if constexpr (W::kStreams) prefetch(record + kPrefetchBytes, W::kBytes);
    Vector sum[kRows][kVectors], chain[kRows][kVectors];
    unroll<8>(QUERN_UNROLLED(g) {
      Vector codes[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) codes[v] = W::template codes<g>(record, v);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; ++i) {
        const Vector x_i = broadcast(x.q + i * x.K + b * 32 + 4 * g);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) dot<W::kChain, W::kSigned, g>(chain[i][v], sum[i][v], codes[v], x_i);
      }
    });
    VectorF scale[kVectors], min[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      scale[v] = W::scale(record, v);
      if constexpr (W::kHasMin) min[v] = W::min(record, v);
    }
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const VectorF d = broadcast_f(x.d + i * x_groups + b);
      const Vector offset = kOffset ? times<kOffset>(broadcast(x.sum + i * x_groups + b)) : zero();
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        const Vector total = kOffset ? subtract_int(sum[i][v], offset) : sum[i][v];
        y[i][v] = fma(to_float(total), mul(scale[v], d), y[i][v]);
      }
      if constexpr (W::kHasMin) {
        const VectorF d_sum = broadcast_f(x.d_sum + i * x_groups + b);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) y[i][v] = fma(min[v], d_sum, y[i][v]);
      }
    }
  }
  end_tile<kRows>(tile, y);
}

// Sums of 32 values, o and r naming the sub-block, into sum, each times its scale.
template <class W, int kRows, int r>
QUERN_INLINE void super_dot(const uint8_t* record, int64_t o, const QuantRows& x, int64_t k,
                            Vector sum[kRows][kVectors]) {
  constexpr int kGroups = W::kSub / 4;  // that share a scale
  Vector chain[kRows][kVectors];
  Scale scale[kVectors];
  unroll<8>(QUERN_UNROLLED(g) {
    if constexpr (g % kGroups == 0)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        if constexpr (W::kSub == 16)
          scale[v] = W::template sub_scale<g / 4>(record, W::kInner * o + r, v);
        else
          scale[v] = W::template sub_scale<r % 2>(record, (W::kInner * o + r) / 2, v);
      }
    Vector codes[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) codes[v] = W::template codes<r, g>(record, o, v);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const Vector x_i = broadcast(x.q + i * x.K + k + 4 * g);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        dot_scaled<W::kChain, W::kSigned, g % kGroups, kGroups>(chain[i][v], sum[i][v], codes[v], x_i, scale[v]);
    }
  });
}

// sum_s pair_s (sum of q over sub-block s): what the mins are multiplied by, or what an offset adds.
template <class W, int kRows>
QUERN_INLINE void pair_dot(const uint8_t* record, const QuantRows& x, int64_t k, Vector sum[kRows][kVectors]) {
#pragma GCC unroll 4
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sum[i][v] = zero();
  const int16_t* x_sums = W::kSub == 16 ? x.sum16 : x.sum32;
  for (int64_t p = 0; p < 128 / W::kSub; ++p) {
    Vector pair[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) pair[v] = W::pair(record, p, v);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const Vector two = broadcast(x_sums + (i * x.K + k) / W::kSub + 2 * p);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[i][v] = add_int(sum[i][v], multiply_pairs(pair[v], two));
    }
  }
}

template <class W, int kRows>
void super_tile(const QuantTile& tile) {
  constexpr int kOffset = W::kOffset + (W::kSigned ? kByteOffset : 0);
  const QuantRows& x = tile.x;
  const int64_t x_groups = x.K / 256;
  VectorF y[kRows][kVectors];
  begin_tile<kRows>(tile, y);
  const uint8_t* record = tile.records;
  for (int64_t b = 0; b < tile.count; ++b, record += W::kBytes) {
    Vector sum[kRows][kVectors], pairs[kRows][kVectors];
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[i][v] = zero();
    for (int64_t o = 0; o < 8 / W::kInner; ++o) {
      constexpr int kStep = W::kBytes * W::kInner / 8;
      if constexpr (W::kStreams) prefetch(record + kPrefetchBytes + o * kStep, kStep);
      unroll<W::kInner>(
          QUERN_UNROLLED(r) { super_dot<W, kRows, r>(record, o, x, b * 256 + (o * W::kInner + r) * 32, sum); });
    }
    if constexpr (kOffset != 0 || W::kHasMin) pair_dot<W, kRows>(record, x, b * 256, pairs);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const VectorF d = broadcast_f(x.d + i * x_groups + b);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        if constexpr (kOffset != 0) sum[i][v] = subtract_int(sum[i][v], times<kOffset>(pairs[i][v]));
        y[i][v] = fma(to_float(sum[i][v]), mul(W::scale(record, v), d), y[i][v]);
        if constexpr (W::kHasMin) y[i][v] = negated_fma(to_float(pairs[i][v]), mul(W::min(record, v), d), y[i][v]);
      }
    }
  }
  end_tile<kRows>(tile, y);
}

template <class W>
void unpack_simple(const uint8_t* record, int64_t count, uint8_t* strip) {
  using Strip = SimpleStrip<W>;
  for (int64_t b = 0; b < count; ++b, record += W::kBytes, strip += Strip::kBytes)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      uint8_t* to = strip + 4 * kLanes * v;
      store_f(to, W::scale(record, v));
      if constexpr (W::kHasMin) store_f(to + kLineBytes, W::min(record, v));
      unroll<8>(QUERN_UNROLLED(g) { store(to + Strip::kLines + kLineBytes * g, W::template codes<g>(record, v)); });
    }
}

template <class W>
void unpack_super(const uint8_t* record, int64_t count, uint8_t* strip) {
  using Strip = SuperStrip<W>;
  for (int64_t b = 0; b < count; ++b, record += W::kBytes, strip += Strip::kBytes)
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      uint8_t* to = strip + 4 * kLanes * v;
      store_f(to, W::scale(record, v));
      if constexpr (W::kHasMin) store_f(to + kLineBytes, W::min(record, v));
      for (int64_t p = 0; p < 128 / W::kSub; ++p) {
        store(to + Strip::kScales + kLineBytes * 2 * p, W::template sub_scale<0>(record, p, v));
        store(to + Strip::kScales + kLineBytes * (2 * p + 1), W::template sub_scale<1>(record, p, v));
        store(to + Strip::kPairs + kLineBytes * p, W::pair(record, p, v));
      }
      for (int64_t o = 0; o < 8 / W::kInner; ++o)
        unroll<W::kInner>(QUERN_UNROLLED(r) {
          unroll<8>(QUERN_UNROLLED(g) {
            store(to + Strip::kLines + kLineBytes * (8 * (o * W::kInner + r) + g),
                  W::template codes<r, g>(record, o, v));
          });
        });
    }
}

template <class W>
const QuantTypeTiles* simple_tiles() {
  using Strip = SimpleStrip<W>;
  static constexpr QuantTypeTiles kDirect{
      32, {simple_tile<W, 1>, simple_tile<W, 2>, simple_tile<W, 3>, simple_tile<W, 4>}, nullptr, 0, nullptr};
  if constexpr (W::kStrips) {
    static constexpr QuantTypeTiles kBoth{32,
                                          {simple_tile<W, 1>, simple_tile<W, 2>, simple_tile<W, 3>, simple_tile<W, 4>},
                                          unpack_simple<W>,
                                          Strip::kBytes,
                                          simple_tile<Strip, kTileRows>};
    return &kBoth;
  }
  return &kDirect;
}
template <class W>
const QuantTypeTiles* super_tiles() {
  using Strip = SuperStrip<W>;
  static constexpr QuantTypeTiles kDirect{
      256, {super_tile<W, 1>, super_tile<W, 2>, super_tile<W, 3>, super_tile<W, 4>}, nullptr, 0, nullptr};
  if constexpr (W::kStrips) {
    static constexpr QuantTypeTiles kBoth{256,
                                          {super_tile<W, 1>, super_tile<W, 2>, super_tile<W, 3>, super_tile<W, 4>},
                                          unpack_super<W>,
                                          Strip::kBytes,
                                          super_tile<Strip, kTileRows>};
    return &kBoth;
  }
  return &kDirect;
}

const QuantTypeTiles* tiles_of(DType dtype) {
  switch (dtype) {
    case DType::q4_0:
      return simple_tiles<Nibbles<DType::q4_0, 8>>();
    case DType::q4_1:
      return simple_tiles<Nibbles<DType::q4_1, 0>>();
    case DType::q5_0:
      return simple_tiles<FiveBits<DType::q5_0, 16>>();
    case DType::q5_1:
      return simple_tiles<FiveBits<DType::q5_1, 0>>();
    case DType::q8_0:
      return simple_tiles<Bytes>();
    case DType::iq4_nl:
      return simple_tiles<Iq4Nl>();
    case DType::mxfp4:
      return simple_tiles<Mxfp4>();
    case DType::q2_k:
      return super_tiles<Q2K>();
    case DType::q3_k:
      return super_tiles<Q3K>();
    case DType::q4_k:
      return super_tiles<Q4K>();
    case DType::q5_k:
      return super_tiles<Q5K>();
    case DType::q6_k:
      return super_tiles<Q6K>();
    case DType::iq4_xs:
      return super_tiles<Iq4Xs>();
    default:
      return nullptr;
  }
}
