// SPDX-License-Identifier: MIT
#include "infer/chat_format.h"

#include <algorithm>

#include "base/files.h"
#include "infer/chat.h"

namespace quern {

namespace {
constexpr uintmax_t kLargestConfig = 64 << 20;  // bytes

// Where special tokens stand in a text: leftmost, the longest of several. `genuine`: no byte of it is foreign.
struct WrittenToken {
  size_t begin, end;
  TokenId id;
  bool genuine;
};

bool touches_foreign(const std::vector<TextSpan>& foreign, size_t begin, size_t end) {
  const auto after = std::ranges::upper_bound(foreign, begin, {}, &TextSpan::end);  // the first that ends behind begin
  return after != foreign.end() && after->begin < end;
}

std::vector<WrittenToken> special_tokens_in(const Tokenizer& tokenizer, const RenderedChat& chat) {
  std::vector<WrittenToken> all;
  for (const AddedToken& token : tokenizer.added_tokens()) {
    if (!token.special || token.content.empty()) continue;
    const size_t size = token.content.size();
    for (size_t at = 0; (at = chat.text.find(token.content, at)) != std::string::npos; ++at)
      all.push_back({at, at + size, token.id, !touches_foreign(chat.foreign, at, at + size)});
  }
  std::ranges::sort(all, [](const WrittenToken& a, const WrittenToken& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  return all;
}

std::string token_text(const Json& token) {
  if (token.is_string()) return token.get<std::string>();
  return token.is_object() && token.contains("content") && token["content"].is_string()
             ? token["content"].get<std::string>()
             : "";
}

ChatTemplate parsed_from(std::string_view source, const fs::path& file) {
  try {
    return ChatTemplate::parse(source);
  } catch (const Error& e) {
    throw Error(e.kind(), "{}: {}", file.string(), e.message());
  }
}

void add_from_config(const Json& config, const fs::path& file, std::map<std::string, ChatTemplate>& templates) {
  if (!config.contains("chat_template") || config["chat_template"].is_null()) return;
  const Json& given = config["chat_template"];
  if (given.is_string()) {
    templates.emplace("default", parsed_from(given.get_ref<const std::string&>(), file));
    return;
  }
  const auto is_text = [](const Json& one, const char* key) { return one.contains(key) && one[key].is_string(); };
  if (!given.is_array())
    throw Error(ErrorKind::InvalidModel, "{}: chat_template is neither a text nor a list of named ones", file.string());
  for (const Json& one : given) {
    if (!one.is_object() || !is_text(one, "name") || !is_text(one, "template"))
      throw Error(ErrorKind::InvalidModel, "{}: an entry of chat_template lacks its name or template", file.string());
    templates.emplace(one["name"].get<std::string>(), parsed_from(one["template"].get_ref<const std::string&>(), file));
  }
}

std::vector<ChatMessage> plain_messages(const Json& messages) {
  std::vector<ChatMessage> out;
  for (const Json& message : messages) {
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string() ||
        !message.contains("content") || !message["content"].is_string())
      throw Error(ErrorKind::InvalidArgument, "a message needs a role and a content, both of them texts");
    out.push_back({message["role"].get<std::string>(), message["content"].get<std::string>()});
  }
  return out;
}
}  // namespace

ChatFormat::ChatFormat(std::string_view source, Tokenizer tokenizer,
                       std::vector<std::pair<std::string, std::string>> tokens)
    : tokenizer_(std::move(tokenizer)), tokens_(std::move(tokens)) {
  grown_here_ = source == kGrownChatTemplate && knows_chat_format(tokenizer_);
  templates_.emplace("default", ChatTemplate::parse(source));
}

std::optional<ChatFormat> ChatFormat::of_folder(const fs::path& folder, const Tokenizer& tokenizer) {
  if (!tokenizer.valid()) return std::nullopt;
  ChatFormat format;
  format.tokenizer_ = tokenizer;
  const auto read_checked = [](const fs::path& file) {
    if (fs::file_size(file) > kLargestConfig)
      throw Error(ErrorKind::InvalidModel, "{}: too large for what it is", file.string());
    return read_file(file);
  };
  const fs::path config_file = folder / "tokenizer_config.json", single = folder / "chat_template.jinja",
                 more = folder / "additional_chat_templates";
  if (fs::exists(single)) format.templates_.emplace("default", parsed_from(read_checked(single), single));
  if (fs::is_directory(more))
    for (const auto& entry : fs::directory_iterator(more))
      if (entry.path().extension() == ".jinja")
        format.templates_.emplace(entry.path().stem().string(), parsed_from(read_checked(entry.path()), entry.path()));
  if (fs::exists(config_file)) {
    const Json config = parse_json(read_checked(config_file), config_file.string(), ErrorKind::InvalidModel);
    if (config.is_object()) {
      add_from_config(config, config_file, format.templates_);
      for (const char* name :
           {"bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"})
        if (config.contains(name))
          if (std::string text = token_text(config[name]); !text.empty())
            format.tokens_.emplace_back(name, std::move(text));
    }
  }
  const bool own = knows_chat_format(tokenizer);
  if (format.templates_.empty()) {
    if (!own) return std::nullopt;
    format.templates_.emplace("default", ChatTemplate::parse(kGrownChatTemplate));
  }
  const auto main = format.templates_.find("default");
  format.grown_here_ = own && main != format.templates_.end() && main->second.source() == kGrownChatTemplate;
  return format;
}

RenderedChat ChatFormat::render(ChatTemplateInput input) const {
  auto chosen = templates_.end();
  if (!input.tools.is_null()) chosen = templates_.find("tool_use");
  if (chosen == templates_.end()) chosen = templates_.find("default");
  if (chosen == templates_.end()) {
    std::string names;
    for (const auto& [name, ignored] : templates_) names += (names.empty() ? "" : ", ") + name;
    throw Error(ErrorKind::InvalidModel, "the model has chat templates ({}), but none called default", names);
  }
  input.tokens.insert(input.tokens.begin(), tokens_.begin(), tokens_.end());
  return chosen->second.render(input);
}

std::vector<TokenId> ChatFormat::encode(const ChatTemplateInput& input) const {
  if (!grown_here_ || !input.tools.is_null()) return encode_rendered(tokenizer_, render(input));
  return joined_ids(render_chat(tokenizer_, plain_messages(input.messages), input.add_generation_prompt));
}

std::vector<TokenId> ChatFormat::stop_ids() const {
  std::vector<TokenId> ids;
  if (grown_here_) ids.push_back(turn_end_id(tokenizer_));
  for (const auto& [name, text] : tokens_)
    if (name == "eos_token")
      if (const auto id = tokenizer_.token_to_id(text); id && std::ranges::find(ids, *id) == ids.end())
        ids.push_back(*id);
  return ids;
}

std::vector<TokenId> encode_rendered(const Tokenizer& tokenizer, const RenderedChat& chat) {
  const std::vector<WrittenToken> written = special_tokens_in(tokenizer, chat);
  // One that is looked for after normalization could come out of other characters.
  const bool hidden = !chat.foreign.empty() &&
                      std::ranges::any_of(tokenizer.added_tokens(),
                                          [](const AddedToken& token) { return token.special && token.normalized; });
  if (!hidden && std::ranges::all_of(written, &WrittenToken::genuine))
    return tokenizer.encode(chat.text, {.add_special = false, .parse_special = true});
  // Somebody wrote a special token into a message: the template's own are put in as ids, all else is text.
  std::vector<TokenId> ids;
  const EncodeOptions plain{.add_special = false, .parse_special = false};
  size_t done = 0;
  for (const WrittenToken& token : written) {
    if (!token.genuine || token.begin < done) continue;
    tokenizer.encode_append(std::string_view(chat.text).substr(done, token.begin - done), plain, ids);
    ids.push_back(token.id);
    done = token.end;
  }
  tokenizer.encode_append(std::string_view(chat.text).substr(done), plain, ids);
  return ids;
}

}  // namespace quern
