/**
 * The typed client as a package of its own: one file of JavaScript and the router's type, with nothing of the server. In the
 * workspace it is TypeScript that imports the whole API for its types, which no program outside could install.
 */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { repositoryRoot } from '../stack/paths.ts';
import { baseEnvironment, runToEnd } from '../stack/process.ts';

const SOURCE = join(repositoryRoot, 'packages/trpc');
const BINARIES = join(repositoryRoot, 'node_modules/.bin');
const NAME = '@pixgen/client';
/** What the client's code and types import. */
const DEPENDENCIES = ['@trpc/client', '@trpc/server', 'eventsource'];
/** Types of the server's side, which a caller never meets, and one that is small enough to spell out. */
const STAND_INS: readonly (readonly [type: string, standIn: string])[] = [
  ['import("./trpc.ts").Context', 'object'],
  ['import("./rest.ts").ProcedureMeta', 'object'],
  ['import("@pixgen/domain").FieldIssue', '{ path: string; message: string }'],
];
const ALLOWED_IMPORTS = /^(@trpc\/(client|server)(\/.*)?|\.\/router\.js)$/;

const README = `# ${NAME}

The typed client of a PixGen installation.

\`\`\`ts
import { createPixgenClient } from '${NAME}';

const pixgen = createPixgenClient({ baseUrl: 'http://127.0.0.1:4000', apiKey: process.env.PIXGEN_API_KEY ?? '' });
const { items } = await pixgen.models.list.query({ state: 'ready' });
\`\`\`

Make a key in the settings of your account. The package belongs to the version of PixGen that it was packed from.
`;

/** @returns the path of the packed file in `folder` */
export async function packClient(folder: string): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'pixgen-client-'));
  try {
    const content = join(work, 'package');
    mkdirSync(content);
    await writeTypes(work, content);
    const code = stripTypeScriptTypes(readFileSync(join(SOURCE, 'src/client.ts'), 'utf8'));
    writeFileSync(join(content, 'index.js'), code.replaceAll(/^\s*\n/gm, ''));
    writeFileSync(join(content, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
    writeFileSync(join(content, 'README.md'), README);
    copyFileSync(join(repositoryRoot, 'LICENSE'), join(content, 'LICENSE'));
    mkdirSync(folder, { recursive: true });
    const env = baseEnvironment({ CI: 'true', PATH: `${BINARIES}:${process.env.PATH}` });
    await runToEnd(join(BINARIES, 'pnpm'), ['pack', '--pack-destination', work], { cwd: content, env });
    const packed = readdirSync(work).find((name) => name.endsWith('.tgz'));
    if (!packed) throw new Error('Packing the client left no file.');
    copyFileSync(join(work, packed), join(folder, packed));
    return join(folder, packed);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function manifest(): object {
  const { version, license } = readJson(join(repositoryRoot, 'package.json')) as { version: string; license: string };
  const { catalog } = parse(readFileSync(join(repositoryRoot, 'pnpm-workspace.yaml'), 'utf8')) as {
    catalog: Record<string, string>;
  };
  return {
    name: NAME,
    version,
    description: 'The typed client of a PixGen installation',
    license,
    type: 'module',
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
    files: ['index.js', 'index.d.ts', 'router.d.ts'],
    engines: { node: '>=20' },
    dependencies: Object.fromEntries(DEPENDENCIES.map((name) => [name, catalog[name]])),
  };
}

/** The compiler spells the router's type out in full; what is left of imports must be packages that a caller installs. */
async function writeTypes(work: string, content: string): Promise<void> {
  const settings = join(work, 'tsconfig.json');
  const compilerOptions = {
    ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, outDir: join(work, 'types') },
    ...{ rootDir: repositoryRoot, typeRoots: [join(SOURCE, 'node_modules/@types')] },
  };
  const include = [join(SOURCE, 'src/client.ts')];
  writeFileSync(settings, JSON.stringify({ extends: join(SOURCE, 'tsconfig.json'), compilerOptions, include }));
  await runToEnd(join(BINARIES, 'tsc'), ['-p', settings], { cwd: SOURCE, env: baseEnvironment({}) });
  for (const [from, to] of [
    ['client', 'index'],
    ['router', 'router'],
  ]) {
    let text = readFileSync(join(work, `types/packages/trpc/src/${from}.d.ts`), 'utf8');
    for (const [type, standIn] of STAND_INS) text = text.replaceAll(type, standIn);
    text = text.replaceAll("'./router.ts'", "'./router.js'");
    const imports = [...text.matchAll(/(?:import\(|from )['"]([^'"]+)['"]/g)].map(([, name = '']) => name);
    const strange = imports.filter((name) => !ALLOWED_IMPORTS.test(name));
    if (strange.length > 0) throw new Error(`The client's types would need ${[...new Set(strange)].join(', ')}.`);
    writeFileSync(join(content, `${to}.d.ts`), text);
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
