// SPDX-License-Identifier: MIT
#include "train/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "train/recipe_fields.h"

namespace quern {
namespace {

using testing::HasSubstr;

constexpr char kTiny[] = R"([run]
name = "tiny"
[model]
family = "gpt2"
layers = 4
width = 128
heads = 4
[data]
village_size = "3 MB"
[train]
steps = 2_000
tokens = 1e7   # a whole number, written as people do
lr = 1
)";

std::string refusal(const std::string& toml, const std::vector<std::string>& overrides = {}) {
  try {
    parse_recipe(toml, "r.toml", overrides);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidRecipe);
    EXPECT_EQ(e.exit_code(), 2);
    return e.what();
  }
  ADD_FAILURE() << "not refused: " << toml;
  return "";
}

TEST(Recipe, ReadsValuesAndKeepsDefaultsForTheRest) {
  const Recipe r = parse_recipe(kTiny, "r.toml");
  EXPECT_EQ(r.run.name, "tiny");
  EXPECT_EQ(r.model.layers, 4);
  EXPECT_EQ(r.data.village_size, 3'000'000);
  EXPECT_EQ(r.train.tokens, 10'000'000);
  EXPECT_EQ(r.train.lr, 1.0);
  EXPECT_EQ(r.train.beta2, 0.95);
  EXPECT_EQ(r.run.seed, 1234);
  EXPECT_TRUE(r.is_set("train.lr"));
  EXPECT_FALSE(r.is_set("train.beta2"));
  EXPECT_EQ(r.place("train.steps"), "r.toml:11: train.steps");
}

TEST(Recipe, UnknownKeyNamesFileLineAndNearestKey) {
  const std::string message = refusal("[train]\n\nsteps = 1\nbatch_row = 3\n");
  EXPECT_THAT(message, HasSubstr("r.toml:4: unknown key 'train.batch_row'"));
  EXPECT_THAT(message, HasSubstr("did you mean train.batch_rows?"));
  EXPECT_THAT(refusal("[trian]\nsteps = 1\n"), HasSubstr("r.toml:1: unknown section 'trian'"));
  EXPECT_THAT(refusal("[trian]\nsteps = 1\n"), HasSubstr("did you mean [train]?"));
}

TEST(Recipe, KeyInTheWrongSectionIsSentHome) {
  EXPECT_THAT(refusal("[model]\nlr = 0.1\n"), HasSubstr("did you mean train.lr?"));
  EXPECT_THAT(refusal("lr = 0.1\n"), HasSubstr("the key is train.lr"));
}

TEST(Recipe, WrongTypesAreNamed) {
  EXPECT_THAT(refusal("[train]\nsteps = \"many\"\n"),
              HasSubstr("r.toml:2: train.steps must be an integer, found a string"));
  EXPECT_THAT(refusal("[train]\nlr = true\n"), HasSubstr("must be a number, found true/false"));
  EXPECT_THAT(refusal("[train]\nkeep_best = 1\n"), HasSubstr("must be true or false, found an integer"));
  EXPECT_THAT(refusal("[train]\nsample_prompts = [1]\n"), HasSubstr("must be a string, found an integer"));
  EXPECT_THAT(refusal("train = 3\n"), HasSubstr("'train' must be a section"));
  EXPECT_THAT(refusal("[[train]]\nsteps = 3\n"), HasSubstr("'train' must be a section"));
  EXPECT_THAT(refusal("[train]\nsteps = 1.5\n"), HasSubstr("must be a whole number"));
  EXPECT_THAT(refusal("[train.steps]\nx = 1\n"), HasSubstr("found a table"));
}

TEST(Recipe, ImpossibleValuesNameTheNearestPossibleOne) {
  EXPECT_THAT(refusal("[train]\nbeta1 = 1.0\n"), HasSubstr("the nearest possible value is 0.9999999"));
  EXPECT_THAT(refusal("[train]\nlr = nan\n"), HasSubstr("is impossible"));
  EXPECT_THAT(refusal("[train]\nsteps = -1\n"), HasSubstr("the nearest possible value is 0"));
  EXPECT_THAT(refusal("[train]\nsteps = 1e300\n"), HasSubstr("is impossible"));
  EXPECT_THAT(refusal("[train]\nprecision = \"int9\"\n"), HasSubstr("did you mean \"int8\"?"));
  EXPECT_THAT(refusal("[data]\nvillage_size = \"30 potatoes\"\n"), HasSubstr("is not a size"));
}

TEST(Recipe, CombinationsThatCannotBeNameTheField) {
  const std::string size = "[model]\nlayers = 2\nwidth = 64\nheads = 4\n",
                    end = "[train]\nsteps = 10\nwarmup_steps = 0\n";
  EXPECT_NO_THROW(parse_recipe(size + end, "r.toml"));
  EXPECT_THAT(refusal(size + "kv_heads = 3\n" + end), HasSubstr("r.toml:5: model.kv_heads = 3 must divide heads = 4"));
  EXPECT_THAT(refusal(size + end + "micro_batch_rows = 5\n"), HasSubstr("must divide batch_rows = 16"));
  EXPECT_THAT(refusal(size + end, {"train.warmup_steps=11"}), HasSubstr("--set: train.warmup_steps = 11 is more than"));
  EXPECT_THAT(refusal(size), HasSubstr("train.steps or tokens, epochs or minutes must say when"));
  EXPECT_THAT(refusal(end), HasSubstr("must say how large the model is"));
  EXPECT_THAT(refusal(size + end, {"run.name=../x"}), HasSubstr("can't name a folder"));
  EXPECT_THAT(refusal(size + end, {"model.heads=3"}), HasSubstr("must divide width = 64"));
}

TEST(Recipe, OverridesWinAndAreCheckedTheSame) {
  const Recipe r = parse_recipe(
      kTiny, "r.toml",
      {"train.lr=3e-4", "run.name=1234", "data.source=some/folder with spaces", "train.keep_best=false",
       "data.max_bytes=2MiB", "train.sample_prompts=[\"a\", \"b\"]", "model.family='llama'", " run.seed = 5 "});
  EXPECT_EQ(r.train.lr, 3e-4);
  EXPECT_EQ(r.run.name, "1234");
  EXPECT_EQ(r.data.source, "some/folder with spaces");
  EXPECT_FALSE(r.train.keep_best);
  EXPECT_EQ(r.data.max_bytes, 2 << 20);
  EXPECT_EQ(r.train.sample_prompts, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(r.model.family, "llama");
  EXPECT_EQ(r.run.seed, 5);
  EXPECT_THAT(refusal(kTiny, {"train.lrr=1"}), HasSubstr("--set train.lrr=1: unknown key 'train.lrr'"));
  EXPECT_THAT(refusal(kTiny, {"train.lrr=1"}), HasSubstr("did you mean train.lr?"));
  EXPECT_THAT(refusal(kTiny, {"train.lr"}), HasSubstr("section.key=value"));
  EXPECT_THAT(refusal(kTiny, {"train.lr="}), HasSubstr("can't read the value"));
  EXPECT_THAT(refusal(kTiny, {"train.lr=1\nx = 2"}), HasSubstr("one value is expected"));
  EXPECT_THAT(refusal(kTiny, {"data.source=\xff\xfe"}), HasSubstr("can't read the value"));
}

TEST(Recipe, WrittenRecipeReadsBackToTheSameValues) {
  Recipe r = parse_recipe(kTiny, "r.toml");
  r.train.lr = 0.1 + 0.2;
  r.data.source = "a \"quoted\" \\ name\n\tand 中文 \x01";
  r.train.sample_prompts = {"Once upon", "他说：“好”"};
  const Recipe back = parse_recipe(r.to_toml(), "back.toml");
  EXPECT_EQ(back.to_json().dump(), r.to_json().dump());
  EXPECT_EQ(back.train.lr, r.train.lr);
}

TEST(Recipe, EveryDefaultLiesWithinItsOwnLimits) {
  Recipe r;
  r.model.depth = 4;
  EXPECT_NO_THROW(parse_recipe(r.to_toml(), "defaults.toml"));
}

TEST(Recipe, BrokenTomlNamesThePlace) {
  EXPECT_THAT(refusal("[train]\nsteps = \n"), HasSubstr("r.toml:2:"));
  EXPECT_THAT(refusal("[train]\nsteps = 1\nsteps = 2\n"), HasSubstr("r.toml:3:"));
  EXPECT_THAT(refusal("[tr\xff]\n"), HasSubstr("not valid TOML"));
  EXPECT_THAT(refusal("[$ata]\nx = 1\n"), HasSubstr("r.toml:1:"));  // no assertion of the library's
  EXPECT_THAT(refusal(std::string("[train]\nsteps = 1\0\n", 19)), HasSubstr("not valid TOML"));
  EXPECT_THAT(refusal("[train]\nsample_prompts = " + std::string(5000, '[')), HasSubstr("not valid TOML"));
  EXPECT_THAT(refusal(std::string(2 << 20, '#')), HasSubstr("too large"));
}

TEST(Recipe, ByteOrderMarkAndWindowsLineEndsAreFine) {
  const Recipe r =
      parse_recipe("\xEF\xBB\xBF[model]\r\ndepth = 4\r\n[train]\r\nsteps = 7\r\nwarmup_steps = 1\r\n", "r.toml");
  EXPECT_EQ(r.train.steps, 7);
}

TEST(Recipe, MissingFileIsNotFound) {
  try {
    read_recipe("no/such/recipe.toml");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::NotFound);
  }
}

}  // namespace
}  // namespace quern
