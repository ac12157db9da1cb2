// SPDX-License-Identifier: MIT
#include "tensor/op_table.h"

#include <cmath>

namespace quern {

const std::vector<std::string>& op_names() {
  static const std::vector<std::string> names = {"linear",
                                                 "matmul",
                                                 "add",
                                                 "mul",
                                                 "scale",
                                                 "sum",
                                                 "activate",
                                                 "glu",
                                                 "rms_norm",
                                                 "layer_norm",
                                                 "softmax",
                                                 "log_softmax",
                                                 "embedding",
                                                 "rope",
                                                 "rope_in_place",
                                                 "attention",
                                                 "softcap",
                                                 "join_heads",
                                                 "gather_rows",
                                                 "pick_columns",
                                                 "divide_by_sum",
                                                 "weighted_rows",
                                                 "cross_entropy_head",
                                                 "cross_entropy",
                                                 "contiguous",
                                                 "slice",
                                                 "checkpointed"};
  return names;
}

namespace {

class Cases {
 public:
  explicit Cases(uint64_t seed) : rng_(seed, "op_cases") {}
  std::vector<OpCase> out;

  Tensor leaf(const Shape& shape, float std = 1.0f) { return Tensor::normal(rng_, shape, std); }
  void add(std::string op, std::string variant, std::vector<Tensor> inputs,
           std::function<Tensor(const std::vector<Tensor>&)> call) {
    for (Tensor& t : inputs) t.set_trainable(true);
    out.push_back({std::move(op), std::move(variant), std::move(inputs), std::move(call)});
  }

  void stored_products() {
    const Tensor a = leaf({5, 64}).to(DType::q8_0), b = leaf({3, 64}).to(DType::q4_0), c = leaf({2, 64});
    add("linear", "quantised weight", {leaf({3, 64}), leaf({5})}, [a](const auto& x) { return linear(x[0], a, x[1]); });
    add("linear", "several weights as stored, of several dtypes", {leaf({2, 64})}, [a, b, c](const auto& x) {
      std::vector<WeightPart> parts(3);
      parts[0].stored = stored_weight(a, QuantCompute::exact);
      parts[1].stored = stored_weight(b, QuantCompute::exact);
      parts[2].stored = stored_weight(c, QuantCompute::exact);
      return linear(x[0], parts);
    });
  }

  void products() {
    for (const auto& [N, K, M] : {std::array<int64_t, 3>{1, 1, 1}, {3, 7, 5}, {2, 17, 33}}) {
      const std::string v = fmt::format("N={} K={} M={}", N, K, M);
      add("linear", v, {leaf({N, K}), leaf({M, K}), leaf({M})}, [](const auto& x) { return linear(x[0], x[1], x[2]); });
      add("linear", v + " transposed weight", {leaf({N, K}), leaf({K, M})},
          [](const auto& x) { return linear(x[0], x[1].transpose(0, 1)); });
      add("linear", v + " weight cut from a larger one", {leaf({N, K}), leaf({M + 2, K})},
          [M = M](const auto& x) { return linear(x[0], x[1].slice(0, 1, M + 1)); });
      add("matmul", v, {leaf({N, K}), leaf({K, M})}, [](const auto& x) { return matmul(x[0], x[1]); });
    }
  }

  void points() {
    const Shape shape{3, 7};
    quern_add(shape);
    for (int a = 0; a < kNumActivations; ++a)
      add("activate", fmt::format("kind {}", a), {leaf(shape)},
          [a](const auto& x) { return activate(x[0], Activation(a)); });
    for (const Activation f : {Activation::silu, Activation::gelu_tanh, Activation::gelu_erf})
      add("glu", fmt::format("N=3 F=5 kind {}", int(f)), {leaf({3, 10})}, [f](const auto& x) { return glu(x[0], f); });
    add("softcap", "some beyond the cap", {leaf(shape, 2.0f)}, [](const auto& x) { return softcap(x[0], 1.5f); });
    add("contiguous", "transposed", {leaf(shape)}, [](const auto& x) { return x[0].transpose(0, 1).contiguous(); });
    add("slice", "columns, used twice", {leaf(shape)},
        [](const auto& x) { return mul(x[0].slice(1, 0, 4).contiguous(), x[0].slice(1, 3, 7).contiguous()); });
    add("checkpointed", "a small network", {leaf({3, 4}), leaf({5, 4}), leaf({4, 5})}, [](const auto& x) {
      return checkpointed([&](const Tensor& in) { return linear(activate(linear(in, x[1]), Activation::silu), x[2]); },
                          x[0]);
    });
  }

  void norms() {
    for (const int64_t C : {1, 5, 19}) {
      if (C > 1) {  // of a single value the result is its sign, which has no slope
        add("rms_norm", fmt::format("C={}", C), {leaf({3, C}), leaf({C})},
            [](const auto& x) { return rms_norm(x[0], x[1], 1e-5f); });
        add("rms_norm", fmt::format("C={} weights from 1", C), {leaf({3, C}), leaf({C})},
            [](const auto& x) { return rms_norm(x[0], x[1], 1e-5f, 1.0f); });
        add("layer_norm", fmt::format("C={}", C), {leaf({3, C}), leaf({C}), leaf({C})},
            [](const auto& x) { return layer_norm(x[0], x[1], x[2], 1e-5f); });
      }
      add("softmax", fmt::format("C={}", C), {leaf({2, C})}, [](const auto& x) { return softmax(x[0]); });
      add("log_softmax", fmt::format("C={}", C), {leaf({2, C})}, [](const auto& x) { return log_softmax(x[0]); });
    }
  }

  void positions() {
    const Tensor ids = Tensor::from(std::vector<int32_t>{2, 0, 2, 4}, {4});
    add("embedding", "a row used twice", {leaf({5, 3})}, [ids](const auto& x) { return embedding(x[0], ids); });
    std::vector<float> c, s;
    for (int i = 0; i < 6; ++i) c.push_back(std::cos(0.7f * float(i))), s.push_back(std::sin(0.7f * float(i)));
    const Tensor cos = Tensor::from(c, {3, 2}), sin = Tensor::from(s, {3, 2});
    add("rope", "first 4 of 6 turn", {leaf({3, 2, 6})}, [=](const auto& x) { return rope(x[0], cos, sin); });
    add("rope_in_place", "2 of 3 heads turn", {leaf({3, 3, 4})},
        [=](const auto& x) { return rope_in_place(scale(x[0], 1.0f), cos, sin, 2); });
    add("rope_in_place", "neighbours turn, from the third value on", {leaf({3, 2, 7})},
        [=](const auto& x) { return rope_in_place(scale(x[0], 1.0f), cos, sin, 2, 2, RopePairs::interleaved); });
  }

  void attentions() {
    const std::vector<int64_t> segments{0, 4, 5, 9};
    for (const auto& [H, K, D, window, cap] : {std::tuple<int64_t, int64_t, int64_t, int64_t, float>{2, 2, 4, 0, 0.0f},
                                               {4, 2, 3, 0, 0.0f},
                                               {3, 1, 8, 2, 0.0f},
                                               {2, 1, 5, 0, 4.0f}}) {
      AttentionOptions options{.window = window, .softcap = cap};
      const auto call = [=](const Tensor& q, const Tensor& k, const Tensor& v) {
        return attention(q, k, v, segments, options);
      };
      const std::string v = fmt::format("H={} K={} D={} window={} cap={}", H, K, D, window, cap);
      add("attention", v, {leaf({9, H, D}), leaf({9, K, D}), leaf({9, K, D})},
          [call](const auto& x) { return call(x[0], x[1], x[2]); });
      add("attention", v + " as views of one product", {leaf({9, H + 2 * K, D})}, [call, H = H, K = K](const auto& x) {
        return call(x[0].slice(1, 0, H), x[0].slice(1, H, H + K), x[0].slice(1, H + K, H + 2 * K));
      });
    }
  }

  void latent_attention() {
    const std::vector<int64_t> segments{0, 4, 5};
    add("attention", "values narrower than keys", {leaf({5, 2, 7}), leaf({5, 2, 7}), leaf({5, 2, 3})},
        [=](const auto& x) { return attention(x[0], x[1], x[2], segments); });
    add("join_heads", "two of as many heads", {leaf({3, 2, 4}), leaf({3, 2, 5})},
        [](const auto& x) { return join_heads(x[0], x[1]); });
    add("join_heads", "one behind every head, both cut from others", {leaf({3, 2, 6}), leaf({3, 1, 5})},
        [](const auto& x) { return join_heads(x[0].slice(2, 0, 4), x[1].slice(2, 2, 5)); });
  }

  void experts() {
    const std::vector<int32_t> rows{2, 0, 2}, columns{1, 3, 0, 2, 3, 0}, places{0, 3, 4, 1};
    add("gather_rows", "one twice, one never", {leaf({4, 5})}, [=](const auto& x) { return gather_rows(x[0], rows); });
    add("pick_columns", "2 of 4", {leaf({3, 4})}, [=](const auto& x) { return pick_columns(x[0], columns, 2); });
    add("divide_by_sum", "N=3 J=4", {leaf({3, 4})},
        [](const auto& x) { return divide_by_sum(activate(x[0], Activation::sigmoid), 1e-3f); });
    add("weighted_rows", "three parts, one empty, a row unused", {leaf({3, 9}), leaf({2, 9}), leaf({2, 2})},
        [=](const auto& x) { return weighted_rows({x[0], Tensor::empty({0, 9}), x[1]}, x[2], places); });
  }

  void losses() {
    const std::vector<int32_t> labels{1, kIgnoreLabel, 0, 4};
    for (const LossOptions& options : {LossOptions{}, LossOptions{.label_smoothing = 0.1f, .z_loss = 0.01f}}) {
      const std::string v = options.z_loss > 0 ? "smoothed" : "plain";
      add("cross_entropy_head", v, {leaf({4, 6}), leaf({5, 6})},
          [=](const auto& x) { return cross_entropy_head(x[0], x[1], labels, options).sum; });
      LossOptions capped = options;
      capped.softcap = 2.5f;
      add("cross_entropy_head", v + ", capped", {leaf({4, 6}), leaf({5, 6})},
          [=](const auto& x) { return cross_entropy_head(x[0], x[1], labels, capped).sum; });
      add("cross_entropy", v, {leaf({4, 5})}, [=](const auto& x) { return cross_entropy(x[0], labels, options).sum; });
    }
  }

 private:
  Rng rng_;

  void quern_add(const Shape& shape) {
    add("add", "the same tensor twice", {leaf(shape)}, [](const auto& x) { return x[0] + x[0]; });
    add("add", "two", {leaf(shape), leaf(shape)}, [](const auto& x) { return x[0] + x[1]; });
    add("mul", "two", {leaf(shape), leaf(shape)}, [](const auto& x) { return x[0] * x[1]; });
    add("scale", "by -2.5", {leaf(shape)}, [](const auto& x) { return scale(x[0], -2.5f); });
    add("sum", "all", {leaf(shape)}, [](const auto& x) { return sum(x[0] * x[0]); });
  }
};

}  // namespace

std::vector<OpCase> op_cases(uint64_t seed) {
  Cases cases(seed);
  cases.products();
  cases.stored_products();
  cases.points();
  cases.norms();
  cases.positions();
  cases.attentions();
  cases.latent_attention();
  cases.experts();
  cases.losses();
  return std::move(cases.out);
}

}  // namespace quern
