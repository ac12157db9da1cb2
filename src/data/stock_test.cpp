// SPDX-License-Identifier: MIT
#include "data/stock.h"

#include <gtest/gtest.h>

#include "data/stock_clean.h"
#include "data/test_files.h"

namespace quern {
namespace {

TEST(Stock, DictionaryEntriesBecomeProse) {
  const auto entries = dictd_entries(
      "00-database-short\n     A dictionary\n\n"
      "Aam \\Aam\\ ([add]m or [aum]m), n. [D. aam, fr. LL. ama; cf. L.\n   hama a water bucket, Gr. ?]\n"
      "   A Dutch and German measure of liquids, varying in different\n   cities. [Written also {Aum} and {Awm}.]\n"
      "   [1913 Webster]\n\n"
      "ACK\n /ak/, interj.\n\n    1. [common] Acknowledge. Used to\n    register one's presence.\n\n"
      "ABASEMENT, n.  A decent and customary mental attitude in the presence\nof wealth of power.\n\nAb\n   short\n");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0],
            "Aam: A Dutch and German measure of liquids, varying in different cities. [Written also Aum and Awm.]");
  EXPECT_EQ(entries[1], "ACK: 1. [common] Acknowledge. Used to register one's presence.");
  EXPECT_EQ(entries[2], "ABASEMENT: A decent and customary mental attitude in the presence of wealth of power.");
}

TEST(Stock, WordnetSensesNameTheirWords) {
  const auto senses = wordnet_senses(
      "  1 This software and database is being provided to you\n"
      "00004258 03 n 02 living_thing 0 animate_thing 0 001 @ 00003553 n 0000 | a living (or once living) entity  \n"
      "00001740 00 a 01 able(p) 0 000 | having the means; \"able to swim\"  \n00000000 00 x 01 bad 0 000 | no\nshort "
      "|\n");
  ASSERT_EQ(senses.size(), 2u);
  EXPECT_EQ(senses[0], "living thing, animate thing (noun): a living (or once living) entity.");
  EXPECT_EQ(senses[1], "able (adjective): having the means. \"able to swim\"");
}

TEST(Stock, FortunesLosePicturesAndKeepSayings) {
  const auto sayings = fortune_sayings(
      "The early bird gets the worm.\n\t\t-- Anonymous\n%\n  /\\_/\\  \n ( o.o ) \n  > ^ <  /\\/\\/\\\n%\nshort\n%\n");
  ASSERT_EQ(sayings.size(), 1u);
  EXPECT_EQ(sayings[0], "The early bird gets the worm.\n     -- Anonymous");
}

TEST(Stock, ManualsKeepTheirProse) {
  const std::string prose =
      "A schema is a set of named objects, and its name must be different from all other names in the database.";
  EXPECT_EQ(prose_only("Schemas\n\n" + prose + "\n\nCREATE TABLE t (a int, b int);\n\na | b\n1 | 2\n\nNavigation\n"),
            "Schemas\n\n" + prose + "\n");
  EXPECT_NE(prose_only("数据库模式是一组带有名称的对象，其名称在数据库中必须是唯一的。"), "");
}

TEST(Stock, ReadsWhatIsInstalledAndNamesWhatIsMissing) {
  const TemporaryDirectory dir;
  StockOptions options{.root = dir.path()};
  EXPECT_THROW(open_stock_corpus(options), Error);
  fs::create_directories(dir.path() / "usr/share/dictd");
  write_gzip(dir.path() / "usr/share/dictd/devil.dict.dz",
             "ABASEMENT, n.  A decent and customary mental attitude in the presence\nof wealth of power.\n");
  std::vector<StockPackage> packages;
  Corpus corpus = open_stock_corpus(options, &packages);
  const auto documents = read_all(corpus);
  ASSERT_FALSE(documents.empty());
  EXPECT_EQ(documents[0].source, "dict-devil");
  const std::string command = stock_install_command(packages);
  EXPECT_NE(command.find("dict-gcide"), command.npos);
  EXPECT_EQ(command.find("dict-devil"), command.npos);
  options.permissive_only = true;
  for (const StockPackage& package : stock_packages(options)) EXPECT_EQ(package.licence.find("GPL"), std::string::npos);
  options.language = "xx";
  EXPECT_THROW(stock_packages(options), Error);
}

}  // namespace
}  // namespace quern
