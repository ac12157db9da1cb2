// SPDX-License-Identifier: MIT
// The dot products of quant_tiles-inl.h for processors that multiply four unsigned by four signed bytes and add the
// products in 32 bits, nothing saturating. Included after the vector operations and
//   dot_bytes(sum, u, s)   sum + four products of bytes, u unsigned, s signed
//   dot_words(sum, a, b)   sum + two products of signed 16-bit words
//   words(p)               16-bit words, a row each, with zeros above
// Signed codes become unsigned ones, 128 higher.

using Scale = Vector;  // 32 bits per row
constexpr int kByteOffset = 128;
constexpr bool kStripsForAll = true;  // the products are so cheap that unpacking shows

// Of pairs of bytes, member j of each.
template <int j, bool kSigned>
QUERN_INLINE Scale one_scale(const uint8_t* pairs) {
  if (kSigned) return arithmetic_right_32<24>(shift_left_32<j ? 16 : 24>(words(pairs)));
  return j ? shift_right_32<8>(words(pairs)) : bit_and(words(pairs), splat_int(255));
}
QUERN_INLINE Scale low_bits(Scale s) { return bit_and(s, splat_int(15)); }

template <bool kSigned>
QUERN_INLINE Vector unsigned_codes(Vector codes) {
  return kSigned ? bit_xor(codes, splat(0x80)) : codes;
}
template <int kChain, bool kSigned, int g>
QUERN_INLINE void dot(Vector&, Vector& sum, Vector codes, Vector x) {
  sum = dot_bytes(g == 0 ? zero() : sum, unsigned_codes<kSigned>(codes), x);
}
template <int kChain, bool kSigned, int g, int kGroups>
QUERN_INLINE void dot_scaled(Vector& chain, Vector& sum, Vector codes, Vector x, Scale scale) {
  // Sums of kChain / 2 groups fit 16 bits, for the cheaper multiplication.
  constexpr int kRun = kChain < 8 ? kGroups : 4;
  static_assert(kGroups % kRun == 0);
  chain = dot_bytes(g % kRun == 0 ? zero() : chain, unsigned_codes<kSigned>(codes), x);
  if constexpr ((g + 1) % kRun == 0) {
    if constexpr (kChain < 8)
      sum = add_int(sum, multiply_int(chain, scale));
    else
      sum = dot_words(sum, chain, bit_and(scale, splat_int(0xFFFF)));  // the upper words count nothing
  }
}
