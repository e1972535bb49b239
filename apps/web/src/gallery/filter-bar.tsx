'use client';

import { Button, Field, Input, Segmented, Select } from '@pixgen/ui';
import { Search, SlidersHorizontal, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { countFilters, type GalleryFilters, NO_FILTERS } from './filters';

type Named = { id: string; name: string };
export type FilterChoices = { models: readonly Named[]; packs: readonly Named[]; collections: readonly Named[] };

type Props = FilterChoices & { filters: GalleryFilters; onChange: (change: Partial<GalleryFilters>) => void };

/** A pause in typing becomes a search. */
const TYPING_MS = 300;

/** What narrows the gallery. Everything stands in the address. */
export function FilterBar({ filters, onChange, models, packs, collections }: Props) {
  const count = countFilters(filters);
  const [more, setMore] = useState(count > (filters.q ? 1 : 0) + (filters.show === 'favourites' ? 1 : 0));
  return (
    <search aria-label="Pictures" className="grid gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Segmented
          label="Which pictures"
          value={filters.show}
          onValue={(show) => onChange({ show })}
          options={[
            { value: 'all', label: 'All' },
            { value: 'favourites', label: 'Favourites' },
            { value: 'trash', label: 'Trash' },
          ]}
        />
        <SearchBox value={filters.q} onValue={(q) => onChange({ q })} />
        <Button variant="ghost" aria-expanded={more} aria-controls="gallery-filters" onClick={() => setMore(!more)}>
          <SlidersHorizontal aria-hidden="true" /> Filters{count > 0 && ` · ${count}`}
        </Button>
        {count > 0 && (
          <Button
            variant="ghost"
            onClick={() => onChange({ ...NO_FILTERS, show: filters.show === 'trash' ? 'trash' : 'all' })}
          >
            <X aria-hidden="true" /> Clear
          </Button>
        )}
      </div>
      <div
        id="gallery-filters"
        hidden={!more}
        className="grid grid-cols-2 gap-3 rounded-card bg-sunken p-4 sm:grid-cols-3 lg:grid-cols-4 [&[hidden]]:hidden"
      >
        <Choice label="Model" value={filters.model} options={models} onValue={(model) => onChange({ model })} />
        <Choice label="Pack" value={filters.pack} options={packs} onValue={(pack) => onChange({ pack })} />
        <Choice
          label="Collection"
          value={filters.collection}
          options={collections}
          onValue={(collection) => onChange({ collection })}
        />
        <Choice
          label="Rating"
          value={filters.rating === null ? null : String(filters.rating)}
          options={[1, 2, 3, 4, 5].map((stars) => ({
            id: String(stars),
            name: stars === 5 ? '5' : `${stars} or more`,
          }))}
          onValue={(rating) => onChange({ rating: rating === null ? null : Number(rating) })}
        />
        <Choice
          label="Shape"
          value={filters.shape}
          options={SHAPES}
          onValue={(shape) => onChange({ shape: shape as GalleryFilters['shape'] })}
        />
        <Field label="From">
          <Input
            type="date"
            value={filters.from ?? ''}
            onChange={(event) => onChange({ from: event.target.value || null })}
          />
        </Field>
        <Field label="To">
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

const SHAPES: readonly Named[] = [
  { id: 'portrait', name: 'Portrait' },
  { id: 'landscape', name: 'Landscape' },
  { id: 'square', name: 'Square' },
];

function Choice(props: {
  label: string;
  value: string | null;
  options: readonly Named[];
  onValue: (value: string | null) => void;
}) {
  return (
    <Field label={props.label}>
      <Select value={props.value ?? ''} onChange={(event) => props.onValue(event.target.value || null)}>
        <option value="">Any</option>
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
        aria-label="Search prompts"
        placeholder="Search prompts"
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="pl-9"
      />
    </span>
  );
}
