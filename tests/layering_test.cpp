// SPDX-License-Identifier: MIT
// Who may include whom: base → tensor → { text → data, nn } → models → formats → infer → { train, eval } → pipeline →
// { serve, assistant } → cli. Neighbours in braces don't know each other, but for data, which may use text.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::map<std::string, int> kRank = {{"base", 0},     {"tensor", 1},  {"text", 2},      {"data", 2},  {"nn", 2},
                                          {"models", 3},   {"formats", 4}, {"infer", 5},     {"train", 6}, {"eval", 6},
                                          {"pipeline", 7}, {"serve", 8},   {"assistant", 8}, {"cli", 9}};

bool may_include(const std::string& from, const std::string& to) {
  return from == to || kRank.at(to) < kRank.at(from) || (from == "data" && to == "text");
}

// The layer that `line` includes a header of; "" when it includes none.
std::string included_layer(const std::string& line) {
  size_t at = line.find_first_not_of(" \t");
  if (at == line.npos || line[at] != '#') return "";
  at = line.find_first_not_of(" \t", at + 1);
  if (at == line.npos || line.compare(at, 7, "include") != 0) return "";
  const size_t open = line.find_first_not_of(" \t", at + 7);
  if (open == line.npos || (line[open] != '"' && line[open] != '<')) return "";
  const size_t slash = line.find('/', open);
  const std::string layer = slash == line.npos ? "" : line.substr(open + 1, slash - open - 1);
  return kRank.contains(layer) ? layer : "";
}

// "path:line: ..." of the first include that breaks the order, files in the order of their names; "" when all is well.
std::string first_broken_line(const fs::path& source) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(source)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".h" || extension == ".cpp" || extension == ".cu") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    const fs::path relative = fs::relative(file, source);
    const std::string layer = relative.begin()->string();
    if (!kRank.contains(layer)) return relative.string() + ": '" + layer + "' is not a layer";
    std::ifstream stream(file);
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
      const std::string target = included_layer(line);
      if (!target.empty() && !may_include(layer, target))
        return relative.string() + ":" + std::to_string(number) + ": " + layer + " may not include " + target + ": " +
               line;
    }
  }
  return "";
}

class Tree {  // a source tree of one file, removed at the end
 public:
  Tree(const std::string& file, const std::string& text)
      : root_(fs::temp_directory_path() / ("quern-layering-" + std::to_string(std::hash<std::string>{}(file + text)))) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  ~Tree() { fs::remove_all(root_); }
  const fs::path& root() const { return root_; }

 private:
  fs::path root_;
};

TEST(Layering, EveryIncludePointsUpTheList) { EXPECT_EQ(first_broken_line(QUERN_SOURCE_DIR), ""); }

TEST(Layering, TheLineThatBreaksTheOrderIsNamed) {
  const Tree tree("nn/linear.cpp", "#include \"nn/linear.h\"\n#include <vector>\n  # include \"train/step.h\"\n");
  EXPECT_TRUE(first_broken_line(tree.root()).starts_with("nn/linear.cpp:3: nn may not include train"))
      << first_broken_line(tree.root());
}

TEST(Layering, NeighboursDoNotKnowEachOtherButDataKnowsText) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"text", "data"}, {"nn", "data"}, {"data", "nn"}, {"text", "nn"}, {"train", "eval"}, {"serve", "assistant"}})
    EXPECT_NE(first_broken_line(Tree(from + "/a.h", "#include \"" + to + "/b.h\"\n").root()), "") << from << to;
  EXPECT_EQ(first_broken_line(Tree("data/a.h", "#include \"text/b.h\"\n#include \"base/c.h\"\n").root()), "");
  EXPECT_EQ(first_broken_line(Tree("cli/a.cpp", "#include \"pipeline/b.h\"\n// #include \"x/y.h\"\n").root()), "");
}

TEST(Layering, FolderThatIsNoLayerIsNamed) {
  EXPECT_NE(first_broken_line(Tree("utils/a.h", "\n").root()).find("'utils' is not a layer"), std::string::npos);
}

}  // namespace
