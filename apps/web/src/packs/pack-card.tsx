import type { PackView } from '@pixgen/domain';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { SunPrint, type SunPrintKind } from '@/landing/sun-print';

const KINDS: readonly SunPrintKind[] = ['contour', 'fern', 'umbel', 'grass', 'leaf'];

/** A drawing per pack, always the same one; never a picture that pretends to be a result. */
export function PackArt({ slug, index, className }: { slug: string; index?: number; className?: string }) {
  const seed = [...slug].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  return (
    <SunPrint seed={seed} kind={KINDS[(index ?? seed) % KINDS.length] ?? 'leaf'} {...(className && { className })} />
  );
}

export function PackCard({ pack, index, query }: { pack: PackView; index: number; query: string }) {
  const t = useTranslations('packs');
  return (
    <li>
      <Link
        href={`/packs/${pack.slug}${query}`}
        className="group grid h-full content-start gap-4 rounded-card border border-line bg-surface p-4 transition-shadow hover:shadow-lift"
      >
        <PackArt slug={pack.slug} index={index} className="aspect-[5/3] rounded-print" />
        <div className="grid gap-1.5 px-1 pb-1">
          <h2 className="font-semibold text-lg tracking-[-0.01em] group-hover:text-accent">{pack.name}</h2>
          <p className="text-ink-2 text-sm">{pack.description}</p>
          <p className="text-ink-2 text-sm">{t('prompts', { count: pack.prompts.length })}</p>
        </div>
      </Link>
    </li>
  );
}
