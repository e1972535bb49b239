'use client';

import { Button, cn } from '@pixgen/ui';
import { Camera, ImagePlus } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';

const ACCEPT = 'image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif';

/** Files by picker, by paste, and by dropping them anywhere on the page. */
export function PhotoDrop({ onFiles, small }: { onFiles: (files: File[]) => void; small: boolean }) {
  const t = useTranslations('photos');
  const input = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const over = useDropAnywhere(onFiles);
  const take = useRef(onFiles);
  take.current = onFiles;
  useEffect(() => {
    // Files that were chosen before this page came alive: nobody heard of them.
    for (const { current: field } of [input, camera]) {
      if (!field?.files?.length) continue;
      take.current([...field.files]);
      field.value = '';
    }
  }, []);
  return (
    <>
      {over && (
        <div className="pointer-events-none fixed inset-0 z-40 grid place-items-center bg-scrim" aria-hidden="true">
          <p className="rounded-card bg-surface px-8 py-6 font-medium text-xl shadow-lift">
            {t('dropThePhotosAnywhere')}
          </p>
        </div>
      )}
      <div
        className={cn(
          'grid justify-items-center gap-3 rounded-card border border-edge border-dashed bg-surface px-6 text-center',
          small ? 'py-7' : 'py-14',
        )}
      >
        <ImagePlus aria-hidden="true" className="size-8 text-accent" strokeWidth={1.5} />
        <p className="text-ink-2">
          <span className="max-sm:hidden">{t('dropPhotosAnywhereOnThis')} </span>
          <span className="sm:hidden">{t('takeThemFromYourPhone')}</span>
        </p>
        <div className="flex flex-wrap justify-center gap-2">
          <Button variant={small ? 'secondary' : 'primary'} onClick={() => input.current?.click()}>
            {t('choosePhotos')}
          </Button>
          <Button className="pointer-fine:hidden" onClick={() => camera.current?.click()}>
            <Camera aria-hidden="true" /> {t('takeAPhoto')}
          </Button>
        </div>
        <input
          ref={input}
          type="file"
          accept={ACCEPT}
          multiple
          aria-label={t('photos')}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            onFiles([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <input
          ref={camera}
          type="file"
          accept="image/*"
          capture="environment"
          aria-label={t('aPhotoFromTheCamera')}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            onFiles([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <p className="text-ink-2 text-xs">{t('jpegPngWebpOrHeic')}</p>
      </div>
    </>
  );
}

function useDropAnywhere(onFiles: (files: File[]) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (carriesFiles(event)) setOver(++depth > 0);
    };
    const leave = (event: DragEvent) => {
      if (carriesFiles(event)) setOver(--depth > 0);
    };
    const hold = (event: DragEvent) => carriesFiles(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      onFiles([...(event.dataTransfer?.files ?? [])]);
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length > 0) onFiles(files);
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: hold, drop, paste } as const;
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        window.removeEventListener(name, listener as EventListener);
    };
  }, [onFiles]);
  return over;
}
