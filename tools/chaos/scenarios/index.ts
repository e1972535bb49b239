/** Scenarios by the number that they show; see `docs/chaos-report.md`. */
import { i2 } from './i2.ts';
import { i14 } from './i14.ts';
import { i16 } from './i16.ts';
import { r2 } from './r2.ts';
import { r4 } from './r4.ts';
import { r5 } from './r5.ts';
import { r6 } from './r6.ts';
import { r7 } from './r7.ts';
import { r8 } from './r8.ts';
import { r9 } from './r9.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: Readonly<Record<string, Scenario>> = { r2, r4, r5, r6, r7, r8, r9, i2, i14, i16 };
