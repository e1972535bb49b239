/**
 * Cyanotypes drawn in SVG: the shadows of plants and things on blue paper. They are our own drawings, made from a seed,
 * and stand where other products show generated samples, since what a model draws depends on its subject.
 */
import { cn } from '@pixgen/ui';
import type { ReactNode } from 'react';

export type SunPrintKind = 'fern' | 'grass' | 'umbel' | 'leaf' | 'contour';

/** @param props.seed decides the plant; the same seed draws the same print */
export function SunPrint({ seed, kind, className }: { seed: number; kind: SunPrintKind; className?: string }) {
  const random = seeded(seed);
  const id = `print-${kind}-${seed}`;
  return (
    <svg
      viewBox="0 0 400 500"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
      className={cn('block w-full', className)}
    >
      <defs>
        <radialGradient id={`${id}-paper`} cx="45%" cy="38%" r="80%">
          <stop offset="0" stopColor="#2c5aa3" />
          <stop offset=".55" stopColor="#1f4488" />
          <stop offset="1" stopColor="#122a5c" />
        </radialGradient>
        <filter id={`${id}-soft`}>
          <feGaussianBlur stdDeviation="5" />
        </filter>
      </defs>
      <rect width="400" height="500" fill={`url(#${id}-paper)`} />
      <g fill="#f4f1e6" stroke="#f4f1e6" strokeLinecap="round">
        <g opacity=".32" filter={`url(#${id}-soft)`} transform="translate(9 7)">
          {DRAW[kind](seeded(seed + 1000))}
        </g>
        <g opacity=".93">{DRAW[kind](random)}</g>
      </g>
    </svg>
  );
}

type Random = () => number;
const DRAW: Record<SunPrintKind, (random: Random) => ReactNode> = { fern, grass, umbel, leaf, contour };

function seeded(seed: number): Random {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const round = (value: number) => Math.round(value * 10) / 10;

/** A pointed leaflet from (x, y) along an angle in radians. */
function blade(x: number, y: number, angle: number, length: number, width: number): string {
  const tipX = x + Math.cos(angle) * length;
  const tipY = y + Math.sin(angle) * length;
  const midX = x + Math.cos(angle) * length * 0.42;
  const midY = y + Math.sin(angle) * length * 0.42;
  const sideX = Math.cos(angle + Math.PI / 2) * width;
  const sideY = Math.sin(angle + Math.PI / 2) * width;
  return `M${round(x)} ${round(y)}Q${round(midX + sideX)} ${round(midY + sideY)} ${round(tipX)} ${round(tipY)}Q${round(midX - sideX)} ${round(midY - sideY)} ${round(x)} ${round(y)}z`;
}

function fern(random: Random): ReactNode {
  const leaflets: string[] = [];
  const lean = (random() - 0.5) * 0.5;
  const pairs = 24;
  const stem = Array.from({ length: pairs + 1 }, (_, i): [number, number] => {
    const t = i / pairs;
    return [192 + Math.sin(t * 2.3 + lean) * 42 * t + lean * 70 * t, 492 - t * 456];
  });
  for (let i = 3; i < pairs; i++) {
    const t = i / pairs;
    const [x, y] = stem[i] ?? [0, 0];
    const reach = 152 * (1 - t) ** 0.72 * Math.min(1, 0.42 + t * 2.4) + 6;
    for (const side of [-1, 1]) {
      const turn = -Math.PI / 2 + side * (1.2 - t * 0.42) + lean * 0.35;
      const count = Math.max(4, Math.round(reach / 8));
      let px = x;
      let py = y;
      for (let k = 0; k < count; k++) {
        const s = k / count;
        // Each frond droops a little towards its tip.
        const angle = turn + side * s * 0.34;
        px += (Math.cos(angle) * reach) / count;
        py += (Math.sin(angle) * reach) / count;
        const size = (4 + reach * 0.1) * (1 - s) ** 0.6 + 1.6;
        leaflets.push(blade(px, py, angle - 0.95, size, size * 0.34), blade(px, py, angle + 0.95, size, size * 0.34));
        leaflets.push(blade(px, py, angle + Math.PI, reach / count + 1.5, 1));
      }
    }
  }
  const [tipX, tipY] = stem[pairs] ?? [0, 0];
  leaflets.push(blade(tipX, tipY + 18, -Math.PI / 2 + lean, 24, 4));
  return (
    <>
      <path
        d={`M${stem.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}`}
        fill="none"
        strokeWidth="2.6"
        strokeLinejoin="round"
      />
      <path d={leaflets.join('')} stroke="none" />
    </>
  );
}

function grass(random: Random): ReactNode {
  const blades: string[] = [];
  const seeds: string[] = [];
  for (let i = 0; i < 34; i++) {
    const x = 60 + random() * 280;
    const bend = (random() - 0.5) * 190;
    const height = 190 + random() * 260;
    const topX = x + bend;
    const topY = 505 - height;
    blades.push(
      `M${round(x - 2)} 505Q${round(x)} ${round(505 - height * 0.6)} ${round(topX)} ${round(topY)}Q${round(x + 5)} ${round(505 - height * 0.55)} ${round(x + 3)} 505z`,
    );
    if (random() < 0.45) {
      const angle = Math.atan2(topY - (505 - height * 0.6), bend);
      for (let k = 0; k < 9; k++) {
        const px = topX - Math.cos(angle) * k * 6;
        const py = topY - Math.sin(angle) * k * 6;
        seeds.push(blade(px, py, angle + (k % 2 ? 0.5 : -0.5), 13, 3));
      }
    }
  }
  return <path d={blades.join('') + seeds.join('')} stroke="none" />;
}

function umbel(random: Random): ReactNode {
  const lines: string[] = [];
  const dots: ReactNode[] = [];
  for (const [rootX, headX, headY, size] of [
    [190, 170, 150, 1],
    [215, 300, 235, 0.62],
    [180, 82, 290, 0.5],
  ] as const) {
    lines.push(`M${rootX} 505Q${rootX} ${headY + 150} ${headX} ${headY + 40 * size}`);
    for (let i = 0; i < 19; i++) {
      const angle = -Math.PI / 2 + ((i - 9) / 9) * 1.25;
      const length = (112 + random() * 14) * size;
      const x = headX + Math.cos(angle) * length;
      const y = headY + 40 * size + Math.sin(angle) * length * 0.86;
      lines.push(
        `M${headX} ${headY + 40 * size}Q${round(headX + Math.cos(angle) * length * 0.3)} ${round(y + length * 0.32)} ${round(x)} ${round(y)}`,
      );
      for (let k = 0; k < 8; k++) {
        const turn = (k / 8) * Math.PI * 2 + random();
        const far = (5 + random() * 9) * size;
        dots.push(
          <circle
            key={`${headX}-${i}-${k}`}
            cx={round(x + Math.cos(turn) * far)}
            cy={round(y + Math.sin(turn) * far)}
            r={round((1.6 + random() * 1.8) * size + 0.4)}
            stroke="none"
          />,
        );
      }
    }
  }
  return (
    <>
      <path d={lines.join('')} fill="none" strokeWidth="1.8" />
      {dots}
    </>
  );
}

function leaf(random: Random): ReactNode {
  const blades: string[] = [];
  const veins: string[] = [];
  for (let i = 0; i < 9; i++) {
    const t = i / 8;
    const x = 70 + t * 190 + (random() - 0.5) * 20;
    const y = 450 - t * 330;
    const length = 150 - Math.abs(t - 0.45) * 90;
    for (const side of [-1, 1]) {
      const angle = -0.95 + side * (0.95 - t * 0.2) + (random() - 0.5) * 0.12;
      blades.push(blade(x, y, angle, length, length * 0.24));
      veins.push(
        `M${round(x)} ${round(y)}L${round(x + Math.cos(angle) * length * 0.9)} ${round(y + Math.sin(angle) * length * 0.9)}`,
      );
    }
  }
  blades.push(blade(258, 120, -0.95, 150, 34));
  return (
    <>
      <path d={blades.join('')} stroke="none" />
      <path d={`M40 500L270 100${veins.join('')}`} fill="none" stroke="#1f4488" strokeOpacity=".55" strokeWidth="1.2" />
      <path d="M36 508L262 112" fill="none" strokeWidth="4" />
    </>
  );
}

/** A head and shoulders engraved in lines that swell: a subject, and nobody. */
function contour(random: Random): ReactNode {
  const shift = (random() - 0.5) * 26;
  const light = random() < 0.5 ? -1 : 1;
  const rise = (random() - 0.5) * 18;
  const edge = (distance: number) => 1 / (1 + Math.exp((distance - 1) * 16));
  const bands = Array.from({ length: 42 }, (_, row) => {
    const y = 24 + row * 11.2;
    const upper: string[] = [];
    const lower: string[] = [];
    for (let x = 14; x <= 386; x += 6) {
      const head = edge(Math.hypot((x - 200 - shift) / 84, (y - 188 - rise) / 112));
      const body = edge(Math.hypot((x - 200 - shift / 2) / 172, (y - 505) / 172));
      const neck = edge(Math.abs(x - 200 - shift * 0.8) / 44) * edge(Math.abs(y - 310) / 66);
      const inside = Math.max(head, body, neck);
      const round3d = 0.5 + (0.42 * light * (x - 200 - shift)) / 110 + 0.18 * Math.sin((y - 60) / 90);
      const half = 0.55 + inside * (0.5 + 3.6 * Math.min(1, Math.max(0.08, round3d)));
      upper.push(`${round(x)} ${round(y - half)}`);
      lower.unshift(`${round(x)} ${round(y + half)}`);
    }
    return `M${upper.join('L')}L${lower.join('L')}z`;
  });
  return <path d={bands.join('')} stroke="none" />;
}
