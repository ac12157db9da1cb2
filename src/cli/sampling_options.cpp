// SPDX-License-Identifier: MIT
#include "cli/sampling_options.h"

#include <charconv>

#include "cli/command.h"

namespace quern {

void SamplingFlags::add_to(CLI::App* cmd) {
  const auto group = [](CLI::Option* option) { return option->group("Sampling"); };
  group(cmd->add_flag("--greedy", greedy, "always the likeliest token (the same as --temperature 0)"));
  group(
      cmd->add_option("--temperature", temperature, "1: as the model says; below: bolder choices die out; 0: greedy"));
  group(cmd->add_option("--top-k", top_k, "draw from the K likeliest tokens; 0: off"));
  group(cmd->add_option("--top-p", top_p, "draw from the fewest tokens that are this likely together; 1: off"));
  group(cmd->add_option("--min-p", min_p, "draw from tokens at least this share as likely as the likeliest; 0: off"));
  group(
      cmd->add_option("--typical-p", typical_p, "tokens of about the expected surprise, this likely together; 1: off"));
  group(cmd->add_option("--epsilon-cutoff", epsilon_cutoff, "drop tokens less likely than this; 0: off"));
  group(cmd->add_option("--eta-cutoff", eta_cutoff, "the same, gentler where many tokens are possible; 0: off"));
  group(cmd->add_option("--repetition-penalty", repetition_penalty,
                        "above 1: what stands there already gets unlikelier"));
  group(cmd->add_option("--presence-penalty", presence_penalty, "taken off the logit of every token of the answer"));
  group(cmd->add_option("--frequency-penalty", frequency_penalty, "the same, as many times as it occurred"));
  group(cmd->add_option("--no-repeat-ngram", no_repeat_ngram_size, "no sequence of N tokens comes twice; 0: off"));
  group(
      add_repeated(cmd, "--bad-word", bad_words, "a text that must not come, alone or after a space; may be repeated"));
  group(add_repeated(cmd, "--logit-bias", logit_bias, "ID=BIAS, added to the logit of a token; may be repeated"));
  group(add_repeated(cmd, "--sequence-bias", sequence_bias, "TEXT=BIAS, added where TEXT would be completed"));
  group(cmd->add_option("--min-length", min_length, "tokens of prompt and answer before it may end"));
  group(cmd->add_option("--min-tokens", min_new_tokens, "tokens of the answer before it may end"));
  group(cmd->add_option("--seed", seed, "of the random choices"));
  const auto end = [](CLI::Option* option) { return option->group("Where it ends"); };
  end(cmd->add_option("--max-tokens", max_tokens, "most tokens of an answer")->capture_default_str());
  end(add_repeated(cmd, "--stop", stop,
                   "a text that ends the answer and is not shown; \\n is a line break; may be repeated"));
  end(add_repeated(cmd, "--stop-id", stop_ids, "a token that ends the answer, besides the model's own"));
  end(cmd->add_flag("--ignore-end", ignore_end, "go on past the model's own end tokens"));
}

namespace {
// "TEXT=BIAS" at the last equals sign.
std::pair<std::string, float> split_bias(const std::string& option, const std::string& text) {
  const size_t at = text.rfind('=');
  float bias = 0;
  if (at != std::string::npos && at > 0) {
    const char *begin = text.data() + at + 1, *end = text.data() + text.size();
    if (*begin == '+') ++begin;
    if (const auto [p, error] = std::from_chars(begin, end, bias); error == std::errc{} && p == end)
      return {text.substr(0, at), bias};
  }
  throw Error(ErrorKind::InvalidArgument, "{} {}: expected {}=NUMBER", option, text,
              option == "--logit-bias" ? "ID" : "TEXT");
}
}  // namespace

namespace {
// What a shell makes hard to write: \n, \t and \\.
std::string unescaped(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    const bool escape = text[i] == '\\' && (next == 'n' || next == 't' || next == '\\');
    out += !escape ? text[i] : next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
    i += escape;
  }
  return out;
}
}  // namespace

bool SamplingFlags::samples() const {
  return temperature.value_or(0) != 0 || top_k || top_p || min_p || typical_p || epsilon_cutoff || eta_cutoff;
}

std::vector<std::string> SamplingFlags::stop_texts() const {
  std::vector<std::string> out;
  for (const std::string& text : stop) out.push_back(unescaped(text));
  return out;
}

Request SamplingFlags::request(const LoadedModel& model) const {
  Request r;
  SamplingOptions& s = r.sampling = model.sampling;
  const auto set = [](auto& field, const auto& given) {
    if (given) field = *given;
  };
  set(s.temperature, temperature);
  if (greedy) s.temperature = 0;
  set(s.top_k, top_k);
  set(s.top_p, top_p);
  set(s.min_p, min_p);
  set(s.typical_p, typical_p);
  set(s.epsilon_cutoff, epsilon_cutoff);
  set(s.eta_cutoff, eta_cutoff);
  set(s.repetition_penalty, repetition_penalty);
  set(s.presence_penalty, presence_penalty);
  set(s.frequency_penalty, frequency_penalty);
  set(s.no_repeat_ngram_size, no_repeat_ngram_size);
  set(s.min_length, min_length);
  set(s.min_new_tokens, min_new_tokens);
  s.seed = seed;
  const EncodeOptions plain{.add_special = false};
  const auto needs_tokenizer = [&](const char* option) {
    if (!model.tokenizer.valid())
      throw Error(ErrorKind::NotFound, "{} needs a tokenizer, and {} has none", option, model.folder.string());
  };
  for (const std::string& word : bad_words) {
    needs_tokenizer("--bad-word");
    for (const std::string& form : {word, " " + word}) {
      auto ids = model.tokenizer.encode(form, plain);
      if (!ids.empty() && std::ranges::find(s.bad_words, ids) == s.bad_words.end())
        s.bad_words.push_back(std::move(ids));
    }
  }
  for (const std::string& text : sequence_bias) {
    needs_tokenizer("--sequence-bias");
    auto [words, bias] = split_bias("--sequence-bias", text);
    s.sequence_bias.push_back({model.tokenizer.encode(words, plain), bias});
  }
  for (const std::string& text : logit_bias) {
    const auto [id, bias] = split_bias("--logit-bias", text);
    int32_t value = 0;
    const auto [p, error] = std::from_chars(id.data(), id.data() + id.size(), value);
    if (error != std::errc{} || p != id.data() + id.size())
      throw Error(ErrorKind::InvalidArgument, "--logit-bias {}: '{}' is no token id", text, id);
    s.logit_bias.emplace_back(value, bias);
  }
  r.max_new_tokens = max_tokens;
  r.stop = stop_texts();
  if (!ignore_end) r.stop_ids = model.stop_ids;
  r.stop_ids.insert(r.stop_ids.end(), stop_ids.begin(), stop_ids.end());
  return r;
}

}  // namespace quern
