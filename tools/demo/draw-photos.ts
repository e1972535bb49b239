/**
 * Draws the sample photos: one made-up subject, a small clay robot with a leaf, in eight places, poses and lights.
 * Everything is ours and CC0. Run `node tools/demo/draw-photos.ts` to draw them again; the same code gives the same files.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const EDGE_PX = 512;
const QUALITY = 82;

type Scene = {
  name: string;
  /** Far and near colour of the place. */
  sky: [string, string];
  ground: string;
  /** Shapes behind the subject, in a 512 × 512 box. */
  behind: string;
  x: number;
  y: number;
  scale: number;
  turnDegrees: number;
  /** -1 = looks left, 1 = looks right. */
  gaze: number;
  /** Colour and strength of the light that lies over all. */
  light: [string, number];
};

const SCENES: Scene[] = [
  {
    name: 'desk',
    sky: ['#d9cbb8', '#b89b78'],
    ground: '#8a5a35',
    behind:
      '<rect x="40" y="120" width="120" height="190" rx="6" fill="#f4efe4"/><path d="M60 160h80M60 190h80M60 220h50" stroke="#b8ad99" stroke-width="6"/><circle cx="430" cy="270" r="44" fill="#e9e2d2"/><rect x="462" y="250" width="30" height="40" rx="14" fill="none" stroke="#e9e2d2" stroke-width="9"/>',
    x: 262,
    y: 300,
    scale: 1,
    turnDegrees: 0,
    gaze: 0,
    light: ['#ffdf9e', 0.12],
  },
  {
    name: 'meadow',
    sky: ['#9fd0f2', '#e8f6ff'],
    ground: '#69a84f',
    behind:
      '<circle cx="90" cy="90" r="42" fill="#fff2b0"/><ellipse cx="370" cy="330" rx="220" ry="80" fill="#7dbb60"/><g fill="#f5f0ff"><circle cx="60" cy="420" r="9"/><circle cx="110" cy="460" r="9"/><circle cx="440" cy="440" r="9"/><circle cx="400" cy="480" r="9"/></g>',
    x: 220,
    y: 310,
    scale: 0.82,
    turnDegrees: -7,
    gaze: 1,
    light: ['#fffbe0', 0.1],
  },
  {
    name: 'beach',
    sky: ['#6ec3e8', '#bfe9f2'],
    ground: '#e8d3a2',
    behind:
      '<rect y="250" width="512" height="80" fill="#2f93b8"/><path d="M0 318q64-24 128 0t128 0 128 0 128 0v30H0z" fill="#f6fbfb"/><path d="M420 250l40-90 40 90z" fill="#f25c54"/>',
    x: 300,
    y: 330,
    scale: 0.74,
    turnDegrees: 9,
    gaze: -1,
    light: ['#ffffff', 0.08],
  },
  {
    name: 'night',
    sky: ['#14193a', '#34386b'],
    ground: '#22264a',
    behind:
      '<circle cx="400" cy="100" r="46" fill="#f3f0d7"/><circle cx="382" cy="90" r="40" fill="#1b2044"/><g fill="#fdfbe6"><circle cx="80" cy="70" r="3"/><circle cx="160" cy="130" r="2"/><circle cx="240" cy="60" r="3"/><circle cx="60" cy="190" r="2"/><circle cx="300" cy="180" r="2"/></g>',
    x: 240,
    y: 305,
    scale: 0.95,
    turnDegrees: 4,
    gaze: 1,
    light: ['#2b3a8c', 0.3],
  },
  {
    name: 'snow',
    sky: ['#cfdbe6', '#f3f7fa'],
    ground: '#eef4f8',
    behind:
      '<g fill="#4d7a63"><path d="M70 330l50-150 50 150z"/><path d="M370 330l46-180 46 180z"/></g><g fill="#ffffff"><circle cx="40" cy="120" r="6"/><circle cx="210" cy="70" r="7"/><circle cx="330" cy="120" r="5"/><circle cx="470" cy="60" r="7"/><circle cx="260" cy="190" r="5"/></g>',
    x: 250,
    y: 320,
    scale: 0.88,
    turnDegrees: -4,
    gaze: -1,
    light: ['#dff0ff', 0.14],
  },
  {
    name: 'sofa',
    sky: ['#6b4a63', '#8b6680'],
    ground: '#3f6f86',
    behind:
      '<rect x="20" y="180" width="472" height="230" rx="40" fill="#4f8aa5"/><rect x="60" y="220" width="180" height="150" rx="26" fill="#5b9ab7"/><rect x="270" y="220" width="180" height="150" rx="26" fill="#5b9ab7"/><rect x="330" y="40" width="120" height="90" fill="#f1d9a7"/>',
    x: 200,
    y: 330,
    scale: 0.9,
    turnDegrees: -12,
    gaze: 1,
    light: ['#ffb066', 0.16],
  },
  {
    name: 'street',
    sky: ['#c3b9d9', '#f2dcd3'],
    ground: '#6f6c78',
    behind:
      '<rect x="0" y="90" width="130" height="270" fill="#a8583f"/><rect x="150" y="140" width="120" height="220" fill="#d9a066"/><rect x="380" y="60" width="132" height="300" fill="#7c8fae"/><g fill="#fff3c4"><rect x="24" y="130" width="30" height="40"/><rect x="78" y="130" width="30" height="40"/><rect x="410" y="110" width="28" height="40"/><rect x="460" y="110" width="28" height="40"/><rect x="180" y="180" width="26" height="36"/></g>',
    x: 300,
    y: 320,
    scale: 1.08,
    turnDegrees: 6,
    gaze: 0,
    light: ['#ff9a6b', 0.14],
  },
  {
    name: 'close-up',
    sky: ['#2f5d50', '#5f8f76'],
    ground: '#44705c',
    behind:
      '<g fill="#7fb08d" opacity="0.6"><circle cx="70" cy="110" r="60"/><circle cx="450" cy="160" r="80"/><circle cx="420" cy="420" r="50"/></g>',
    x: 256,
    y: 380,
    scale: 1.55,
    turnDegrees: -3,
    gaze: 0,
    light: ['#eaffea', 0.08],
  },
];

/** The subject, drawn around its own origin (the middle of its body), about 280 units high. */
function subject(gaze: number): string {
  const look = gaze * 7;
  return `
    <ellipse cx="0" cy="118" rx="84" ry="15" fill="#000" opacity="0.25"/>
    <g stroke="#1d5a57" stroke-width="5" stroke-linejoin="round">
      <rect x="-54" y="84" width="38" height="34" rx="12" fill="#f08a3c"/>
      <rect x="16" y="84" width="38" height="34" rx="12" fill="#f08a3c"/>
      <path d="M-70 10q-34 20-30 56" fill="none" stroke="#2fa39b" stroke-width="22" stroke-linecap="round"/>
      <path d="M70 10q34 14 34 46" fill="none" stroke="#2fa39b" stroke-width="22" stroke-linecap="round"/>
      <rect x="-72" y="-12" width="144" height="106" rx="34" fill="#38b8ae"/>
      <rect x="-40" y="16" width="80" height="50" rx="14" fill="#f7e7c3"/>
      <circle cx="-18" cy="41" r="8" fill="#e2554b"/>
      <path d="M4 34h24M4 48h16" stroke="#b58f52" fill="none" stroke-linecap="round"/>
      <rect x="-88" y="-122" width="176" height="112" rx="46" fill="#38b8ae"/>
      <rect x="-66" y="-100" width="132" height="68" rx="30" fill="#173b40"/>
      <path d="M0-122v-22" stroke="#1d5a57" stroke-width="8" stroke-linecap="round"/>
      <path d="M0-146q8-40 52-34q-2 40-52 34z" fill="#f2b632"/>
    </g>
    <path d="M8-148q18-12 34-24" stroke="#b57f14" stroke-width="4" fill="none" stroke-linecap="round"/>
    <g fill="#ffe9a8"><circle cx="${-28 + look}" cy="-68" r="14"/><circle cx="${28 + look}" cy="-68" r="14"/></g>
    <g fill="#173b40"><circle cx="${-28 + look * 1.6}" cy="-66" r="6"/><circle cx="${28 + look * 1.6}" cy="-66" r="6"/></g>
    <path d="M-14-46q14 10 28 0" stroke="#ffe9a8" stroke-width="5" fill="none" stroke-linecap="round"/>
    <path d="M-74-92q6-20 28-22" stroke="#8fe0d8" stroke-width="7" fill="none" stroke-linecap="round"/>`;
}

function svg(scene: Scene): string {
  const [far, near] = scene.sky;
  const [lightColour, strength] = scene.light;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${EDGE_PX}" height="${EDGE_PX}" viewBox="0 0 512 512">
    <defs>
      <linearGradient id="sky" x2="0" y2="1"><stop stop-color="${far}"/><stop offset="1" stop-color="${near}"/></linearGradient>
      <radialGradient id="light" cx="0.3" cy="0.2" r="1"><stop stop-color="${lightColour}"/><stop offset="1" stop-color="${lightColour}" stop-opacity="0"/></radialGradient>
    </defs>
    <rect width="512" height="512" fill="url(#sky)"/>
    <rect y="340" width="512" height="172" fill="${scene.ground}"/>
    ${scene.behind}
    <g transform="translate(${scene.x} ${scene.y}) rotate(${scene.turnDegrees}) scale(${scene.scale})">${subject(scene.gaze)}</g>
    <rect width="512" height="512" fill="${lightColour}" opacity="${strength}"/>
    <rect width="512" height="512" fill="url(#light)" opacity="${strength * 1.5}"/>
  </svg>`;
}

for (const [index, scene] of SCENES.entries()) {
  const file = fileURLToPath(new URL(`photos/${index + 1}-${scene.name}.jpg`, import.meta.url));
  const bytes = await sharp(Buffer.from(svg(scene)))
    .jpeg({ quality: QUALITY })
    .toBuffer();
  await writeFile(file, bytes);
  console.log(`${file}: ${bytes.length} bytes`);
}
