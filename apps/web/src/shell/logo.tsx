import { cn } from '@pixgen/ui';

/** A small sun print: a leaf's shadow on blue paper. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={cn('size-7', className)}>
      <rect width="32" height="32" rx="5" className="fill-accent" />
      <g className="fill-accent-ink">
        <path d="M16 27c-.6-6 .1-10.500 2.200-14.400C20 9.300 22.500 7 25.500 5.500c.4 5-.4 9-2.700 12-1.600 2.100-3.600 3.300-5.800 3.700-.3 1.700-.4 3.600-.3 5.800z" />
        <path d="M14.800 20.600c-3.400-.4-6-3-7.300-8.400 4.700.9 7.300 3.600 7.600 7.300z" opacity=".75" />
      </g>
    </svg>
  );
}

export function Logo() {
  return (
    <span className="flex items-center gap-2.5 font-semibold text-[1.0625rem] tracking-[-0.02em]">
      <LogoMark />
      PixGen
    </span>
  );
}
