'use client';

import { cn } from '@pixgen/ui';
import { FileDown } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import { recipeOfFile } from './handed-recipe';
import type { FileRecipe } from './read-recipe';

/**
 * A picture of PixGen's that is dropped anywhere on the page, or chosen, gives its recipe back. It is read here and sent
 * nowhere.
 */
export function RecipeDrop(props: { onRecipe: (recipe: FileRecipe) => void; onFault: (fault: string) => void }) {
  const t = useTranslations('studio');
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(props);
  latest.current = props;

  async function take(file: File | undefined): Promise<void> {
    if (!file) return;
    const recipe = await recipeOfFile(file);
    if (recipe) latest.current.onRecipe(recipe);
    else latest.current.onFault(t('noRecipe'));
  }
  const takeLatest = useRef(take);
  takeLatest.current = take;

  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const drag = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      void takeLatest.current(event.dataTransfer?.files[0]);
    };
    window.addEventListener('dragover', drag);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', drag);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, []);

  return (
    <>
      <button
        type="button"
        title={t('orDropTheFileAnywhere')}
        onClick={() => input.current?.click()}
        className="flex items-center gap-1.5 rounded-control text-ink-2 text-sm hover:text-ink [&_svg]:size-4"
      >
        <FileDown aria-hidden="true" /> {t('fromAPicture')}
      </button>
      <input
        ref={input}
        type="file"
        aria-label={t('aPictureWhoseRecipeTo')}
        accept="image/png,image/webp"
        className="hidden"
        onChange={(event) => {
          void take(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
      <div
        aria-hidden="true"
        className={cn(
          'pointer-events-none fixed inset-3 z-50 grid place-items-center rounded-card border-2 border-accent border-dashed bg-paper/85 font-medium text-lg opacity-0 transition-opacity',
          over && 'opacity-100',
        )}
      >
        {t('dropAPixgenPictureTo')}
      </div>
    </>
  );
}
