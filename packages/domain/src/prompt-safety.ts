/**
 * The built-in prompt filter: what PixGen refuses to draw, whoever asks. Every model is somebody's likeness, so sexual
 * content is refused outright, and with minors also what is merely suggestive.
 *
 * Word lists catch what people type, not what they can think of: the classifier on the GPU host looks at every picture,
 * and an installation may ask a filter of its own after this one. See docs/safety.md.
 */
import { type Sentence, say } from './sentence.ts';

export type PromptVerdict =
  | { allowed: true }
  /** `term`: what was found, in the person's own words. */
  | { allowed: false; reason: 'minors' | 'sexual'; term: string };

export type JudgedPrompt = { prompt: string; classWord: string };

/** A further filter of an installation; asked only about prompts that the built-in one allows. */
export type PromptFilter = (prompt: JudgedPrompt) => PromptVerdict | Promise<PromptVerdict>;

/** Harmless phrases that hold a word of the lists; they are taken out first. */
const HARMLESS = [
  // en
  'nude_(?:colou?r(?:ed)?|tones?|toned|shades?|lips?|lipstick|make-?up|nails?|polish|palette|heels?|pumps|shoes|beige|pink)',
  '(?:in|of) nude (?:and|or|tones|colou?rs)',
  'naked_(?:eye|eyes|flame|mole_rat|bike|cake|trees?|branches|rock|steel|concrete|bulbs?|sword|blade)',
  '(?:same|opposite|single)_sex',
  'nipple of (?:a|the) bottle',
  'pussy ?(?:willows?|cats?)',
  '(?:sex|gender) (?:equality|discrimination|ratio)',
  // de, fr, it, es, pt, tr
  'nackte[nrms]? (?:w[aä]nde?|fels(?:en)?|beton|b[aä]ume?|f[uü](?:ss|ß)en?|auge)',
  'nacktschnecken?',
  '(?:pieds?|tetes?|mains?|jambes?|bras|epaules?|epees?|oeil) nue?s?',
  '(?:piedi?|mani|braccia|occhio|gambe|spada) nud[oaie]',
  'pies desnudos',
  'pes nus',
  'ciplak ayak\\p{L}*',
];

/** Refused always. Words stand between borders; `*` lets a word go on, `_` is a space or hyphen. */
const SEXUAL = [
  // en
  'nsfw nude nudes nudity nudist* naked* nakedness sex sexy sexual* sexually sexting porn* pornograph* xxx hentai erotic* erotica fetish* bdsm bondage orgasm* orgy orgies masturbat* blowjob* handjob* cumshot* creampie* gangbang* milf deepthroat* penis* vagina* vulva* genital* clitoris* dildo* vibrator* boobs boobies tits(?=\\s+out) nipple* areola* upskirt* undress* topless bottomless horny slut* whore* strip(?:per|pers|tease) lewd ahegao onlyfans playboy fuck* cunt* pussy pussies',
  '(?:bare|exposed|big|huge|large|naked|visible|uncovered)_(?:breasts?|chested woman|tits|butt|ass|buttocks|genitals)',
  '(?:no|without|wearing no|removed|taking off(?: all)?(?: her| his| their)?) (?:any )?(?:clothes|clothing|underwear|panties|bra|pants)',
  '(?:making love|spread legs|legs spread|wearing nothing|wet t-?shirt|see_through (?:shirt|top|dress|lingerie|clothes))',
  // de
  'nackt nackte nackten nackter nacktes nacktheit nacktfoto* nacktbild* splitternackt halbnackt unbekleidet* oben_ohne entbl[oö](?:ss|ß)t* sexuell* erotisch* porno* titten m[oö]pse ficken fickt geschlechtsverkehr geschlechtsteil* orgasmus selbstbefriedigung ohne_kleid(?:er|ung)',
  // fr
  'nue nues tout(?:e|es)?_nu(?:e|es|s)? denude* deshabille* sexe sexuel* erotique* pornographique* seins?_nus? sans_vetements?',
  // es, pt, it
  'desnud[oa]s? desnudez sexo sexual sexuales er[oó]tic[oa]s? tetas follar follando sin_ropa semidesnud[oa]s?',
  'nua nuas pelad[oa]s? nudez sexuais seios_nus transando sem_roupa',
  'nud[oai] nudit[aà] sesso sessuale sessuali er[oó]tic(?:he|i) tette scopare senza_vestiti',
  // nl, pl, sv
  'naakt* seks* erotisch* tieten neuken zonder_kleren nag[aieo] nagie nagich nago erotyczn* rozebran* naken nakna nakenhet',
  // ru, uk
  'гол(?:ый|ая|ые|ого|ой|ую|ых|ым|ыми|ышом|ий) обнаж* нагишом наг(?:ая|ой|ую|ие) секс* сексуальн* порно* эротик* эротич* еротич* сиськ* оголен* топлес* без_одежды',
  // tr, id, vi
  'ciplak* seks* erotik* telanjang* bugil* seksi khoa_than khieu_dam tanpa_(?:busana|pakaian)',
  // ar, hi
  'عاري* عارية عراة عريان* جنسي* الجنس جنس اباحي* إباحي* नग्न नंगा नंगी नंगे सेक्स सेक्सी अश्लील कामुक',
];
/** Scripts without spaces: found anywhere. */
const SEXUAL_ANYWHERE =
  '裸体|裸體|全裸|裸女|裸照|裸露|半裸|性爱|性愛|做爱|做愛|色情|情色|性交|乳头|乳頭|露点|露點|阴道|陰道|阴茎|陰莖|生殖器|脱光|脫光|一丝不挂|一絲不掛|黄片|ヌード(?!ル)|裸の|裸で|セックス|エロい|エロティ|エロス|エロ画像|ポルノ|おっぱい|乳首|性器|素っ裸|누드(?! ?톤)|알몸|나체|벌거벗|섹스|포르노|야한|에로틱|성관계|젖꼭지|เปลือย|โป๊|เซ็กส์|ลามก';

/** Refused with a minor only. */
const SUGGESTIVE = [
  'lingerie bikini* thong* panties underwear seductive* sensual* provocative* suggestive* flirty cleavage hot_body kissing in_bed pin-?up fishnet* stockings garter* corset* reizw[aä]sche unterw[aä]sche dessous verf[uü]hrerisch* aufreizend* sinnlich* lenceria sensuel* seducteur seductrice seduisante biancheria seducente sedutora sedutor bielizna bielizn* нижнее_белье соблазнительн* ic_camasiri',
];
const SUGGESTIVE_ANYWHERE = '内衣|內衣|性感|比基尼|下着|ビキニ|セクシー|비키니|속옷|섹시|란제리';

const MINORS = [
  // en
  'child children childlike kid kids toddler* infant* baby babies newborn* preteen* pre-teen* tween* teen teens teenage* teenager* underage* under-age* minors adolescent* schoolgirl* schoolboy* schoolchild* kindergart* preschooler* loli lolis lolita* lolicon shota shotacon jailbait juvenile* cub',
  '(?:little|young|small|tiny|minor) (?:girl|girls|boy|boys|kid|one|ones)',
  '(?:elementary|primary|middle|high|grade)_school(?:er|ers|_(?:student|students|girl|girls|boy|boys|kid|kids))?',
  '(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)_grader*',
  // A number that is an age.
  '(?<!\\d)(?:[1-9]|1[0-7])_?(?:years?_olds?|yrs?_olds?|y/?o|year_old|jahre?_alt|jahrige\\p{L}*|j[aä]hrige\\p{L}*|ans|a[nñ]os|anni|anos|jaar|lat|lata|лет|года|год|yasinda\\p{L}*|岁|歲|歳|才|세|살)',
  '(?:aged?|age of|im alter von|agee? de|alter) (?:[1-9]|1[0-7])(?!\\d)',
  // de, fr, es, pt, it
  'kind kinder kindes kindern kleinkind* baby* saugling* s[aä]ugling* m[aä]dchen jugendliche* minderj[aä]hrig* schulm[aä]dchen schulkind* sch[uü]lerin* teenie*',
  'enfant* gamin gamine fillette* bebe* mineure mineur mineurs ecolier* lyceenne* collegienne* adolescente?s? petite_fille petit_garcon',
  'ni[ñ]os? ni[ñ]as? menor(?:es)?_de_edad colegiala* chiquill[oa]s? crianca* menina* menino* menor_de_idade bambin[oaie] minorenn[ei] ragazzin[oaie] neonat[oaie]',
  // nl, pl, sv, ru, uk, tr, id, vi
  'kinderen meisje* minderjarig* tiener* kleuter* dziecko dzieci dziewczynk* chlopczyk* nieletni* nastolat* niemowl* barn flicka pojke',
  'ребен* ребён* дети детей детск* девочк* мальчик* школьниц* школьник* несовершеннолетн* подрост* малыш* младен* дитин* дівчинк* неповнолітн* підліт*',
  'cocuk* kucuk_kiz* bebek* ergen* liseli* resit_olmayan anak_kecil anak-anak balita* tre_em be_gai',
  // ar, hi
  'طفل* طفلة اطفال أطفال قاصر* رضيع* बच्चा बच्ची बच्चे नाबालिग किशोर*',
];
const MINORS_ANYWHERE =
  '儿童|兒童|小孩|孩子|女童|男童|幼女|幼儿|幼兒|未成年|小女孩|小男孩|萝莉|蘿莉|正太|婴儿|嬰兒|小学生|小學生|初中生|中学生|中學生|高中生|少女|少年|子供|子ども|こども|高校生|女子高生|ロリ|ショタ|赤ちゃん|児童|幼児|어린이|어린 아이|아동|미성년|소녀|소년|초등학생|중학생|고등학생|여고생|아기|เด็ก';

/** As the class word of a model these mean a minor; in a sentence they often do not. */
const YOUNG_CLASS_WORDS = [
  'girls? boys? (?:step|grand|god)?sons? (?:step|grand|god)?daughters? (?:step|grand|god)child(?:ren)? nieces? nephews? pupils? minor teener* kiddo kiddies? kiddy tots? lads? laddie* lass(?:es|ie|ies)? youth youths youngster* orphan* boyhood girlhood',
  // de, fr, es, pt, it, nl: as far as they can be typed in a class word
  'sohn toechter tochter junge(?!_(?:frau|mann|dame)) jungen m[a]edchen bub enkel enkelin enkelkind* saeugling* fille filles garcon* fils hij[oa]s? chic[oa]s? nin[oa]s? filh[oa]s? rapaz rapariga figli[oae]? ragazz[oaie] jongen zoon dochter',
];
/** Words of the lists that as a subject are an animal, a building or an arm of the service. */
const NOT_YOUNG = /(?<!\p{L})(?:cubs?|barns?|infantry\p{L}*)(?!\p{L})/gu;

const harmless = new RegExp(HARMLESS.map((phrase) => bounded(phrase)).join('|'), 'gu');
const sexual = finder(SEXUAL, SEXUAL_ANYWHERE);
const suggestive = finder(SUGGESTIVE, SUGGESTIVE_ANYWHERE);
const minors = finder(MINORS, MINORS_ANYWHERE);
const minorSubject = finder([...MINORS, ...YOUNG_CLASS_WORDS], MINORS_ANYWHERE);

/**
 * Judges a prompt for a subject of a class. Negative prompts are not judged: they say what must not be in the picture.
 *
 * @param prompt what the person or the pack wrote
 */
export function judgePrompt({ prompt, classWord }: JudgedPrompt): PromptVerdict {
  // What hides its letters is looked at as it is typed and as it reads.
  const plain = normalised(prompt).replace(harmless, ' ');
  const bare = unmasked(plain);
  const readings = bare === plain ? [plain] : [plain, bare.replace(harmless, ' ')];
  const find = (pattern: RegExp): string | null => {
    for (const reading of readings) {
      const found = pattern.exec(reading);
      if (found) return found[0].trim();
    }
    return null;
  };
  const explicit = find(sexual);
  const subject = normalised(classWord);
  const isMinor = minors.test(subject) || isMinorClass(classWord) || find(minors) !== null;
  const term = explicit ?? (isMinor ? find(suggestive) : null);
  if (term === null) return { allowed: true };
  return { allowed: false, reason: isMinor ? 'minors' : 'sexual', term };
}

/** Whether a class word says that the subject is a child or teenager, of whom no model is made. */
export function isMinorClass(classWord: string): boolean {
  return minorSubject.test(normalised(classWord).replace(NOT_YOUNG, ' '));
}

/** The words for a refusal: what is refused and what to change. */
export function describeRefusal(verdict: Extract<PromptVerdict, { allowed: false }>): Sentence {
  const change = say`Take out “${verdict.term}” and describe the scene and what is worn.`;
  return verdict.reason === 'minors'
    ? say`PixGen makes no sexual or suggestive pictures of children or teenagers, without exception. ${change}`
    : say`PixGen draws the likeness of real subjects and makes no sexual pictures of them. ${change}`;
}

/** Lower case, one form per letter, no accents (but ñ), nothing invisible. */
function normalised(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\p{Cf}/gu, '')
    .normalize('NFD')
    .replace(/n\u0303/gu, 'ñ')
    .replace(/(?<=[\p{Script=Latin}])\p{M}+/gu, '')
    .normalize('NFC')
    .replaceAll('ı', 'i')
    .replace(/[\s_]+/gu, ' ');
}

const LOOKALIKES: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
  а: 'a',
  е: 'e',
  о: 'o',
  р: 'p',
  с: 'c',
  у: 'y',
  х: 'x',
  і: 'i',
  ѕ: 's',
  ο: 'o',
  α: 'a',
  ε: 'e',
  ν: 'v',
};

/** The text with stand-ins for letters replaced in words that mix them, and with spelled-out words put together. */
function unmasked(text: string): string {
  return text
    .replace(/(?<!\p{L})\p{L}(?:[ .*·-]{1,3}\p{L}){2,}(?!\p{L})/gu, (spelled) => spelled.replace(/[ .*·-]/gu, ''))
    .replace(/[\p{L}\p{N}@$!]+/gu, (word) =>
      /[a-z]/u.test(word) && /[^a-z]/u.test(word)
        ? [...word].map((letter) => LOOKALIKES[letter] ?? letter).join('')
        : word,
    )
    .replace(/(?<=\p{L})\*(?=\p{L})/gu, '')
    .replace(/(\p{L})\1{2,}/gu, '$1');
}

function finder(lists: readonly string[], anywhere: string): RegExp {
  const words = lists.flatMap((list) => (list.startsWith('(') ? [list] : list.split(/ (?![^(]*\))/u)));
  return new RegExp(
    `${words.map((word) => bounded(word.replace(/(?<=[\p{L}])\*$/u, '\\p{L}*'))).join('|')}|${anywhere}`,
    'u',
  );
}

/** A space or `_` inside a phrase may be a hyphen, as people write them. */
function bounded(word: string): string {
  return `(?<![\\p{L}\\p{M}])(?:${word.replaceAll(/[ _]/gu, '[ -]')})(?![\\p{L}\\p{M}])`;
}
