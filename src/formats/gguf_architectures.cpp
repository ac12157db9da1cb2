// SPDX-License-Identifier: MIT
// The tables themselves. A family that llama.cpp knows is an entry of kArchitectures and the rows that are its own.
#include "formats/gguf_names.h"

namespace quern {

namespace {
using enum GgufLayout;
using enum GgufKind;

// --- names ---

constexpr GgufNameRow kDecoder[] = {
    {"model.embed_tokens", "token_embd"},
    {"model.norm", "output_norm"},
    {"lm_head", "output"},
    {"model.layers.{}.self_attn.q_proj", "blk.{}.attn_q"},
    {"model.layers.{}.self_attn.k_proj", "blk.{}.attn_k"},
    {"model.layers.{}.self_attn.v_proj", "blk.{}.attn_v"},
    {"model.layers.{}.self_attn.o_proj", "blk.{}.attn_output"},
    {"model.layers.{}.self_attn.q_norm", "blk.{}.attn_q_norm"},
    {"model.layers.{}.self_attn.k_norm", "blk.{}.attn_k_norm"},
    {"model.layers.{}.mlp.gate_proj", "blk.{}.ffn_gate"},
    {"model.layers.{}.mlp.up_proj", "blk.{}.ffn_up"},
    {"model.layers.{}.mlp.down_proj", "blk.{}.ffn_down"},
};
constexpr GgufNameRow kPreNorm[] = {
    {"model.layers.{}.input_layernorm", "blk.{}.attn_norm"},
    {"model.layers.{}.post_attention_layernorm", "blk.{}.ffn_norm"},
};
constexpr GgufNameRow kPostNorm[] = {
    {"model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm"},
    {"model.layers.{}.post_feedforward_layernorm", "blk.{}.post_ffw_norm"},
};
constexpr GgufNameRow kTurnedRows[] = {
    {"model.layers.{}.self_attn.q_proj", "blk.{}.attn_q", rope_q},
    {"model.layers.{}.self_attn.k_proj", "blk.{}.attn_k", rope_k},
};
constexpr GgufNameRow kMixtralExperts[] = {
    {"model.layers.{}.block_sparse_moe.gate", "blk.{}.ffn_gate_inp"},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w1", "blk.{}.ffn_gate_exps"},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w2", "blk.{}.ffn_down_exps"},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w3", "blk.{}.ffn_up_exps"},
    // Files of before April 2024 hold each expert by itself.
    {"model.layers.{}.block_sparse_moe.experts.{e}.w1", "blk.{}.ffn_gate.{e}"},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w2", "blk.{}.ffn_down.{e}"},
    {"model.layers.{}.block_sparse_moe.experts.{e}.w3", "blk.{}.ffn_up.{e}"},
};
constexpr GgufNameRow kExperts[] = {
    {"model.layers.{}.mlp.gate", "blk.{}.ffn_gate_inp"},
    {"model.layers.{}.mlp.experts.{e}.gate_proj", "blk.{}.ffn_gate_exps"},
    {"model.layers.{}.mlp.experts.{e}.down_proj", "blk.{}.ffn_down_exps"},
    {"model.layers.{}.mlp.experts.{e}.up_proj", "blk.{}.ffn_up_exps"},
};
constexpr GgufNameRow kQwenSharedExpert[] = {
    {"model.layers.{}.mlp.shared_expert.gate_proj", "blk.{}.ffn_gate_shexp"},
    {"model.layers.{}.mlp.shared_expert.down_proj", "blk.{}.ffn_down_shexp"},
    {"model.layers.{}.mlp.shared_expert.up_proj", "blk.{}.ffn_up_shexp"},
    {"model.layers.{}.mlp.shared_expert_gate", "blk.{}.ffn_gate_inp_shexp", row},
};
constexpr GgufNameRow kDeepseek[] = {
    {"model.layers.{}.self_attn.q_a_proj", "blk.{}.attn_q_a"},
    {"model.layers.{}.self_attn.q_a_layernorm", "blk.{}.attn_q_a_norm"},
    {"model.layers.{}.self_attn.q_b_proj", "blk.{}.attn_q_b"},
    {"model.layers.{}.self_attn.kv_a_proj_with_mqa", "blk.{}.attn_kv_a_mqa"},
    {"model.layers.{}.self_attn.kv_a_layernorm", "blk.{}.attn_kv_a_norm"},
    {"model.layers.{}.self_attn.kv_b_proj", "blk.{}.attn_kv_b"},
    {"model.layers.{}.self_attn.kv_b_proj", "blk.{}.attn_k_b", mla_keys},
    {"model.layers.{}.self_attn.kv_b_proj", "blk.{}.attn_v_b", mla_values},
    {"model.layers.{}.mlp.gate.e_score_correction_bias", "blk.{}.exp_probs_b.bias", whole},
    {"model.layers.{}.mlp.gate.e_score_correction_bias", "blk.{}.exp_probs_b", whole},
    {"model.layers.{}.mlp.shared_experts.gate_proj", "blk.{}.ffn_gate_shexp"},
    {"model.layers.{}.mlp.shared_experts.down_proj", "blk.{}.ffn_down_shexp"},
    {"model.layers.{}.mlp.shared_experts.up_proj", "blk.{}.ffn_up_shexp"},
};
constexpr GgufNameRow kGemmaNorms[] = {
    {"model.norm", "output_norm", plus_one},
    {"model.layers.{}.input_layernorm", "blk.{}.attn_norm", plus_one},
    {"model.layers.{}.post_attention_layernorm", "blk.{}.ffn_norm", plus_one},
};
constexpr GgufNameRow kGemma2Norms[] = {
    {"model.norm", "output_norm", plus_one},
    {"model.layers.{}.input_layernorm", "blk.{}.attn_norm", plus_one},
    {"model.layers.{}.post_attention_layernorm", "blk.{}.post_attention_norm", plus_one},
    {"model.layers.{}.pre_feedforward_layernorm", "blk.{}.ffn_norm", plus_one},
    {"model.layers.{}.post_feedforward_layernorm", "blk.{}.post_ffw_norm", plus_one},
    {"model.layers.{}.self_attn.q_norm", "blk.{}.attn_q_norm", plus_one},
    {"model.layers.{}.self_attn.k_norm", "blk.{}.attn_k_norm", plus_one},
};
constexpr GgufNameRow kPhi3[] = {
    {"model.layers.{}.self_attn.qkv_proj", "blk.{}.attn_qkv"},
    {"model.layers.{}.mlp.gate_up_proj", "blk.{}.ffn_up"},
};
constexpr GgufNameRow kGpt2[] = {
    {"transformer.wte", "token_embd"},
    {"transformer.wpe", "position_embd"},
    {"transformer.h.{}.ln_1", "blk.{}.attn_norm"},
    {"transformer.h.{}.attn.c_attn", "blk.{}.attn_qkv", transposed},
    {"transformer.h.{}.attn.c_proj", "blk.{}.attn_output", transposed},
    {"transformer.h.{}.ln_2", "blk.{}.ffn_norm"},
    {"transformer.h.{}.mlp.c_fc", "blk.{}.ffn_up", transposed},
    {"transformer.h.{}.mlp.c_proj", "blk.{}.ffn_down", transposed},
    {"transformer.ln_f", "output_norm"},
    {"lm_head", "output"},
};
constexpr GgufNameRow kGptNeox[] = {
    {"gpt_neox.embed_in", "token_embd"},
    {"gpt_neox.layers.{}.input_layernorm", "blk.{}.attn_norm"},
    {"gpt_neox.layers.{}.post_attention_layernorm", "blk.{}.ffn_norm"},
    {"gpt_neox.layers.{}.attention.query_key_value", "blk.{}.attn_qkv", qkv_by_head},
    {"gpt_neox.layers.{}.attention.dense", "blk.{}.attn_output"},
    {"gpt_neox.layers.{}.mlp.dense_h_to_4h", "blk.{}.ffn_up"},
    {"gpt_neox.layers.{}.mlp.dense_4h_to_h", "blk.{}.ffn_down"},
    {"gpt_neox.final_layer_norm", "output_norm"},
    {"embed_out", "output"},
};
constexpr GgufNameRow kBert[] = {
    {"bert.embeddings.word_embeddings", "token_embd"},
    {"bert.embeddings.position_embeddings", "position_embd"},
    {"bert.embeddings.token_type_embeddings", "token_types"},
    {"bert.embeddings.LayerNorm", "token_embd_norm"},
    {"bert.encoder.layer.{}.attention.self.query", "blk.{}.attn_q"},
    {"bert.encoder.layer.{}.attention.self.key", "blk.{}.attn_k"},
    {"bert.encoder.layer.{}.attention.self.value", "blk.{}.attn_v"},
    {"bert.encoder.layer.{}.attention.output.dense", "blk.{}.attn_output"},
    {"bert.encoder.layer.{}.attention.output.LayerNorm", "blk.{}.attn_output_norm"},
    {"bert.encoder.layer.{}.intermediate.dense", "blk.{}.ffn_up"},
    {"bert.encoder.layer.{}.output.dense", "blk.{}.ffn_down"},
    {"bert.encoder.layer.{}.output.LayerNorm", "blk.{}.layer_output_norm"},
    {"bert.pooler.dense", "cls"},
    {"classifier", "cls.output"},
};

// --- config.json ---

constexpr GgufKeyRow kSizes[] = {
    {"max_position_embeddings", "context_length"},
    {"hidden_size", "embedding_length"},
    {"num_hidden_layers", "block_count"},
    {"intermediate_size", "feed_forward_length"},
    {"num_attention_heads", "attention.head_count"},
};
constexpr GgufKeyRow kRms[] = {{"rms_norm_eps", "attention.layer_norm_rms_epsilon", real}};
constexpr GgufKeyRow kLayerNorm[] = {{"layer_norm_eps", "attention.layer_norm_epsilon", real}};
constexpr GgufKeyRow kGroupedHeads[] = {{"num_key_value_heads", "attention.head_count_kv"}};
constexpr GgufKeyRow kWindow[] = {{"sliding_window", "attention.sliding_window"}};
constexpr GgufKeyRow kMixtralKeys[] = {{"num_local_experts", "expert_count"},
                                       {"num_experts_per_tok", "expert_used_count"}};
constexpr GgufKeyRow kQwenMoeKeys[] = {{"num_experts", "expert_count"},
                                       {"num_local_experts", "expert_count"},
                                       {"num_experts_per_tok", "expert_used_count"},
                                       {"moe_intermediate_size", "expert_feed_forward_length"}};
constexpr GgufKeyRow kQwen2MoeKeys[] = {{"shared_expert_intermediate_size", "expert_shared_feed_forward_length"}};
constexpr GgufKeyRow kDeepseekKeys[] = {
    {"first_k_dense_replace", "leading_dense_block_count"},
    {"q_lora_rank", "attention.q_lora_rank"},
    {"kv_lora_rank", "attention.kv_lora_rank"},
    {"moe_intermediate_size", "expert_feed_forward_length"},
    {"n_routed_experts", "expert_count"},
    {"num_experts_per_tok", "expert_used_count"},
    {"n_shared_experts", "expert_shared_count"},
    {"routed_scaling_factor", "expert_weights_scale", real},
    {"norm_topk_prob", "expert_weights_norm", boolean},
    {"n_group", "expert_group_count"},
    {"topk_group", "expert_group_used_count"},
    {"qk_rope_head_dim", "rope.dimension_count"},
};
constexpr GgufKeyRow kGemma2Keys[] = {
    {"attn_logit_softcapping", "attn_logit_softcapping", real},
    {"final_logit_softcapping", "final_logit_softcapping", real},
};
constexpr GgufKeyRow kGemma3Keys[] = {{"rope_local_base_freq", "rope.freq_base_swa", real}};
constexpr GgufKeyRow kGptNeoxKeys[] = {{"use_parallel_residual", "use_parallel_residual", boolean}};
// How a text's tokens become one vector: 1 mean, 2 the first token, 3 the last.
constexpr GgufKeyRow kBertKeys[] = {{"pooling_type", "pooling_type"}};
constexpr GgufKeyRow kGpt2Keys[] = {
    {"n_positions", "context_length"},  {"n_embd", "embedding_length"},
    {"n_layer", "block_count"},         {"n_inner", "feed_forward_length"},
    {"n_head", "attention.head_count"}, {"layer_norm_epsilon", "attention.layer_norm_epsilon", real},
};

// --- architectures ---

constexpr std::string_view kSilu = R"({"hidden_act": "silu"})";
constexpr std::string_view kGemmaFixed = R"({"hidden_activation": "gelu_pytorch_tanh"})";

const GgufArchitecture kArchitectures[] = {
    {.name = "llama",
     .model_type = "mixtral",
     .hf_class = "MixtralForCausalLM",
     .only_with = "expert_count",
     .names = {kTurnedRows, kMixtralExperts, kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms, kMixtralKeys, kWindow},
     .fixed = kSilu},
    {.name = "llama",
     .model_type = "mistral",
     .hf_class = "MistralForCausalLM",
     .only_with = "attention.sliding_window",
     .names = {kTurnedRows, kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms, kWindow},
     .fixed = kSilu},
    {.name = "llama",
     .model_type = "llama",
     .hf_class = "LlamaForCausalLM",
     .names = {kTurnedRows, kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms},
     .fixed = kSilu},
    {.name = "smollm3",
     .model_type = "smollm3",
     .hf_class = "SmolLM3ForCausalLM",
     .names = {kTurnedRows, kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms},
     .fixed = R"({"hidden_act": "silu", "no_rope_layer_interval": 4})"},
    {.name = "qwen2",
     .model_type = "qwen2",
     .hf_class = "Qwen2ForCausalLM",
     .names = {kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms},
     .fixed = R"({"hidden_act": "silu", "use_sliding_window": false})"},
    {.name = "qwen3",
     .model_type = "qwen3",
     .hf_class = "Qwen3ForCausalLM",
     .names = {kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms},
     .fixed = R"({"hidden_act": "silu", "use_sliding_window": false})"},
    {.name = "qwen2moe",
     .model_type = "qwen2_moe",
     .hf_class = "Qwen2MoeForCausalLM",
     .names = {kExperts, kQwenSharedExpert, kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms, kQwenMoeKeys, kQwen2MoeKeys},
     .fixed = R"({"hidden_act": "silu", "norm_topk_prob": false, "use_sliding_window": false})"},
    {.name = "qwen3moe",
     .model_type = "qwen3_moe",
     .hf_class = "Qwen3MoeForCausalLM",
     .names = {kExperts, kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms, kQwenMoeKeys},
     .fixed = R"({"hidden_act": "silu", "norm_topk_prob": true, "use_sliding_window": false})"},
    {.name = "deepseek2",
     .model_type = "deepseek_v3",
     .hf_class = "DeepseekV3ForCausalLM",
     .only_with = "expert_gating_func",
     .only_with_value = 2,
     .names = {kDeepseek, kExperts, kPreNorm, kDecoder},
     .keys = {kSizes, kRms, kDeepseekKeys},
     .fixed = kSilu},
    {.name = "deepseek2",
     .model_type = "deepseek_v2",
     .hf_class = "DeepseekV2ForCausalLM",
     .names = {kDeepseek, kExperts, kPreNorm, kDecoder},
     .keys = {kSizes, kRms, kDeepseekKeys},
     .fixed = kSilu},
    {.name = "gemma",
     .model_type = "gemma",
     .hf_class = "GemmaForCausalLM",
     .names = {kGemmaNorms, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms},
     .fixed = R"({"hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh"})"},
    {.name = "gemma2",
     .model_type = "gemma2",
     .hf_class = "Gemma2ForCausalLM",
     .names = {kGemma2Norms, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms, kWindow, kGemma2Keys},
     .fixed = kGemmaFixed,
     .sliding_period = 2},
    {.name = "gemma3",
     .model_type = "gemma3_text",
     .hf_class = "Gemma3ForCausalLM",
     .names = {kGemma2Norms, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms, kWindow, kGemma3Keys},
     .fixed = kGemmaFixed,
     .sliding_period = 6},
    {.name = "phi3",
     .model_type = "phi3",
     .hf_class = "Phi3ForCausalLM",
     .names = {kPhi3, kPreNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms, kWindow},
     .fixed = kSilu},
    {.name = "olmo2",
     .model_type = "olmo2",
     .hf_class = "Olmo2ForCausalLM",
     .names = {kPostNorm, kDecoder},
     .keys = {kSizes, kGroupedHeads, kRms},
     .fixed = kSilu},
    {.name = "gpt2",
     .model_type = "gpt2",
     .hf_class = "GPT2LMHeadModel",
     .names = {kGpt2},
     .keys = {kGpt2Keys},
     .optional_prefix = "transformer.",
     .fixed = R"({"activation_function": "gelu_new", "scale_attn_weights": true,)"
              R"( "scale_attn_by_inverse_layer_idx": false})",
     .rms_norm = false},
    {.name = "gptneox",
     .model_type = "gpt_neox",
     .hf_class = "GPTNeoXForCausalLM",
     .names = {kGptNeox},
     .keys = {kSizes, kLayerNorm, kGptNeoxKeys},
     .fixed = R"({"hidden_act": "gelu"})",
     .rms_norm = false},
    {.name = "bert",
     .model_type = "bert",
     .hf_class = "BertModel",
     .names = {kBert},
     .keys = {kSizes, kLayerNorm, kBertKeys},
     .optional_prefix = "bert.",
     .fixed = R"({"hidden_act": "gelu"})",
     .rms_norm = false},
};
}  // namespace

std::span<const GgufArchitecture> gguf_architectures() { return kArchitectures; }

}  // namespace quern
