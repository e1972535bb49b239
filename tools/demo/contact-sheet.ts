/** Puts pictures side by side in one PNG. */
import sharp from 'sharp';

const CELL_PX = 192;
const GAP_PX = 8;
const COLUMNS = 4;

/** Writes `file`, with the pictures in the order given, four to a row, scaled to equal cells. */
export async function writeContactSheet(pictures: readonly Buffer[], file: string): Promise<void> {
  const rows = Math.ceil(pictures.length / COLUMNS);
  const place = (index: number) => GAP_PX + index * (CELL_PX + GAP_PX);
  const cells = await Promise.all(
    pictures.map(async (picture, index) => ({
      // Nearest neighbour: small pictures stay honest about how small they are.
      input: await sharp(picture).resize(CELL_PX, CELL_PX, { kernel: 'nearest', fit: 'contain' }).png().toBuffer(),
      left: place(index % COLUMNS),
      top: place(Math.floor(index / COLUMNS)),
    })),
  );
  const background = { r: 24, g: 26, b: 30 };
  await sharp({ create: { width: place(COLUMNS), height: place(rows), channels: 3, background } })
    .composite(cells)
    .png()
    .toFile(file);
}
