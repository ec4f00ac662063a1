#include "storage/name_resolver.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "storage/gazetteer.h"
#include "storage/name_fold.h"
#include "storage/name_likeness.h"

namespace annals::storage {
namespace {

constexpr std::string_view kRegions = "regions/";
constexpr std::string_view kActors = "actors/";

constexpr double kExact = 1.0;
constexpr double kPrefixLeast = 0.6;
constexpr double kWordsLeast = 0.3;
constexpr double kSpread = 0.3;
constexpr double kAlikeMost = 0.3;
constexpr double kAlikeWordMost = 0.2;
constexpr double kAlikeSpread = 0.1;
// Shorter texts are only looked for at the beginning of names: they start a word of nearly every
// name.
constexpr std::size_t kWordBytesMin = 3;
// Names looked at for each way to match: enough for any text that says something, and a bound for
// those that do not.
constexpr std::size_t kNamesMax = 2'000;
// How alike a name (a word of one) and the text must be: one letter wrong in four, two in seven.
constexpr double kLikenessMin = 0.7;
constexpr double kWordLikenessMin = 0.75;
// Shorter texts are like nearly everything, and only the same in another script counts.
constexpr std::size_t kAlikeBytesMin = 4;

std::vector<std::string_view> WordsOf(std::string_view folded) {
  std::vector<std::string_view> words;
  while (!folded.empty()) {
    const std::size_t end = std::min(folded.find(' '), folded.size());
    words.push_back(folded.substr(0, end));
    folded.remove_prefix(std::min(end + 1, folded.size()));
  }
  return words;
}

// Whether each word of the text starts a word of the name.
bool StartsWords(std::string_view name, const std::vector<std::string_view>& words) {
  const std::vector<std::string_view> own = WordsOf(name);
  return std::ranges::all_of(words, [&](std::string_view word) {
    return std::ranges::any_of(own, [&](std::string_view each) { return each.starts_with(word); });
  });
}

double AlikeScore(double most, double likeness) {
  return most - kAlikeSpread * (1 - likeness) / (1 - kLikenessMin);
}

double PartScore(double least, std::string_view text, std::string_view name) {
  return least + kSpread * static_cast<double>(text.size()) / static_cast<double>(name.size());
}

// Names by how they are spelled, codes apart: a code that is wrong is another one.
class Spellings {
 public:
  struct Use {
    std::size_t name;
    bool whole;  // else it spells a word of the name
  };

  void Add(std::string_view text, std::size_t name) {
    const std::string whole = Romanized(text);
    if (whole.empty()) return;
    uses_[whole].push_back({name, true});
    const std::vector<std::string_view> words = WordsOf(whole);
    if (words.size() < 2) return;
    for (const std::string_view word : words) {
      if (word.size() >= kAlikeBytesMin) uses_[std::string(word)].push_back({name, false});
    }
  }
  void Finish() {
    std::vector<std::string> texts;
    for (const auto& [text, uses] : uses_) {
      texts.push_back(text);
      places_.push_back(&uses);
    }
    index_ = std::make_unique<const LikenessIndex>(std::move(texts));
  }
  // Calls note(name, score) for what is spelled like the text.
  template <typename Note>
  void Find(std::string_view text, Note note) const {
    const std::string romanized = Romanized(text);
    const double least = romanized.size() < kAlikeBytesMin ? 1 : kLikenessMin;
    for (const auto& [spelling, likeness] : index_->Find(romanized, least)) {
      for (const Use& use : *places_[spelling]) {
        if (!use.whole && likeness < kWordLikenessMin) continue;
        note(use.name, AlikeScore(use.whole ? kAlikeMost : kAlikeWordMost, likeness));
      }
    }
  }

 private:
  std::map<std::string, std::vector<Use>> uses_;
  std::vector<const std::vector<Use>*> places_;  // of the index's spellings
  std::unique_ptr<const LikenessIndex> index_;
};

}  // namespace

struct NameResolver::Index {
  struct Thing {
    std::string name;
    std::string title;
    int rank = 0;  // lower goes first among equals
  };
  struct Name {
    std::string folded;
    std::string text;
    std::size_t thing = 0;
    int rank = 0;  // 0 is a code, title or name of known language
    bool is_code = false;
  };
  struct Word {
    std::string_view word;  // part of a name's folded text
    std::size_t name = 0;
  };

  std::string_view collection;  // "regions/" or "actors/"
  std::vector<Thing> things;
  std::vector<Name> names;  // by folded, then thing and rank
  std::vector<Word> words;  // of all names, by word, then name

  void Add(Thing thing) { things.push_back(std::move(thing)); }
  // A name of the thing added last.
  void AddName(std::string_view text, int rank, bool is_code = false) {
    std::string folded = FoldName(text);
    if (!folded.empty()) {
      names.push_back({std::move(folded), std::string(text), things.size() - 1, rank, is_code});
    }
  }
  void Finish();
  // Made when first asked for: it takes longer than all the rest, and most texts do without.
  [[nodiscard]] const Spellings& AllSpellings() const {
    std::call_once(spellings_made, [this] {
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (!names[i].is_code) spellings.Add(names[i].text, i);
      }
      spellings.Finish();
    });
    return spellings;
  }

  mutable std::once_flag spellings_made;
  mutable Spellings spellings;
};

void NameResolver::Index::Finish() {
  const auto key = [](const Name& name) {
    return std::tie(name.folded, name.thing, name.rank, name.is_code, name.text);
  };
  std::ranges::sort(names, [&](const Name& a, const Name& b) { return key(a) < key(b); });
  const auto repeated = std::ranges::unique(names, [](const Name& a, const Name& b) {
    return a.folded == b.folded && a.thing == b.thing;
  });
  names.erase(repeated.begin(), repeated.end());
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const std::string_view word : WordsOf(names[i].folded)) words.push_back({word, i});
  }
  std::ranges::sort(words, [](const Word& a, const Word& b) {
    return std::tie(a.word, a.name) < std::tie(b.word, b.name);
  });
}

namespace {

// The best way in which each thing matched.
class Matches {
 public:
  void Note(std::size_t thing, double score, int rank, std::size_t name) {
    const auto [found, is_new] = best_.try_emplace(thing, Match{score, rank, name});
    Match& best = found->second;
    if (is_new || std::tuple(-score, rank, name) >= std::tuple(-best.score, best.rank, best.name)) {
      return;
    }
    best = {score, rank, name};
  }

  struct Match {
    double score;
    int rank;
    std::size_t name;
  };
  [[nodiscard]] const std::unordered_map<std::size_t, Match>& best() const { return best_; }

 private:
  std::unordered_map<std::size_t, Match> best_;
};

}  // namespace

NameResolver::NameResolver(std::shared_ptr<const Index> index) : index_(std::move(index)) {}

NameResolver NameResolver::ForRegions(const Gazetteer& gazetteer) {
  auto index = std::make_shared<Index>();
  index->collection = kRegions;
  for (const Region& region : gazetteer.regions()) {
    index->Add({std::string(kRegions) + region.code, region.title,
                region.level == RegionLevel::kCountry ? 0 : 1});
    index->AddName(region.code, 0, true);
    index->AddName(region.title, 0);
    for (const RegionName& each : region.names) {
      index->AddName(each.text, each.language_code.empty() ? 1 : 0);
    }
  }
  index->Finish();
  return NameResolver(std::move(index));
}

NameResolver NameResolver::ForActors(const std::vector<annals::v1::Actor>& actors) {
  auto index = std::make_shared<Index>();
  index->collection = kActors;
  for (const annals::v1::Actor& actor : actors) {
    if (!actor.name().starts_with(kActors)) continue;
    index->Add({actor.name(), actor.title(), actor.kind() == annals::v1::ACTOR_KIND_STATE ? 0 : 1});
    index->AddName(std::string_view(actor.name()).substr(kActors.size()), 0, true);
    index->AddName(actor.title(), 0);
    for (const annals::v1::LocalName& alias : actor.aliases()) {
      index->AddName(alias.text(), alias.language_code().empty() ? 1 : 0);
    }
  }
  index->Finish();
  return NameResolver(std::move(index));
}

std::vector<ResolvedName> NameResolver::Resolve(std::string_view text,
                                                std::size_t candidates_max) const {
  if (text.starts_with(index_->collection)) text.remove_prefix(index_->collection.size());
  const std::string folded = FoldName(text);
  if (folded.empty()) return {};
  Matches matches;
  bool to_the_letter = false;
  const auto& names = index_->names;
  auto name = std::ranges::lower_bound(names, folded, {}, &Index::Name::folded);
  for (std::size_t n = 0; name != names.end() && name->folded.starts_with(folded); ++name, ++n) {
    if (n >= kNamesMax && name->folded != folded) break;
    const bool exact = name->folded == folded;
    to_the_letter = to_the_letter || exact;
    const double score = exact ? kExact : PartScore(kPrefixLeast, folded, name->folded);
    matches.Note(name->thing, score, name->rank, static_cast<std::size_t>(name - names.begin()));
  }

  // The longest word is the rarest.
  const std::vector<std::string_view> asked = WordsOf(folded);
  const std::string_view rarest = *std::ranges::max_element(asked, {}, &std::string_view::size);
  const auto& words = index_->words;
  auto word = std::ranges::lower_bound(words, rarest, {}, &Index::Word::word);
  for (std::size_t n = 0; word != words.end() && n < kNamesMax; ++word, ++n) {
    if (rarest.size() < kWordBytesMin || !word->word.starts_with(rarest)) break;
    const Index::Name& each = names[word->name];
    if (each.folded.starts_with(folded) || !StartsWords(each.folded, asked)) continue;
    const double score =
        std::min(kWordsLeast + kSpread, PartScore(kWordsLeast, folded, each.folded));
    matches.Note(each.thing, score, each.rank, word->name);
  }

  if (!to_the_letter) {
    index_->AllSpellings().Find(text, [&](std::size_t each, double score) {
      matches.Note(names[each].thing, score, names[each].rank, each);
    });
  }

  using Candidate = std::pair<std::size_t, Matches::Match>;
  std::vector<Candidate> best(matches.best().begin(), matches.best().end());
  const auto key = [this](const Candidate& candidate) {
    const Index::Thing& thing = index_->things[candidate.first];
    return std::tuple(-candidate.second.score, candidate.second.rank, thing.rank,
                      std::string_view(thing.name));
  };
  const auto count = std::min(candidates_max, best.size());
  std::ranges::partial_sort(
      best, best.begin() + static_cast<std::ptrdiff_t>(count),
      [&](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
  std::vector<ResolvedName> resolved;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [thing, match] = best[i];
    resolved.push_back({index_->things[thing].name, index_->things[thing].title,
                        names[match.name].text, match.score});
  }
  return resolved;
}

}  // namespace annals::storage
