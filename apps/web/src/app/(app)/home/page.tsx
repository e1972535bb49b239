import { EmptyState, LinkButton, PageHeader, Section } from '@pixgen/ui';
import type { Metadata } from 'next';
import Link from 'next/link';
import { PrintStrip } from '@/gallery/print-strip';
import { RunningJobs } from '@/jobs/running-jobs';
import { SunPrint } from '@/landing/sun-print';
import { ModelCard } from '@/models/model-card';
import { Hydrate } from '@/trpc/hydrate';
import { load } from '@/trpc/server';

export const metadata: Metadata = { title: 'Home' };

export default async function HomePage() {
  const [account, models, images] = await load((queryClient, trpc) =>
    Promise.all([
      queryClient.fetchQuery(trpc.account.me.queryOptions()),
      queryClient.fetchQuery(trpc.models.list.queryOptions({ limit: 8 })),
      queryClient.fetchQuery(trpc.images.list.queryOptions({ limit: 12 })),
      queryClient.fetchQuery(trpc.jobs.list.queryOptions({ live: true, limit: 10 })),
    ]),
  );
  const first = account.displayName.split(' ')[0];
  return (
    <>
      <PageHeader
        title={`Hello, ${first}`}
        actions={
          models.items.length > 0 && (
            <>
              <LinkButton as={Link} href="/train">
                Train a model
              </LinkButton>
              <LinkButton as={Link} href="/studio" variant="primary">
                Open the studio
              </LinkButton>
            </>
          )
        }
      />
      <Hydrate>
        <div className="grid gap-12">
          <RunningJobs />
          {models.items.length === 0 ? (
            <FirstModel />
          ) : (
            <>
              {images.items.length > 0 && (
                <Section title="Recent pictures" aside={<MoreLink href="/gallery">All pictures</MoreLink>}>
                  <PrintStrip />
                </Section>
              )}
              <Section title="Models" aside={<MoreLink href="/models">All models</MoreLink>}>
                <div className="grid grid-cols-2 gap-x-4 gap-y-8 sm:grid-cols-3 lg:grid-cols-4">
                  {models.items.map((model) => (
                    <ModelCard key={model.id} model={model} />
                  ))}
                </div>
              </Section>
            </>
          )}
        </div>
      </Hydrate>
    </>
  );
}

function MoreLink({ href, children }: { href: string; children: React.ReactNode }) {
  return (
    <Link href={href} className="underline-offset-4 hover:text-accent hover:underline">
      {children}
    </Link>
  );
}

function FirstModel() {
  return (
    <EmptyState
      art={<SunPrint seed={3} kind="contour" className="mb-3 w-36 rounded-print shadow-lift" />}
      title="Train your first model"
      action={
        <LinkButton as={Link} href="/train" variant="primary" size="lg">
          Train your first model
        </LinkButton>
      }
    >
      Take 5 to 20 photos of one subject: you, a friend who agreed, a pet, a thing. PixGen learns it, then draws it
      wherever you like.
    </EmptyState>
  );
}
