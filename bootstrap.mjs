#!/usr/bin/env node
// Runs `start`, `test` or `demo` on a fresh clone with nothing but a Node of 18 or newer: installs the packages when they are
// missing or changed, then hands over to a typed script on the Node version that the lockfile pins. Uses no package itself.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const binaries = join(root, 'node_modules', '.bin');
const stampFile = join(root, 'node_modules', '.stamp');
const scripts = { start: 'tools/start.ts', test: 'tools/test.ts', demo: 'tools/demo/main.ts' };
/** The first version that runs TypeScript as we write it without a flag; used only where no pinned Node is installed. */
const oldestOwnNode = [22, 18];
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const [command, ...args] = process.argv.slice(2);
const script = scripts[command];
if (script === undefined) fail(`Usage: node bootstrap.mjs ${Object.keys(scripts).join('|')}`);
if (Number(process.versions.node.split('.')[0]) < 18) {
  fail(`PixGen needs Node 20 or newer to begin with; this is ${process.version}.`);
}

const environment = cleanEnvironment();
await installPackages();
const code = await run(findNode(), [join(root, script), ...args], environment);
process.exit(code);

/** Installs exactly the lockfile, unless that was already done on this kind of machine. */
async function installPackages() {
  const stamp = currentStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const startedAt = Date.now();
  console.log('Installing packages (first time and after changes) …');
  // CI=true: never ask. The pinned package manager needs no global install.
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const installed = await run(npx, ['-y', packageManager, 'install', '--frozen-lockfile'], {
    ...environment,
    CI: 'true',
  });
  if (installed !== 0) fail('Installing the packages failed; the lines above say why. Nothing else was changed.');
  writeFileSync(stampFile, stamp);
  console.log(`Packages installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
}

function currentStamp() {
  const hash = createHash('sha256');
  for (const name of ['pnpm-lock.yaml', 'package.json', 'pnpm-workspace.yaml'])
    hash.update(readFileSync(join(root, name)));
  return hash.update(`${process.platform} ${process.arch}`).digest('hex');
}

/** The Node that the lockfile pins; else this one if it is new enough. */
function findNode() {
  const pinned = join(binaries, 'node');
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestOwnNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath;
  return fail(
    `On ${process.platform} PixGen needs Node ${oldestOwnNode.join('.')} or newer; this is ${process.version}.`,
  );
}

/** Ours without npm's own variables, which would reconfigure the package manager, and with our binaries first. */
function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const environment = Object.fromEntries(kept);
  environment.PATH = [binaries, process.env.PATH].filter(Boolean).join(delimiter);
  return environment;
}

/** Runs a program in our place: same terminal, our signals, its exit code. */
function run(program, programArgs, env) {
  return new Promise((resolve) => {
    // The channel carries nothing; its end tells the script that we were killed, and it stops what it started.
    const child = spawn(program, programArgs, { cwd: root, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    const forward = (signal) => child.kill(signal);
    for (const signal of forwarded) process.on(signal, forward);
    child.once('error', (error) => {
      console.error(`${program} could not be run: ${error.message}`);
      resolve(127);
    });
    child.once('exit', (exitCode, signal) => {
      for (const name of forwarded) process.off(name, forward);
      resolve(exitCode ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
