// SPDX-License-Identifier: MIT
#include "cli/engine_options.h"

#include "base/files.h"

namespace quern {

void EngineFlags::add_to(CLI::App* cmd, bool many) {
  const auto engine = [](CLI::Option* option) { return option->group(kEngineGroup); };
  engine(cmd->add_option("--context", context, "longest prompt and answer together; 0: what the model was made for"));
  if (!many) batch = 1;
  if (many)
    engine(
        cmd->add_option("--batch", batch, "most texts that are generated side by side")->check(CLI::Range(1, 65536)));
  engine(cmd->add_option("--chunk", chunk, "most tokens of one step; longer prompts are fed in pieces")
             ->check(CLI::Range(1, 1 << 20)));
  engine(cmd->add_option("--cache", cache, "most memory for keys and values, as 500MB"));
  engine(cmd->add_option("--cache-type", cache_type,
                         "how keys and values are kept: f32; in less memory, with a little less accuracy, f16, bf16, "
                         "q8_0")
             ->check(CLI::IsMember({"f32", "f16", "bf16", "q8_0"})));
  engine(cmd->add_option("--guess", guess,
                         "guess up to N tokens ahead from what the text repeats: the same text, sooner if it does")
             ->check(CLI::Range(0, 64)));
  engine(cmd->add_option("--draft", draft, "a smaller model with the same tokenizer to guess with"));
}

EngineOptions EngineFlags::options(const LoadedModel& model) const {
  EngineOptions o{.max_sequences = batch,
                  .max_step_tokens = chunk,
                  .context = context,
                  .cache_bytes = cache.empty() ? 0 : parse_size(cache),
                  .cache_type = *dtype_from_name(cache_type)};
  if (draft.empty()) return o;
  const LoadedModel small = open_model(draft);
  const int64_t V = std::min(model.model->shape().V, small.model->shape().V);
  for (int32_t id = 0; model.tokenizer.valid() && small.tokenizer.valid() && id < V; ++id)
    if (model.tokenizer.id_to_token(id) != small.tokenizer.id_to_token(id))
      throw Error(ErrorKind::InvalidArgument, "--draft {}: its token {} is another than the model's", draft, id)
          .hint("take a smaller model of the same family, with the same tokenizer");
  o.draft_model = small.model;
  return o;
}

}  // namespace quern
