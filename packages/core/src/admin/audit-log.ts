import { type AuditRow, listAuditRows } from '@pixgen/db';
import { type AuditEntryView, auditAction, type ListAuditInput, type Page } from '@pixgen/domain';
import type { Deps } from '../deps.ts';
import { toPage } from '../page.ts';

/** What was done, newest first. The caller's admin role is checked by the procedure. */
export async function listAudit(deps: Deps, input: ListAuditInput): Promise<Page<AuditEntryView>> {
  const rows = await listAuditRows(deps.db, {
    before: input.cursor ?? null,
    limit: input.limit + 1,
    action: input.action ?? null,
    person: input.person ?? null,
  });
  return toPage(rows, input.limit, toView);
}

function toView(row: AuditRow): AuditEntryView {
  return {
    id: row.id,
    at: row.at.toISOString(),
    action: auditAction.parse(row.action),
    // Of somebody who is being erased the name is empty already.
    actor: { pseudonym: row.actor, name: row.actorName || null },
    subject: { pseudonym: row.subject, name: row.subjectName || null },
    detail: row.detail as AuditEntryView['detail'],
    link: row.number === null || row.hash === null ? null : { number: Number(row.number), hash: row.hash },
  };
}
