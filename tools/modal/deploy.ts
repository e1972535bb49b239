/** `pnpm modal:deploy`: checks token and secret, deploys `gpu/modal_app.py`, and prints the settings that use it. */

import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { describeError, PlainError } from '../stack/plain-error.ts';
import type { Environment } from '../stack/process.ts';
import {
  checkToken,
  isPublicHttps,
  lists,
  type Modal,
  modalProgram,
  ownEnvironment,
  requireToken,
  SECRET,
} from './account.ts';

const USAGE = `pnpm modal:deploy [--api URL]
  --api URL   address of the API as Modal's machines reach it; written into the Modal secret "${SECRET}".
              Default: GPU_API_URL. Needed once, and again when the address changes.
  --help      this text
Needs MODAL_TOKEN_ID and MODAL_TOKEN_SECRET in .env or the environment.`;

/** @param api given on the command line; replaces what the secret holds */
export async function deploy(
  modal: Modal,
  env: Environment,
  api: string | undefined,
  say: (line: string) => void,
): Promise<void> {
  await checkToken(modal);
  say('token       accepted');
  const exists = lists(await modal(['secret', 'list', '--json']), SECRET);
  const apiBase = api ?? env.GPU_API_URL;
  if (api !== undefined || !exists) {
    if (apiBase === undefined || !isPublicHttps(apiBase)) {
      const given = apiBase === undefined ? 'no address was given' : `${apiBase} is not one`;
      throw new PlainError(
        `GPUs at Modal claim their work from your API, which needs a public https address; ${given}. Name it with --api URL or GPU_API_URL.`,
      );
    }
    await modal(['secret', 'create', SECRET, `PIXGEN_API_BASE=${apiBase}`, ...(exists ? ['--force'] : [])]);
    say(`secret      ${SECRET} ${exists ? 'changed' : 'made'}`);
  } else {
    say(`secret      ${SECRET} is there (--api URL changes it)`);
  }
  await modal(['deploy', 'modal_app.py'], (line) => say(`            ${line}`));
  say(`\nDeployed. Settings of API and worker, in .env:\n
GPU_BACKEND=modal
GPU_PROFILE=sdxl
MODAL_APP=pixgen-gpu
GPU_API_URL=${apiBase ?? '(the address in the secret)'}
S3_PUBLIC_ENDPOINT=(the object store, as Modal's machines reach it)

MODAL_TOKEN_ID and MODAL_TOKEN_SECRET are in place. Then: pnpm modal:smoke`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { api: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return console.log(USAGE);
  const env = ownEnvironment();
  requireToken(env);
  await deploy(await modalProgram(env), env, values.api, (line) => console.log(line));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error: unknown) => {
    console.error(describeError(error));
    process.exit(1);
  });
}
