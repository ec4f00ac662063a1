#include "service/validate/captive_words.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/name_fold.h"

namespace annals::service {
namespace {

// Words apart by spaces. Whole words, and in English their plurals in -s where said so.

constexpr std::string_view kArticles = "the a an al el ul le la les los der die das";
constexpr std::string_view kAnds = "and & or with und et y и й і та или або";
constexpr std::string_view kOfs = "of";
constexpr std::string_view kPlaces =
    "from in near at around outside inside by off on out aboard before behind beyond "
    "из з із зі с в во у под під возле біля около при на у со зо від от до после після за";

constexpr std::string_view kTitles =
    "mr mrs ms miss dr prof professor sir private pvt pte pfc cpl corporal lcpl sgt sergeant ssgt "
    "msgt sfc lt lieutenant ltc capt captain cpt maj major col colonel gen general brig brigadier "
    "adm admiral cdr cmdr commander ensign midshipman comrade sheikh emir "
    "рядовой рядовий ефрейтор єфрейтор сержант старшина прапорщик прапорщик лейтенант капитан "
    "капітан майор подполковник підполковник полковник генерал адмирал адмірал мичман мічман "
    "господин госпожа пан пані товарищ товариш командир";

// Each also in the plural, as several.
constexpr std::string_view kEnglishPersons =
    "soldier prisoner captive pow detainee hostage fighter combatant militant rebel insurgent "
    "marine sailor pilot airman officer conscript recruit volunteer mercenary defender civilian "
    "resident citizen inhabitant villager deportee refugee evacuee patient passenger student "
    "teacher worker employee official member medic nurse doctor paramedic journalist reporter "
    "driver operator gunner sniper scout engineer mechanic sapper paratrooper tanker trooper "
    "guard policeman militiaman serviceman servicewoman boy girl man woman child person foreigner "
    "national pensioner believer priest monk cook cadet veteran contractor reservist commando "
    "ranger guardsman guerrilla terrorist saboteur spy settler farmer fisherman survivor deserter";
constexpr std::string_view kPersons =
    "servicemen servicewomen men women children people persons mercenaries policemen militiamen "
    "airmen guardsmen fishermen crew crews troops troop personnel staff police infantry forces "
    "militia militias units casualties others ones families kurds uzbeks kazakhs tajiks turkmens "
    "turks tatars buryats serbs croats czechs slovaks poles finns swedes danes scots thais greeks "
    "arabs jews druze houthis sudanese japanese chinese lebanese vietnamese portuguese "
    "christians catholics yazidis ingush britons spaniards dutchmen frenchmen englishmen irishmen "
    "soldaten soldats soldados soldati zivilisten civils civiles kriegsgefangene prisonniers "
    "prisioneros солдаты солдати бойцы бойці люди лица особи мужчины женщины дети чоловіки жінки "
    "діти жители мешканці экипаж екіпаж пленные полонені граждане громадяни военные військові "
    "моряки матросы матроси медики офицеры офіцери мобилизованные мобілізовані";
constexpr std::string_view kCyrillicPersons =
    "солдат боец бойца бойцом боєць бійця військовополонений військовополоненого военнопленный "
    "пленный пленного полонений полоненого военный військовий военнослужащий військовослужбовець "
    "гражданин громадянин житель мешканець матрос моряк морпех лётчик льотчик пилот пілот офицер "
    "офіцер доброволец доброволець наёмник найманець медик водитель водій контрактник срочник "
    "мобилизованный мобілізований разведчик розвідник танкист танкіст артиллерист артилерист "
    "десантник защитник захисник пограничник прикордонник журналист журналіст заложник заручник";
constexpr std::string_view kUnits =
    "army armies navy fleet flotilla corps division brigade regiment battalion company platoon "
    "squad squadron wing detachment unit group team cell band gang faction front movement "
    "organization organisation legion command garrison ship vessel boat submarine cruiser "
    "corvette artillery cavalry battery directorate service agency ministry department "
    "party union alliance coalition council government network column convoy patrol post base "
    "camp hospital prison colony school plant airport association society church station office "
    "полк полка полку полки бригада бригади бригады батальон батальона батальону батальйон "
    "батальйону рота роты роти взвод взвода взводу дивизия дивизии дивізія дивізії корпус корпуса "
    "корпусу отряд отряда загін загону загон группа группы группировка група групи армия армии "
    "армія армії флот флота флоту гвардия гвардии гвардія гвардії легион легиона легіон легіону "
    "чвк пвк имени імені им ім части частини министерство міністерство";
constexpr std::string_view kParticles = "van von den ter bin ibn ben bint abu";

constexpr std::string_view kDescribing =
    "north south east west northern southern eastern western central upper lower new old great "
    "people peoples democratic islamic arab revolutionary liberation freedom national military "
    "armed naval airborne air land ground territorial defence defense border coast coastal foreign "
    "special operation operations regular irregular mechanized mechanised motorized motorised "
    "assault reconnaissance security intelligence internal interior federal republic republics "
    "state states kingdom emirate caliphate region oblast krai district province county "
    "governorate "
    "raion city town village island islands sea bay river valley peninsula forest mountain area "
    "war wars medical humanitarian aid red crescent international united nations european african "
    "captured detained surrendered wounded injured killed dead fallen deceased released exchanged "
    "returned missing unknown unidentified unnamed alleged former ex pro anti non elderly male "
    "female adult minor young senior junior civil first second third fourth fifth sixth seventh "
    "eighth ninth tenth one two three four five six seven eight nine ten eleven twelve dozen "
    "dozens "
    "hundred hundreds thousand thousands several some many few most all both about over least more "
    "than up to other another various numerous separate independent guards battle bus train truck "
    "tank drone azov wagner taliban hamas hezbollah isis daesh unifil osce "
    "ukraine russia korea belarus donetsk luhansk kherson zaporizhzhia crimea gaza "
    "lnr dnr lpr dpr ддр лнр днр кндр рф всу зсу дпсу нгу осетия осетія сил силы сили "
    "украина украины украине україна україни україні россия россии росія росії білорусі";

// Nationalities: an adjective describes, in the plural it is several persons.
constexpr std::string_view kNationalities =
    "afghan albanian algerian american andorran angolan argentine argentinian armenian australian "
    "austrian azerbaijani azeri bahraini bangladeshi belarusian belgian beninese bolivian bosnian "
    "brazilian british bulgarian burmese burundian cambodian cameroonian canadian catalan chadian "
    "chechen chilean chinese circassian colombian congolese croatian cuban cypriot czech dagestani "
    "danish dutch ecuadorian egyptian emirati english eritrean estonian ethiopian filipino finnish "
    "french gabonese gambian georgian german ghanaian greek guatemalan guinean haitian honduran "
    "hungarian icelandic indian indonesian iranian iraqi irish israeli italian ivorian japanese "
    "jordanian kazakh kenyan korean kosovar kurdish kurd kuwaiti kyrgyz lao latvian lebanese "
    "liberian libyan lithuanian macedonian malagasy malawian malaysian malian maltese mauritanian "
    "mexican moldovan mongolian montenegrin moroccan mozambican namibian nepalese nepali "
    "nicaraguan nigerian nigerien norwegian omani ossetian pakistani palestinian panamanian "
    "paraguayan peruvian polish portuguese qatari romanian russian rwandan saudi scottish "
    "senegalese serbian siberian sikh slovak slovenian somali spanish sudanese swedish swiss "
    "syrian taiwanese tajik tanzanian tatar thai tibetan togolese tunisian turkish turkmen ugandan "
    "ukrainian uruguayan uyghur uzbek venezuelan vietnamese welsh yemeni yugoslav zambian "
    "zimbabwean asian european african arabian caucasian soviet bashkir buryat tuvan crimean "
    "donbas donbass cossack muslim orthodox jewish hindu buddhist shia sunni "
    "alawite azovite";

// Beginnings of Russian and Ukrainian words, which decline.
constexpr std::string_view kStemsOfPersons =
    "военнослуж військовослуж военноплен військовополон захисник защитник погранич прикордон "
    "морпех пехотин піхотин десантник моряк танкист танкіст артиллерист артилерист доброволь "
    "доброволец наемник наймане наймани контрактник срочник резервист разведчик розвідник летчик "
    "льотчик боевик бойовик ополчен гвардейц гвардійц сотрудник співробітник працівник "
    "работник спасател рятувальник заложник заручник поселенц украинц українц россиян росіян "
    "корейц корейц чеченц белорус білорус иностранц іноземц жител мешкан граждан громадян "
    "цивильн цивільн мирны мирні";
constexpr std::string_view kStemsOfDescribing =
    "украинск українськ российск російськ корейск корейськ северокоре північнокоре чеченск "
    "чеченськ белорусск білоруськ осетинск осетинськ кадыровск кадирівськ вагнеров вагнерів "
    "азовск азовськ народн национальн національн республик республік област район морск морськ "
    "сухопутн воздушн повітрян десантн воздушно специальн спеціальн особого особлив отдельн "
    "окрем механизирован механізован мотострелк мотострілец штурмов территориальн територіальн "
    "оборон вооружен збройн внутренн внутрішн федерац федеральн военн військов пленн полонен "
    "ранен поранен захвачен захоплен взят неизвестн невідом двое двоє трое троє четверо пятеро "
    "несколько кілька около близько сотни сотні более понад иностранн іноземн";

using Senses = std::unordered_map<std::string, WordSense>;

std::vector<std::string> Folded(std::string_view words) {
  std::vector<std::string> all;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (std::string word = storage::FoldName(words.substr(0, end)); !word.empty()) {
      all.push_back(std::move(word));
    }
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return all;
}

const Senses& WholeWords() {
  static const auto* senses = [] {
    auto* made = new Senses;
    const auto add = [&](std::string_view words, WordSense sense, WordSense in_plural) {
      for (const std::string& word : Folded(words)) {
        made->emplace(word, sense);
        if (in_plural != WordSense::kUnknown) made->emplace(word + "s", in_plural);
      }
    };
    constexpr WordSense kNone = WordSense::kUnknown;
    add(kArticles, WordSense::kArticle, kNone);
    add(kAnds, WordSense::kAnd, kNone);
    add(kOfs, WordSense::kOf, kNone);
    add(kPlaces, WordSense::kPlace, kNone);
    add(kTitles, WordSense::kTitle, WordSense::kPersons);
    add(kEnglishPersons, WordSense::kPerson, WordSense::kPersons);
    add(kCyrillicPersons, WordSense::kPerson, kNone);
    add(kPersons, WordSense::kPersons, kNone);
    add(kUnits, WordSense::kUnit, WordSense::kUnit);
    add(kParticles, WordSense::kParticle, kNone);
    add(kNationalities, WordSense::kDescribing, WordSense::kPersons);
    add(kDescribing, WordSense::kDescribing, kNone);
    return made;
  }();
  return *senses;
}

const std::vector<std::pair<std::string, WordSense>>& Stems() {
  static const auto* stems = [] {
    auto* made = new std::vector<std::pair<std::string, WordSense>>;
    for (std::string& stem : Folded(kStemsOfPersons)) {
      made->emplace_back(std::move(stem), WordSense::kPersons);
    }
    for (std::string& stem : Folded(kStemsOfDescribing)) {
      made->emplace_back(std::move(stem), WordSense::kDescribing);
    }
    return made;
  }();
  return *stems;
}

}  // namespace

WordSense SenseOf(std::string_view folded) {
  const auto whole = WholeWords().find(std::string(folded));
  if (whole != WholeWords().end()) return whole->second;
  for (const auto& [stem, sense] : Stems()) {
    if (folded.starts_with(stem)) return sense;
  }
  return WordSense::kUnknown;
}

}  // namespace annals::service
