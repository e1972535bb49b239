import { accountRouter, adminRouter } from './routers/account.ts';
import { bulkRouter } from './routers/bulk.ts';
import { collectionsRouter } from './routers/collections.ts';
import { generationRouter } from './routers/generation.ts';
import { imagesRouter } from './routers/images.ts';
import { jobsRouter } from './routers/jobs.ts';
import { modelsRouter } from './routers/models.ts';
import { packsRouter } from './routers/packs.ts';
import { photosRouter } from './routers/photos.ts';
import { reportsRouter } from './routers/reports.ts';
import { trainingRouter } from './routers/training.ts';
import { router } from './trpc.ts';

export const appRouter = router({
  account: accountRouter,
  admin: adminRouter,
  bulk: bulkRouter,
  collections: collectionsRouter,
  generation: generationRouter,
  images: imagesRouter,
  jobs: jobsRouter,
  models: modelsRouter,
  packs: packsRouter,
  photos: photosRouter,
  reports: reportsRouter,
  training: trainingRouter,
});

export type AppRouter = typeof appRouter;
