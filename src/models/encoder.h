// SPDX-License-Identifier: MIT
#pragma once
// Encoders: every token sees the whole text, before and behind it. Embeddings, post-norm blocks, and what a class puts
// on top. Devlin et al. 2018, arXiv:1810.04805. A family's file says what its parts are called and what its config
// means; the forward pass is here.

#include <memory>
#include <string>
#include <vector>

#include "models/causal_lm.h"
#include "models/config_reader.h"
#include "nn/mlp.h"
#include "nn/norm.h"

namespace quern {

// What a class adds to the encoder: BertModel, BertForMaskedLM, ...
enum class EncoderTask : uint8_t {
  none,
  masked_lm,      // logits (N, V)
  pretraining,    // prediction_logits (N, V), seq_relationship_logits (S, 2)
  next_sentence,  // logits (S, 2)
  sequence,       // logits (S, labels)
  token,          // logits (N, labels)
  question,       // start_logits (N), end_logits (N)
};

// Names of an encoder's tensors: those of the body below its prefix, those of heads whole.
struct EncoderNames {
  std::string prefix;  // "bert"; none where the class is the encoder and nothing else
  std::string layers = "encoder.layer", attention = "attention.self";
  std::string query = "query", key = "key", value = "value";
  std::string attention_out = "attention.output.dense", attention_norm = "attention.output.LayerNorm";
  std::string up = "intermediate.dense", down = "output.dense", ffn_norm = "output.LayerNorm";
  std::string pooler = "pooler.dense";  // none where the family has none
  // Scores of the vocabulary: decoder(norm(f(dense x))) + bias.
  std::string mlm_dense, mlm_norm, mlm_decoder, mlm_bias;
  // Scores of a text: out(f(dense x_0)); without a dense the pooler's result is taken.
  std::string text_dense, text_out;
  std::string token_out = "classifier", question_out = "qa_outputs";
};

struct EncoderConfig {
  std::string family;
  int64_t V = 0, C = 0, L = 0, H = 0, F = 0;     // the dimensions of docs/tour.md
  int64_t positions = 0, types = 0, labels = 0;  // rows of the tables; types 0: there is no such table
  int32_t pad = -1;  // >= 0: places count from pad + 1 and pass over tokens that are `pad` (RoBERTa); -1: from 0
  float norm_eps = 1e-12f, std = 0.02f;
  Activation activation = Activation::gelu_erf, mlm_activation = Activation::gelu_erf,
             text_activation = Activation::tanh;
  bool tied = true;  // the vocabulary's scores use the embedding
  EncoderTask task = EncoderTask::none;
  bool pooler = false;
  EncoderNames names;

  int64_t context() const { return positions - (pad + 1); }  // tokens a text may have
};

struct EncoderBlock {
  Linear qkv, out;
  LayerNorm norm_attn;
  Mlp ffn;
  LayerNorm norm_ffn;
  int64_t H;
  std::string name, attention_name;

  EncoderBlock(Params p, const EncoderConfig& c);
  Tensor operator()(const Tensor& x, const Batch& batch, int64_t layer) const;  // (N, C) -> (N, C)
};

// A result of the class's heads, under transformers' name.
struct EncoderOutput {
  std::string name;  // "logits"
  bool per_token;    // rows are tokens, else sequences
  Tensor values;
};

class Encoder {
 public:
  Encoder(Params p, const Json& json, const EncoderConfig& config);

  // ids (N), token types (N) or none for all 0 -> hidden states (N, C). Throws InvalidArgument for a text that is
  // longer than the table of positions and for a type that is not in the table.
  Tensor forward(const Batch& batch, std::span<const int32_t> types = {}) const;
  // tanh(W x + b) of each sequence's first token (S, C); undefined where there is no pooler.
  Tensor pooled(const Tensor& hidden, const Batch& batch) const;
  // What the class puts on top, none for a bare encoder.
  std::vector<EncoderOutput> outputs(const Tensor& hidden, const Batch& batch) const;
  // Scores of the vocabulary for some rows, (rows, C) -> (rows, V), where the class has them.
  Tensor predictions(const Tensor& rows) const;
  // Scores of whole texts, (S, labels), where the class has them.
  Tensor text_scores(const Tensor& hidden, const Batch& batch) const;

  const EncoderConfig& shape() const { return config_; }
  const Json& config() const { return json_; }  // as config.json, to be saved
  // The activation behind `layer` blocks, for Taps; 0: the embeddings.
  std::string tap_name(int64_t layer) const;

  std::shared_ptr<ParamStore> params;  // everything that was handed out

 private:
  Tensor embed(const Batch& batch, std::span<const int32_t> types) const;
  std::vector<int32_t> places(const Batch& batch) const;
  void add_heads(Params p);

  Json json_;
  EncoderConfig config_;
  std::string embeddings_name_;
  Embedding words_, positions_, types_;
  LayerNorm norm_;
  std::vector<EncoderBlock> blocks_;
  Linear pooler_;
  Linear mlm_dense_, mlm_decoder_, text_dense_, text_out_, token_out_;
  LayerNorm mlm_norm_;
};

struct EncoderFamily {
  std::vector<std::string> model_types;  // of config.json
  std::vector<std::pair<std::string, EncoderTask>> classes;
  std::string prefix;  // of the body's names in classes with a head
  // config.json in the family's own keys. What follows from the class is filled in by the caller.
  EncoderConfig (*read)(const ConfigReader& r);
  // Other names of a tensor that a checkpoint may have.
  std::vector<std::string> (*more_names)(const std::string& name);
};

// Whether a tensor of that name is there to be read; always true for fresh weights.
using HoldsTensor = std::function<bool(const std::string& name)>;

// By architectures[0], then model_type; nullptr for what is no encoder. Does not say that its class is known.
const EncoderFamily* encoder_family_of(const ModelConfig& config);
// `body_only`: the encoder without its heads, whatever the class puts on top.
EncoderConfig read_encoder_config(const ModelConfig& config, bool body_only, const HoldsTensor& holds);
std::unique_ptr<Encoder> build_encoder(const ModelConfig& config, std::shared_ptr<ParamStore> params,
                                       bool body_only = false, const HoldsTensor& holds = {});

// Names under which a checkpoint may hold a parameter of that family: with and without the prefix, norms as gamma and
// beta (TensorFlow's). And tensors of parts that are not run: other heads, buffers.
std::vector<std::string> encoder_aliases(const EncoderFamily& family, const std::string& name);
bool is_other_head_or_buffer(const EncoderFamily& family, const std::string& name);

}  // namespace quern
