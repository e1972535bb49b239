import { createPixgenClient } from '@pixgen/trpc/client';
import { obtainApiKey } from './demo/account.ts';
import { awaitGeneration, createModel, trainModel } from './demo/main-job.ts';
import { samplePhotos } from './demo/photos.ts';
import { startProduct } from './zz-product.ts';

const product = await startProduct({
  dataDir: '/tmp/zz/data' + Date.now(),
  gpu: 'simulator',
  environment: { LOG_LEVEL: 'info' },
});
try {
  const apiKey = await obtainApiKey(product.apiUrl, 'demo');
  const client = createPixgenClient({ baseUrl: product.apiUrl, apiKey });
  const show = (a: number, b: number, c: string) => console.log(a, b, c);
  const model = await createModel(client, { name: 'X', classWord: 'toy' }, samplePhotos(), show);
  const t = await trainModel(client, { modelId: model.id, preset: 'fast', overrides: { seed: 7 } }, show);
  console.log(t.job.state);
  const g = await awaitGeneration(
    client,
    await client.generation.start.mutate({
      modelId: model.id,
      prompt: 'x',
      n: 2,
      seed: 1,
      idempotencyKey: 'abcdefgh1',
    }),
    show,
  );
  console.log(g.counts);
} catch (e) {
  console.error(e);
} finally {
  await product.stop();
}
