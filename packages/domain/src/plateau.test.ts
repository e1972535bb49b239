import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasPlateaued, isMeasuredStep, PLATEAU, suggestCheckpoint } from './plateau.ts';

type Case = { name: string; totalSteps: number; scored: [number, number | null][]; stops: boolean };
const CASES = JSON.parse(readFileSync(new URL('../vectors/plateau.json', import.meta.url), 'utf8')) as Case[];
const asScored = (scored: [number, number | null][]) => scored.map(([step, likeness]) => ({ step, likeness }));
const likeness = fc.double({ min: 0, max: 1, noNaN: true });

describe('an early stop', () => {
  it.each(CASES)('$name', ({ totalSteps, scored, stops }) => {
    expect(hasPlateaued(asScored(scored), totalSteps)).toBe(stops);
  });

  it('never comes before half of the steps, and never while each measurement gains enough', () => {
    fc.assert(
      fc.property(fc.array(likeness, { maxLength: 8 }), fc.integer({ min: 8, max: 5000 }), (values, total) => {
        const scored = values.map((value, index) => ({ step: Math.ceil(total / 8) * (index + 1), likeness: value }));
        if (hasPlateaued(scored, total)) expect(scored.at(-1)?.step).toBeGreaterThanOrEqual(total / 2);
        const rising = scored.map((one, index) => ({ ...one, likeness: (index + 1) * PLATEAU.minGain * 1.01 }));
        expect(hasPlateaued(rising, total)).toBe(false);
      }),
    );
  });

  it('is looked for at most eight times, the last step not among them', () => {
    for (const total of [1, 2, 7, 8, 9, 40, 203, 5000]) {
      const measured = Array.from({ length: total + 1 }, (_, step) => step).filter((step) =>
        isMeasuredStep(step, total),
      );
      expect(measured.length).toBeLessThanOrEqual(PLATEAU.rounds);
      expect(measured.every((step) => step > 0 && step < total)).toBe(true);
    }
    expect([25, 50, 175].every((step) => isMeasuredStep(step, 200))).toBe(true);
    expect(isMeasuredStep(26, 200)).toBe(false);
  });
});

describe('the suggested checkpoint', () => {
  const of = (...scored: [number, number | null][]) => suggestCheckpoint(asScored(scored));

  it('needs two to compare', () => {
    expect(of()).toBeNull();
    expect(of([10, 0.5], [20, null])).toBeNull();
  });

  it('is the last one only when no earlier one is as good', () => {
    expect(of([10, 0.5], [20, 0.7], [30, 0.9])).toMatchObject({
      best: { step: 30 },
      reason: expect.stringContaining('90 %'),
    });
    expect(of([10, 0.5], [20, 0.89], [30, 0.9])).toMatchObject({ best: { step: 20 } });
    expect(of([10, 0.5], [20, 0.9], [30, 0.6])).toMatchObject({ best: { step: 20 } });
  });

  it('says in its reason what speaks against those after it', () => {
    expect(of([10, 0.5], [20, 0.89], [30, 0.9])?.reason).toContain('fewer steps');
    expect(of([10, 0.5], [20, 0.9], [30, 0.6])?.reason).toContain('did not help');
  });

  it('is never worse than the best by more than what counts as a gain, and never has more steps than the best', () => {
    const scored = fc.array(fc.option(likeness), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(scored, (values) => {
        const all = values.map((value, index) => ({ step: index + 1, likeness: value }));
        const found = suggestCheckpoint(all);
        const known = all.filter((one) => one.likeness !== null);
        expect(found === null).toBe(known.length < 2);
        if (!found) return;
        const best = known.toSorted((a, b) => (b.likeness ?? 0) - (a.likeness ?? 0) || a.step - b.step)[0];
        expect((best?.likeness ?? 0) - (found.best.likeness ?? 0)).toBeLessThan(PLATEAU.minGain);
        expect(found.best.step).toBeLessThanOrEqual(best?.step ?? 0);
      }),
    );
  });
});
