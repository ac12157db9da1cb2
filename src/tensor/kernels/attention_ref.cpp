// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/kernels/attention.h"

namespace quern {

namespace {

// One sequence: T queries from row q_begin, S keys from row k_begin.
struct Sequence {
  int64_t q_begin, T, k_begin, S;
};

Sequence sequence(const AttentionShape& shape, int64_t s) {
  const int64_t *q = shape.segments + s, *k = shape.key_segments() + s;
  return {q[0], q[1] - q[0], k[0], k[1] - k[0]};
}

// Keys [first, last) that query t sees.
void visible_keys(const AttentionShape& shape, const Sequence& seq, int64_t t, int64_t* first, int64_t* last) {
  *first = 0;
  *last = seq.S;
  if (!shape.causal) return;
  *last = std::max<int64_t>(0, std::min(seq.S, seq.S - seq.T + t + 1));
  if (shape.window > 0) *first = std::max<int64_t>(0, *last - shape.window);
}

const float* at(ConstHeads x, int64_t row, int64_t head, int64_t size) { return x.data + row * x.stride + head * size; }

double dot(const float* a, const float* b, int64_t n) {
  double sum = 0.0;
  for (int64_t i = 0; i < n; ++i) sum += double{a[i]} * b[i];
  return sum;
}

// Scores of query t of head h against keys [first, last), softcapped; returns log sum exp.
double scores(ConstHeads q, ConstHeads k, const AttentionShape& shape, const Sequence& seq, int64_t t, int64_t h,
              int64_t first, int64_t last, std::vector<double>& s) {
  s.assign(size_t(seq.S), -std::numeric_limits<double>::infinity());
  const float* q_t = at(q, seq.q_begin + t, h, shape.D);
  const int64_t j = h / (shape.H / shape.K);
  double largest = -std::numeric_limits<double>::infinity(), sum = 0.0;
  for (int64_t i = first; i < last; ++i) {
    double value = shape.scale * dot(q_t, at(k, seq.k_begin + i, j, shape.D), shape.D);
    if (shape.softcap > 0) value = shape.softcap * std::tanh(value / shape.softcap);
    s[size_t(i)] = value;
    largest = std::max(largest, value);
  }
  if (first >= last) return largest;
  for (int64_t i = first; i < last; ++i) sum += std::exp(s[size_t(i)] - largest);
  return largest + std::log(sum);
}

}  // namespace

void attention_ref(ConstHeads q, ConstHeads k, ConstHeads v, Heads out, float* lse, const AttentionShape& shape) {
  const int64_t H = shape.H, D_v = shape.value_size();
  std::vector<double> s, row(static_cast<size_t>(D_v));
  for (int64_t g = 0; g < shape.num_segments; ++g) {
    const Sequence seq = sequence(shape, g);
    for (int64_t t = 0; t < seq.T; ++t) {
      for (int64_t h = 0; h < H; ++h) {
        int64_t first, last;
        visible_keys(shape, seq, t, &first, &last);
        const double log_sum = scores(q, k, shape, seq, t, h, first, last, s);
        std::fill(row.begin(), row.end(), 0.0);
        for (int64_t i = first; i < last; ++i) {
          const double p = std::exp(s[size_t(i)] - log_sum);
          const float* v_i = at(v, seq.k_begin + i, h / (H / shape.K), D_v);
          for (int64_t d = 0; d < D_v; ++d) row[size_t(d)] += p * v_i[d];
        }
        const int64_t n = seq.q_begin + t;
        for (int64_t d = 0; d < D_v; ++d) out.data[n * out.stride + h * D_v + d] = float(row[size_t(d)]);
        if (lse) lse[n * H + h] = float(log_sum);
      }
    }
  }
}

void attention_backward_ref(ConstHeads q, ConstHeads k, ConstHeads v, ConstHeads out, const float* lse, ConstHeads dout,
                            Heads dq, Heads dk, Heads dv, bool accumulate, const AttentionShape& shape) {
  const int64_t H = shape.H, K = shape.K, D = shape.D, D_v = shape.value_size();
  std::vector<double> s, dq_t(static_cast<size_t>(D));
  for (int64_t g = 0; g < shape.num_segments; ++g) {
    const Sequence seq = sequence(shape, g);
    for (int64_t j = 0; j < K; ++j) {
      std::vector<double> dk_j(size_t(seq.S * D), 0.0), dv_j(size_t(seq.S * D_v), 0.0);
      for (int64_t h = j * (H / K); h < (j + 1) * (H / K); ++h) {
        for (int64_t t = 0; t < seq.T; ++t) {
          const int64_t n = seq.q_begin + t;
          int64_t first, last;
          visible_keys(shape, seq, t, &first, &last);
          scores(q, k, shape, seq, t, h, first, last, s);
          const float *q_t = at(q, n, h, D), *dout_t = at(dout, n, h, D_v);
          const double delta = dot(dout_t, at(out, n, h, D_v), D_v);
          std::fill(dq_t.begin(), dq_t.end(), 0.0);
          for (int64_t i = first; i < last; ++i) {
            const float *k_i = at(k, seq.k_begin + i, j, D), *v_i = at(v, seq.k_begin + i, j, D_v);
            const double p = std::exp(s[size_t(i)] - lse[n * H + h]);
            double ds = p * (dot(dout_t, v_i, D_v) - delta) * shape.scale;
            if (shape.softcap > 0) ds *= 1 - (s[size_t(i)] / shape.softcap) * (s[size_t(i)] / shape.softcap);
            for (int64_t d = 0; d < D; ++d) dq_t[size_t(d)] += ds * k_i[d];
            for (int64_t d = 0; d < D; ++d) dk_j[size_t(i * D + d)] += ds * q_t[d];
            for (int64_t d = 0; d < D_v; ++d) dv_j[size_t(i * D_v + d)] += p * dout_t[d];
          }
          float* to = dq.data + n * dq.stride + h * D;
          for (int64_t d = 0; d < D; ++d) to[d] = float(dq_t[size_t(d)] + (accumulate ? to[d] : 0.0f));
        }
      }
      for (int64_t i = 0; i < seq.S; ++i) {
        float* dk_i = dk.data + (seq.k_begin + i) * dk.stride + j * D;
        float* dv_i = dv.data + (seq.k_begin + i) * dv.stride + j * D_v;
        for (int64_t d = 0; d < D; ++d) dk_i[d] = float(dk_j[size_t(i * D + d)] + (accumulate ? dk_i[d] : 0.0f));
        for (int64_t d = 0; d < D_v; ++d) dv_i[d] = float(dv_j[size_t(i * D_v + d)] + (accumulate ? dv_i[d] : 0.0f));
      }
    }
  }
}

int64_t attention_probabilities_size(const AttentionShape& shape) {
  int64_t size = 0;
  for (int64_t g = 0; g < shape.num_segments; ++g) {
    const Sequence seq = sequence(shape, g);
    size += shape.H * seq.T * seq.S;
  }
  return size;
}

void attention_probabilities_ref(ConstHeads q, ConstHeads k, float* probabilities, const AttentionShape& shape) {
  std::vector<double> s;
  for (int64_t g = 0; g < shape.num_segments; ++g) {
    const Sequence seq = sequence(shape, g);
    for (int64_t h = 0; h < shape.H; ++h) {
      for (int64_t t = 0; t < seq.T; ++t) {
        int64_t first, last;
        visible_keys(shape, seq, t, &first, &last);
        const double log_sum = scores(q, k, shape, seq, t, h, first, last, s);
        for (int64_t i = 0; i < seq.S; ++i)
          *probabilities++ = i >= first && i < last ? float(std::exp(s[size_t(i)] - log_sum)) : 0.0f;
      }
    }
  }
}

}  // namespace quern
