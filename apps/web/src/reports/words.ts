import type { ReportDecision, ReportReason, ReportState, StrikeReason } from '@pixgen/domain';

export const REASON_WORDS: Record<ReportReason, string> = {
  'without-consent': 'It shows me without my consent',
  minor: 'It shows a child or teenager',
  sexual: 'It is sexual',
  illegal: 'It is against the law in another way',
  other: 'Something else',
};

export const STATE_WORDS: Record<ReportState, string> = {
  open: 'Received; not decided yet',
  dismissed: 'Looked at; nothing was taken down',
  'taken-down': 'Taken down, and erased for good',
  suspended: 'The account was suspended',
  gone: 'Its owner erased it before the decision',
};

export const DECISIONS: Record<Exclude<ReportDecision, 'dismiss'>, { action: string; text: string }> = {
  'take-down-picture': {
    action: 'Take down the picture',
    text: 'Nobody sees it from now on, and it is erased for good. It counts as a strike.',
  },
  'take-down-model': {
    action: 'Take down the model',
    text: 'The model goes with its photos, LoRA files and all its pictures, for good. It counts as a strike.',
  },
  'suspend-person': {
    action: 'Suspend the person',
    text: 'The account can do nothing and is shown nothing until an administrator lets it in again.',
  },
};

export const STRIKE_WORDS: Record<StrikeReason, string> = {
  'prompt-minors': 'A prompt for sexual or suggestive pictures of minors was refused',
  'prompt-sexual': 'A prompt for sexual pictures was refused',
  'taken-down': 'A report was upheld and something was taken down',
};
