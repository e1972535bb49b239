'use client';

import type { ImageDetailView } from '@pixgen/domain';
import { Badge, cn, LinkButton, Segmented } from '@pixgen/ui';
import { ArrowLeft, ArrowLeftRight } from 'lucide-react';
import dynamic from 'next/dynamic';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type CSSProperties, type ReactNode, useEffect, useState } from 'react';
import { useReadable } from '@/generation/readable-prompt';
import { Print } from './print';
import { diffWords, type Piece, recipeDiff } from './recipe-diff';
import { srcSetOf } from './src-set';
import { colourOf } from './thumbhash';

const CompareSlider = dynamic(() => import('./compare-slider'));

const MODES = ['slider', 'side', 'blink'] as const;
const BLINK_MS = 900;

type Pair = { a: ImageDetailView; b: ImageDetailView };

export default function CompareByAddress(pair: Pair) {
  return (
    <NuqsAdapter>
      <Compare {...pair} />
    </NuqsAdapter>
  );
}

/** Two pictures against each other, and what made the difference. */
function Compare({ a, b }: Pair) {
  const t = useTranslations('gallery');
  const readable = useReadable();
  const [mode, setMode] = useQueryState('mode', parseAsStringLiteral(MODES).withDefault('slider'));
  // Both fill the same frame, else one could not lie over the other.
  const nameOf = (letter: string, image: ImageDetailView) => `${letter}: ${readable(image.prompt)}`;
  const shape = { aspectRatio: `${Math.max(a.width / a.height, b.width / b.height)}` };
  return (
    <div data-wide className="grid gap-8">
      <div className="flex flex-wrap items-center gap-3">
        <LinkButton as={Link} href="/gallery" variant="ghost" size="sm">
          <ArrowLeft aria-hidden="true" /> {t('gallery')}
        </LinkButton>
        <Segmented
          label={t('howToCompare')}
          value={mode}
          onValue={(value) => void setMode(value)}
          options={[
            { value: 'slider', label: t('slider') },
            { value: 'side', label: t('sideBySide') },
            { value: 'blink', label: t('blink') },
          ]}
        />
        <LinkButton as={Link} href={`/compare?a=${b.id}&b=${a.id}&mode=${mode}`} replace variant="ghost" size="sm">
          <ArrowLeftRight aria-hidden="true" /> {t('swap')}
        </LinkButton>
      </div>
      {mode === 'slider' && (
        <Stage style={shape}>
          <CompareSlider left={sourceOf(a, nameOf('A', a))} right={sourceOf(b, nameOf('B', b))} />
        </Stage>
      )}
      {mode === 'side' && (
        <div className="grid gap-3 sm:grid-cols-2">
          {[a, b].map((image, index) => (
            <figure key={image.id} className="grid gap-2">
              <div className="overflow-hidden rounded-print bg-sunken" style={shape}>
                <Picture image={image} name={index === 0 ? 'A' : 'B'} />
              </div>
              <figcaption className="text-ink-2 text-sm">{index === 0 ? 'A' : 'B'}</figcaption>
            </figure>
          ))}
        </div>
      )}
      {mode === 'blink' && <Blink a={a} b={b} style={shape} />}
      <Differences a={a} b={b} />
    </div>
  );
}

function Stage({ style, children }: { style: CSSProperties; children: ReactNode }) {
  return (
    <div
      className="mx-auto w-full max-w-[min(100%,66dvh*var(--ratio))] overflow-hidden rounded-print bg-sunken"
      style={{ ...style, ['--ratio' as string]: style.aspectRatio }}
    >
      {children}
    </div>
  );
}

const SIZES = '(min-width: 64rem) 60vw, 100vw';

function sourceOf(image: ImageDetailView, alt: string) {
  const src = `/i/${image.id}`;
  return {
    src: `${src}?w=1280`,
    srcSet: srcSetOf(src, image.width),
    sizes: SIZES,
    alt,
    // Seen until the picture has come.
    placeholder: image.thumbhash && colourOf(image.thumbhash),
  };
}

function Picture({ image, name, hidden = false }: { image: ImageDetailView; name: string; hidden?: boolean }) {
  const readable = useReadable();
  return (
    <div aria-hidden={hidden} className={cn('size-full', hidden && 'invisible')}>
      <Print
        src={`/i/${image.id}`}
        alt={`${name}: ${readable(image.prompt)}`}
        width={image.width}
        height={image.height}
        sizes={SIZES}
        thumbhash={image.thumbhash}
        priority
        className="size-full object-contain"
      />
    </div>
  );
}

/** One after the other in the same place: eyes see what jumps. Stands still for those who asked for less motion. */
function Blink({ a, b, style }: { a: ImageDetailView; b: ImageDetailView; style: CSSProperties }) {
  const t = useTranslations('gallery');
  const [second, setSecond] = useState(false);
  const [running, setRunning] = useState(false);
  useEffect(() => setRunning(!window.matchMedia('(prefers-reduced-motion: reduce)').matches), []);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setSecond((old) => !old), BLINK_MS);
    return () => clearInterval(timer);
  }, [running]);
  return (
    <div className="grid gap-3">
      <Stage style={style}>
        <div className="relative size-full *:absolute *:inset-0">
          <Picture image={a} name="A" hidden={second} />
          <Picture image={b} name="B" hidden={!second} />
        </div>
      </Stage>
      <div className="flex items-center justify-center gap-3 text-sm">
        <Badge tone={second ? 'neutral' : 'accent'}>A</Badge>
        <button
          type="button"
          aria-pressed={running}
          onClick={() => setRunning(!running)}
          className="h-8 rounded-control border border-edge px-3"
        >
          {running ? t('stop') : t('blinkByItself')}
        </button>
        <button
          type="button"
          onClick={() => {
            setRunning(false);
            setSecond(!second);
          }}
          className="h-8 rounded-control border border-edge px-3"
        >
          {t('showOther', { name: second ? 'A' : 'B' })}
        </button>
        <Badge tone={second ? 'accent' : 'neutral'}>B</Badge>
      </div>
    </div>
  );
}

function Differences({ a, b }: { a: ImageDetailView; b: ImageDetailView }) {
  const t = useTranslations('gallery');
  const readable = useReadable();
  const rows = recipeDiff(t, a, b);
  const changed = rows.filter((row) => row.differs).length;
  const words = diffWords(readable(a.prompt), readable(b.prompt));
  return (
    <section aria-label={t('recipes')} className="grid gap-4">
      <div className="flex flex-wrap items-baseline justify-between gap-3">
        <h2 className="font-semibold text-lg tracking-[-0.01em]">{t('recipes')}</h2>
        <p className="text-ink-2 text-sm">
          {changed === 0 ? t('theSameInEverything') : t('ofDiffer', { changed, count: rows.length })}
        </p>
      </div>
      <div className="overflow-x-auto rounded-card border border-line bg-surface">
        <table className="w-full text-left text-sm">
          <thead>
            <tr className="border-line border-b text-ink-2">
              <th scope="col" className="px-4 py-2.5 font-normal">
                <span className="sr-only">{t('part')}</span>
              </th>
              <th scope="col" className="px-4 py-2.5 font-medium">
                <Link href={`/gallery/${a.id}`} className="underline-offset-4 hover:underline">
                  A
                </Link>
              </th>
              <th scope="col" className="px-4 py-2.5 font-medium">
                <Link href={`/gallery/${b.id}`} className="underline-offset-4 hover:underline">
                  B
                </Link>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.part} className={row.differs ? 'bg-warn-soft/60' : undefined}>
                <th scope="row" className="px-4 py-2 align-top font-normal text-ink-2">
                  {t(`facts.${row.part}`)}
                  {row.differs && <span className="sr-only"> {t('differs')}</span>}
                </th>
                {row.part === 'prompt' ? (
                  <>
                    <Words pieces={words.a} />
                    <Words pieces={words.b} />
                  </>
                ) : (
                  <>
                    <td className="break-words px-4 py-2 align-top tabular-nums">{row.a}</td>
                    <td className="break-words px-4 py-2 align-top tabular-nums">{row.b}</td>
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Words({ pieces }: { pieces: readonly Piece[] }) {
  return (
    <td className="min-w-40 px-4 py-2 align-top leading-relaxed">
      {pieces.map((piece, index) =>
        piece.own ? (
          <mark key={index} className="rounded-[3px] bg-accent-soft px-0.5 font-medium text-ink">
            {piece.text}
          </mark>
        ) : (
          <span key={index}>{piece.text}</span>
        ),
      )}
    </td>
  );
}
