// SPDX-License-Identifier: MIT
// The same commands as bench_infer.cpp's, answered by llama.cpp through its C interface:
//   peer MODEL THREADS
//   peer MODEL THREADS first PROMPT    prints the first token after the prompt and ends
//   peer MODEL THREADS perplexity FILE CONTEXT    as llama.cpp's own tool does: the second half of each window
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "llama.h"

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::vector<llama_token> prompt(int64_t n, int64_t V, int64_t which = 0) {
  std::vector<llama_token> ids;
  for (int64_t i = 0; i < n; ++i) ids.push_back(llama_token(100 + (i * 7919 + which * 104729 + 13) % (V - 200)));
  return ids;
}

struct Side {
  llama_model* model;
  const llama_vocab* vocab;
  int threads, V;
  llama_context* context = nullptr;
  int64_t sequences = 0;

  Side(const char* path, int threads) : threads(threads) {
    model = llama_model_load_from_file(path, llama_model_default_params());
    if (!model) throw std::runtime_error("llama.cpp can't load the file");
    vocab = llama_model_get_vocab(model);
    V = llama_vocab_n_tokens(vocab);
  }
  void open(int64_t n_ctx, int64_t n_seq = 1) {
    if (context && sequences == n_seq && llama_n_ctx(context) >= n_ctx) {
      llama_memory_clear(llama_get_memory(context), true);
      return;
    }
    if (context) llama_free(context);
    llama_context_params params = llama_context_default_params();
    params.n_ctx = uint32_t(n_ctx);
    params.n_batch = params.n_ubatch = 512;
    params.n_seq_max = uint32_t(n_seq);
    params.n_threads = params.n_threads_batch = threads;
    context = llama_init_from_model(model, params);
    if (!context) throw std::runtime_error("llama.cpp can't make a context");
    sequences = n_seq;
  }
  void decode(llama_batch batch) {
    if (llama_decode(context, batch) != 0) throw std::runtime_error("llama_decode failed");
  }
  llama_token best(int i) const {
    const float* logits = llama_get_logits_ith(context, i);
    return llama_token(std::max_element(logits, logits + V) - logits);
  }

  double prefill(int64_t n) {
    open(1024);
    std::vector<llama_token> ids = prompt(n, V);
    const double begin = now();
    decode(llama_batch_get_one(ids.data(), int32_t(n)));
    best(-1);
    return now() - begin;
  }
  std::vector<llama_token> greedy(int64_t n, double* seconds) {
    open(1024);
    std::vector<llama_token> ids = prompt(16, V), out;
    decode(llama_batch_get_one(ids.data(), 16));
    llama_token next = best(-1);
    out.push_back(next);
    const double begin = now();
    while (int64_t(out.size()) < n) {
      decode(llama_batch_get_one(&next, 1));
      out.push_back(next = best(-1));
    }
    *seconds = now() - begin;
    return out;
  }
  void step(const std::vector<llama_token>& ids, const std::vector<llama_pos>& at) {  // one token of each sequence
    llama_batch batch = llama_batch_init(int32_t(ids.size()), 0, 1);
    batch.n_tokens = int32_t(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      batch.token[i] = ids[i];
      batch.pos[i] = at[i];
      batch.n_seq_id[i] = 1;
      batch.seq_id[i][0] = llama_seq_id(i);
      batch.logits[i] = true;
    }
    decode(batch);
    llama_batch_free(batch);
  }
  double batch(int64_t B, int64_t steps) {
    open(B * 128, B);
    std::vector<llama_token> next(static_cast<size_t>(B));
    std::vector<llama_pos> at(size_t(B), 0);
    for (int64_t i = 0; i < 16; ++i) {
      for (int64_t b = 0; b < B; ++b) next[size_t(b)] = prompt(16, V, b)[size_t(i)];
      step(next, at);
      for (llama_pos& p : at) ++p;
    }
    for (int64_t b = 0; b < B; ++b) next[size_t(b)] = best(int(b));
    const double begin = now();
    for (int64_t i = 0; i < steps; ++i) {
      step(next, at);
      for (int64_t b = 0; b < B; ++b) next[size_t(b)] = best(int(b));
      for (llama_pos& p : at) ++p;
    }
    return now() - begin;
  }
  void logits(int64_t n, const std::string& path) {
    prefill(n);
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(llama_get_logits_ith(context, -1)), std::streamsize(V * sizeof(float)));
  }

  std::vector<llama_token> tokens_of(const std::string& text, bool add_special) const {
    std::vector<llama_token> ids(text.size() + 8);
    ids.resize(size_t(
        llama_tokenize(vocab, text.data(), int32_t(text.size()), ids.data(), int32_t(ids.size()), add_special, false)));
    return ids;
  }
  void first(const std::string& text) {
    open(512);
    std::vector<llama_token> ids = tokens_of(text, true);
    decode(llama_batch_get_one(ids.data(), int32_t(ids.size())));
    char piece[128];
    const int n = llama_token_to_piece(vocab, best(-1), piece, sizeof piece, 0, false);
    std::fwrite(piece, 1, size_t(std::max(0, n)), stdout);
    std::fflush(stdout);
  }
  void perplexity(const std::string& path, int64_t window) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::vector<llama_token> ids = tokens_of(text, true);
    const bool bos = llama_vocab_get_add_bos(vocab);
    double loss = 0;
    int64_t count = 0;
    for (size_t begin = 0; begin + size_t(window) <= ids.size(); begin += size_t(window)) {
      open(window);
      llama_batch batch = llama_batch_init(int32_t(window), 0, 1);
      batch.n_tokens = int32_t(window);
      for (int32_t i = 0; i < window; ++i) {
        batch.token[i] = i == 0 && bos ? llama_vocab_bos(vocab) : ids[begin + size_t(i)];
        batch.pos[i] = i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = i >= window / 2;
      }
      decode(batch);
      llama_batch_free(batch);
      for (int64_t i = window / 2; i + 1 < window; ++i, ++count) {
        const float* row = llama_get_logits_ith(context, int32_t(i));
        const float top = *std::max_element(row, row + V);
        double sum = 0;
        for (int v = 0; v < V; ++v) sum += std::exp(double(row[v] - top));
        loss += std::log(sum) + top - row[ids[begin + size_t(i) + 1]];
      }
    }
    std::printf("{\"perplexity\": %.5f, \"tokens\": %lld}\n", std::exp(loss / double(count)), (long long)count);
  }

  std::string answer(std::istringstream& line) {
    std::string what, file;
    int64_t n = 0, steps = 0;
    double seconds = 0;
    line >> what >> n;
    std::ostringstream out;
    out.precision(9);
    if (what == "logits" && line >> file) {
      logits(n, file);
      out << "{\"file\": \"" << file << "\"}";
    } else if (what == "prefill") {
      out << "{\"seconds\": " << prefill(n) << "}";
    } else if (what == "decode") {
      greedy(n + 1, &seconds);
      out << "{\"seconds\": " << seconds << "}";
    } else if (what == "greedy") {
      out << "{\"ids\": [";
      const char* comma = "";
      for (const llama_token id : greedy(n, &seconds)) {
        out << comma << id;
        comma = ", ";
      }
      out << "]}";
    } else if (what == "batch" && line >> steps) {
      seconds = batch(n, steps);
      out << "{\"seconds\": " << seconds << ", \"tokens\": " << n * steps << "}";
    } else {
      throw std::runtime_error("what is '" + what + "'?");
    }
    return out.str();
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  llama_backend_init();
  try {
    Side side(argv[1], std::stoi(argv[2]));
    if (argc == 5 && !std::strcmp(argv[3], "first")) return side.first(argv[4]), 0;
    if (argc == 6 && !std::strcmp(argv[3], "perplexity")) return side.perplexity(argv[4], std::stoll(argv[5])), 0;
    std::cout << "{\"ready\": \"llama.cpp\"}" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
      std::cout << side.answer(words) << std::endl;
    }
  } catch (const std::exception& e) {
    std::cout << "{\"error\": \"" << e.what() << "\"}" << std::endl;
    return 1;
  }
}
