'use client';

import { Button, Notice } from '@pixgen/ui';
import { usePathname, useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useEffect, useState } from 'react';
import { useTRPCClient } from '@/trpc/client';

/** These pages take files themselves. */
const OWN_DROP = /^\/(studio$|train\/)/;
const MODELS = 100;

/** A picture of PixGen's that is dropped on any page opens the studio with its recipe and the model that drew it. */
export function DropRecipe() {
  const t = useTranslations('shell');
  const path = usePathname();
  const router = useRouter();
  const client = useTRPCClient();
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    setRefused(false);
    if (OWN_DROP.test(path)) return;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    // Without this the browser would leave the page for the file.
    const drag = (event: DragEvent) => hasFiles(event) && event.preventDefault();
    const open = async (file: File) => {
      const { handRecipe, recipeOfFile, studioPath } = await import('@/generation/handed-recipe');
      const recipe = await recipeOfFile(file);
      if (!recipe) return setRefused(true);
      const models = await client.models.list.query({ state: 'ready', limit: MODELS }).catch(() => ({ items: [] }));
      handRecipe(recipe);
      router.push(studioPath(recipe, models.items));
    };
    const drop = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (!hasFiles(event) || !file) return;
      event.preventDefault();
      setRefused(false);
      void open(file);
    };
    window.addEventListener('dragover', drag);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', drag);
      window.removeEventListener('drop', drop);
    };
  }, [path, router, client]);
  if (!refused) return null;
  return (
    <div className="fixed inset-x-3 bottom-20 z-40 mx-auto max-w-xl lg:bottom-6">
      <Notice
        tone="danger"
        className="shadow-lift"
        action={
          <Button size="sm" onClick={() => setRefused(false)}>
            {t('dismiss')}
          </Button>
        }
      >
        {t('noRecipeInThisFile')}
      </Notice>
    </div>
  );
}
