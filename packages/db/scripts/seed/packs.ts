/** The packs that every installation starts with. Changing one here makes a new version of it at the next start. */
import type { SeedPack } from '@pixgen/domain';

export const SEED_PACKS: readonly SeedPack[] = [
  {
    slug: 'professional-headshots',
    name: 'Professional Headshots',
    description: 'Calm, well-lit portraits for a profile page, a badge or a talk.',
    negativePrompt: 'blurry, harsh shadows, cropped head, extra fingers, text, watermark',
    prompts: [
      'studio headshot of {subject}, soft key light from the left, plain warm grey backdrop, relaxed smile, 85mm lens',
      'portrait of {subject} in a navy blazer, standing beside tall office windows, morning light, shallow depth of field',
      'half-length photo of {subject} with arms loosely folded, brick wall behind, even overcast light, friendly look',
      'black and white editorial portrait of {subject}, single softbox, clean white background, sharp eyes',
      'portrait of {subject} at a wooden desk, laptop out of focus in front, plants behind, natural daylight',
    ],
  },
  {
    slug: 'fantasy-characters',
    name: 'Fantasy Characters',
    description: 'Heroes, wanderers and rulers of places that never were.',
    negativePrompt: 'blurry, modern clothes, deformed hands, extra limbs, text, watermark',
    prompts: [
      'painted portrait of {subject} as a forest ranger, moss-green cloak, fireflies, old oaks in evening mist',
      'portrait of {subject} as the ruler of a winter court, silver circlet, frost on a high window, cold blue light',
      'full-length picture of {subject} as a wandering alchemist, coat full of glass vials, lantern-lit market street',
      'portrait of {subject} as a dragon rider in worn leather, cliff above the sea, wind, golden hour',
      'illustration of {subject} as a desert oracle, layered indigo robes, star chart in the sand, moonlight',
    ],
  },
  {
    slug: 'cinematic-portraits',
    name: 'Cinematic Portraits',
    description: 'Single frames that look as if a film went on around them.',
    negativePrompt: 'blurry, flat light, oversaturated, extra fingers, text, watermark',
    prompts: [
      'film still of {subject} under neon signs in the rain, teal and orange, reflections on wet asphalt, 35mm',
      'film still of {subject} in a train compartment at dusk, warm lamp, landscape rushing past the window',
      'close-up of {subject} lit by a projector beam, dust in the air, dark cinema behind, grain',
      'wide film still of {subject} alone on a salt flat, low sun, long shadow, muted colours',
      'film still of {subject} at a diner counter after midnight, fluorescent light, steam from a coffee cup',
    ],
  },
  {
    // In words that the tiny base model knows too: `npm run demo` runs it.
    slug: 'studio-colours',
    name: 'Studio Colours',
    description: 'The subject alone before one plain colour after the other.',
    negativePrompt: '',
    prompts: ['white', 'red', 'yellow', 'green', 'blue', 'purple'].map(
      (colour) => `a photo of {subject} on a ${colour} background`,
    ),
  },
];
