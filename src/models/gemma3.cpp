// SPDX-License-Identifier: MIT
// Gemma 3: Gemma 2 with norms on q and k instead of caps, five sliding layers to one that sees all, and rotary
// positions of their own for each of the two kinds. Of checkpoints that also see images the text part is read. Gemma
// team 2025, arXiv:2503.19786.
#include "models/families.h"
#include "models/gemma_block.h"

namespace quern {

namespace {

// rope_parameters by layer type, or rope_theta with rope_scaling for the layers that see all and rope_local_base_freq
// for the others.
void read_gemma3_ropes(DecoderConfig& c, const ConfigReader& r) {
  const Json* by_type = r.value("rope_parameters");
  const auto find = [&](const char* type) -> const Json* {
    const Json* found = by_type && by_type->is_object() ? ConfigReader(*by_type).value(type) : nullptr;
    return found && found->is_object() ? found : nullptr;
  };
  const Json *full = find("full_attention"), *sliding = find("sliding_attention");
  if (by_type && !full && !sliding)
    throw Error(ErrorKind::Unsupported, "config.json: rope_parameters of a Gemma 3 must tell the layer types apart");
  const Json* scaling = r.value("rope_scaling");
  if (scaling && !scaling->is_object()) throw Error(ErrorKind::InvalidModel, "config.json: rope_scaling is no object");
  c.ropes = {
      ConfigReader::rope_from(scaling ? scaling : full, r, c.D, c.context, {.theta = 1e6}),
      ConfigReader::rope_from(sliding, r, c.D, c.context, {.theta = 1e4, .theta_key = "rope_local_base_freq"}),
  };
  for (LayerOptions& layer : c.layers) layer.rope = layer.attention.window > 0 ? 1 : 0;
}

DecoderConfig read_gemma3(const Json& json) {
  const ConfigReader r(json);
  DecoderConfig c = read_gemma_common(r, {.family = "gemma3",
                                          .V = 262208,
                                          .C = 2304,
                                          .L = 26,
                                          .H = 8,
                                          .K = 4,
                                          .D = 256,
                                          .F = 9216,
                                          .context = 131072,
                                          .activation_key = "hidden_activation"});
  c.qk_norm = QkNorm::head;
  const int64_t pattern = std::max<int64_t>(1, r.integer("sliding_window_pattern", 6));
  read_gemma_attention(c, r, 0, 0, [&](int64_t layer) { return (layer + 1) % pattern != 0; });
  read_gemma3_ropes(c, r);
  return c;
}

// The text part of a config for text and images, as a config of its own.
Json text_part(const Json& json) {
  const auto found = json.find("text_config");
  if (found == json.end() || !found->is_object())
    throw Error(ErrorKind::InvalidModel, "config.json: a Gemma 3 with images needs its text_config");
  Json text = *found;
  text["architectures"] = Json::array({"Gemma3ForCausalLM"});
  text["model_type"] = "gemma3_text";
  for (const char* key : {"eos_token_id", "bos_token_id", "pad_token_id"})
    if (json.contains(key) && !text.contains(key)) text[key] = json[key];
  return text;
}

}  // namespace

const Family kGemma3 = {
    .architectures = {"Gemma3ForCausalLM"},
    .model_type = "gemma3_text",
    .aliases = {},
    .ignorable = is_llama_buffer,
    .build = [](Params p, const Json& json) { return make_decoder<SandwichBlock>(p, json, read_gemma3(json)); },
};

const Family kGemma3WithImages = {
    .architectures = {"Gemma3ForConditionalGeneration"},
    .model_type = "gemma3",
    // Published files say language_model.model.x, newer ones model.language_model.x.
    .aliases =
        [](const std::string& name) {
          std::vector<std::string> names{"language_model." + name};
          if (name.starts_with("model.")) names.push_back("model.language_model." + name.substr(6));
          return names;
        },
    .ignorable =
        [](const std::string& name) {
          for (const char* part : {"vision_tower.", "multi_modal_projector."})
            if (name.starts_with(part) || name.starts_with(std::string("model.") + part)) return true;
          return is_llama_buffer(name) || name == "language_model.lm_head.weight";
        },
    .build =
        [](Params p, const Json& json) {
          const Json text = text_part(json);
          return make_decoder<SandwichBlock>(p, text, read_gemma3(text));
        },
};

}  // namespace quern
