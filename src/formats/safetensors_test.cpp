// SPDX-License-Identifier: MIT
#include "formats/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "base/rng.h"

namespace quern {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string file_bytes(const std::string& header, const std::string& data = "") {
  std::string out;
  for (int i = 0; i < 8; ++i) out += char(header.size() >> (8 * i) & 0xff);
  return out + header + data;
}

// What open() says about a file of these bytes; empty when it is accepted.
std::string complaint(const std::string& bytes) {
  const TemporaryDirectory dir;
  write_file(dir.path() / "x.safetensors", bytes);
  try {
    SafetensorsFile::open(dir.path() / "x.safetensors");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidModel) << e.what();
    return e.what();
  }
  return "";
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, int64_t begin,
                  int64_t end) {
  return fmt::format(R"("{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", name, dtype, shape, begin, end);
}

std::span<const std::byte> as_bytes(const std::vector<float>& v) { return std::as_bytes(std::span(v)); }

TEST(Safetensors, ReadsBackWhatItWroteAlignedAndSorted) {
  const TemporaryDirectory dir;
  const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {-1};
  const std::vector<uint8_t> c = {7, 8, 9};
  const std::vector<int64_t> d = {-5};
  const fs::path path = dir.path() / "x.safetensors";
  save_safetensors(path, {{"c", DType::u8, {3}, std::as_bytes(std::span(c))},
                          {"b \"quoted\" \u4e2d", DType::f32, {}, as_bytes(b)},
                          {"d", DType::i64, {1}, std::as_bytes(std::span(d))},
                          {"a", DType::f32, {2, 3}, as_bytes(a)},
                          {"empty", DType::bf16, {0, 7}, {}}});
  const SafetensorsFile file = SafetensorsFile::open(path);
  std::vector<std::string> names;
  for (const auto& t : file.tensors()) {
    names.push_back(t.name);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(t.bytes.data()) % size_t(info(t.dtype()).block_bytes), 0u) << t.name;
  }
  EXPECT_THAT(names, ElementsAre("d", "a", "b \"quoted\" \u4e2d", "empty", "c"));
  EXPECT_THAT(file.at("a").shape, ElementsAre(2, 3));
  EXPECT_EQ(std::memcmp(file.at("a").bytes.data(), a.data(), 24), 0);
  EXPECT_EQ(file.at("empty").num_values(), 0);
  EXPECT_EQ(file.at("b \"quoted\" \u4e2d").num_values(), 1);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.find("nothing"), nullptr);
  EXPECT_THROW(file.at("nothing"), Error);
}

TEST(Safetensors, ProducedPiecesGiveTheSameFileAsBytesAtOnce) {
  const TemporaryDirectory dir;
  const std::vector<float> a(700'000, 0.5f);  // more than two of the writer's chunks
  save_safetensors(dir.path() / "whole.safetensors", {{"a", DType::f32, {700, 1000}, as_bytes(a)}});
  save_safetensors(dir.path() / "pieces.safetensors", {{"a", DType::f32, {700, 1000}, {}, [&](const ByteSink& sink) {
                                                          for (size_t row = 0; row < 700; ++row)
                                                            sink(as_bytes(a).subspan(row * 4000, 4000));
                                                        }}});
  EXPECT_EQ(read_file(dir.path() / "whole.safetensors"), read_file(dir.path() / "pieces.safetensors"));
}

TEST(Safetensors, ShardedModelReadsBackAndNoShardExceedsTheLimit) {
  const TemporaryDirectory dir;
  const std::vector<float> values = Rng(1).normal(4000);
  std::vector<SafetensorsSource> sources;
  for (int l = 0; l < 7; ++l)
    sources.push_back({fmt::format("layer.{}", l), DType::f32, {100}, as_bytes(values).subspan(size_t(l) * 400, 400)});
  const auto files = save_safetensors_model(dir.path(), sources, 900);
  ASSERT_EQ(files.size(), 5u);  // two of 400 bytes each, and the index
  EXPECT_EQ(files[0].filename(), "model-00001-of-00004.safetensors");
  const SafetensorsModel model = SafetensorsModel::open(dir.path());
  ASSERT_EQ(model.tensors().size(), 7u);
  EXPECT_EQ(model.files().size(), 4u);
  for (size_t l = 0; l < 7; ++l)
    EXPECT_EQ(std::memcmp(model.at(fmt::format("layer.{}", l)).bytes.data(), values.data() + l * 100, 400), 0);
  EXPECT_EQ(model.find("layer.7"), nullptr);
}

TEST(Safetensors, OneTensorTwiceIsRefusedWhenWriting) {
  const TemporaryDirectory dir;
  const std::vector<float> a = {1};
  EXPECT_THROW(
      save_safetensors(dir.path() / "x", {{"a", DType::f32, {1}, as_bytes(a)}, {"a", DType::f32, {1}, as_bytes(a)}}),
      Error);
  EXPECT_THROW(save_safetensors(dir.path() / "x", {{"a", DType::q4_0, {32}, {}}}), Error);
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

TEST(Safetensors, WrongByteCountIsABugAndLeavesNoFile) {
  const TemporaryDirectory dir;
  const std::vector<float> a = {1, 2};
  EXPECT_ANY_THROW(save_safetensors(dir.path() / "x", {{"a", DType::f32, {3}, as_bytes(a)}}));
  EXPECT_TRUE(fs::is_empty(dir.path()));
}

TEST(SafetensorsDamage, EachDefectIsNamed) {
  const std::string d8(8, 'x');
  EXPECT_EQ(complaint(file_bytes("{" + entry("a", "F32", "2", 0, 8) + "}", d8)), "");
  EXPECT_EQ(complaint(file_bytes("{}")), "");
  EXPECT_THAT(complaint(""), HasSubstr("too few"));
  EXPECT_THAT(complaint("1234567"), HasSubstr("too few"));
  EXPECT_THAT(complaint(std::string(8, '\xff')), HasSubstr("the header claims 18446744073709551615 bytes"));
  EXPECT_THAT(complaint(file_bytes("{}").substr(0, 9)), HasSubstr("the header claims 2 bytes"));
  EXPECT_THAT(complaint(file_bytes("")), HasSubstr("does not start"));
  EXPECT_THAT(complaint(file_bytes(" {}")), HasSubstr("does not start"));
  EXPECT_THAT(complaint(file_bytes("[]")), HasSubstr("does not start"));
  EXPECT_THAT(complaint(file_bytes("{")), HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint(file_bytes("{}{}")), HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint(file_bytes("{\"\xff\":1}")), HasSubstr("not valid JSON"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F31", "2", 0, 8) + "}", d8)),
              HasSubstr("tensor 'a' has the unknown dtype 'F31'"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "2", 0, 8) + "}", d8 + "y")), HasSubstr("1 bytes follow"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "2", 0, 8) + "}", "short")),
              HasSubstr("ends at byte 8 of the data, the file holds only 5"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "3", 0, 8) + "}", d8)), HasSubstr("needs 12 bytes"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F4", "1", 0, 8) + "}", d8)), HasSubstr("bytes for its shape"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "2", 8, 0) + "}", d8)), HasSubstr("before it begins"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "4294967296,4294967296", 0, 8) + "}", d8)),
              HasSubstr("63 bits"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "0,4294967296,4294967296", 0, 0) + "}")),
              HasSubstr("63 bits"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "-2", 0, 8) + "}", d8)), HasSubstr("negative"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "2.0", 0, 8) + "}", d8)), HasSubstr("fraction"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "F32", "18446744073709551615", 0, 8) + "}", d8)),
              HasSubstr("63 bits"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "U8", "5", 0, 5) + "," + entry("b", "U8", "4", 4, 8) + "}", d8)),
              HasSubstr("'b' starts at byte 4 of the data and overlaps 'a'"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "U8", "3", 0, 3) + "," + entry("b", "U8", "4", 4, 8) + "}", d8)),
              HasSubstr("'b' starts at byte 4 of the data and leaves a gap after 'a'"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("b", "U8", "4", 4, 8) + "}", d8)), HasSubstr("after 'the header'"));
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "U8", "4", 0, 4) + "," + entry("a", "U8", "4", 4, 8) + "}", d8)),
              HasSubstr("the name 'a' occurs twice"));
  EXPECT_THAT(complaint(file_bytes(R"({"a":{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}})", d8)),
              HasSubstr("twice"));
  EXPECT_THAT(complaint(file_bytes(R"({"a":{"dtype":"U8","shape":[8]}})", d8)), HasSubstr("lacks"));
  EXPECT_THAT(complaint(file_bytes(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0]}})", d8)),
              HasSubstr("1 data_offsets"));
  EXPECT_THAT(complaint(file_bytes(R"({"a":{"dtype":["U8"],"shape":[8],"data_offsets":[0,8]}})", d8)),
              HasSubstr("an array where none belongs"));
  EXPECT_THAT(complaint(file_bytes(R"({"a":{"dtype":"U8","shape":[[8]],"data_offsets":[0,8]}})", d8)),
              HasSubstr("an array where none belongs"));
  EXPECT_THAT(complaint(file_bytes(R"({"a":1})")), HasSubstr("a number where none belongs"));
  EXPECT_THAT(complaint(file_bytes(R"({"__metadata__":{"a":1}})")), HasSubstr("a number where none belongs"));
  EXPECT_THAT(complaint(file_bytes(R"({"__metadata__":{"a":{}}})")), HasSubstr("an object where none belongs"));
  std::string ones;
  for (int i = 0; i < 65; ++i) ones += i ? ",1" : "1";
  EXPECT_THAT(complaint(file_bytes("{" + entry("a", "U8", ones, 0, 1) + "}", "x")), HasSubstr("64 dimensions"));
  EXPECT_THAT(complaint(file_bytes("{\"a\":" + std::string(100'000, '['))), HasSubstr("an array where none belongs"));
}

TEST(SafetensorsDamage, ControlCharactersOfAHostileNameDoNotReachTheTerminal) {
  const std::string text = complaint(file_bytes(R"({"\u001b[2J":1})"));
  EXPECT_THAT(text, HasSubstr("?[2J"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(SafetensorsDamage, EveryCutOfAValidFileIsRefused) {
  const std::string whole =
      file_bytes("{" + entry("a", "F32", "2", 0, 8) + "," + entry("b", "U8", "1", 8, 9) + "}", "123456789");
  ASSERT_EQ(complaint(whole), "");
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_NE(complaint(whole.substr(0, n)), "") << n;
}

TEST(SafetensorsDamage, RandomDamageGivesAnErrorOrTensorsInsideTheFile) {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},)" + entry("a", "F32", "2", 0, 8) + "," + entry("b", "U8", "1", 8, 9) + "}";
  const std::string data = "123456789";
  Rng rng(5);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = header;
    for (uint64_t n = 1 + rng.below(3); n > 0; --n) damaged[rng.below(damaged.size())] = char(rng.below(256));
    try {
      const auto tensors = parse_safetensors_header(damaged, std::as_bytes(std::span(data)), "x", nullptr);
      size_t total = 0;
      for (const auto& t : tensors) total += t.bytes.size();
      EXPECT_EQ(total, data.size());
      ++accepted;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidModel);
    }
  }
  EXPECT_GT(accepted, 0);  // some damage lies in a name only
}

TEST(Safetensors, DtypeWithoutArithmeticIsUnsupportedOnlyWhenAskedFor) {
  const TemporaryDirectory dir;
  write_file(dir.path() / "x", file_bytes("{" + entry("a", "I16", "2", 0, 4) + "}", "1234"));
  const SafetensorsFile file = SafetensorsFile::open(dir.path() / "x");
  EXPECT_EQ(file.at("a").dtype_name, "I16");
  try {
    file.at("a").dtype();
    FAIL() << "I16 was given a dtype";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Unsupported);
  }
}

class SafetensorsIndex : public testing::Test {
 protected:
  TemporaryDirectory dir;
  void SetUp() override {
    const std::vector<float> a = {1};
    save_safetensors(dir.path() / "s1.safetensors", {{"a", DType::f32, {1}, as_bytes(a)}});
  }
  std::string complaint_about(const std::string& index) {
    write_file(dir.path() / "model.safetensors.index.json", index);
    try {
      SafetensorsModel::open(dir.path());
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
};

TEST_F(SafetensorsIndex, EachDefectIsNamed) {
  EXPECT_EQ(complaint_about(R"({"weight_map":{"a":"s1.safetensors"}})"), "");
  EXPECT_THAT(complaint_about("{"), HasSubstr("weight_map"));
  EXPECT_THAT(complaint_about("[]"), HasSubstr("weight_map"));
  EXPECT_THAT(complaint_about(R"({"weight_map":[]})"), HasSubstr("weight_map"));
  EXPECT_THAT(complaint_about(R"({"weight_map":{"b":"s1.safetensors"}})"), HasSubstr("does not hold it"));
  EXPECT_THAT(complaint_about(R"({"weight_map":{"a":"s2.safetensors"}})"), HasSubstr("is missing"));
  EXPECT_THAT(complaint_about(R"({"weight_map":{"a":"s1.safetensors","a":"s1.safetensors"}})"), HasSubstr("twice"));
  EXPECT_THAT(complaint_about(std::string(100'000, '[')), HasSubstr("nested too deeply"));
  for (const char* name : {"../s1.safetensors", "/etc/passwd", "..", "", "x/s1.safetensors", "a\\\\b", "s\\u0000x"})
    EXPECT_THAT(complaint_about(fmt::format(R"({{"weight_map":{{"a":"{}"}}}})", name)), HasSubstr("plain file name"))
        << name;
}

TEST(SafetensorsModel, FolderWithoutWeightsIsNotFound) {
  const TemporaryDirectory dir;
  try {
    SafetensorsModel::open(dir.path());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::NotFound);
  }
}

}  // namespace
}  // namespace quern
