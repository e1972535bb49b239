/** A program outside of this repository: what it installs, compiles and runs is the packed client alone. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../stack/paths.ts';
import { baseEnvironment, runToEnd } from '../stack/process.ts';
import { type Product, startProduct } from '../testing/product.ts';
import { packClient } from './pack.ts';

const BINARIES = join(repositoryRoot, 'node_modules/.bin');
const folder = mkdtempSync(join(tmpdir(), 'pixgen-program-'));
const installed = join(folder, 'node_modules/@pixgen/client');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROGRAM = `
import { createPixgenClient } from '@pixgen/client';

const pixgen = createPixgenClient({ baseUrl: process.env.API_URL ?? '', apiKey: process.env.API_KEY ?? '' });
const model = await pixgen.models.create.mutate({
  name: 'Biscuit',
  classWord: 'dog',
});
const heard = new Promise<string>((resolve, reject) => {
  const stream = pixgen.jobs.live.subscribe({}, {
    onStarted: () => {
      stream.unsubscribe();
      resolve('streaming');
    },
    onError: reject,
  });
});
const { items } = await pixgen.models.list.query({});
const refusal = await pixgen.models.get.query({ id: '01890a5d-ac96-774b-bcce-b302099a8057' }).catch((error) => error.data.appCode);
console.log(JSON.stringify({ name: model.name, count: items.length, refusal, live: await heard }));
process.exit(0);
`;
const WRONG = `
import { createPixgenClient } from '@pixgen/client';
const pixgen = createPixgenClient({ baseUrl: '', apiKey: '' });
export const a: number = (await pixgen.models.list.query({})).items[0]!.name;
export const b = await pixgen.models.get.query({ id: 7 });
export const c = pixgen.models.noSuchThing;
`;

beforeAll(async () => {
  const packed = await packClient(folder);
  mkdirSync(installed, { recursive: true });
  await runToEnd('tar', ['-xzf', packed, '--strip-components=1', '-C', installed], {
    cwd: folder,
    env: baseEnvironment(),
  });
  // As an installer would put them, without asking a registry.
  for (const name of Object.keys(manifest().dependencies)) {
    const target = join(folder, 'node_modules', name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(repositoryRoot, 'packages/trpc/node_modules', name), target);
  }
  // `ws` is missing from the declarations of @trpc/server itself.
  const compilerOptions = { strict: true, module: 'nodenext', target: 'es2024', noEmit: true, skipLibCheck: true };
  const types = { types: ['node'], typeRoots: [join(repositoryRoot, 'packages/trpc/node_modules/@types')] };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...compilerOptions, ...types } }));
});

const manifest = () =>
  JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
const compile = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return runToEnd(join(BINARIES, 'tsc'), ['-p', folder], { cwd: folder, env: baseEnvironment() });
};

describe('the packed client', () => {
  it('holds code, types, licence and nothing else, and depends on three packages', () => {
    expect(readdirSync(installed).toSorted()).toEqual(
      ['LICENSE', 'README.md', 'index.d.ts', 'index.js', 'package.json', 'router.d.ts'].toSorted(),
    );
    expect(Object.entries(manifest().dependencies)).toEqual([
      ['@trpc/client', expect.stringMatching(/^\d/)],
      ['@trpc/server', expect.stringMatching(/^\d/)],
      ['eventsource', expect.stringMatching(/^\d/)],
    ]);
  });

  it('tells a wrong program apart from a right one when it is compiled', async () => {
    await compile('program.ts', PROGRAM);
    const faults = await compile('wrong.ts', WRONG).catch(String);
    for (const place of ['wrong.ts(4', 'wrong.ts(5', 'wrong.ts(6']) expect(faults).toContain(place);
    rmSync(join(folder, 'wrong.ts'));
  });
});

describe('a program with the packed client', () => {
  let product: Product;
  beforeAll(async () => {
    product = await startProduct();
  });
  afterAll(() => product?.stop());

  it('calls, is refused and listens with an API key', async () => {
    const { apiKey } = await product.createPerson();
    const env = { API_URL: product.apiUrl, API_KEY: apiKey };
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    const output = await runToEnd(process.execPath, ['program.ts'], { cwd: folder, env: baseEnvironment(env) });
    expect(JSON.parse(output)).toEqual({ name: 'Biscuit', count: 1, refusal: 'NOT_FOUND', live: 'streaming' });
  });
});
