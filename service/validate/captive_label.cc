#include "service/validate/captive_label.h"

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "service/validate/captive_words.h"
#include "storage/name_fold.h"

namespace annals::service {
namespace {

constexpr int kNamePartsMin = 2;
constexpr int kNamePartsMax = 4;
// Longer words in capitals are shouted, not acronyms.
constexpr int kAcronymLettersMax = 4;
constexpr std::int32_t kShortWordLettersMax = 5;

// Of words as FoldName makes them. What stands before must be one letter at least.
constexpr std::array kPatronymicEndings = {"ovich",  "evich", "ovych", "evych", "yovych", "iovych",
                                           "ovna",   "evna",  "ivna",  "yivna", "ович",   "евич",
                                           "иович",  "овна",  "евна",  "івна",  "овича",  "евича",
                                           "иовича", "овны",  "евны",  "івни",  "инична", "иловна"};
constexpr std::array kSurnameEndings = {
    "enko",  "chuk", "czuk",  "iuk",  "yuk",   "shvili", "adze", "idze", "skyi",  "skyy",
    "skiy",  "sky",  "skii",  "tski", "skaya", "vich",   "vych", "yan",  "oglu",  "zade",
    "zadeh", "ov",   "ova",   "ev",   "eva",   "енко",   "чук",  "юк",   "швили", "швілі",
    "адзе",  "ский", "ськии", "скии", "цкии",  "цькии",  "ская", "ська", "цкая",  "цька",
    "ян",    "ов",   "ова",   "ев",   "ева",   "ын",     "ин",   "ович", "евич"};

template <std::size_t N>
bool EndsLike(std::string_view word, const std::array<const char*, N>& endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) {
    return word.size() > ending.size() + 1 && word.ends_with(ending);
  });
}

// A word of a label: letters, digits and marks, with hyphens and apostrophes between them.
struct Word {
  std::int32_t begin = 0;  // in UTF-16 units of the label
  std::int32_t end = 0;
  std::string folded;
  WordSense sense = WordSense::kUnknown;
  int letters = 0;
  bool capital = false;   // begins with one, "al-Hajj" too
  bool capitals = false;  // all of it, where it has more than one letter
  bool dotted = false;    // followed by a dot
  bool adjacent = false;  // nothing but spaces before it, and the dot of a short word

  // Whether it may be a part of a name.
  [[nodiscard]] bool IsNamePart() const { return capital && sense == WordSense::kUnknown; }
  [[nodiscard]] bool IsInitial() const { return IsNamePart() && letters == 1; }
  [[nodiscard]] bool IsBody() const {
    return sense == WordSense::kUnit || sense == WordSense::kPersons;
  }
};

bool IsGrammar(WordSense sense) {
  return sense == WordSense::kArticle || sense == WordSense::kAnd || sense == WordSense::kOf ||
         sense == WordSense::kPlace;
}

WordSense SenseOfParts(std::string_view folded) {
  const WordSense whole = SenseOf(folded);
  if (whole != WordSense::kUnknown) return whole;
  // "russian backed", "al hajj", "chol su", "ukraine s".
  const std::size_t space = folded.find(' ');
  if (space == std::string_view::npos) return whole;
  const WordSense first = SenseOf(folded.substr(0, space));
  const bool describes = first == WordSense::kDescribing || first == WordSense::kUnit ||
                         first == WordSense::kPersons || first == WordSense::kPerson;
  return describes ? WordSense::kDescribing : WordSense::kUnknown;
}

// Whether "al-Hajj" begins with a capital by its second part.
bool BeginsWithParticle(std::string_view folded) {
  const WordSense first = SenseOf(folded.substr(0, folded.find(' ')));
  return first == WordSense::kParticle || first == WordSense::kArticle;
}

std::string TextOf(const icu::UnicodeString& label, std::int32_t begin, std::int32_t end) {
  std::string text;
  label.tempSubStringBetween(begin, end).toUTF8String(text);
  return text;
}

bool IsJoin(UChar32 c) { return c == '-' || c == '\'' || c == 0x2019 || c == 0x02BC; }

// Walks through a label.
class Words {
 public:
  explicit Words(const icu::UnicodeString& label) : label_(label) {
    while (at_ < label_.length()) {
      const UChar32 c = label_.char32At(at_);
      if (u_isalnum(c)) {
        Take();
        continue;
      }
      if (!u_isUWhiteSpace(c)) {
        const bool dot = c == '.' && !words_.empty() && at_ == words_.back().end;
        if (dot) words_.back().dotted = true;
        broken_ = broken_ || !dot || words_.back().letters > kShortWordLettersMax;
      }
      Step();
    }
    Settle();
  }
  [[nodiscard]] std::vector<Word> Get() && { return std::move(words_); }

 private:
  void Step() { at_ = label_.moveIndex32(at_, 1); }

  void Take() {
    Word word;
    word.begin = at_;
    bool lower = false;
    bool digit = false;
    bool part_begins = true;
    bool capital_first = false;
    for (; at_ < label_.length(); Step()) {
      const UChar32 c = label_.char32At(at_);
      const bool mark = (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
      if (IsJoin(c) && at_ + 1 < label_.length() && u_isalnum(label_.char32At(at_ + 1))) {
        part_begins = c == '-';
        continue;
      }
      if (!u_isalnum(c) && !mark) break;
      word.letters += u_isalpha(c) ? 1 : 0;
      lower = lower || u_isULowercase(c);
      digit = digit || u_isdigit(c);
      const bool upper = u_isUUppercase(c) || u_istitle(c);
      if (part_begins && upper) word.capital = true;
      if (at_ == word.begin) capital_first = upper;
      part_begins = false;
    }
    word.end = at_;
    word.folded = storage::FoldName(TextOf(label_, word.begin, word.end));
    word.sense = SenseOfParts(word.folded);
    word.capital = !digit && word.capital && (capital_first || BeginsWithParticle(word.folded));
    word.capitals = word.capital && !lower && word.letters > 1;
    word.adjacent = !words_.empty() && !broken_;
    broken_ = false;
    words_.push_back(std::move(word));
  }

  // What needs all words. In capitals, words are acronyms unless all words are. Small words with a
  // capital inside of a label are parts of names ("Kim In Su", "Ben"), articles without one go.
  void Settle() {
    const bool shouted = std::ranges::all_of(
        words_, [](const Word& word) { return word.capitals || word.letters <= 1; });
    for (Word& word : words_) {
      if (word.sense == WordSense::kUnknown && word.capitals && !shouted &&
          word.letters <= kAcronymLettersMax) {
        word.capital = false;
      }
      const bool small = word.letters <= 2 && &word != &words_.front() && IsGrammar(word.sense);
      const bool in_name = !shouted && (small || word.sense == WordSense::kParticle);
      const bool initial = word.letters == 1 && word.dotted;
      if (word.capital && (in_name || initial)) word.sense = WordSense::kUnknown;
    }
    std::erase_if(words_, [](const Word& word) {
      return word.sense == WordSense::kArticle && !word.capital;
    });
  }

  const icu::UnicodeString& label_;
  std::int32_t at_ = 0;
  bool broken_ = false;
  std::vector<Word> words_;
};

// What a preposition before words says of them.
enum class Lead { kNone, kPlace, kBody };

Lead LeadAfter(Lead before, const Word& word, const Word* previous) {
  switch (word.sense) {
    case WordSense::kPlace:
      return Lead::kPlace;
    case WordSense::kOf:
      return previous != nullptr && previous->IsBody() ? Lead::kBody : Lead::kNone;
    case WordSense::kAnd:
      return before;
    case WordSense::kDescribing:
      return word.capital ? before : Lead::kNone;
    default:
      return Lead::kNone;
  }
}

// Neighbouring words of which each may be a part of a name, in their label.
struct Run {
  const icu::UnicodeString& label;
  const std::vector<Word>& words;
  std::size_t begin = 0;
  std::size_t end = 0;
  Lead lead = Lead::kNone;

  [[nodiscard]] const Word* Before() const {
    return begin > 0 && words[begin].adjacent ? &words[begin - 1] : nullptr;
  }
  [[nodiscard]] const Word* After() const {
    return end < words.size() && words[end].adjacent ? &words[end] : nullptr;
  }
  template <typename Is>
  [[nodiscard]] int Count(Is is) const {
    return static_cast<int>(std::count_if(words.begin() + static_cast<std::ptrdiff_t>(begin),
                                          words.begin() + static_cast<std::ptrdiff_t>(end), is));
  }
  [[nodiscard]] std::string Text() const {
    return TextOf(label, words[begin].begin, words[end - 1].end);
  }
};

bool IsSurname(const Word& word) {
  return word.IsNamePart() && EndsLike(word.folded, kSurnameEndings);
}

bool IsCyrillic(std::string_view folded) { return !folded.empty() && (folded[0] & 0xF0) == 0xD0; }

bool IsName(const Run& run, absl::FunctionRef<bool(std::string_view)> is_catalogued) {
  const int parts =
      run.Count([](const Word& word) { return word.IsNamePart() && !word.IsInitial(); });
  if (parts == 0 || is_catalogued(run.Text())) return false;
  const Word* const before = run.Before();
  const Word* const after = run.After();
  const bool of_body = after != nullptr && after->IsBody();
  const int patronymics = run.Count([](const Word& word) {
    return word.IsNamePart() && EndsLike(word.folded, kPatronymicEndings);
  });
  if (patronymics > 0 && (parts > 1 || !of_body)) return true;
  if (of_body) return false;
  if (before != nullptr && before->sense == WordSense::kTitle) return true;
  if (run.Count([](const Word& word) { return word.IsInitial(); }) > 0) return true;
  const int surnames = run.Count(IsSurname);
  if (parts == 1) {
    return before != nullptr && before->sense == WordSense::kPerson && surnames == 1;
  }
  if (parts < kNamePartsMin || parts > kNamePartsMax || run.lead != Lead::kNone) return false;
  // What follows a Russian or Ukrainian noun directly is of it.
  const bool genitive = before != nullptr && before->IsBody() && IsCyrillic(before->folded);
  return !genitive || surnames > 0;
}

// "Petrenko, Ivan" and "Petrenko and Koval".
bool ListsSurnames(const std::vector<Word>& words) {
  const auto surnames = std::ranges::count_if(words, IsSurname);
  if (words.size() == 2 && words[0].IsNamePart() && words[1].IsNamePart()) return surnames > 0;
  return surnames > 1 && std::ranges::all_of(words, [](const Word& word) {
           return IsSurname(word) || word.sense == WordSense::kAnd;
         });
}

}  // namespace

bool LooksLikeAPersonsName(std::string_view label,
                           absl::FunctionRef<bool(std::string_view)> is_catalogued) {
  if (is_catalogued(label)) return false;
  const auto text = icu::UnicodeString::fromUTF8(
      icu::StringPiece(label.data(), static_cast<std::int32_t>(label.size())));
  const std::vector<Word> words = Words(text).Get();
  if (ListsSurnames(words)) return true;
  Lead lead = Lead::kNone;
  for (std::size_t i = 0; i < words.size();) {
    if (!words[i].adjacent) lead = Lead::kNone;
    if (!words[i].IsNamePart()) {
      lead = LeadAfter(lead, words[i], i > 0 ? &words[i - 1] : nullptr);
      ++i;
      continue;
    }
    Run run{text, words, i, i + 1, lead};
    for (std::size_t next = run.end; next < words.size() && words[next].adjacent; ++next) {
      if (words[next].IsNamePart()) {
        run.end = next + 1;
      } else if (words[next].sense != WordSense::kParticle) {
        break;
      }
    }
    if (IsName(run, is_catalogued)) return true;
    i = run.end;
  }
  return false;
}

}  // namespace annals::service
