// SPDX-License-Identifier: MIT
#pragma once
// The operations of which every model is made. Free functions over Tensor; each checks its shapes, picks the kernel and
// records its backward rule. Letters as everywhere: N rows, C width, H query heads, K key/value heads, D head size,
// F feed-forward width, V vocabulary, S sequences.

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "base/ignore_label.h"
#include "tensor/kernels/activation.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/paged_attention.h"
#include "tensor/kernels/quant_linear.h"
#include "tensor/kernels/rope.h"
#include "tensor/tensor.h"

namespace quern {

// ---- products ---------------------------------------------------------------------------------------------------

// How a product is computed. int8: operands quantised to 8 bits with a scale per row (the weight gradient: per 128
// rows of the batch), integer sums, f32 results. Wang et al. "SwitchBack" 2023, arXiv:2304.13013; Xi et al. "Jetfire"
// 2024, arXiv:2403.12422.
enum class Precision : uint8_t { f32, int8 };

// y = x w^T + b.   x (..., K)   w (M, K) of any dtype   b (M) or none   ->   (..., M)
// Every element of y is summed in one order, whatever the number of rows and threads. A w of a floating dtype may be a
// transposed view and may be trained; a block-quantised one is contiguous, counts as its values in f32, and lets the
// gradient through to x.
Tensor linear(const Tensor& x, const Tensor& w, const Tensor& b = {}, Precision precision = Precision::f32);

// The same with a weight laid out once for the kernel, for inference; bit-equal to the unpacked f32 product.
Tensor linear(const Tensor& x, const PackedMatrix& w, const Tensor& b = {});

// A weight made ready for inference in one of two ways: laid out for the dense kernels, or as it is stored.
struct WeightPart {
  PackedMatrix panels;
  QuantWeight stored;  // when there are no panels
  Tensor bias;         // (M) or none

  int64_t M() const { return panels ? panels.N() : stored.matrix().M; }
  int64_t K() const { return panels ? panels.K() : stored.matrix().K; }
};
// Keeps `w` (M, K) as it is stored and picks its kernels. Rows must be contiguous.
QuantWeight stored_weight(const Tensor& w, QuantCompute compute);
// Products of one x with several weights, side by side: (..., K) -> (..., sum of M). A row of y is the same bits
// whatever the number of rows and threads. Gradients flow to x where all weights are as stored.
Tensor linear(const Tensor& x, std::span<const WeightPart> parts);

// y = a b for matrices:   a (M, K)   b (K, N)   ->   (M, N)
Tensor matmul(const Tensor& a, const Tensor& b);

// ---- element by element -----------------------------------------------------------------------------------------

Tensor add(const Tensor& a, const Tensor& b);  // same shape
Tensor mul(const Tensor& a, const Tensor& b);  // same shape
Tensor scale(const Tensor& x, float factor);
Tensor sum(const Tensor& x);  // all values, in one fixed order -> ()
inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }

// Names as in config.json's hidden_act / activation_function: "gelu_new", "silu", "relu", "gelu", "quick_gelu", ...
std::optional<Activation> activation_from_name(std::string_view name);
Tensor activate(const Tensor& x, Activation kind);

// f(gate) * up with gate = x[:, :F], up = x[:, F:].   x (N, 2F) -> (N, F).  SwiGLU with silu, GeGLU with gelu: Shazeer
// 2020, arXiv:2002.05202, eq. 6.
Tensor glu(const Tensor& gate_up, Activation f);
inline Tensor swiglu(const Tensor& gate_up) { return glu(gate_up, Activation::silu); }

// cap * tanh(x / cap), any shape, cap > 0. Gemma 2, arXiv:2408.00118, sect. 2.
Tensor softcap(const Tensor& x, float cap);

// ---- norms ------------------------------------------------------------------------------------------------------

// x / sqrt(mean(x^2) + eps) * (w + w_offset) over the last dimension. Zhang & Sennrich 2019, arXiv:1910.07467, eq. 4;
// Gemma's weights are distances from 1: w_offset = 1.
Tensor rms_norm(const Tensor& x, const Tensor& w, float eps, float w_offset = 0);
// (x - mean) / sqrt(var + eps) * w + b over the last dimension. Ba et al. 2016, arXiv:1607.06450, eq. 4.
Tensor layer_norm(const Tensor& x, const Tensor& w, const Tensor& b, float eps);
Tensor softmax(const Tensor& x);  // over the last dimension
Tensor log_softmax(const Tensor& x);

// ---- embeddings and positions -----------------------------------------------------------------------------------

// Rows of a table.   table (V, C) of any dtype   ids (N) i32   ->   (N, C)
Tensor embedding(const Tensor& table, const Tensor& ids);

// Rotary position embedding on the first 2*R of each head's D values, halves rotated against each other:
//   (x1, x2) -> (x1 cos - x2 sin, x2 cos + x1 sin).   x (N, heads, D)   cos, sin (N, R)   ->   (N, heads, D)
// Su et al. 2021, arXiv:2104.09864, eq. 34.
Tensor rope(const Tensor& x, const Tensor& cos, const Tensor& sin);
// The same for the first `heads` heads of x, in place: x's storage is taken over, x itself must not be used again. The
// rotation needs no value of x for its gradient, so nothing is lost; q and k of one (N, H + 2K, D) product turn at
// once.
//   first  where in a head the turning values begin
Tensor rope_in_place(const Tensor& x, const Tensor& cos, const Tensor& sin, int64_t heads, int64_t first = 0,
                     RopePairs pairs = RopePairs::half);

// ---- attention --------------------------------------------------------------------------------------------------

struct AttentionOptions {
  float scale = 0;     // 0: 1 / sqrt(D)
  int64_t window = 0;  // > 0: only the last `window` positions, itself included
  bool causal = true;
  float softcap = 0;  // > 0: cap * tanh(score / cap) (Gemma 2)
};

// softmax(q k^T * scale) v within each sequence, never across; online softmax, no (T, S) matrix is held.
//   q (N, H, D)   k (N, K, D)   v (N, K, D_v), H % K == 0   segments (S + 1): first row of each sequence, then N
//   ->   (N, H, D_v)
// Vaswani et al. 2017, arXiv:1706.03762, eq. 1; Dao 2023, arXiv:2307.08691; GQA: arXiv:2305.13245.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, std::span<const int64_t> segments,
                 const AttentionOptions& options = {});

// The probabilities of the same, for looking inside:  -> one (H, T, T) tensor per sequence.
std::vector<Tensor> attention_probabilities(const Tensor& q, const Tensor& k, std::span<const int64_t> segments,
                                            const AttentionOptions& options = {});

// One layer's cache: pages of kPageSize positions. Page p holds, per key/value head, keys transposed (D, 64) and
// values (64, D_v); or, where values are the first D_v numbers of the keys, those as rows (64, D) and nothing else.
//   k (pages, K, D * 64)   v (pages, K, D_v * 64) or none, of f32, f16, bf16 or q8_0; of the last keys are rows too
struct LayerPages {
  Tensor k, v;
  int64_t D_v = 0;  // size of a value head
};

// Each head's values with more behind them: (a, b).   a (N, H, A)   b (N, H, B) or, shared by all heads, (N, 1, B)
//   ->   (N, H, A + B)
Tensor join_heads(const Tensor& a, const Tensor& b);

// A product per head:   x (N, H, A)   w (H, A, B), any strides   ->   (N, H, B)
Tensor head_products(const Tensor& x, const Tensor& w);

// Writes k (N, K, D), v (N, K, D_v) of rows at `positions` (N) of sequences `slots` (N) through `block_tables` (S,
// max_blocks).
void write_pages(const LayerPages& pages, const Tensor& k, const Tensor& v, std::span<const int32_t> slots,
                 std::span<const int32_t> positions, const Tensor& block_tables);

// Attention of rows over their sequences' cached positions 0..position. Keys are visited in blocks aligned to position
// 0, so that a row's result does not depend on what else is in the batch or how the prompt was cut.
//   q (N, H, D) -> (N, H, D_v)
Tensor paged_attention(const Tensor& q, const LayerPages& pages, std::span<const int32_t> slots,
                       std::span<const int32_t> positions, const Tensor& block_tables,
                       const AttentionOptions& options = {});

// ---- mixture of experts ------------------------------------------------------------------------------------------
// Places are values of the routing, no tensors: nothing flows through a choice.

// x's rows at `rows`.   x (N, C)   rows (M)   ->   (M, C)
Tensor gather_rows(const Tensor& x, std::span<const int32_t> rows);
// J values of each row.   x (N, E)   columns (N J)   ->   (N, J)
Tensor pick_columns(const Tensor& x, std::span<const int32_t> columns, int64_t J);
// Rows that sum to 1: x / (sum of the row + eps).   x (N, J)
Tensor divide_by_sum(const Tensor& x, float eps);
// out_n = sum over j of w(n, j) * the row `places[n J + j]` of the parts, counted through from the first part on, in
// the order of j. Each row is used once at most.   parts (M_i, C)   w (N, J)   places (N J)   ->   (N, C)
Tensor weighted_rows(const std::vector<Tensor>& parts, const Tensor& w, std::span<const int32_t> places);

// ---- losses -----------------------------------------------------------------------------------------------------

struct LossOptions {
  float label_smoothing = 0;  // (1 - e) * nll + e * mean over the vocabulary of -log p
  float z_loss = 0;           // coefficient of logsumexp^2 (Chowdhery et al. 2022, arXiv:2204.02311, sect. 5)
  float softcap = 0;          // > 0: logits are capped first, see softcap(); a property of the model
  Precision precision = Precision::f32;
};

struct CrossEntropyResult {
  Tensor sum;                  // () total loss over rows whose label is not -100
  int64_t count = 0;           // number of such rows
  double nll_sum = 0;          // the same without smoothing and z-loss, in nats
  std::vector<float> row_nll;  // (N) per row, 0 where ignored
};

// Sum over rows of -log softmax(hidden w^T)[label], with its gradient computed in the same pass over slices of rows, so
// that all logits never exist at once. Logits are hidden w^T, capped if the options say so. A block-quantised w is
// dequantised for the time of the call.   hidden (N, C)   w (V, C)   labels (N), -100 = not counted
CrossEntropyResult cross_entropy_head(const Tensor& hidden, const Tensor& w, std::span<const int32_t> labels,
                                      const LossOptions& options = {});
// The same for logits (N, V) that are there already, taken as they are: options.softcap must be 0.
CrossEntropyResult cross_entropy(const Tensor& logits, std::span<const int32_t> labels,
                                 const LossOptions& options = {});

}  // namespace quern
