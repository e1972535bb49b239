/** The files a person drags into the wizard: good photos, one of them turned by EXIF, and one that is no photo. */
import sharp from 'sharp';
import { drawPhoto } from '../testing/studio.ts';

export type UploadFile = { name: string; mimeType: string; buffer: Buffer };

export async function drawUploads(): Promise<{ good: UploadFile[]; bad: UploadFile }> {
  const photo = async (number: number, name: string): Promise<UploadFile> => ({
    name,
    mimeType: 'image/jpeg',
    buffer: await drawPhoto(number),
  });
  const turned = await sharp(await drawPhoto(4))
    .resize(400, 300)
    .withExif({ IFD0: { Orientation: '6' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  return {
    good: [
      await photo(0, 'one.jpg'),
      await photo(1, 'two.JPG'),
      await photo(2, 'three.jpeg'),
      await photo(3, 'four.jpg'),
      { name: 'turned.jpg', mimeType: 'image/jpeg', buffer: turned },
    ],
    bad: {
      name: 'letter.jpg',
      mimeType: 'image/jpeg',
      buffer: Buffer.from('Dear reader, this is not a photo. '.repeat(50)),
    },
  };
}
