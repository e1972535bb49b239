import { ERROR_CODES } from '@pixgen/domain';
import { sessionToken } from '@/account/session';
import { writeStart } from '@/api-reference/example';
import { findReference } from '@/api-reference/find-reference';
import { ReferenceFrame } from '@/api-reference/frame';
import { ReferenceMissing } from '@/api-reference/missing';
import { type CodesByStatus, ReferencePages } from '@/api-reference/reference';
import { env } from '@/env';
import { titled } from '@/language/titled';

export const generateMetadata = titled('apiReference');

const CODES: CodesByStatus = [...Map.groupBy(Object.entries(ERROR_CODES), ([, { status }]) => status)]
  .toSorted(([one], [other]) => one - other)
  .map(([status, entries]) => [status, entries.map(([code]) => code)]);

export default async function ApiReferencePage() {
  // Nobody is asked whether the session is alive: the API may be away, and the studio itself asks.
  const [found, token] = await Promise.all([findReference(), sessionToken()]);
  const address = env().API_PUBLIC_URL?.href.replace(/\/$/, '') ?? null;
  return (
    <ReferenceFrame signedIn={token !== null}>
      {'why' in found ? (
        <ReferenceMissing missing={found} />
      ) : (
        <ReferencePages reference={found} address={address} first={writeStart(address, found.basePath)} codes={CODES} />
      )}
    </ReferenceFrame>
  );
}
