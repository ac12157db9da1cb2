// SPDX-License-Identifier: MIT
#include "data/stock.h"

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "data/byte_source.h"
#include "data/html_text.h"
#include "data/stock_clean.h"
#include "data/text_cleaner.h"

namespace quern {

namespace {

enum class Kind { Dictd, Wordnet, Fortunes, Html };

struct Source {
  const char* package;
  const char* language;
  const char* what;
  const char* licence;
  bool permissive;
  Kind kind;
  std::vector<const char*> paths;      // files or folders below root
  std::vector<const char*> leave_out;  // parts of file names
};

const std::vector<Source>& sources() {
  static const std::vector<Source> kSources = {
      {"dict-gcide",
       "en",
       "the Collaborative International Dictionary of English",
       "GPL-2+",
       false,
       Kind::Dictd,
       {"usr/share/dictd/gcide.dict.dz"},
       {}},
      {"wordnet-base",
       "en",
       "WordNet 3.0: glosses and examples",
       "WordNet (permissive)",
       true,
       Kind::Wordnet,
       {"usr/share/wordnet/data.noun", "usr/share/wordnet/data.verb", "usr/share/wordnet/data.adj",
        "usr/share/wordnet/data.adv"},
       {}},
      {"postgresql-doc-15",
       "en",
       "the PostgreSQL manual",
       "PostgreSQL (permissive)",
       true,
       Kind::Html,
       {"usr/share/doc/postgresql-doc-15/html"},
       {"bookindex", "release-", "legalnotice", "biblio", "features"}},
      {"sqlite3-doc",
       "en",
       "the SQLite manual",
       "public domain",
       true,
       Kind::Html,
       {"usr/share/doc/sqlite3"},
       {"requirements", "syntax", "backlink", "keyword_index", "changes", "search", "matrix", "releaselog", "sitemap",
        "hlr"}},
      {"git-doc", "en", "the Git manual", "GPL-2", false, Kind::Html, {"usr/share/doc/git-doc"}, {"RelNotes"}},
      {"fortunes",
       "en",
       "quotations and jokes",
       "mixed; the package says public domain and fair use",
       false,
       Kind::Fortunes,
       {"usr/share/games/fortunes"},
       {"ascii-art", "translate-me", "ethnic", "men-women", "drugs", "off", "perl", "knghtbrd", "debian", "linuxcookie",
        "zippy", "chinese", "tang300", "song100"}},
      {"debian-policy",
       "en",
       "the Debian policy manual",
       "GPL-2+",
       false,
       Kind::Html,
       {"usr/share/doc/debian-policy"},
       {"-1.html", "search", "genindex", "upgrading-checklist"}},
      {"dict-jargon",
       "en",
       "the Jargon File",
       "public domain",
       true,
       Kind::Dictd,
       {"usr/share/dictd/jargon.dict.dz"},
       {}},
      {"dict-devil",
       "en",
       "The Devil's Dictionary",
       "public domain",
       true,
       Kind::Dictd,
       {"usr/share/dictd/devil.dict.dz"},
       {}},
      {"fortunes-zh",
       "zh",
       "poems of the Tang and Song, sayings",
       "GPL-3+",
       false,
       Kind::Fortunes,
       {"usr/share/games/fortunes/chinese", "usr/share/games/fortunes/tang300", "usr/share/games/fortunes/song100"},
       {}},
      {"debian-reference-zh-cn",
       "zh",
       "the Debian reference in Chinese",
       "GPL-2+",
       false,
       Kind::Html,
       {"usr/share/debian-reference"},
       {".en.", ".de.", ".ja.", ".fr.", ".it.", ".pt."}},
  };
  return kSources;
}

bool wanted(const Source& source, const StockOptions& options) {
  return source.language == options.language && (source.permissive || !options.permissive_only);
}

std::vector<fs::path> files_of(const Source& source, const fs::path& root) {
  std::vector<fs::path> files;
  std::error_code ec;
  for (const char* path : source.paths) {
    const fs::path full = root / path;
    if (fs::is_regular_file(full, ec)) files.push_back(full);
    if (!fs::is_directory(full, ec)) continue;
    for (auto it = fs::recursive_directory_iterator(full, fs::directory_options::skip_permission_denied, ec);
         !ec && it != fs::recursive_directory_iterator(); it.increment(ec))
      if (it->is_regular_file(ec) && !it->is_symlink(ec)) files.push_back(it->path());
  }
  std::erase_if(files, [&](const fs::path& path) {
    const std::string name = path.filename().string();
    if (source.kind == Kind::Html && !name.ends_with(".html") && !name.ends_with(".html.gz")) return true;
    if (source.kind == Kind::Fortunes && name.find('.') != name.npos) return true;  // indexes and links to the same
    return std::any_of(source.leave_out.begin(), source.leave_out.end(), [&](const char* part) {
      return name.find(part) != name.npos || path.parent_path().filename().string().find(part) != std::string::npos;
    });
  });
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return files;
}

std::vector<std::string> documents_of(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::Dictd:
      return pages_of(dictd_entries(text));
    case Kind::Wordnet:
      return pages_of(wordnet_senses(text));
    case Kind::Fortunes:
      return fortune_sayings(text);
    case Kind::Html:
      break;
  }
  const std::string prose = prose_only(html_to_text(text, {.whole_page = true}));
  return prose.size() > 200 ? std::vector{prose} : std::vector<std::string>{};
}

}  // namespace

std::vector<StockPackage> stock_packages(const StockOptions& options) {
  std::vector<StockPackage> packages;
  for (const Source& source : sources())
    if (wanted(source, options))
      packages.push_back({.name = source.package,
                          .language = source.language,
                          .what = source.what,
                          .licence = source.licence,
                          .installed = !files_of(source, options.root).empty()});
  if (packages.empty())
    throw Error(ErrorKind::InvalidArgument, "there is no stock text in the language '{}'", options.language)
        .hint("choose en or zh, or give a folder of your own text");
  return packages;
}

std::string stock_install_command(const std::vector<StockPackage>& packages) {
  std::string names;
  for (const StockPackage& package : packages)
    if (!package.installed) names += " " + package.name;
  return names.empty() ? "" : "sudo apt-get install --no-install-recommends" + names;
}

Corpus open_stock_corpus(const StockOptions& options, std::vector<StockPackage>* packages) {
  std::vector<StockPackage> list = stock_packages(options);
  std::vector<Document> documents;
  for (const Source& source : sources()) {
    if (!wanted(source, options)) continue;
    StockPackage& package =
        *std::find_if(list.begin(), list.end(), [&](const auto& p) { return p.name == source.package; });
    for (const fs::path& file : files_of(source, options.root)) {
      std::string bytes;
      try {
        ByteSource in(file, options.corpus.max_gzip_ratio);
        while (bytes.size() < (size_t{256} << 20) && in.read(bytes)) {
        }
      } catch (const Error&) {  // one damaged manual page is no reason to stop
        continue;
      }
      if (source.kind != Kind::Html) bytes = clean_text(bytes);
      for (std::string& text : documents_of(source.kind, bytes)) {
        ++package.documents;
        package.bytes += text.size();
        documents.push_back({.text = std::move(text), .source = package.name});
      }
    }
  }
  const std::string command = stock_install_command(list);
  if (documents.empty())
    throw Error(ErrorKind::NotFound, "none of the packages with stock text is installed").hint("{}", command);
  if (packages) *packages = std::move(list);
  return corpus_of_documents(std::move(documents), options.corpus);
}

}  // namespace quern
