// SPDX-License-Identifier: MIT
#include "models/encoder.h"

#include "nn/attention.h"

namespace quern {

// --- a block ---

namespace {
Linear make_query_key_value(Params p, const EncoderConfig& c) {
  const EncoderNames& n = c.names;
  return Linear(p / n.attention, {{n.query, c.C}, {n.key, c.C}, {n.value, c.C}}, c.C, Bias::Yes, c.std);
}
}  // namespace

EncoderBlock::EncoderBlock(Params p, const EncoderConfig& c)
    : qkv(make_query_key_value(p, c)),
      out(p / c.names.attention_out, c.C, c.C, Bias::Yes, c.std),
      norm_attn(p / c.names.attention_norm, c.C, c.norm_eps),
      ffn(Linear(p / c.names.up, c.C, c.F, Bias::Yes, c.std), Linear(p / c.names.down, c.F, c.C, Bias::Yes, c.std),
          c.activation),
      norm_ffn(p / c.names.ffn_norm, c.C, c.norm_eps),
      H(c.H),
      name(p.prefix()),
      attention_name(p.name(c.names.attention)) {}

Tensor EncoderBlock::operator()(const Tensor& x, const Batch& batch, int64_t layer) const {
  const int64_t N = x.size(0), C = x.size(1);
  const Tensor heads = qkv(x).reshape({N, 3 * H, C / H});
  const Tensor seen = out(attend(heads, H, H, batch, layer, {.causal = false}, attention_name));
  batch.tap(attention_name, "out", seen);
  const Tensor middle = norm_attn(x + seen);
  const Tensor y = norm_ffn(middle + ffn(middle));
  batch.tap(name, "out", y);
  return y;
}

// --- the encoder ---

Encoder::Encoder(Params p, const Json& json, const EncoderConfig& config) : json_(json), config_(config) {
  const EncoderConfig& c = config_;
  const Params body = c.names.prefix.empty() ? p : p / c.names.prefix;
  const Params embeddings = body / "embeddings";
  embeddings_name_ = embeddings.prefix();
  words_ = Embedding(embeddings / "word_embeddings", c.V, c.C, c.std);
  positions_ = Embedding(embeddings / "position_embeddings", c.positions, c.C, c.std);
  if (c.types > 0) types_ = Embedding(embeddings / "token_type_embeddings", c.types, c.C, c.std);
  norm_ = LayerNorm(embeddings / "LayerNorm", c.C, c.norm_eps);
  for (int64_t l = 0; l < c.L; ++l) blocks_.emplace_back(body / c.names.layers / l, c);
  if (c.pooler) pooler_ = Linear(body / c.names.pooler, c.C, c.C, Bias::Yes, c.std);
  add_heads(p);
}

void Encoder::add_heads(Params p) {
  const EncoderConfig& c = config_;
  const EncoderNames& n = c.names;
  if (c.task == EncoderTask::masked_lm || c.task == EncoderTask::pretraining) {
    mlm_dense_ = Linear(p / n.mlm_dense, c.C, c.C, Bias::Yes, c.std);
    mlm_norm_ = LayerNorm(p / n.mlm_norm, c.C, c.norm_eps);
    mlm_decoder_ = c.tied ? Linear(words_.weight, p.options()) : Linear(p / n.mlm_decoder, c.C, c.V, Bias::No, c.std);
    mlm_decoder_.bias = p.tensor(n.mlm_bias, {c.V}, init::zeros());
    for (WeightPart& part : mlm_decoder_.ready) part.bias = mlm_decoder_.bias;
  }
  const bool next_sentence = c.task == EncoderTask::pretraining || c.task == EncoderTask::next_sentence;
  if (next_sentence) text_out_ = Linear(p / "cls.seq_relationship", c.C, 2, Bias::Yes, c.std);
  if (c.task == EncoderTask::sequence) {
    if (!n.text_dense.empty()) text_dense_ = Linear(p / n.text_dense, c.C, c.C, Bias::Yes, c.std);
    text_out_ = Linear(p / n.text_out, c.C, c.labels, Bias::Yes, c.std);
  }
  if (c.task == EncoderTask::token) token_out_ = Linear(p / n.token_out, c.C, c.labels, Bias::Yes, c.std);
  if (c.task == EncoderTask::question) token_out_ = Linear(p / n.question_out, c.C, 2, Bias::Yes, c.std);
}

// The row of the table of positions for each token.
std::vector<int32_t> Encoder::places(const Batch& batch) const {
  std::vector<int32_t> out = batch.positions;
  if (config_.pad >= 0) {
    const int32_t* ids = batch.ids.data<int32_t>();
    for (int64_t s = 0; s < batch.num_sequences(); ++s) {
      int32_t place = config_.pad;
      for (int64_t n = batch.segments[size_t(s)]; n < batch.segments[size_t(s) + 1]; ++n)
        out[size_t(n)] = ids[n] == config_.pad ? config_.pad : ++place;
    }
  }
  for (const int32_t place : out)
    if (place >= config_.positions)
      throw Error(ErrorKind::InvalidArgument, "a text of {} tokens or more is longer than this encoder's {}",
                  place - config_.pad, config_.context());
  return out;
}

Tensor Encoder::embed(const Batch& batch, std::span<const int32_t> types) const {
  const int64_t N = batch.size();
  Tensor x = words_(batch.ids) + positions_(Tensor::from(places(batch), {N}));
  if (config_.types > 0) {
    std::vector<int32_t> rows(types.begin(), types.end());
    if (rows.empty()) rows.resize(size_t(N));
    QUERN_CHECK(int64_t(rows.size()) == N, "{} token types for {} tokens", rows.size(), N);
    for (const int32_t type : rows)
      if (type < 0 || type >= config_.types)
        throw Error(ErrorKind::InvalidArgument, "token type {}: this encoder has {}", type, config_.types);
    x = x + types_(Tensor::from(rows, {N}));
  }
  x = norm_(x);
  batch.tap(embeddings_name_, "out", x);
  return x;
}

Tensor Encoder::forward(const Batch& batch, std::span<const int32_t> types) const {
  Tensor x = embed(batch, types);
  for (size_t l = 0; l < blocks_.size(); ++l) {
    const auto block = [this, &batch, l](const Tensor& in) { return blocks_[l](in, batch, int64_t(l)); };
    x = batch.checkpoint_blocks ? checkpointed(block, x) : block(x);
  }
  return x;
}

std::string Encoder::tap_name(int64_t layer) const {
  return (layer == 0 ? embeddings_name_ : blocks_[size_t(layer) - 1].name) + ".out";
}

// --- heads ---

namespace {
Tensor first_tokens(const Tensor& hidden, const Batch& batch) {  // (N, C) -> (S, C)
  return gather_rows(hidden, std::vector<int32_t>(batch.segments.begin(), batch.segments.end() - 1));
}
}  // namespace

Tensor Encoder::pooled(const Tensor& hidden, const Batch& batch) const {
  if (!config_.pooler) return {};
  return activate(pooler_(first_tokens(hidden, batch)), Activation::tanh);
}

Tensor Encoder::predictions(const Tensor& rows) const {
  QUERN_CHECK(mlm_decoder_.out() > 0, "this encoder has no scores of the vocabulary");
  return mlm_decoder_(mlm_norm_(activate(mlm_dense_(rows), config_.mlm_activation)));
}

Tensor Encoder::text_scores(const Tensor& hidden, const Batch& batch) const {
  QUERN_CHECK(text_out_.out() > 0, "this encoder has no scores of whole texts");
  if (text_dense_.out() == 0) return text_out_(pooled(hidden, batch));
  return text_out_(activate(text_dense_(first_tokens(hidden, batch)), config_.text_activation));
}

std::vector<EncoderOutput> Encoder::outputs(const Tensor& hidden, const Batch& batch) const {
  switch (config_.task) {
    case EncoderTask::none:
      return {};
    case EncoderTask::masked_lm:
      return {{"logits", true, predictions(hidden)}};
    case EncoderTask::pretraining:
      return {{"prediction_logits", true, predictions(hidden)},
              {"seq_relationship_logits", false, text_scores(hidden, batch)}};
    case EncoderTask::next_sentence:
    case EncoderTask::sequence:
      return {{"logits", false, text_scores(hidden, batch)}};
    case EncoderTask::token:
      return {{"logits", true, token_out_(hidden)}};
    case EncoderTask::question: {
      const Tensor both = token_out_(hidden);
      return {{"start_logits", true, both.slice(1, 0, 1)}, {"end_logits", true, both.slice(1, 1, 2)}};
    }
  }
  return {};
}

}  // namespace quern
