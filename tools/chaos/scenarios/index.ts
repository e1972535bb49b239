/** Scenarios by the number that they show; see `docs/chaos-report.md`. */
import type { Scenario } from './scenario.ts';

export const SCENARIOS: Readonly<Record<string, Scenario>> = {};
