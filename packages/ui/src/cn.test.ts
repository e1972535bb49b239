import { describe, expect, it } from 'vitest';
import { cn } from './cn.ts';

describe('cn', () => {
  it('lets a caller replace a class of the same kind, so that a component can be adjusted where it is used', () => {
    expect(cn('h-10 rounded-control bg-surface px-3', 'h-auto rounded-print')).toBe(
      'bg-surface px-3 h-auto rounded-print',
    );
  });

  it('keeps what differs in variant, side or kind', () => {
    expect(cn('text-sm text-ink-2 hover:text-ink', 'text-accent')).toBe('text-sm hover:text-ink text-accent');
    expect(cn('border border-edge border-t', 'border-accent')).toBe('border border-t border-accent');
    expect(cn('p-5 sm:p-6', 'p-0 sm:p-0')).toBe('p-0 sm:p-0');
    expect(cn('rounded-t-card text-center text-ink', 'rounded-card')).toBe(
      'rounded-t-card text-center text-ink rounded-card',
    );
  });

  it('reads variants with brackets', () => {
    expect(cn('[&_svg]:size-4 [&:hover]:bg-line', '[&_svg]:size-5')).toBe('[&:hover]:bg-line [&_svg]:size-5');
  });

  it('leaves out what is false or empty', () => {
    expect(cn('', false, undefined, ['a', { b: true, c: false }])).toBe('a b');
  });
});
