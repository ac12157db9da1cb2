// SPDX-License-Identifier: MIT
#include "formats/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "base/digest.h"
#include "base/files.h"
#include "formats/fake_hub_test.h"

namespace quern {
namespace {

using testing::HasSubstr;
using testing_hub::FakeHub;
using testing_hub::Served;

std::string some_bytes(size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = char((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::string sha256_of(const std::string& bytes) {
  Digest d;
  d.update(bytes);
  return d.hex();
}

class Fetching : public testing::Test {
 protected:
  FakeHub hub;
  TemporaryDirectory dir;
  HttpOptions quick{.token = "", .attempts = 3, .first_delay_s = 0.01, .stall_s = 5};
  fs::path target() const { return dir.path() / "file"; }

  std::string complaint(const Download& d) {
    try {
      download(d, quick);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
};

TEST_F(Fetching, GoesOnWhereTheConnectionBroke) {
  const std::string body = some_bytes(100000);
  hub.put("/f", {.body = body, .drop_after = 30000});
  download({.url = hub.url() + "/f", .to = target(), .size = body.size(), .sha256 = sha256_of(body)}, quick);
  EXPECT_EQ(read_file(target()), body);
  EXPECT_EQ(hub.times_asked("/f"), 4u);
  EXPECT_THAT(hub.asked()[3].headers, HasSubstr("Range: bytes=90000-"));
  EXPECT_FALSE(fs::exists(dir.path() / "file.part"));
}

TEST_F(Fetching, StartsAgainWhereTheServerKnowsNoRanges) {
  const std::string body = some_bytes(50000);
  write_file(dir.path() / "file.part", body.substr(0, 20000));
  hub.put("/f", {.body = body, .ranges = false});
  download({.url = hub.url() + "/f", .to = target(), .size = body.size(), .sha256 = sha256_of(body)}, quick);
  EXPECT_EQ(read_file(target()), body);
}

TEST_F(Fetching, APartOfAnotherVersionIsNotGlued) {
  const std::string body = some_bytes(50000);
  write_file(dir.path() / "file.part", some_bytes(20000, 9));
  hub.put("/f", {.body = body, .etag = "\"2\""});
  const Download known{.url = hub.url() + "/f", .to = target(), .size = body.size(), .sha256 = sha256_of(body)};
  download(known, quick);  // found by the checksum
  EXPECT_EQ(read_file(target()), body);
  fs::remove(target());
  write_file(dir.path() / "file.part", some_bytes(20000, 9));
  write_file(dir.path() / "file.etag", "\"1\"");
  download({.url = hub.url() + "/f", .to = target()}, quick);  // found by the server's mark
  EXPECT_EQ(read_file(target()), body);
}

TEST_F(Fetching, AWrongChecksumOrSizeLeavesNothing) {
  hub.put("/f", {.body = "not it"});
  EXPECT_THAT(complaint({.url = hub.url() + "/f", .to = target(), .sha256 = sha256_of("it")}), HasSubstr("SHA-256"));
  EXPECT_THAT(complaint({.url = hub.url() + "/f", .to = target(), .git_blob_id = std::string(40, 'a')}),
              HasSubstr("checksum"));
  EXPECT_THAT(complaint({.url = hub.url() + "/f", .to = target(), .size = 3}),
              HasSubstr("more comes than the 3 bytes"));
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(Fetching, FollowsRedirectsWithoutGivingTheTokenAway) {
  FakeHub other;
  other.put("/f", {.body = "here"});
  hub.put("/f", {.status = 302, .location = other.url("localhost") + "/f", .needs_token = "secret"});
  hub.put("/round", {.status = 302, .location = hub.url() + "/round"});
  hub.put("/file", {.status = 302, .location = "file:///etc/passwd"});
  quick.token = "secret";
  download({.url = hub.url() + "/f", .to = target()}, quick);
  EXPECT_EQ(read_file(target()), "here");
  EXPECT_EQ(other.asked()[0].headers.find("secret"), std::string::npos);
  EXPECT_THAT(complaint({.url = hub.url() + "/round", .to = target()}), HasSubstr("without end"));
  EXPECT_NE(complaint({.url = hub.url() + "/file", .to = dir.path() / "other"}), "");
  EXPECT_FALSE(fs::exists(dir.path() / "other"));
}

TEST_F(Fetching, SaysWhatTheServerSaid) {
  hub.put("/busy", {.body = "now", .failures = 2});
  hub.put("/secret", {.needs_token = "x"});
  EXPECT_EQ(complaint({.url = hub.url() + "/busy", .to = target()}), "");
  EXPECT_EQ(read_file(target()), "now");
  EXPECT_THAT(complaint({.url = hub.url() + "/gone", .to = target()}), HasSubstr("no such thing"));
  EXPECT_THAT(complaint({.url = hub.url() + "/secret", .to = target()}), HasSubstr("--token-file"));
  hub.put("/busy", {.failures = 100});
  EXPECT_THAT(complaint({.url = hub.url() + "/busy", .to = target()}), HasSubstr("HTTP 503"));
  EXPECT_THAT(complaint({.url = "ftp://127.0.0.1/x", .to = target()}), HasSubstr("http://"));
}

TEST_F(Fetching, AFullDiskIsSaidAndThePartStays) {
  const std::string body = some_bytes(300000);
  hub.put("/f", {.body = body});
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100000, before.rlim_max};  // stands for a disk: writing beyond fails in the same place
  ::setrlimit(RLIMIT_FSIZE, &small);
  const Download d{.url = hub.url() + "/f", .to = target(), .size = body.size(), .sha256 = sha256_of(body)};
  const std::string said = complaint(d);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(said, HasSubstr("file.part"));
  EXPECT_EQ(fs::file_size(dir.path() / "file.part"), 100000u);
  EXPECT_EQ(complaint(d), "");
  EXPECT_EQ(read_file(target()), body);
}

// --- hubs and the store ---

class Store : public Fetching {
 protected:
  ModelStore store{dir.path() / "models"};
  std::map<std::string, std::string> files{{"config.json", "{}"}, {"model.safetensors", some_bytes(5000)}};

  void publish(const std::map<std::string, std::string>& extra = {}) {
    Json siblings = Json::array();
    auto all = files;
    all.insert(extra.begin(), extra.end());
    for (const auto& [path, body] : all) {
      siblings.push_back({{"rfilename", path}, {"size", body.size()}, {"lfs", {{"sha256", sha256_of(body)}}}});
      hub.put("/org/m/resolve/main/" + path, {.body = body});
    }
    hub.put("/api/models/org/m/revision/main?blobs=true", {.body = Json{{"siblings", siblings}}.dump()});
  }
  HubModel find(const std::string& reference) {
    return find_on_hub(reference, {.hub = hub.url(), .sha256 = "", .http = quick});
  }
  std::string refusal(const std::string& reference) {
    try {
      find(reference);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }
};

TEST_F(Store, PullsWhatAModelNeedsAndFetchesOnlyWhatChanged) {
  publish({{"pytorch_model.bin", "x"},
           {"README.md", "x"},
           {"1_Pooling/config.json", "{}"},
           {"consolidated.safetensors", "x"}});
  const StoredModel m = store.pull(find("hf:org/m"), "org/m", quick);
  EXPECT_EQ(m.files.size(), 3u);
  EXPECT_EQ(read_file(store.root() / "org/m/model.safetensors"), files["model.safetensors"]);
  EXPECT_EQ(store.at("M").name, "org/m");
  EXPECT_TRUE(store.verify(m).empty());
  files["config.json"] = "{\"a\": 1}";
  publish();
  store.pull(find("hf:org/m"), "org/m", quick);
  EXPECT_EQ(read_file(store.root() / "org/m/config.json"), files["config.json"]);
  EXPECT_EQ(hub.times_asked("/org/m/resolve/main/model.safetensors"), 1u);
}

TEST_F(Store, ABrokenPullLeavesTheOldModelAndGoesOnLater) {
  publish();
  store.pull(find("hf:org/m"), "org/m", quick);
  const std::string old = files["model.safetensors"];
  files["model.safetensors"] = some_bytes(80000, 3);
  publish();
  const HubModel model = find("hf:org/m");
  hub.put("/org/m/resolve/main/model.safetensors", {.failures = 1000});
  EXPECT_THROW(store.pull(model, "org/m", quick), Error);
  EXPECT_EQ(read_file(store.root() / "org/m/model.safetensors"), old);
  EXPECT_TRUE(store.verify(store.at("org/m")).empty());
  publish();
  store.pull(model, "org/m", quick);
  EXPECT_EQ(read_file(store.root() / "org/m/model.safetensors"), files["model.safetensors"]);
  EXPECT_EQ(store.list().size(), 1u);
}

TEST_F(Store, NamesThatLeadOutOfTheFolderAreRefused) {
  for (const char* path :
       {"../x.safetensors", "/etc/x.safetensors", "a/../../x.safetensors", ".hidden.safetensors", "a\\b.safetensors"}) {
    const Json siblings{{{"rfilename", path}, {"size", 1}}};
    hub.put("/api/models/org/m/revision/main?blobs=true", {.body = Json{{"siblings", siblings}}.dump()});
    EXPECT_THAT(refusal("hf:org/m"), HasSubstr("does not lie in its folder")) << path;
  }
  for (const char* reference :
       {"hf:../x", "hf:a/b/c", "hf:org/m:../../x", "ollama:a:b:c", "hf:", "gopher://x", "https://host/x.bin"})
    EXPECT_NE(refusal(reference), "") << reference;
  EXPECT_THROW(store.import(dir.path(), "../x", false), Error);
}

TEST_F(Store, OneOfSeveralGgufFilesMustBeNamed) {
  files = {{"a.gguf", "A"}, {"b.gguf", "B"}};
  publish();
  EXPECT_THAT(refusal("hf:org/m"), testing::AllOf(HasSubstr("a.gguf"), HasSubstr("b.gguf")));
  EXPECT_EQ(find("hf:org/m:b.gguf").files.size(), 1u);
  files = {{"pytorch_model.bin", "x"}};
  publish();
  hub.put("/api/models/org/m/revision/main?blobs=true",
          {.body = R"({"siblings": [{"rfilename": "pytorch_model.bin"}]})"});
  EXPECT_THAT(refusal("hf:org/m"), HasSubstr("run any code"));
  hub.put("/api/models/org/m/revision/main?blobs=true", {.body = "<html>"});
  EXPECT_NE(refusal("hf:org/m"), "");
}

TEST_F(Store, PullsFromOllamaAndModelScope) {
  const std::string weights = some_bytes(3000);
  const auto layer = [&](const char* type, const std::string& body) {
    hub.put("/v2/library/smol/blobs/sha256:" + sha256_of(body), {.body = body});
    return Json{{"mediaType", fmt::format("application/vnd.ollama.image.{}", type)},
                {"digest", "sha256:" + sha256_of(body)},
                {"size", body.size()}};
  };
  const Json manifest{{"layers", {layer("model", weights), layer("system", "Be kind."), layer("unknown", "?")}}};
  hub.put("/v2/library/smol/manifests/1b", {.body = manifest.dump()});
  const HubModel found = find("ollama:smol:1b");
  EXPECT_EQ(found.name, "smol:1b");
  const StoredModel m = store.pull(found, found.name, quick);
  EXPECT_EQ(read_file(m.folder / "model.gguf"), weights);
  EXPECT_EQ(read_file(m.folder / "system.txt"), "Be kind.");

  const Json list{{"Data",
                   {{"Files",
                     {{{"Path", "config.json"}, {"Size", 2}, {"Sha256", sha256_of("{}")}, {"Type", "blob"}},
                      {{"Path", "w.safetensors"}, {"Size", 3}, {"Sha256", sha256_of("abc")}, {"Type", "blob"}}}}}}};
  hub.put("/api/v1/models/q/w/repo/files?Revision=master&Recursive=true", {.body = list.dump()});
  hub.put("/api/v1/models/q/w/repo?Revision=master&FilePath=config.json", {.body = "{}"});
  hub.put("/api/v1/models/q/w/repo?Revision=master&FilePath=w.safetensors", {.body = "abc"});
  EXPECT_EQ(store.pull(find("ms:q/w"), "q/w", quick).files.size(), 2u);
}

TEST_F(Store, ImportsCopiesRemovesAndFindsDamage) {
  const fs::path folder = dir.path() / "mine";
  fs::create_directories(folder);
  write_file(folder / "config.json", "{}");
  write_file(folder / "model.safetensors", "weights");
  store.import(folder, "a/mine", true);
  store.copy("mine", "b");
  EXPECT_EQ(store.list().size(), 2u);
  EXPECT_THROW(store.copy("mine", "b"), Error);
  store.remove("mine");
  EXPECT_FALSE(fs::exists(store.root() / "a"));
  EXPECT_EQ(read_file(store.root() / "b/model.safetensors"), "weights");
  write_file(store.root() / "b/model.safetensors", "weighty");
  fs::remove(store.root() / "b/config.json");
  const auto problems = store.verify(store.at("b"));
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_THAT(problems[0].problem, HasSubstr("missing"));
  EXPECT_THAT(problems[1].problem, HasSubstr("SHA-256"));
  EXPECT_EQ(read_file(folder / "model.safetensors"), "weights");
  EXPECT_THROW(store.at("nobody"), Error);
}

}  // namespace
}  // namespace quern
