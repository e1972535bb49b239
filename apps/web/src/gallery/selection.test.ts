import { type ImageFrame, LIMITS } from '@pixgen/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSelected, EVERYTHING, isSelected, NOTHING, range, toggle, toInput } from './selection';

const frames = Array.from({ length: 20 }, (_, index): ImageFrame => [`p${index}`, 1, 1]);

describe('a selection', () => {
  it('tells the same of every picture whether it names what is in or what is out', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(fc.nat(19), { maxLength: 30 }), (all, toggled) => {
        const model = new Set(all ? frames.map(([id]) => id) : []);
        let selection = all ? EVERYTHING : NOTHING;
        for (const at of toggled) {
          const id = frames[at]?.[0] ?? '';
          selection = toggle(selection, id);
          if (!model.delete(id)) model.add(id);
        }
        expect(frames.filter(([id]) => isSelected(selection, id)).length).toBe(model.size);
        expect(countSelected(selection, frames.length)).toBe(model.size);
      }),
      { seed: 6 },
    );
  });

  it('takes everything between two pictures, in both directions, and leaves the rest', () => {
    const start = toggle(NOTHING, 'p9');
    expect([...range(start, frames, 'p9', 'p6').ids].sort()).toEqual(['p6', 'p7', 'p8', 'p9']);
    expect([...range(start, frames, 'p9', 'p11').ids].sort()).toEqual(['p10', 'p11', 'p9']);
    const without = range(toggle(EVERYTHING, 'p3'), frames, 'p3', 'p5');
    expect(countSelected(without, 20)).toBe(17);
  });

  it('of all means those that were there, and refuses to name more than a call can carry', () => {
    const at = '2026-01-01T00:00:00.000Z';
    expect(toInput(toggle(EVERYTHING, 'p1'), { deleted: false }, at)).toEqual({
      matching: { deleted: false },
      except: ['p1'],
      madeBefore: at,
    });
    const many = {
      all: false,
      ids: new Set(Array.from({ length: LIMITS.selection.max + 1 }, (_, one) => String(one))),
    };
    expect(toInput(many, { deleted: false }, at)).toBeNull();
  });
});
