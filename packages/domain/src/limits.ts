/** Every bound on input in one place; schemas, use cases, forms and documentation read it. */
export const LIMITS = {
  photos: {
    min: 5,
    max: 20,
    maxBytes: 15 * 1024 * 1024,
    maxPixels: 50_000_000,
    /** Width × height × channels × bytes per sample: as many pixels as there may be, with four channels of 8 bits. */
    maxDecodedBytes: 200_000_000,
    minEdgePx: 64,
    decodeMs: 10_000,
  },
  prompt: { min: 1, max: 1000 },
  /** A compiled prompt also carries the trigger and class words. */
  compiledPrompt: { max: 1200 },
  name: { min: 1, max: 80 },
  imagesPerPrompt: { min: 1, max: 16 },
  imagesPerGeneration: { max: 64 },
  /** Images that a GPU draws at once. */
  imagesPerBatch: { max: 8 },
  /** Characters of one preview: 6 kB of WebP. */
  previewBase64: { max: 8192 },
  previewEdgePx: { max: 128 },
  promptsPerPack: { min: 1, max: 32 },
  size: { min: 64, max: 2048, multipleOf: 8 },
  inferenceSteps: { min: 1, max: 100 },
  guidance: { min: 0, max: 20 },
  loraWeight: { min: 0, max: 2 },
  /** Largest seed: 2^32 - 1, what every generator in use accepts. */
  maxSeed: 4_294_967_295,
  training: {
    steps: { min: 1, max: 5000 },
    rank: { min: 1, max: 128 },
    learningRate: { min: 1e-6, max: 1e-2 },
    resolution: { min: 64, max: 1024 },
    batchSize: { min: 1, max: 8 },
    /** 0 turns prior preservation off. */
    priorWeight: { min: 0, max: 2 },
    checkpointEveryMs: { min: 1000, max: 600_000 },
    /** Prompts as a person writes them; 0 prompts turn sample images off. */
    samplePrompts: { max: 4, maxLength: 300 },
  },
  /** One object written by a GPU: a checkpoint of SDXL at the largest rank, LoRA and two moments in fp32, has 2.2 GB. */
  uploadBytes: { max: 3 * 1024 * 1024 * 1024 },
  /** One picture written by a GPU: the largest that can be ordered has 16 MB before it is packed. */
  pictureBytes: { max: 64 * 1024 * 1024 },
  page: { default: 30, max: 100 },
  /** Ids in one bulk call. */
  bulk: { max: 500 },
  /** Images named one by one for an act on many. */
  selection: { max: 2000 },
  /** Sizes of images in one answer, for a layout. */
  frames: { max: 5000, default: 2000 },
  rating: { min: 1, max: 5 },
  search: { max: 200, words: 12 },
  collectionsPerUser: { max: 200 },
  /** Operations of one person that work at once. */
  bulkOperations: { max: 5 },
  /** Files of a download together. */
  bulkDownloadBytes: { max: 20 * 1024 * 1024 * 1024 },
  /** All downloads of one person that are kept or under way. */
  keptDownloadBytes: { max: 40 * 1024 * 1024 * 1024 },
  /** Dead letters retried in one call. */
  deadLetterRetries: { max: 50 },
  idempotencyKey: { min: 8, max: 100 },
  email: { max: 254 },
  password: { min: 10, max: 200 },
  apiKeysPerUser: { max: 20 },
  sessionsShown: { max: 50 },
  subjectAge: { min: 18 },
  /** Characters of what is reported and of the words about it; things that one report can name. */
  report: { what: 500, words: 2000, targets: 10 },
} as const;
