// SPDX-License-Identifier: MIT
// The ledger: what is true in the village, as an SQLite file.
#include <sqlite3.h>

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "data/village/grammar.h"
#include "data/village/lexicon.h"
#include "data/village/village.h"

namespace quern::village {

namespace {

class Database {
 public:
  explicit Database(const std::filesystem::path& path) : path_(path) {
    check(sqlite3_open(path.c_str(), &db_));
    run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }
  void check(int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
      throw Error(ErrorKind::Io, "{}: can't write the ledger: {}", path_.string(), sqlite3_errmsg(db_));
  }
  sqlite3* get() { return db_; }

 private:
  std::filesystem::path path_;
  sqlite3* db_ = nullptr;
};

// One INSERT with as many values as the table has columns, in order.
class Insert {
 public:
  Insert(Database& db, const std::string& table, int columns) : db_(db) {
    std::string sql = "INSERT INTO " + table + " VALUES (?";
    for (int i = 1; i < columns; ++i) sql += ",?";
    sql += ")";
    db_.check(sqlite3_prepare_v2(db_.get(), sql.c_str(), -1, &statement_, nullptr));
  }
  ~Insert() { sqlite3_finalize(statement_); }
  Insert(const Insert&) = delete;
  Insert& operator=(const Insert&) = delete;

  template <typename... Values>
  void row(const Values&... values) {
    column_ = 0;
    (put(values), ...);
    db_.check(sqlite3_step(statement_));
    db_.check(sqlite3_reset(statement_));
  }

 private:
  void put(const std::string& v) {
    sqlite3_bind_text(statement_, ++column_, v.c_str(), static_cast<int>(v.size()), SQLITE_TRANSIENT);
  }
  void put(const char* v) { put(std::string(v)); }
  void put(double v) { sqlite3_bind_double(statement_, ++column_, v); }
  template <typename T>
    requires std::is_integral_v<T>
  void put(T v) {  // -1 stands for nothing
    const auto wide = static_cast<int64_t>(v);
    if (wide == -1)
      sqlite3_bind_null(statement_, ++column_);
    else
      sqlite3_bind_int64(statement_, ++column_, wide);
  }

  Database& db_;
  sqlite3_stmt* statement_ = nullptr;
  int column_ = 0;
};

const char* const kSchema = R"(
CREATE TABLE village (name TEXT, name_zh TEXT, year INTEGER);
CREATE TABLE families (id INTEGER PRIMARY KEY, name TEXT, name_zh TEXT);
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, name_zh TEXT, sex TEXT, family INTEGER, generation INTEGER,
  born INTEGER, died INTEGER, father INTEGER, mother INTEGER, spouse INTEGER, house INTEGER, trade TEXT, famous INTEGER,
  planted INTEGER);
CREATE TABLE streets (id INTEGER PRIMARY KEY, name TEXT, name_zh TEXT, x0 REAL, y0 REAL, x1 REAL, y1 REAL);
CREATE TABLE houses (id INTEGER PRIMARY KEY, street INTEGER, number INTEGER, x REAL, y REAL);
CREATE TABLE places (name TEXT, name_zh TEXT, x REAL, y REAL);
CREATE TABLE animals (id INTEGER PRIMARY KEY, name TEXT, name_zh TEXT, kind TEXT, owner INTEGER);
CREATE TABLE goods (name TEXT, name_zh TEXT, price INTEGER);
CREATE TABLE festivals (name TEXT, name_zh TEXT, month INTEGER, place TEXT);
CREATE TABLE events (id INTEGER PRIMARY KEY, year INTEGER, kind TEXT, text TEXT, text_zh TEXT);
CREATE TABLE weather (month INTEGER, day INTEGER, kind TEXT, degrees INTEGER);
CREATE TABLE facts (id INTEGER PRIMARY KEY, relation TEXT, person INTEGER, subject TEXT, object TEXT, subject_zh TEXT,
  object_zh TEXT, taught TEXT, held_out INTEGER);
CREATE TABLE templates (id INTEGER PRIMARY KEY, lang TEXT, topic TEXT, wording TEXT, held_out INTEGER);
)";

}  // namespace

void write_ledger(const World& world, const std::vector<Template>& templates, const std::filesystem::path& path) {
  const std::filesystem::path temporary = path.string() + ".part";
  std::filesystem::remove(temporary);
  struct Removal {  // nothing half-written stays behind
    const std::filesystem::path& file;
    ~Removal() {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
    }
  } removal{temporary};
  {
    Database db(temporary);
    db.run(kSchema);
    Insert(db, "village", 3).row(world.town.en, world.town.zh, kYearNow);
    Insert families(db, "families", 3), people(db, "people", 15), streets(db, "streets", 7), houses(db, "houses", 5),
        places(db, "places", 4), animals(db, "animals", 5), goods(db, "goods", 3), festivals(db, "festivals", 4),
        events(db, "events", 5), weather(db, "weather", 4), facts(db, "facts", 9), wording(db, "templates", 5);
    const auto trade = [](int t) { return t < 0 ? std::string() : lexicon().trades[static_cast<size_t>(t)].en; };
    for (const Family& f : world.families) families.row(f.id, f.name.en, f.name.zh);
    for (const Person& p : world.people)
      people.row(p.id, p.name.en, p.name.zh, std::string(1, p.sex), p.family, p.generation, p.born, p.died, p.father,
                 p.mother, p.spouse, p.house, trade(p.trade), p.famous, p.planted);
    int id = 0;
    for (const Street& s : world.streets) streets.row(id++, s.name.en, s.name.zh, s.x0, s.y0, s.x1, s.y1);
    for (const House& h : world.houses) houses.row(h.id, h.street, h.number, h.x, h.y);
    for (const Place& p : world.places) places.row(p.name.en, p.name.zh, p.x, p.y);
    for (const Animal& a : world.animals) animals.row(a.id, a.name.en, a.name.zh, a.kind.en, a.owner);
    for (const Good& g : world.goods) goods.row(g.name.en, g.name.zh, g.price);
    for (const Festival& f : world.festivals) festivals.row(f.name.en, f.name.zh, f.month + 1, f.place.en);
    for (const Event& e : world.events) events.row(e.id, e.year, e.kind, e.en, e.zh);
    for (const Weather& w : world.weather)
      weather.row(w.month + 1, w.day, lexicon().weathers[static_cast<size_t>(w.kind)].en, w.degrees);
    static constexpr const char* kTaught[] = {"often", "rarely", "never"};
    for (const Fact& f : world.facts)
      facts.row(f.id, f.relation, f.person, f.subject.en, f.object.en, f.subject.zh, f.object.zh,
                kTaught[static_cast<int>(f.taught)], f.held_out);
    for (const Template& t : templates)
      wording.row(t.id, t.lang == Lang::zh ? "zh" : "en", t.group, t.source, t.held_out);
    db.run(
        "CREATE INDEX facts_by_subject ON facts (subject); CREATE INDEX facts_by_relation ON facts (relation); COMMIT");
  }
  std::filesystem::rename(temporary, path);
}

}  // namespace quern::village
