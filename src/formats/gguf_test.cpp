// SPDX-License-Identifier: MIT
#include "formats/gguf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"

namespace quern {
namespace {
using ::testing::HasSubstr;

GgufMetadata all_kinds() {
  GgufMetadata m;
  m.add("general.architecture", GgufValue::text("llama"));
  m.add("a.u32", GgufValue::u32(7));
  m.add("a.i32", GgufValue::i32(-7));
  m.add("a.f32", GgufValue::f32(0.5f));
  m.add("a.true", GgufValue::boolean(true));
  m.add("a.texts", GgufValue::texts(std::vector<std::string>{"one", "", "three"}));
  m.add("a.i32s", GgufValue::i32s(std::vector<int32_t>{1, -2, 3}));
  m.add("a.f32s", GgufValue::f32s(std::vector<float>{0.25f, -1}));
  // Lists in a list: [[1, 2], ["x"]], put together by hand from the description of the format.
  GgufValue nested{.type = GgufType::array, .element = GgufType::array, .count = 2};
  const auto number = [&](auto value) { nested.bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  number(uint32_t(GgufType::u8)), number(uint64_t{2}), number(uint8_t{1}), number(uint8_t{2});
  number(uint32_t(GgufType::string)), number(uint64_t{1}), number(uint64_t{1}), number('x');
  m.add("a.nested", nested);
  return m;
}

Tensor counting(Shape shape) {
  Tensor t = Tensor::empty(shape);
  for (size_t i = 0; i < t.span().size(); ++i) t.span()[i] = float(i) - 3;
  return t;
}

GgufSource source(const std::string& name, const Tensor& t) {
  return {.name = name, .dtype = t.dtype(), .shape = t.shape(), .produce = [t] { return t; }};
}

std::string bytes_of(const GgufMetadata& metadata, const std::vector<GgufSource>& tensors) {
  const TemporaryDirectory dir;
  save_gguf(dir.path() / "x.gguf", metadata, tensors);
  return read_file(dir.path() / "x.gguf");
}

GgufHeader parse(const std::string& bytes) { return parse_gguf(std::as_bytes(std::span(bytes)), "x.gguf"); }

std::string error_of(const std::string& bytes, ErrorKind kind = ErrorKind::InvalidModel) {
  try {
    parse(bytes);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.message();
    return e.message();
  }
  ADD_FAILURE() << "no error";
  return {};
}

std::string small_file() {
  return bytes_of(all_kinds(), {source("a.weight", counting({2, 3})), source("b.weight", counting({5}))});
}

TEST(Gguf, GivesBackEveryKindOfValue) {
  const GgufHeader h = parse(small_file());
  EXPECT_EQ(h.version, 3u);
  EXPECT_EQ(h.metadata.text("general.architecture"), "llama");
  EXPECT_EQ(h.metadata.integer("a.u32"), 7);
  EXPECT_EQ(h.metadata.integer("a.i32"), -7);
  EXPECT_EQ(h.metadata.number("a.f32"), 0.5);
  EXPECT_EQ(h.metadata.boolean("a.true"), true);
  EXPECT_THAT(*h.metadata.texts("a.texts"), ::testing::ElementsAre("one", "", "three"));
  EXPECT_THAT(*h.metadata.numbers("a.i32s"), ::testing::ElementsAre(1, -2, 3));
  EXPECT_THAT(*h.metadata.numbers("a.f32s"), ::testing::ElementsAre(0.25, -1));
  const auto lists = *h.metadata.find("a.nested")->as_items();
  ASSERT_EQ(lists.size(), 2u);
  EXPECT_THAT(*lists[0].as_numbers(), ::testing::ElementsAre(1, 2));
  EXPECT_THAT(*lists[1].as_texts(), ::testing::ElementsAre("x"));
  EXPECT_FALSE(h.metadata.integer("a.missing").has_value());
  EXPECT_THROW(h.metadata.integer("a.f32"), Error);
}

TEST(Gguf, WritesTensorsAlignedAndOutermostFirst) {
  const TemporaryDirectory dir;
  const Tensor a = counting({2, 3}), b = counting({5}), half = counting({4, 32}).to(DType::f16);
  save_gguf(dir.path() / "x.gguf", all_kinds(), {source("a", a), source("b", b), source("h", half)});
  const GgufFile file = GgufFile::open(dir.path() / "x.gguf");
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.find("a")->shape, (Shape{2, 3}));
  EXPECT_EQ(file.borrow(*file.find("a")).to_vector(), a.to_vector());
  EXPECT_EQ(file.borrow(*file.find("b")).to_vector(), b.to_vector());
  EXPECT_EQ(file.find("h")->type_name(), "F16");
  EXPECT_EQ(file.borrow(*file.find("h")).to_vector(), half.to_vector());
  EXPECT_EQ(file.find("c"), nullptr);
  for (const GgufTensor& t : file.tensors()) EXPECT_EQ(reinterpret_cast<uintptr_t>(t.bytes.data()) % 32, 0u) << t.name;
}

TEST(Gguf, SplitsBySizeAndReadsAllPartsFromAnyOfThem) {
  const TemporaryDirectory dir;
  std::vector<GgufSource> tensors;
  for (int i = 0; i < 5; ++i) tensors.push_back(source(fmt::format("t{}", i), counting({8, 8})));
  const auto files = save_gguf(dir.path() / "x.gguf", all_kinds(), tensors, /*max_part_bytes=*/600);
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[1].filename(), "x-00002-of-00003.gguf");
  for (const fs::path& part : files) {
    const GgufFile file = GgufFile::open(part);
    EXPECT_EQ(file.tensors().size(), 5u);
    EXPECT_EQ(file.metadata().text("general.architecture"), "llama");
    EXPECT_EQ(file.borrow(*file.find("t4")).to_vector(), counting({8, 8}).to_vector());
  }
  fs::remove(files[1]);
  EXPECT_THROW(GgufFile::open(files[0]), Error);
}

TEST(Gguf, RejectsAFileCutAnywhere) {
  const std::string whole = small_file();
  for (size_t size = 0; size < whole.size() - 12; ++size) {  // 12: padding behind the last tensor
    try {
      parse(whole.substr(0, size));
      ADD_FAILURE() << "read with " << size << " of " << whole.size() << " bytes";
      break;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidModel);
    }
  }
}

TEST(Gguf, NamesVersionsAndByteOrdersItDoesNotRead) {
  std::string bytes = small_file();
  bytes[4] = 1;
  EXPECT_THAT(error_of(bytes, ErrorKind::Unsupported), HasSubstr("version 1"));
  bytes[4] = 9;
  EXPECT_THAT(error_of(bytes, ErrorKind::Unsupported), HasSubstr("version 9"));
  bytes[4] = 0, bytes[7] = 3;
  EXPECT_THAT(error_of(bytes, ErrorKind::Unsupported), HasSubstr("big-endian"));
  bytes[0] = 'X';
  EXPECT_THAT(error_of(bytes), HasSubstr("no GGUF"));
}

TEST(Gguf, RejectsImpossibleCountsWithoutAllocatingThem) {
  std::string bytes = small_file();
  const uint64_t many = uint64_t{1} << 60;
  std::memcpy(bytes.data() + 8, &many, 8);
  EXPECT_THAT(error_of(bytes), HasSubstr("claims"));
  bytes = small_file();
  std::memcpy(bytes.data() + 16, &many, 8);
  EXPECT_THAT(error_of(bytes), HasSubstr("claims"));
  GgufMetadata m;
  m.add("a", {.type = GgufType::array, .element = GgufType::u64, .count = many, .bytes = "12345678"});
  EXPECT_THAT(error_of(bytes_of(m, {})), HasSubstr("elements"));
}

TEST(Gguf, RejectsWhatStandsTwiceOverlapsOrIsMisaligned) {
  const Tensor t = counting({8});
  EXPECT_THROW(bytes_of({}, {source("a", t), source("a", t)}), Error);
  std::string bytes = bytes_of({}, {source("aaaa", t), source("bbbb", t)});
  const size_t second = bytes.find("bbbb");
  std::string twice = bytes;
  twice.replace(second, 4, "aaaa");
  EXPECT_THAT(error_of(twice), HasSubstr("stands twice"));
  const size_t offset = second + 4 + 4 + 8 + 4;  // name, dims, one size, type
  std::string overlap = bytes;
  overlap[offset] = 0;
  EXPECT_THAT(error_of(overlap), HasSubstr("overlap"));
  std::string odd = bytes;
  odd[offset] = 33;
  EXPECT_THAT(error_of(odd), HasSubstr("no multiple"));
  std::string outside = bytes;
  outside[offset + 2] = 1;
  EXPECT_THAT(error_of(outside), HasSubstr("the file holds"));
  std::string huge = bytes;
  huge[offset - 4 - 1] = 0x7f;  // the size's highest byte
  EXPECT_THAT(error_of(huge), HasSubstr("impossible size"));
}

TEST(Gguf, AnUnknownTypeIsAnErrorOnlyWhereItIsNeeded) {
  std::string bytes = bytes_of({}, {source("aaaa", counting({8}))});
  bytes[bytes.find("aaaa") + 4 + 4 + 8] = 77;
  const GgufHeader h = parse(bytes);
  ASSERT_EQ(h.tensors.size(), 1u);
  EXPECT_EQ(h.tensors[0].type_name(), "type 77");
  EXPECT_THROW(h.tensors[0].dtype(), Error);
}

TEST(Gguf, EveryDtypeOfWeightsHasItsTypeOfTheSameSize) {
  for (int i = 0; i < kNumDTypes; ++i) {
    const DType dtype = DType(i);
    if (!is_quantised(dtype) && dtype != DType::f32 && dtype != DType::f16 && dtype != DType::bf16) continue;
    const GgmlType& type = ggml_type_of(dtype);
    EXPECT_EQ(type.block_size, info(dtype).block_size) << name(dtype);
    EXPECT_EQ(type.block_bytes, info(dtype).block_bytes) << name(dtype);
  }
}

}  // namespace
}  // namespace quern
