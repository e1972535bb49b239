/** Thousands of pictures for one person, written straight into a test's database; they share a few files. */
import { newId } from '@pixgen/domain';
import { createStorage } from '@pixgen/storage';
import pg from 'pg';
import sharp from 'sharp';

const SIZES = [
  [1024, 1024],
  [832, 1216],
  [1216, 832],
  [768, 1344],
  [1152, 896],
] as const;
/** Files per size. */
const VARIANTS = 4;
const PLACES = ['rain', 'snow', 'a garden', 'neon light', 'the desert', 'a library', 'fog'];
const STYLES = ['portrait', 'film still', 'watercolour', 'photograph', 'woodcut'];

/**
 * @param stores the product's own settings (`DATABASE_URL`, `S3_…`)
 * @param options.count rows; every 1,000th prompt has the word `heron` in it, every 10th picture is a favourite
 */
export async function seedImages(
  stores: Readonly<Record<string, string>>,
  options: { userId: string; count: number },
): Promise<void> {
  const { userId, count } = options;
  const pool = new pg.Pool({ connectionString: stores.DATABASE_URL, max: 1 });
  const storage = createStorage({
    endpoint: stores.S3_ENDPOINT ?? '',
    region: stores.S3_REGION ?? 'us-east-1',
    bucket: stores.S3_BUCKET ?? '',
    accessKeyId: stores.S3_ACCESS_KEY_ID ?? '',
    secretAccessKey: stores.S3_SECRET_ACCESS_KEY ?? '',
  });
  try {
    const files = await writeFiles(storage, userId);
    // In the product each picture has its own file; here fifty thousand of them would only take time.
    await pool.query('DROP INDEX IF EXISTS "Image_storageKey_key"');
    const { modelId, generationId } = await writeOrder(pool, userId);
    for (let from = 0; from < count; from += 5_000) {
      const rows = Array.from({ length: Math.min(5_000, count - from) }, (_, at) => row(from + at, files));
      await pool.query(
        `INSERT INTO "Image" (id, "userId", "modelId", "generationId", position, state, prompt, "compiledPrompt", seed, width, height,
           "storageKey", "sizeBytes", sha256, favourite, rating)
         SELECT r.id, $1, $2, $3, r.position, 'ready', r.prompt, 'sks_abcdef dog, ' || r.prompt, r.position, r.width, r.height, r.key,
           r.size, 'x', r.favourite, r.rating
         FROM jsonb_to_recordset($4::jsonb) AS r(id uuid, position int, prompt text, width int, height int, key text, size int,
           favourite boolean, rating int)`,
        [userId, modelId, generationId, JSON.stringify(rows)],
      );
    }
    await pool.query('ANALYZE');
  } finally {
    await pool.end();
    storage.close();
  }
}

/**
 * Pictures of a file that was seen once count as seen: the API makes each one's placeholder when it is first asked for, which
 * a gallery of this size has long behind it.
 *
 * @returns whether each file was seen
 */
export async function sharePlaceholders(stores: Readonly<Record<string, string>>): Promise<boolean> {
  const pool = new pg.Pool({ connectionString: stores.DATABASE_URL, max: 1 });
  try {
    await pool.query(
      `UPDATE "Image" i SET thumbhash = seen.thumbhash
       FROM (SELECT DISTINCT ON ("storageKey") "storageKey", thumbhash FROM "Image" WHERE thumbhash IS NOT NULL) seen
       WHERE i."storageKey" = seen."storageKey" AND i.thumbhash IS NULL`,
    );
    const { rowCount } = await pool.query('SELECT FROM "Image" WHERE thumbhash IS NULL LIMIT 1');
    return rowCount === 0;
  } finally {
    await pool.end();
  }
}

type File = { key: string; width: number; height: number; size: number };

async function writeFiles(storage: ReturnType<typeof createStorage>, userId: string): Promise<File[]> {
  const files: File[] = [];
  for (const [width, height] of SIZES) {
    for (let variant = 0; variant < VARIANTS; variant += 1) {
      const hue = (files.length * 67) % 360;
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${hue} 55% 62%)"/><stop offset="1" stop-color="hsl(${(hue + 70) % 360} 60% 28%)"/></linearGradient></defs><rect width="100%" height="100%" fill="url(#g)"/><circle cx="${width * (0.3 + variant * 0.12)}" cy="${height * 0.42}" r="${width * 0.22}" fill="hsl(${(hue + 160) % 360} 65% 58%)"/></svg>`;
      const bytes = await sharp(Buffer.from(svg)).png().toBuffer();
      const key = `o/${userId}/seed/${files.length}.png`;
      await storage.write(key, bytes, 'image/png');
      files.push({ key, width, height, size: bytes.length });
    }
  }
  return files;
}

async function writeOrder(pool: pg.Pool, userId: string): Promise<{ modelId: string; generationId: string }> {
  const [modelId, trainingId, weightsId, generationId] = [newId(), newId(), newId(), newId()];
  await pool.query(
    `INSERT INTO "Model" (id, "userId", name, "classWord", "triggerWord", state) VALUES ($1, $2, 'Biscuit', 'dog', $3, 'ready')`,
    [modelId, userId, `sks_${modelId.slice(-6)}`],
  );
  await pool.query(
    `INSERT INTO "Training" (id, "userId", "modelId", profile, preset, settings, "photoIds") VALUES ($1, $2, $3, 'nano', 'fast', '{}', '{}')`,
    [trainingId, userId, modelId],
  );
  await pool.query(
    `INSERT INTO "Weights" (id, "userId", "modelId", "trainingId", step, final, "storageKey", "sizeBytes", sha256, profile)
     VALUES ($1, $2, $3, $4, 1, true, $5, 1, 'x', 'nano')`,
    [weightsId, userId, modelId, trainingId, `o/${weightsId}`],
  );
  await pool.query(
    `INSERT INTO "Generation" (id, "userId", "modelId", "weightsId", prompt, "negativePrompt", seed, steps, guidance, width, height, "loraWeight", planned)
     VALUES ($1, $2, $3, $4, 'seeded', '', 1, 6, 5, 1024, 1024, 1, '[]')`,
    [generationId, userId, modelId, weightsId],
  );
  return { modelId, generationId };
}

function row(position: number, files: readonly File[]) {
  // Sizes mixed, but the same for every run.
  const file = files[(position * 7 + Math.floor(position / 9)) % files.length];
  const rare = position % 1_000 === 0 ? ' with a heron' : '';
  return {
    id: newId(),
    position,
    prompt: `a ${STYLES[position % STYLES.length]} of {subject} in ${PLACES[position % PLACES.length]}${rare}`,
    width: file?.width,
    height: file?.height,
    key: file?.key,
    size: file?.size,
    favourite: position % 10 === 0,
    rating: position % 25 === 0 ? 1 + (position % 5) : null,
  };
}
