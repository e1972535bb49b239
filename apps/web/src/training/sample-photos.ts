/** A drawn subject that anybody may train on; `sample-photos.test.ts` holds the files to those of the demo. */
import photo1 from './sample-subject/1.jpg';
import photo2 from './sample-subject/2.jpg';
import photo3 from './sample-subject/3.jpg';
import photo4 from './sample-subject/4.jpg';
import photo5 from './sample-subject/5.jpg';
import photo6 from './sample-subject/6.jpg';
import photo7 from './sample-subject/7.jpg';
import photo8 from './sample-subject/8.jpg';

const PHOTOS = [photo1, photo2, photo3, photo4, photo5, photo6, photo7, photo8];
export const SAMPLE_CLASS_WORD = 'toy';

/**
 * @throws when one of them does not come
 */
export function fetchSamplePhotos(): Promise<File[]> {
  return Promise.all(
    PHOTOS.map(async ({ src }, index) => {
      const answer = await fetch(src);
      if (!answer.ok) throw new Error(`the sample photo was answered with ${answer.status}`);
      return new File([await answer.blob()], `drawn-robot-${index + 1}.jpg`, { type: 'image/jpeg' });
    }),
  );
}
