// SPDX-License-Identifier: MIT
#include "data/village/village.h"

#include <algorithm>
#include <set>
#include <thread>

#include "base/error.h"
#include "data/village/documents.h"
#include "data/village/grammar.h"
#include "data/village/village_impl.h"

namespace quern {

using namespace village;

namespace {

constexpr uint64_t kDocumentStream = 100, kInstructStream = 200, kQuestionStream = 300;
constexpr size_t kMostText = 1000;  // bytes of one prompt; longer ones are drawn again

uint64_t stream_of(uint64_t base, uint64_t stream, Split split) {
  return (stream * 1000 + base) * 4 + static_cast<uint64_t>(split);
}

const DocumentKind& draw_document_kind(Dice& dice, Split split) {
  const auto& kinds = document_kinds();
  const bool facts_only = split == Split::held_out_fact;
  double all = 0.0;
  for (const DocumentKind& k : kinds)
    if (!facts_only || k.tells_facts) all += k.weight;
  double at = all * static_cast<double>(dice.below(1u << 30)) / static_cast<double>(1u << 30);
  for (const DocumentKind& k : kinds) {
    if (facts_only && !k.tells_facts) continue;
    if ((at -= k.weight) < 0.0) return k;
  }
  return kinds.front();
}

}  // namespace

const char* answer_source_name(AnswerSource source) {
  switch (source) {
    case AnswerSource::from_prompt:
      return "from_prompt";
    case AnswerSource::often:
      return "often";
    case AnswerSource::rare:
      return "rare";
    case AnswerSource::never:
      return "never";
    case AnswerSource::unknowable:
      return "unknowable";
    case AnswerSource::sum:
      return "sum";
  }
  return "";
}

Village::Impl::Impl(const VillageOptions& o)
    : options(o),
      world({.seed = o.seed, .name = o.name, .plants = o.plants}),
      en(Lang::en, english_templates()),
      zh(Lang::zh, chinese_templates()) {}

Lang Village::Impl::lang_of(uint64_t index) const {
  if (options.lang == VillageOptions::both) return index % 2 ? Lang::zh : Lang::en;
  return options.lang == VillageOptions::zh ? Lang::zh : Lang::en;
}

Village::Village(const VillageOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Village::~Village() = default;
Village::Village(Village&&) noexcept = default;

const VillageOptions& Village::options() const { return impl_->options; }
const World& Village::world() const { return impl_->world; }
const std::string& Village::name() const { return impl_->world.town.text(impl_->lang_of(0)); }

VillageDocument Village::document(uint64_t index, Split split, uint64_t stream) const {
  Dice dice(impl_->options.seed, stream_of(kDocumentStream, stream, split), index);
  const Lang lang = impl_->lang_of(index);
  for (;;) {
    const DocumentKind& kind = draw_document_kind(dice, split);
    Scene scene(impl_->world, impl_->grammar(lang), dice, lang, split);
    VillageDocument document{
        .kind = kind.name, .split = static_cast<int>(split), .lang = lang == Lang::zh ? "zh" : "en"};
    kind.write(scene, document.text);
    bool held_out_fact = false;
    for (int64_t id : scene.facts) held_out_fact |= impl_->world.fact(id).held_out;
    QUERN_CHECK(!held_out_fact || split == Split::held_out_fact, "village: held-out fact told in '{}'", document.text);
    // What was asked for must be in it; else the same dice go on.
    if (split == Split::held_out_fact && !held_out_fact) continue;
    if (split == Split::held_out_template && scene.telling.held_out_template < 0) continue;
    std::sort(scene.facts.begin(), scene.facts.end());
    scene.facts.erase(std::unique(scene.facts.begin(), scene.facts.end()), scene.facts.end());
    document.facts = std::move(scene.facts);
    document.template_id =
        scene.telling.held_out_template >= 0 ? scene.telling.held_out_template : scene.telling.first_template;
    return document;
  }
}

void Village::generate(const std::function<void(VillageDocument&&)>& sink, int threads) const {
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  constexpr uint64_t kPart = 2048;  // documents one thread makes between two meetings
  uint64_t written = 0;
  for (uint64_t next = 0;; next += kPart * static_cast<uint64_t>(threads)) {
    std::vector<std::vector<VillageDocument>> parts(static_cast<size_t>(threads));
    std::vector<std::exception_ptr> failures(static_cast<size_t>(threads));
    const auto make = [&](size_t t) {
      try {
        for (uint64_t i = 0; i < kPart; ++i) parts[t].push_back(document(next + t * kPart + i));
      } catch (...) {
        failures[t] = std::current_exception();
      }
    };
    std::vector<std::thread> team;
    for (size_t t = 1; t < parts.size(); ++t) team.emplace_back(make, t);
    make(0);
    for (std::thread& member : team) member.join();
    for (const std::exception_ptr& failure : failures)
      if (failure) std::rethrow_exception(failure);
    for (auto& part : parts)
      for (VillageDocument& document : part) {
        if (written >= impl_->options.size_bytes) return;
        written += document.text.size();
        sink(std::move(document));
      }
  }
}

std::vector<VillageDocument> Village::held_out_documents(Split split, size_t count) const {
  std::vector<VillageDocument> result;
  for (size_t i = 0; i < count; ++i) result.push_back(document(i, split, 1));
  return result;
}

Task Village::Impl::task(const TaskKind& kind, Dice& dice, Lang lang, Split split, std::vector<int64_t>& facts,
                         int64_t& template_id) const {
  for (int tries = 0;; ++tries) {
    Scene scene(world, grammar(lang), dice, lang, split);
    Task task{.kind = kind.name, .source = kind.source};
    kind.make(scene, task);
    if (split == Split::held_out_template && scene.telling.held_out_template < 0 && tries < 200) continue;
    if (task.passage.size() + task.question.size() > kMostText) continue;
    facts = scene.facts;
    template_id = scene.telling.held_out_template >= 0 ? scene.telling.held_out_template : scene.telling.first_template;
    return task;
  }
}

std::string Village::Impl::prompt_of(const Task& task, Lang lang) {
  if (task.passage.empty()) return task.question;
  return task.passage + (lang == Lang::zh ? "" : " ") + task.question;
}

namespace {
// How often a question on a passage is the first of several, and for which kinds.
constexpr double kTalkShare = 0.5;
bool has_readings(const TaskKind& kind) {
  const std::string_view name = kind.name;
  return name == "read_what" || name == "read_who" || name == "read_where" || name == "unknown_passage";
}
}  // namespace

std::vector<InstructPair> Village::instruct(size_t count, uint64_t stream, Split split) const {
  double all = 0.0;
  for (const TaskKind& k : task_kinds()) all += k.weight;
  std::vector<InstructPair> result;
  result.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    Dice dice(impl_->options.seed, stream_of(kInstructStream, stream, split), i);
    const Lang lang = impl_->lang_of(i);
    if (dice.chance(0.05)) {
      result.push_back(impl_->talk(dice, lang));
      continue;
    }
    double at = all * static_cast<double>(dice.below(1u << 30)) / static_cast<double>(1u << 30);
    const TaskKind* kind = &task_kinds().front();
    for (const TaskKind& k : task_kinds()) {
      kind = &k;
      if ((at -= k.weight) < 0.0) break;
    }
    InstructPair pair{.kind = kind->name, .lang = lang == Lang::zh ? "zh" : "en"};
    if (has_readings(*kind) && dice.chance(kTalkShare)) {
      impl_->reading_talk(dice, lang, split, pair);
      result.push_back(std::move(pair));
      continue;
    }
    const Task task = impl_->task(*kind, dice, lang, split, pair.facts, pair.template_id);
    pair.prompt = Impl::prompt_of(task, lang);
    pair.answer = task.answer;
    pair.knowable = task.source != AnswerSource::unknowable;
    result.push_back(std::move(pair));
  }
  return result;
}

// Several questions about one passage, as a talk of several turns.
void Village::Impl::reading_talk(Dice& dice, Lang lang, Split split, InstructPair& pair) const {
  Scene scene(world, grammar(lang), dice, lang, split);
  Reading reading = make_reading(scene, dice.between(2, 4));
  for (size_t i = 0; i < reading.tasks.size(); ++i) {
    Task& task = reading.tasks[i];
    if (i > 0) {
      pair.more.emplace_back(std::move(task.question), std::move(task.answer));
      continue;
    }
    task.passage = reading.passage;
    pair.prompt = prompt_of(task, lang);
    pair.answer = std::move(task.answer);
    pair.knowable = !says_unknown(pair.answer);
  }
  pair.facts = scene.facts;
  pair.template_id =
      scene.telling.held_out_template >= 0 ? scene.telling.held_out_template : scene.telling.first_template;
}

// Requests without one right answer: greetings, stories, notices, what is known of somebody.
InstructPair Village::Impl::talk(Dice& dice, Lang lang) const {
  Scene scene(world, grammar(lang), dice, lang, Split::train);
  InstructPair pair{.kind = "talk", .lang = lang == Lang::zh ? "zh" : "en"};
  const uint64_t roll = dice.below(10);
  if (roll < 4) {
    static constexpr const char* kTopics[] = {"hello", "who", "can", "thanks", "bye"};
    const std::string group = std::string("talk.") + dice.pick(kTopics);
    pair.prompt = scene.say(group);
    pair.answer = scene.say(group + "_answer");
  } else if (roll < 6) {
    pair.kind = "tell_story";
    pair.prompt = (set_cast(scene), scene.say("talk.story"));
    for (int tries = 0; pair.answer.empty() || (pair.answer.size() > 700 && tries < 20); ++tries) {
      Scene story(world, grammar(lang), dice, lang, Split::train);
      pair.answer.clear();
      write_story(story, pair.answer);
      pair.facts = story.facts;
      pair.template_id = story.telling.first_template;
    }
  } else if (roll < 8) {
    pair.kind = "tell_person";
    const int id = dice.pick(world.famous);
    scene.set("who", world.people[static_cast<size_t>(id)].name);
    pair.prompt = scene.say("talk.person");
    entry_about(scene, id, pair.answer);
    pair.facts = scene.facts;
  } else if (roll < 9) {
    pair.kind = "tell_village";
    pair.prompt = scene.say("talk.town");
    for (int i = 0; i < 3; ++i) {
      if (i && lang == Lang::en) pair.answer += ' ';
      pair.answer += tell_fact(scene, world.fact(dice.pick(world.often_village)));
    }
    pair.facts = scene.facts;
  } else {
    pair.kind = "write_notice";
    pair.prompt = (set_cast(scene), scene.say("talk.notice"));
    Scene notice(world, grammar(lang), dice, lang, Split::train);
    write_notice(notice, pair.answer);
    pair.facts = notice.facts;
  }
  return pair;
}

std::vector<std::string> Village::kinds() {
  std::vector<std::string> result;
  for (const TaskKind& k : task_kinds()) result.emplace_back(k.name);
  return result;
}

AnswerSource Village::source_of(std::string_view kind) { return task_kind(kind).source; }

std::vector<Question> Village::questions(const std::string& kind, size_t count, uint64_t stream, Split split) const {
  const TaskKind& made = task_kind(kind);
  std::vector<Question> result;
  std::set<std::string> seen;
  for (uint64_t i = 0; result.size() < count; ++i) {
    Dice dice(impl_->options.seed, stream_of(kQuestionStream, stream, split), i + (stream_id_of(kind) << 20));
    const Lang lang = impl_->lang_of(i);
    Question q{.kind = kind, .source = made.source, .lang = lang == Lang::zh ? "zh" : "en"};
    const Task task = impl_->task(made, dice, lang, split, q.facts, q.template_id);
    q.prompt = Impl::prompt_of(task, lang);
    if (!seen.insert(q.prompt).second && i < 40 * count) continue;  // small kinds repeat themselves in the end
    q.question = task.question;
    q.accepted = {task.answer};
    q.accepted.insert(q.accepted.end(), task.accepted.begin(), task.accepted.end());
    q.portable = task.portable;
    result.push_back(std::move(q));
  }
  return result;
}

}  // namespace quern
