/** For a machine of one's own, tests and benchmarks: nobody is held back. */
export const NO_CALL_LIMITS = {
  CALLS_PER_MINUTE_PER_ADDRESS: '0',
  TRAININGS_PER_HOUR: '0',
  GENERATIONS_PER_HOUR: '0',
  MUTATIONS_PER_15_MIN: '0',
  READS_PER_15_MIN: '0',
  CALLS_AT_ONCE_PER_PERSON: '0',
  STREAMS_PER_PERSON: '0',
  LIVE_JOBS_PER_PERSON: '0',
  REPORTS_PER_HOUR_PER_ADDRESS: '0',
  STRIKES_TO_SUSPEND: '0',
  SHED_AT_DELAY_MS: '0',
} as const;
