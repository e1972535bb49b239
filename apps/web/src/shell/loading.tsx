import { Skeleton } from '@pixgen/ui';
import { useTranslations } from 'next-intl';

function Head() {
  return (
    <div className="mb-8 grid gap-3">
      <Skeleton className="h-9 w-56" />
      <Skeleton className="h-5 w-80 max-w-full" />
    </div>
  );
}

function Wait({ children }: { children: React.ReactNode }) {
  const t = useTranslations('states');
  return (
    <div data-waiting>
      <p role="status" className="sr-only">
        {t('loading')}
      </p>
      {children}
    </div>
  );
}

/** A page of stacked cards. */
export function CardsLoading() {
  return (
    <Wait>
      <Head />
      <div className="grid gap-4">
        <Skeleton className="h-32 rounded-card" />
        <Skeleton className="h-56 rounded-card" />
      </div>
    </Wait>
  );
}

/** A page of tiles. */
export function TilesLoading({ wide = false }: { wide?: boolean }) {
  return (
    <Wait>
      <Head />
      <div data-wide={wide || undefined} className="grid grid-cols-2 gap-3 sm:grid-cols-3 lg:grid-cols-4">
        {Array.from({ length: 8 }, (_, index) => (
          <Skeleton key={index} className="aspect-square rounded-print" />
        ))}
      </div>
    </Wait>
  );
}

/** A form. */
export function FormLoading() {
  return (
    <Wait>
      <Head />
      <div className="grid max-w-xl gap-5">
        <Skeleton className="h-10" />
        <Skeleton className="h-10" />
        <Skeleton className="h-28" />
        <Skeleton className="h-10 w-32" />
      </div>
    </Wait>
  );
}
