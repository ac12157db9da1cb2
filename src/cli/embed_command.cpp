// SPDX-License-Identifier: MIT
// quern embed ./all-MiniLM-L6-v2 "The miller keeps bees" "Bees live at the mill" --similarity
#include <cstdio>

#include "base/json.h"
#include "base/threads.h"
#include "cli/command.h"
#include "cli/text_list.h"
#include "formats/hf_folder.h"
#include "infer/embedder.h"

namespace quern {

namespace {
struct EmbedVerbOptions {
  CommonOptions common;
  EmbedOptions embed;
  std::string model, file, pooling, prompt, out;
  std::vector<std::string> texts;
  bool normalize = false, no_normalize = false, no_cut = false, similarity = false;
};

EmbedOptions embed_options_of(const EmbedVerbOptions& o, bool has_prompt) {
  EmbedOptions e = o.embed;
  if (!o.pooling.empty()) e.pooling = pooling_from_name(o.pooling);
  if (o.normalize) e.normalize = true;
  if (o.no_normalize) e.normalize = false;
  if (has_prompt) e.prompt = o.prompt;
  e.cut = !o.no_cut;
  return e;
}

Json similarity_table(const std::vector<TextEmbedding>& vectors) {
  Json table = Json::array();
  for (const TextEmbedding& a : vectors) {
    Json row = Json::array();
    for (const TextEmbedding& b : vectors) row.push_back(cosine_similarity(a.values, b.values));
    table.push_back(std::move(row));
  }
  return table;
}

Json embeddings_json(const EmbedVerbOptions& o, const Embedder& embedder, const EmbedOptions& options,
                     const std::vector<TextEmbedding>& vectors) {
  Json out{{"model", embedder.settings().model.string()},
           {"dimension", embedder.dimension(options)},
           {"pooling", Json::array()},
           {"normalized", embedder.normalizes(options)},
           {"max_tokens", embedder.max_tokens(options)},
           {"results", Json::array()}};
  for (const Pooling way : embedder.poolings(options)) out["pooling"].push_back(name(way));
  for (const TextEmbedding& v : vectors) {
    Json result{{"tokens", v.tokens}, {"cut_tokens", v.cut_tokens}};
    if (o.out.empty()) result["embedding"] = v.values;
    out["results"].push_back(std::move(result));
  }
  if (o.similarity) out["similarity"] = similarity_table(vectors);
  if (!o.out.empty()) out["out"] = o.out;
  return out;
}

void save_embeddings(const std::string& file, const std::vector<TextEmbedding>& vectors, int64_t dimension) {
  Tensor all = Tensor::empty({int64_t(vectors.size()), dimension});
  for (size_t i = 0; i < vectors.size(); ++i) std::ranges::copy(vectors[i].values, all.data() + int64_t(i) * dimension);
  save_tensors(file, {{"embeddings", all}});
}

void embed_texts(const EmbedVerbOptions& o, bool has_prompt) {
  if (o.common.threads > 0) set_compute_threads(o.common.threads);
  std::vector<std::string> texts = o.file.empty() ? o.texts : lines_of_file(o.file);
  if (texts.empty()) throw Error(ErrorKind::InvalidArgument, "there is no text to embed");
  if (!o.out.empty()) require_writable(fs::absolute(o.out).parent_path());
  const Embedder embedder = Embedder::open(o.model);
  const EmbedOptions options = embed_options_of(o, has_prompt);
  const std::vector<TextEmbedding> vectors = embedder.embed(texts, options);

  size_t cut = 0;
  int64_t longest = 0;
  for (const TextEmbedding& v : vectors) {
    cut += v.cut_tokens > 0;
    longest = std::max(longest, v.tokens + v.cut_tokens);
  }
  warn_of_cut_texts(cut, vectors.size(), longest, embedder.max_tokens(options));
  if (!o.out.empty()) save_embeddings(o.out, vectors, embedder.dimension(options));
  if (o.common.json) {
    fmt::print("{}\n", to_line(embeddings_json(o, embedder, options, vectors)));
  } else if (o.similarity) {
    for (const Json& row : similarity_table(vectors)) {
      for (const Json& value : row) fmt::print("{:8.4f}", value.get<double>());
      fmt::print("\n");
    }
  } else if (o.out.empty()) {
    for (const TextEmbedding& v : vectors) fmt::print("{:.7g}\n", fmt::join(v.values, " "));
  } else {
    fmt::print("{}: {} vectors of {} values\n", o.out, vectors.size(), embedder.dimension(options));
  }
}
}  // namespace

void add_embed_command(CLI::App& app) {
  auto o = std::make_shared<EmbedVerbOptions>();
  auto* cmd = app.add_subcommand("embed", "Texts as vectors, for search and comparison");
  cmd->add_option("model", o->model,
                  "an encoder (BERT, RoBERTa, DistilBERT), a sentence-transformers folder, or any decoder")
      ->required();
  auto* texts = cmd->add_option("text", o->texts, "the texts");
  cmd->add_option("--file,-f", o->file, "take them from this file instead, one a line; -: standard input")
      ->excludes(texts);
  cmd->add_option("--pooling", o->pooling,
                  "how a text's tokens become one vector: " + pooling_names() +
                      "; left out, as the model's folder says, else mean for encoders, last for decoders")
      ->check([](const std::string& word) {
        return pooling_from_name(word) ? std::string() : "pooling '" + word + "' is not known: " + pooling_names();
      });
  auto* normalize = cmd->add_flag("--normalize", o->normalize, "make each vector's length 1");
  cmd->add_flag("--no-normalize", o->no_normalize, "leave the length, also where the folder says otherwise")
      ->excludes(normalize);
  auto* prompt = cmd->add_option("--prompt", o->prompt, "put this before each text");
  cmd->add_option("--prompt-name", o->embed.prompt_name,
                  "put this prompt of the model's folder before each text, as query")
      ->excludes(prompt);
  cmd->add_option("--dimensions", o->embed.dimensions, "only the first values, for models that were made for it")
      ->check(CLI::PositiveNumber);
  cmd->add_option("--max-tokens", o->embed.max_tokens, "most tokens of a text; left out, as many as the model takes")
      ->check(CLI::PositiveNumber);
  cmd->add_flag("--no-cut", o->no_cut, "refuse longer texts instead of cutting their end off");
  cmd->add_option("--batch", o->embed.batch, "most texts that are read side by side; changes no bit")
      ->check(CLI::Range(1, 65536));
  cmd->add_flag("--similarity", o->similarity, "print the cosine of each pair instead of the vectors");
  cmd->add_option("--out", o->out, "write the vectors (N, D) to this safetensors file");
  add_common_options(cmd, o->common);
  add_examples(cmd,
               "  quern embed ./all-MiniLM-L6-v2 \"The miller keeps bees\" \"Bees live at the mill\" --similarity\n"
               "  quern embed ./all-MiniLM-L6-v2 --file sentences.txt --out vectors.safetensors\n"
               "  quern embed ./e5-small --file queries.txt --prompt \"query: \" --normalize --json\n"
               "  quern embed ./Qwen3-0.6B \"a text\" --pooling mean");
  cmd->callback([o, prompt] { embed_texts(*o, prompt->count() > 0); });
}

}  // namespace quern
