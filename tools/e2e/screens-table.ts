/** Every screen of the studio with its states, and the picture that a browser test takes of each. */

export type ScreenRow = { screen: string /** State → picture. */; states: Readonly<Record<string, string>> };

/** Segments behind the sign-in whose waiting and failing are seen by going there while the API is slow or away. */
export const SEGMENTS = {
  home: '/home',
  models: '/models',
  model: '/models/[id]',
  train: '/train',
  'train-subject': '/train/[id]/subject',
  'train-photos': '/train/[id]/photos',
  'train-settings': '/train/[id]/settings',
  'train-review': '/train/[id]/review',
  studio: '/studio',
  packs: '/packs',
  pack: '/packs/[slug]',
  generation: '/generations/[id]',
  gallery: '/gallery',
  picture: '/gallery/[id]',
  compare: '/compare',
  activity: '/activity',
  job: '/activity/[job]',
  settings: '/settings',
  admin: '/admin',
  'audit-log': '/admin/audit-log',
  reports: '/admin/reports',
} as const;
export type SegmentName = keyof typeof SEGMENTS;
export const SEGMENT_NAMES = Object.keys(SEGMENTS) as SegmentName[];
/** Those that name a thing, which may not be there. */
export const NAMING: readonly SegmentName[] = ['model', 'train-photos', 'pack', 'generation', 'picture', 'job'];

const STATES: Record<SegmentName, Readonly<Record<string, string>>> = {
  home: { empty: 'home-empty', 'at work': 'home-working', failed: 'home-failed', full: 'home' },
  models: { empty: 'models-empty', 'at work': 'models-working', full: 'models' },
  model: {
    draft: 'model-draft',
    'at work': 'model-working',
    'a pack follows': 'model-with-pack',
    failed: 'model-failed',
    cancelled: 'model-cancelled',
    trained: 'wizard-trained',
    'a sample': 'model-sample',
    checkpoints: 'checkpoints',
  },
  train: { open: 'train' },
  'train-subject': { filled: 'wizard-subject', refused: 'wizard-under-age' },
  'train-photos': {
    empty: 'wizard-photos-empty',
    'on their way': 'wizard-photos-on-their-way',
    verdicts: 'wizard-photos-verdicts',
    failed: 'wizard-photos-failed',
  },
  'train-settings': { filled: 'wizard-settings' },
  'train-review': { filled: 'wizard-review' },
  studio: {
    'no model': 'studio-no-model',
    empty: 'studio-empty-prompt',
    'at work': 'studio-drawing',
    full: 'studio-drawn',
    failed: 'studio-failed',
    history: 'studio-history',
    'recipe restored': 'studio-restored',
  },
  packs: { full: 'packs', 'no match': 'packs-no-match' },
  pack: { full: 'pack', 'trains first': 'pack-train-first' },
  generation: { 'at work': 'pack-run-working', partial: 'pack-run-partial', full: 'pack-contact-sheet' },
  gallery: {
    empty: 'gallery-empty',
    full: 'gallery',
    pages: 'gallery-page',
    filtered: 'gallery-filters',
    'no match': 'gallery-no-match',
    'something new': 'gallery-pill',
    selecting: 'gallery-selection',
    undo: 'gallery-undo',
    trash: 'gallery-trash',
    'at work': 'gallery-operation',
    'zip ready': 'gallery-download',
    'an act failed': 'gallery-operation-failed',
    'a file is gone': 'gallery-broken',
  },
  picture: { page: 'picture-page', 'in the trash': 'picture-trash', lightbox: 'lightbox' },
  compare: {
    empty: 'compare-empty',
    slider: 'compare-slider',
    'side by side': 'compare-side',
    blink: 'compare-blink',
  },
  activity: {
    empty: 'activity-empty',
    'at work': 'activity-working',
    failed: 'activity-failed',
    'no match': 'activity-no-match',
    full: 'activity',
  },
  job: { 'at work': 'job-working', failed: 'job-failed', done: 'job-done' },
  settings: {
    full: 'settings',
    'key shown once': 'settings-key',
    sessions: 'settings-sessions',
    strikes: 'settings-strikes',
    'wrong password': 'settings-wrong-password',
  },
  admin: { full: 'admin', 'password link': 'admin-password-link', 'Redis away': 'admin-redis-away' },
  'audit-log': { full: 'audit-log' },
  reports: { empty: 'reports-empty', deciding: 'reports-deciding', full: 'reports-decided' },
};

const segmentRow = (name: SegmentName): ScreenRow => ({
  screen: SEGMENTS[name],
  states: {
    loading: `${name}-loading`,
    error: `${name}-error`,
    ...(NAMING.includes(name) && { 'not there': `${name}-not-found` }),
    ...STATES[name],
  },
});

export const SCREENS: readonly ScreenRow[] = [
  { screen: '/', states: { open: 'landing', 'built-in model': 'landing-sample' } },
  {
    screen: '/sign-in',
    states: {
      open: 'sign-in',
      verifying: 'sign-in-verifying',
      wrong: 'sign-in-wrong',
      'API away': 'sign-in-away',
    },
  },
  {
    screen: '/sign-up',
    states: {
      open: 'sign-up',
      refused: 'sign-up-refused',
      'by invitation': 'sign-up-invite',
      closed: 'sign-up-closed',
    },
  },
  {
    screen: '/setup',
    states: {
      open: 'setup-checks',
      'a part does not work': 'setup-broken',
      'used up': 'setup',
      'link incomplete': 'setup-incomplete',
      refused: 'setup-refused',
    },
  },
  {
    screen: '/set-password',
    states: { open: 'set-password', 'link incomplete': 'set-password-incomplete', refused: 'set-password-refused' },
  },
  ...SEGMENT_NAMES.map(segmentRow),
  { screen: '/erasure', states: { open: 'erasure', 'at work': 'erasure-working', receipt: 'erasure-receipt' } },
  {
    screen: '/docs/api',
    states: { done: 'api-reference', 'one call': 'api-reference-call', 'spec unreachable': 'api-reference-missing' },
  },
  { screen: '/suspended', states: { open: 'suspended' } },
  { screen: '/report', states: { open: 'report', received: 'report-received', decided: 'report-decided' } },
  {
    screen: 'everywhere',
    states: {
      palette: 'palette',
      keys: 'keys',
      menu: 'menu',
      'menu of a picture': 'picture-menu',
      question: 'question',
      'no such page': 'nowhere',
    },
  },
];
