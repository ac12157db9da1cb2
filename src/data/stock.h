// SPDX-License-Identifier: MIT
#pragma once
// A corpus without a network: the prose in packages that every Debian mirror has. The packages are installed by the
// user (apt-get); here their files are found, read and cleaned. See docs/stock.md for what each holds and its licence.

#include <filesystem>
#include <string>
#include <vector>

#include "data/reader.h"

namespace quern {

struct StockPackage {
  std::string name, language, what, licence;
  bool installed = false;
  int64_t documents = 0;
  uint64_t bytes = 0;  // of clean text, known after open_stock_corpus
};

struct StockOptions {
  std::string language = "en";       // "en" | "zh"
  bool permissive_only = false;      // leave out GPL and GFDL
  std::filesystem::path root = "/";  // where usr/share lies
  CorpusOptions corpus;
};

// The packages of a language; which of them are installed.
std::vector<StockPackage> stock_packages(const StockOptions& options = {});
// "sudo apt-get install --no-install-recommends dict-gcide ..." for those that are not; "" when all are.
std::string stock_install_command(const std::vector<StockPackage>& packages);

// Reads the installed packages. `packages` (may be null) tells which are missing and what the others gave.
// Throws NotFound with the install command when none is there, InvalidArgument for an unknown language.
Corpus open_stock_corpus(const StockOptions& options = {}, std::vector<StockPackage>* packages = nullptr);

}  // namespace quern
