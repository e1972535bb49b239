'use client';

import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import type { LossPoint } from '@/jobs/live-store';
import { plotAxis, themeColor, useTheme } from './plot-theme';

type Props = { points: readonly LossPoint[]; smoothed: readonly LossPoint[]; scale: 'linear' | 'log' };
const HEIGHT = 256;

/** uPlot in the colours of the theme; made anew when theme or scale change, fed in place otherwise. */
export default function LossPlot({ points, smoothed, scale }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(null);
  const theme = useTheme();
  const data = [
    points.map(([step]) => step),
    points.map(([, loss]) => loss),
    smoothed.map(([, loss]) => loss),
  ] as const;
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new UPlot(
      options(element.clientWidth, scale),
      latest.current.map((row) => [...row]) as UPlot.AlignedData,
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
    // The theme decides the colours that `options` reads.
  }, [scale, theme]);

  useEffect(() => {
    plot.current?.setData([[...data[0]], [...data[1]], [...data[2]]]);
  });

  return <div ref={box} style={{ height: HEIGHT }} className="overflow-hidden" />;
}

function options(width: number, scale: 'linear' | 'log'): UPlot.Options {
  const axis = plotAxis();
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { x: { time: false }, y: { distr: scale === 'log' ? 3 : 1 } },
    axes: [
      { ...axis, size: 30 },
      { ...axis, size: 52 },
    ],
    series: [
      {},
      { stroke: themeColor('--edge'), width: 1, points: { show: false } },
      { stroke: themeColor('--accent'), width: 2.5, points: { show: false } },
    ],
  };
}
