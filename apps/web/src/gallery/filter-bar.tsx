'use client';

import { Button, Field, Input, Segmented, Select } from '@pixgen/ui';
import { Search, SlidersHorizontal, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import { countFilters, type GalleryFilters, NO_FILTERS } from './filters';

type Named = { id: string; name: string };
export type FilterChoices = { models: readonly Named[]; packs: readonly Named[]; collections: readonly Named[] };

type Props = FilterChoices & { filters: GalleryFilters; onChange: (change: Partial<GalleryFilters>) => void };

/** A pause in typing becomes a search. */
const TYPING_MS = 300;

/** What narrows the gallery. Everything stands in the address. */
export function FilterBar({ filters, onChange, models, packs, collections }: Props) {
  const t = useTranslations('gallery');
  const count = countFilters(filters);
  const [more, setMore] = useState(count > (filters.q ? 1 : 0) + (filters.show === 'favourites' ? 1 : 0));
  return (
    <search aria-label={t('pictures')} className="grid gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Segmented
          label={t('whichPictures')}
          value={filters.show}
          onValue={(show) => onChange({ show })}
          options={[
            { value: 'all', label: t('all') },
            { value: 'favourites', label: t('favourites') },
            { value: 'trash', label: t('trash') },
          ]}
        />
        <SearchBox value={filters.q} onValue={(q) => onChange({ q })} />
        <Button variant="ghost" aria-expanded={more} aria-controls="gallery-filters" onClick={() => setMore(!more)}>
          <SlidersHorizontal aria-hidden="true" /> {t('filters')}
          {count > 0 && ` · ${count}`}
        </Button>
        {count > 0 && (
          <Button
            variant="ghost"
            onClick={() => onChange({ ...NO_FILTERS, show: filters.show === 'trash' ? 'trash' : 'all' })}
          >
            <X aria-hidden="true" /> {t('clear')}
          </Button>
        )}
      </div>
      <div
        id="gallery-filters"
        hidden={!more}
        className="grid grid-cols-2 gap-3 rounded-card bg-sunken p-4 sm:grid-cols-3 lg:grid-cols-4 [&[hidden]]:hidden"
      >
        <Choice label={t('model')} value={filters.model} options={models} onValue={(model) => onChange({ model })} />
        <Choice label={t('pack')} value={filters.pack} options={packs} onValue={(pack) => onChange({ pack })} />
        <Choice
          label={t('collection')}
          value={filters.collection}
          options={collections}
          onValue={(collection) => onChange({ collection })}
        />
        <Choice
          label={t('rating')}
          value={filters.rating === null ? null : String(filters.rating)}
          options={[1, 2, 3, 4, 5].map((stars) => ({
            id: String(stars),
            name: stars === 5 ? '5' : t('orMore', { stars }),
          }))}
          onValue={(rating) => onChange({ rating: rating === null ? null : Number(rating) })}
        />
        <Choice
          label={t('shape')}
          value={filters.shape}
          options={SHAPES.map((id) => ({ id, name: t(`sizes.${id}`) }))}
          onValue={(shape) => onChange({ shape: shape as GalleryFilters['shape'] })}
        />
        <Field label={t('from')}>
          <Input
            type="date"
            value={filters.from ?? ''}
            onChange={(event) => onChange({ from: event.target.value || null })}
          />
        </Field>
        <Field label={t('to')}>
          <Input
            type="date"
            value={filters.to ?? ''}
            onChange={(event) => onChange({ to: event.target.value || null })}
          />
        </Field>
      </div>
    </search>
  );
}

const SHAPES = ['portrait', 'landscape', 'square'] as const;

function Choice(props: {
  label: string;
  value: string | null;
  options: readonly Named[];
  onValue: (value: string | null) => void;
}) {
  const t = useTranslations('gallery');
  return (
    <Field label={props.label}>
      <Select value={props.value ?? ''} onChange={(event) => props.onValue(event.target.value || null)}>
        <option value="">{t('any')}</option>
        {props.options.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    </Field>
  );
}

function SearchBox({ value, onValue }: { value: string; onValue: (value: string) => void }) {
  const t = useTranslations('gallery');
  const [text, setText] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    // The address changed by itself: going back, clearing.
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text;
      onValue(text);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, onValue]);
  return (
    <span className="relative min-w-40 flex-1 basis-56 sm:max-w-80">
      <Search aria-hidden="true" className="pointer-events-none absolute top-3 left-3 size-4 text-ink-2" />
      <Input
        type="search"
        aria-label={t('searchPrompts')}
        placeholder={t('searchPrompts')}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="pl-9"
      />
    </span>
  );
}
