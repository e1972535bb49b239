'use client';

import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { plotAxis, themeColor, useTheme } from '@/training/plot-theme';

export type LikenessPoint = { step: number; likeness: number };
const HEIGHT = 208;

/** Likeness over the steps, with a point for every checkpoint. Made anew when theme or points change: they are few. */
export default function LikenessPlot({ points }: { points: readonly LikenessPoint[] }) {
  const box = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  const data = JSON.stringify([points.map(({ step }) => step), points.map(({ likeness }) => likeness * 100)]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const plot = new UPlot(options(element.clientWidth), JSON.parse(data), element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
    // The theme decides the colours that `options` reads.
  }, [data, theme]);

  return <div ref={box} style={{ height: HEIGHT }} className="overflow-hidden" />;
}

function options(width: number): UPlot.Options {
  const axis = plotAxis();
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false },
    scales: { x: { time: false }, y: { range: [0, 100] } },
    axes: [
      { ...axis, size: 30 },
      { ...axis, size: 52, values: (_, values) => values.map((value) => `${value} %`) },
    ],
    series: [
      {},
      {
        stroke: themeColor('--accent'),
        width: 2,
        points: { show: true, size: 8, fill: themeColor('--surface'), stroke: themeColor('--accent'), width: 2 },
      },
    ],
  };
}
