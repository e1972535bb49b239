import { cva, type VariantProps } from 'class-variance-authority';
import type { ComponentProps, ElementType, ReactNode } from 'react';
import { cn } from './cn.ts';
import { Spinner } from './spinner.tsx';

const button = cva(
  'inline-flex shrink-0 select-none items-center justify-center gap-2 sm:whitespace-nowrap max-sm:max-w-full rounded-control font-medium transition-[background,border-color,color,transform] duration-150 ease-out active:translate-y-px disabled:translate-y-0 disabled:opacity-55 aria-disabled:translate-y-0 aria-disabled:opacity-55 [&_svg]:size-[1.1em] [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-accent text-accent-ink enabled:hover:bg-accent-strong [a]:hover:bg-accent-strong',
        secondary: 'border border-edge/70 bg-surface text-ink hover:border-edge hover:bg-sunken',
        ghost: 'text-ink hover:bg-sunken dark:hover:bg-surface',
        danger: 'bg-danger text-danger-ink enabled:hover:bg-danger-strong',
        quietDanger: 'text-danger hover:bg-danger-soft',
      },
      size: {
        sm: 'h-8 px-3 text-sm max-sm:h-fit max-sm:min-h-8',
        md: 'h-10 px-4 text-sm max-sm:h-fit max-sm:min-h-10',
        lg: 'h-12 px-6 text-base max-sm:h-fit max-sm:min-h-12',
        icon: 'size-10',
        iconSm: 'size-8 text-sm',
      },
    },
    defaultVariants: { variant: 'secondary', size: 'md' },
  },
);
export type ButtonLook = VariantProps<typeof button>;

/** The classes of a button, for anything else that must look like one. */
export function buttonClass(look: ButtonLook & { className?: string | undefined } = {}): string {
  return cn(button({ variant: look.variant, size: look.size }), look.className);
}

type ButtonProps = ComponentProps<'button'> & ButtonLook & { busy?: boolean | undefined };

/** `busy` shows a spinner and ignores clicks while keeping focus, so that screen readers keep their place. */
export function Button({ variant, size, className, busy = false, children, onClick, type, ...rest }: ButtonProps) {
  return (
    <button
      type={type ?? 'button'}
      className={buttonClass({ variant, size, className })}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

type IconButtonProps = Omit<ButtonProps, 'aria-label' | 'title'> & { label: string; children: ReactNode };

/** A button that shows only an icon; `label` is its name and its hint. */
export function IconButton({ label, size = 'icon', variant = 'ghost', ...rest }: IconButtonProps) {
  return <Button aria-label={label} title={label} size={size} variant={variant} {...rest} />;
}

type LinkButtonProps<T extends ElementType> = { as?: T } & ButtonLook & { className?: string } & Omit<
    ComponentProps<T>,
    'as' | 'className' | 'size'
  >;

/** A link that looks like a button. `as` takes a router's link component. */
export function LinkButton<T extends ElementType = 'a'>({ as, variant, size, className, ...rest }: LinkButtonProps<T>) {
  const Link: ElementType = as ?? 'a';
  return <Link className={buttonClass({ variant, size, className })} {...rest} />;
}
