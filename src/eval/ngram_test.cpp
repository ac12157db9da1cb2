// SPDX-License-Identifier: MIT
#include "eval/ngram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/rng.h"

namespace quern {
namespace {

using Gram = std::vector<int32_t>;

// The slow, obvious version, straight from Chen & Goodman 1999, section 3: maps of n-grams.
struct PlainKneserNey {
  std::vector<std::map<Gram, double>>
      adjusted;  // [k]: counts of k-grams, or continuation counts below the highest order
  std::vector<std::array<double, 4>> D;
  int order;
  double V;

  PlainKneserNey(const std::vector<int32_t>& tokens, int64_t vocab, int n)
      : adjusted(size_t(n) + 1), D(size_t(n) + 1), order(n), V(double(vocab)) {
    for (int k = 1; k <= n; ++k) {
      std::set<Gram> longer;
      for (size_t i = 0; i + size_t(k) <= tokens.size(); ++i) {
        const Gram gram(tokens.begin() + int64_t(i), tokens.begin() + int64_t(i) + k);
        if (k == n)
          ++adjusted[size_t(k)][gram];
        else
          adjusted[size_t(k)][gram] += 0;
      }
      if (k == n) break;
      for (size_t i = 0; i + size_t(k) + 1 <= tokens.size(); ++i)
        longer.insert(Gram(tokens.begin() + int64_t(i), tokens.begin() + int64_t(i) + k + 1));
      for (const Gram& gram : longer) ++adjusted[size_t(k)][Gram(gram.begin() + 1, gram.end())];
    }
    for (int k = 1; k <= n; ++k) {
      double c[5] = {};
      for (const auto& [gram, a] : adjusted[size_t(k)])
        if (a >= 1 && a <= 4) ++c[int(a)];
      const double Y = c[1] + 2 * c[2] > 0 ? c[1] / (c[1] + 2 * c[2]) : 0;
      for (int j = 1; j <= 3; ++j) {
        const double d = c[j] > 0 ? j - (j + 1) * Y * c[j + 1] / c[j] : 0;
        D[size_t(k)][size_t(j)] = d > 0 && d < j ? d : 0.5 * j;
      }
    }
  }
  double discount(int k, double a) const { return a <= 0 ? 0 : D[size_t(k)][size_t(std::min(a, 3.0))]; }
  double p(const Gram& context, int32_t w) const {
    const int k = int(context.size()) + 1;
    const double lower = context.empty() ? 1 / V : p(Gram(context.begin() + 1, context.end()), w);
    double sum = 0, given_up = 0, mine = 0;
    for (int32_t v = 0; v < int32_t(V); ++v) {
      Gram gram = context;
      gram.push_back(v);
      const auto it = adjusted[size_t(k)].find(gram);
      const double a = it == adjusted[size_t(k)].end() ? 0 : it->second;
      sum += a;
      given_up += discount(k, a);
      if (v == w) mine = a - discount(k, a);
    }
    return sum == 0 ? lower : mine / sum + given_up / sum * lower;
  }
};

std::vector<int32_t> random_text(size_t n, int64_t V, uint64_t seed) {
  Rng rng(seed);
  std::vector<int32_t> out;
  for (size_t i = 0; i < n; ++i)  // words depend on the two before, so that every order matters
    out.push_back(i < 2 || rng.chance(0.3) ? int32_t(rng.below(uint64_t(V)) * rng.below(uint64_t(V)) / uint64_t(V))
                                           : (out[i - 1] * 3 + out[i - 2]) % int32_t(V));
  return out;
}

TEST(Ngram, MatchesThePlainDefinitionForEveryOrder) {
  for (int order = 1; order <= 5; ++order) {
    const auto text = random_text(400, 9, uint64_t(order));
    const NgramModel model(text, 10, order);  // one word is never seen
    const PlainKneserNey plain(text, 10, order);
    const auto other = random_text(60, 10, 99);
    for (size_t i = 0; i < other.size(); ++i) {
      const size_t from = i >= size_t(order) - 1 ? i - (size_t(order) - 1) : 0;
      const Gram context(other.begin() + int64_t(from), other.begin() + int64_t(i));
      // inverse sums and back-off weights are kept as floats
      EXPECT_NEAR(model.probability(context, other[i]) / plain.p(context, other[i]), 1, 1e-5);
    }
  }
}

TEST(Ngram, ProbabilitiesSumToOneAfterAnyContext) {
  const NgramModel model(random_text(3000, 20, 1), 25);
  Rng rng(2);
  for (int i = 0; i < 50; ++i) {
    Gram context;
    for (int64_t k = rng.between(0, 6); k > 0; --k) context.push_back(int32_t(rng.below(25)));
    double sum = 0;
    for (int32_t w = 0; w < 25; ++w) sum += model.probability(context, w);
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST(Ngram, BitsAreTheSumOverTokens) {
  const NgramModel model(random_text(3000, 20, 1), 25);
  const auto text = random_text(200, 20, 5);
  std::vector<float> parts(text.size());
  const double total = model.bits(text, parts);
  double sum = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    sum += double(parts[i]);
    EXPECT_NEAR(double(parts[i]), -std::log2(model.probability(std::span(text).first(i), text[i])), 1e-4);
  }
  EXPECT_NEAR(sum, total, 1e-3);
}

TEST(Ngram, RepetitionIsCheapAndNoiseCostsItsEntropy) {
  std::vector<int32_t> loop;
  for (int i = 0; i < 5000; ++i) loop.push_back(i % 50);
  EXPECT_LT(NgramModel(loop, 50).bits(loop) / 5000, 0.1);
  Rng rng(1);
  std::vector<int32_t> noise;
  for (int i = 0; i < 40000; ++i) noise.push_back(int32_t(rng.below(16)));
  const std::span all(noise);
  EXPECT_NEAR(NgramModel(all.first(20000), 16).bits(all.last(20000)) / 20000, 4.0, 0.25);
}

TEST(Ngram, HandlesTinyAndBadInput) {
  EXPECT_NEAR(NgramModel({}, 8).bits(std::vector<int32_t>{1, 2}), 6, 1e-9);
  EXPECT_GT(NgramModel(std::vector<int32_t>{3, 3, 3}, 8).probability({}, 3), 1.0 / 8);
  EXPECT_THROW(NgramModel(std::vector<int32_t>{8}, 8), std::exception);
  EXPECT_THROW(NgramModel(std::vector<int32_t>{1}, 8, 9), std::exception);
}

TEST(Ngram, ScoresAStoreInBitsPerByte) {
  std::vector<std::vector<int32_t>> train, validation;
  for (int i = 0; i < 200; ++i) (i % 10 ? train : validation).push_back(random_text(50, 20, uint64_t(i)));
  const std::vector<uint16_t> bytes(21, 2);
  const auto score =
      score_ngram(TokenStore::from_documents(train, bytes, 20), TokenStore::from_documents(validation, bytes, 20));
  EXPECT_EQ(score.tokens, 20u * 51u);
  EXPECT_EQ(score.bytes, 20u * 100u);
  EXPECT_NEAR(score.bits_per_byte() * 100 / 51, score.bits_per_token(), 1e-9);
  EXPECT_LT(score.bits_per_token(), std::log2(21.0));
}

}  // namespace
}  // namespace quern
