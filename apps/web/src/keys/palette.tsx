'use client';

import { Modal } from '@pixgen/ui/modal';
import { useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { NAV_ITEMS } from '@/shell/nav-items';
import { useTRPC } from '@/trpc/client';

const item =
  'flex cursor-pointer items-center gap-3 rounded-control px-3 py-2 text-sm data-[selected=true]:bg-sunken dark:data-[selected=true]:bg-line';
const group =
  '[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-ink-2 [&_[cmdk-group-heading]]:text-xs';

/** Every page, model and pack by name. */
export function Palette(props: { admin: boolean; onClose: () => void; onKeys: () => void }) {
  const t = useTranslations('shell');
  const router = useRouter();
  const trpc = useTRPC();
  const modelsRead = useQuery(trpc.models.list.queryOptions({ limit: 100 }));
  const packsRead = useQuery(trpc.packs.list.queryOptions());
  const models = modelsRead.data?.items ?? [];
  const packs = packsRead.data?.items ?? [];
  const reads = [modelsRead, packsRead];
  const go = (href: string) => {
    props.onClose();
    router.push(href);
  };
  const places = [
    ...NAV_ITEMS.map(({ href, name }) => ({ href: String(href), label: t(`nav.${name}`) })),
    { href: '/settings', label: t('settings') },
    { href: '/docs/api', label: t('apiReference') },
    ...(props.admin
      ? [
          { href: '/admin', label: t('administration') },
          { href: '/admin/reports', label: t('reports') },
          { href: '/admin/audit-log', label: t('auditLog') },
        ]
      : []),
  ];
  let none = t('nothingHasThisName');
  if (reads.some(({ isError }) => isError)) none = t('notAllWasRead');
  else if (reads.some(({ isPending }) => isPending)) none = t('stillLooking');
  return (
    <Modal title={t('goAnywhere')} closeLabel={t('close')} onClose={props.onClose} hideTitle className="p-2">
      <Command label={t('goAnywhere')} loop>
        <Command.Input
          autoFocus
          placeholder={t('goToAPageA')}
          className="w-full border-line border-b bg-transparent px-3 pt-2 pb-3 text-base outline-none placeholder:text-ink-2/80"
        />
        <Command.List label={t('goAnywhere')} className="max-h-[min(24rem,60dvh)] overflow-y-auto pb-1">
          <Command.Empty className="px-3 py-6 text-center text-ink-2 text-sm">{none}</Command.Empty>
          <Command.Group heading={t('pages')} className={group}>
            {places.map(({ href, label }) => (
              <Command.Item key={href} value={`page ${label}`} onSelect={() => go(href)} className={item}>
                {label}
              </Command.Item>
            ))}
            <Command.Item value={`page ${t('keyboardShortcuts')}`} onSelect={props.onKeys} className={item}>
              {t('keyboardShortcuts')}
            </Command.Item>
          </Command.Group>
          {models.length > 0 && (
            <Command.Group heading={t('models')} className={group}>
              {models.map(({ id, name, classWord, state }) => (
                <Command.Item
                  key={id}
                  value={`model ${name} ${id}`}
                  onSelect={() => go(`/models/${id}`)}
                  className={item}
                >
                  {name} <span className="text-ink-2">{classWord}</span>
                  {state === 'ready' && <span className="ml-auto text-ink-2 text-xs">{t('ready')}</span>}
                </Command.Item>
              ))}
            </Command.Group>
          )}
          {packs.length > 0 && (
            <Command.Group heading={t('packs')} className={group}>
              {packs.map(({ slug, name }) => (
                <Command.Item key={slug} value={`pack ${name}`} onSelect={() => go(`/packs/${slug}`)} className={item}>
                  {name}
                </Command.Item>
              ))}
            </Command.Group>
          )}
        </Command.List>
      </Command>
    </Modal>
  );
}
