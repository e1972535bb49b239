/** `pnpm modal:deploy` and `pnpm modal:smoke`: what they ask Modal for, and what they say when something is missing. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Modal } from './account.ts';
import { deploy } from './deploy.ts';
import { readGpuPrices, stalePrices } from './prices.ts';
import { agreed, estimate, prepare } from './smoke.ts';

const API = 'https://api.example.test';
const DAY_MS = 86_400_000;

/** Modal's command line as far as it is used, with a record of what it was asked. */
function modalWith({ secrets = [] as string[], apps = [] as string[], token = true } = {}) {
  const asked: string[] = [];
  const modal: Modal = async (args) => {
    asked.push(args.join(' '));
    if (!token) throw new Error('modal ended with 1:\nToken is invalid');
    const names = args[0] === 'secret' ? secrets : apps;
    const rows = names.map((name) => ({ Name: name, 'Created at': 'now' }));
    // Its remarks come with it.
    return args.includes('--json') ? `A newer version is out.\n${JSON.stringify(rows, null, 2)}\n` : '';
  };
  return { modal, asked };
}

describe('pnpm modal:deploy', () => {
  it('makes the secret, deploys, and prints the settings', async () => {
    const { modal, asked } = modalWith();
    const said: string[] = [];
    await deploy(modal, {}, API, (line) => said.push(line));
    expect(asked).toEqual([
      'token info',
      'secret list --json',
      `secret create pixgen-gpu PIXGEN_API_BASE=${API}`,
      'deploy modal_app.py',
    ]);
    for (const setting of ['GPU_BACKEND=modal', 'MODAL_APP=pixgen-gpu', `GPU_API_URL=${API}`]) {
      expect(said.join('\n')).toContain(setting);
    }
  });

  it('leaves a secret alone that is there, unless an address is given', async () => {
    const first = modalWith({ secrets: ['other', 'pixgen-gpu'] });
    await deploy(first.modal, { GPU_API_URL: API }, undefined, () => {});
    expect(first.asked.filter((args) => args.startsWith('secret create'))).toEqual([]);
    const second = modalWith({ secrets: ['pixgen-gpu'] });
    await deploy(second.modal, {}, API, () => {});
    expect(second.asked).toContain(`secret create pixgen-gpu PIXGEN_API_BASE=${API} --force`);
  });

  it.each([undefined, 'http://api.example.test', 'https://localhost:4000', 'https://127.0.0.1', 'nonsense'])(
    'deploys nothing that could not reach the API (%s)',
    async (api) => {
      const { modal, asked } = modalWith();
      await expect(deploy(modal, {}, api, () => {})).rejects.toThrow(/public https address/);
      expect(asked).not.toContain('deploy modal_app.py');
    },
  );

  it('says which variables a refused token stands in', async () => {
    const { modal } = modalWith({ token: false });
    await expect(deploy(modal, {}, API, () => {})).rejects.toThrow(/MODAL_TOKEN_ID and MODAL_TOKEN_SECRET.*invalid/s);
  });
});

describe('pnpm modal:smoke', () => {
  it('needs a deployed app and an account of a running PixGen before anything is spent', async () => {
    await expect(prepare(modalWith().modal, {})).rejects.toThrow(/modal:deploy/);
    const { modal } = modalWith({ apps: ['pixgen-gpu'] });
    await expect(prepare(modal, { PIXGEN_API_URL: API })).rejects.toThrow(/PIXGEN_API_KEY/);
    expect(await prepare(modal, { GPU_API_URL: API, PIXGEN_API_KEY: 'key' })).toEqual({ apiUrl: API, apiKey: 'key' });
  });

  it('spends on a clear yes alone', async () => {
    const answers = ['', 'n', 'yep?', 'y', ' YES '];
    const went = await Promise.all(answers.map((answer) => agreed('?', false, async () => answer)));
    expect(went).toEqual([false, false, false, true, true]);
    expect(await agreed('?', true, () => Promise.reject(new Error('asked')))).toBe(true);
  });

  it('states a price that its time limits bound', () => {
    const { expectedMicroUsd, atMostMicroUsd } = estimate(readGpuPrices());
    expect(expectedMicroUsd).toBe(14 * 60 * 1097);
    expect(atMostMicroUsd).toBeGreaterThan(expectedMicroUsd);
    expect(atMostMicroUsd).toBeLessThan(15_000_000);
  });
});

describe('without a token', () => {
  it.each(['deploy', 'smoke'])('%s says so and does nothing', (command) => {
    const program = fileURLToPath(new URL(`${command}.ts`, import.meta.url));
    const env = { PATH: process.env.PATH, MODAL_TOKEN_ID: 'ak-canary', MODAL_TOKEN_SECRET: '' };
    const { status, stderr } = spawnSync(process.execPath, [program], { env, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^MODAL_TOKEN_SECRET not set\. Make an API token/);
    expect(stderr).not.toContain('canary');
  });
});

describe('the price table', () => {
  it('warns when it is older than it says it may be, and not before', () => {
    const prices = readGpuPrices();
    const read = Date.parse(prices.readOn);
    expect(stalePrices(prices, read + prices.staleAfterDays * DAY_MS)).toBeUndefined();
    expect(stalePrices(prices, read + (prices.staleAfterDays + 1) * DAY_MS)).toMatch(/181 days ago/);
  });
});
