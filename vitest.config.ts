import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/testing/longest-first.ts';

const integration = [
  'packages/{db,queue,storage,core,trpc}/src/**/*.test.ts',
  'apps/{api,worker}/src/**/*.test.ts',
  'tools/{gpu-simulator,integration,bench,client,demo,fuzz,modal}/**/*.test.ts',
];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/{domain,ui}/src/**/*.test.ts',
            'apps/web/src/**/*.test.ts',
            'tools/{chaos,mutation}/*.test.ts',
          ],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: integration,
          globalSetup: ['tools/testing/global-setup.ts'],
          // They end what hangs; how long something takes on a busy machine says nothing.
          testTimeout: 90_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 30_000 } },
          pool: 'forks',
          // More than cores: much of their time they wait for stores, deadlines and outages.
          maxWorkers: 4,
        },
      },
      // These start and kill whole stacks: one at a time.
      {
        test: {
          name: 'stack',
          include: ['tools/{stack,architecture}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['tools/e2e/**/*.test.ts'],
          globalSetup: ['tools/e2e/global-setup.ts'],
          testTimeout: 120_000,
          expect: { poll: { timeout: 30_000 } },
          // The first start installs the GPU server's packages.
          hookTimeout: 600_000,
          pool: 'forks',
          // Each has a product and a browser of its own.
          maxWorkers: 3,
        },
      },
    ],
  },
});
