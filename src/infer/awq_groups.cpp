// SPDX-License-Identifier: MIT
#include "infer/awq_groups.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.h"
#include "formats/gguf_config.h"
#include "formats/gguf_weights.h"
#include "models/causal_lm.h"

namespace quern {

namespace {
// How rows of the projection that makes q, k and v are arranged.
enum class QkvRows { apart, joined, by_head };

// Names below a layer. Where there are several, the first that the model has counts.
struct LayerNames {
  const char* layers;  // "model.layers"
  const char*
      final_norm;  // models with norms in front of the layers have one; GPT-1, whose names are GPT-2's, has none
  const char* attention_norm;
  std::vector<std::vector<const char*>> attention_inputs;
  QkvRows qkv_rows;
  const char* attention_out;
  std::vector<const char*> mlp_norms;
  std::vector<std::vector<const char*>> mlp_inputs;
  const char* mlp_down;  // nullptr: an activation stands between, which a factor can't pass
  bool transposed = false;
};

const LayerNames kLayerNames[] = {
    {.layers = "model.layers",
     .final_norm = "model.norm",
     .attention_norm = "input_layernorm",
     .attention_inputs = {{"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}, {"self_attn.qkv_proj"}},
     .qkv_rows = QkvRows::joined,
     .attention_out = "self_attn.o_proj",
     .mlp_norms = {"pre_feedforward_layernorm", "post_attention_layernorm"},
     .mlp_inputs = {{"mlp.gate_proj", "mlp.up_proj"}, {"mlp.gate_up_proj"}},
     .mlp_down = "mlp.down_proj"},
    {.layers = "transformer.h",
     .final_norm = "transformer.ln_f",
     .attention_norm = "ln_1",
     .attention_inputs = {{"attn.c_attn"}},
     .qkv_rows = QkvRows::joined,
     .attention_out = "attn.c_proj",
     .mlp_norms = {"ln_2"},
     .mlp_inputs = {{"mlp.c_fc"}},
     .mlp_down = nullptr,
     .transposed = true},
    {.layers = "gpt_neox.layers",
     .final_norm = "gpt_neox.final_layer_norm",
     .attention_norm = "input_layernorm",
     .attention_inputs = {{"attention.query_key_value"}},
     .qkv_rows = QkvRows::by_head,
     .attention_out = "attention.dense",
     .mlp_norms = {"post_attention_layernorm"},
     .mlp_inputs = {{"mlp.dense_h_to_4h"}},
     .mlp_down = nullptr},
};

std::vector<int64_t> numbers_from(int64_t first, int64_t n) {
  std::vector<int64_t> out(static_cast<size_t>(n));
  std::iota(out.begin(), out.end(), first);
  return out;
}

class GroupFinder {
 public:
  explicit GroupFinder(const ModelSource& source)
      : source_(source), weights_(source.weights()), heads_(heads_of_config(source.config())) {
    for (const std::string& name : weights_->names()) names_.insert(name);
    aliases_ = family_of(source.config()).aliases;
    architecture_ = gguf_architecture_of(source.config());
  }

  std::vector<AwqGroup> find() {
    refuse_what_has_no_groups();
    std::vector<AwqGroup> groups;
    for (const LayerNames& n : kLayerNames)
      for (int64_t l = 0; !stored(n.final_norm + std::string(".weight")).empty() &&
                          add_layer(n, fmt::format("{}.{}.", n.layers, l), groups);
           ++l)
        continue;
    if (groups.empty())
      throw Error(ErrorKind::Unsupported,
                  "{}: AWQ folds its scales into norms in front of the layers, and this model "
                  "has none there",
                  source_.path().string())
          .hint("--imatrix and --calibrate work with every model");
    return groups;
  }

 private:
  const ModelSource& source_;
  std::unique_ptr<Weights> weights_;
  GgufHeads heads_;
  std::set<std::string> names_;
  std::function<std::vector<std::string>(const std::string&)> aliases_;
  const GgufArchitecture* architecture_;

  void refuse_what_has_no_groups() const {
    for (const std::string& name : names_) {
      const bool experts = name.find(".experts.") != std::string::npos;
      if (experts || name.find(".kv_a_proj") != std::string::npos)
        throw Error(ErrorKind::Unsupported, "{}: AWQ is not for {}", source_.path().string(),
                    experts ? "mixtures of experts" : "latent attention")
            .hint("--imatrix and --calibrate work with every model");
    }
  }

  ScaledTensor tensor(const std::string& name, bool transposed = false) const {
    return {name, stored(name), transposed};
  }
  // The name under which a tensor is stored; empty when there is none.
  std::string stored(const std::string& name) const {
    if (names_.contains(name)) return name;
    if (aliases_)
      for (const std::string& alias : aliases_(name))
        if (names_.contains(alias)) return alias;
    return "";
  }
  Shape shape_of(const ScaledTensor& t) const {  // (outputs, inputs)
    Shape shape = weights_->find(t.stored)->shape();
    if (t.transposed && shape.size() == 2) std::swap(shape[0], shape[1]);
    return shape;
  }
  float offset_of(const std::string& norm) const {
    const auto match = architecture_ ? match_hf_name(*architecture_, norm) : std::nullopt;
    return match && match->row->layout == GgufLayout::plus_one ? 1.0f : 0.0f;
  }

  std::vector<ScaledTensor> first_that_is_there(const std::vector<std::vector<const char*>>& choices,
                                                const std::string& layer, bool transposed) const {
    for (const auto& leaves : choices) {
      std::vector<ScaledTensor> out;
      for (const char* leaf : leaves)
        if (ScaledTensor t = tensor(layer + leaf + ".weight", transposed); !t.stored.empty()) out.push_back(t);
      if (out.size() == leaves.size()) return out;
    }
    return {};
  }

  // rows of the weight, and of the bias if there is one
  void add_rows(AwqGroup& group, const ScaledTensor& weight, const std::vector<int64_t>& rows) const {
    group.sources.push_back({weight, rows});
    const ScaledTensor bias = tensor(weight.name.substr(0, weight.name.size() - 6) + "bias");
    if (!bias.stored.empty()) group.sources.push_back({bias, rows});
  }

  void add_norm_group(const std::string& norm, std::vector<ScaledTensor> linears, std::vector<AwqGroup>& groups) const {
    const ScaledTensor weight = tensor(norm + ".weight");
    if (weight.stored.empty() || linears.empty()) return;
    AwqGroup group;
    group.num_channels = shape_of(weight)[0];
    group.channels = numbers_from(0, group.num_channels);
    for (const ScaledTensor& t : linears)
      if (shape_of(t).size() != 2 || shape_of(t)[1] != group.num_channels) return;
    group.linears = std::move(linears);
    add_rows(group, weight, group.channels);
    group.sources.front().offset = offset_of(weight.name);
    groups.push_back(std::move(group));
  }

  // The output projection after the rows that make values. Each head of values serves H / K heads of queries.
  void add_out_group(const LayerNames& n, const std::vector<ScaledTensor>& inputs, const ScaledTensor& out,
                     std::vector<AwqGroup>& groups) const {
    const int64_t H = heads_.queries, K = heads_.keys;
    if (out.stored.empty() || inputs.empty() || H < 1 || K < 1 || H % K != 0) return;
    const int64_t columns = shape_of(out)[1], D = columns / H;
    if (columns % H != 0) return;
    AwqGroup group;
    group.linears = {out};
    group.num_channels = K * D;
    for (int64_t c = 0; c < columns; ++c) group.channels.push_back(c / D / (H / K) * D + c % D);
    const ScaledTensor& maker = inputs.back();
    const int64_t rows = shape_of(maker)[0];
    std::vector<int64_t> value_rows;
    if (n.qkv_rows == QkvRows::by_head) {
      if (rows != 3 * H * D || K != H) return;
      for (int64_t c = 0; c < K * D; ++c) value_rows.push_back(c / D * 3 * D + 2 * D + c % D);
    } else {
      if (rows != (inputs.size() == 1 ? (H + 2 * K) * D : K * D)) return;
      value_rows = numbers_from(rows - K * D, K * D);
    }
    add_rows(group, maker, value_rows);
    groups.push_back(std::move(group));
  }

  // The projection down after the rows that make `up`, which is a factor of its input.
  void add_down_group(const std::vector<ScaledTensor>& inputs, const ScaledTensor& down,
                      std::vector<AwqGroup>& groups) const {
    if (down.stored.empty() || inputs.empty()) return;
    const int64_t F = shape_of(down)[1], rows = shape_of(inputs.back())[0];
    if (rows != (inputs.size() == 1 ? 2 * F : F)) return;
    AwqGroup group;
    group.linears = {down};
    group.num_channels = F;
    group.channels = numbers_from(0, F);
    add_rows(group, inputs.back(), numbers_from(rows - F, F));
    groups.push_back(std::move(group));
  }

  // False when there is no such layer.
  bool add_layer(const LayerNames& n, const std::string& layer, std::vector<AwqGroup>& groups) const {
    if (stored(layer + n.attention_norm + ".weight").empty()) return false;
    const auto attention = first_that_is_there(n.attention_inputs, layer, n.transposed);
    add_norm_group(layer + n.attention_norm, attention, groups);
    add_out_group(n, attention, tensor(layer + n.attention_out + ".weight", n.transposed), groups);
    const auto mlp = first_that_is_there(n.mlp_inputs, layer, n.transposed);
    for (const char* norm : n.mlp_norms)
      if (!stored(layer + norm + ".weight").empty()) {
        add_norm_group(layer + norm, mlp, groups);
        break;
      }
    if (n.mlp_down) add_down_group(mlp, tensor(layer + n.mlp_down + ".weight", n.transposed), groups);
    return true;
  }
};
}  // namespace

std::vector<AwqGroup> awq_groups(const ModelSource& source) { return GroupFinder(source).find(); }

}  // namespace quern
