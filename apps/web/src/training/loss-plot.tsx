'use client';

import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';
import type { LossPoint } from '@/jobs/live-store';

type Props = { points: readonly LossPoint[]; smoothed: readonly LossPoint[]; scale: 'linear' | 'log' };
const HEIGHT = 256;

/** uPlot in the colours of the theme; made anew when theme or scale change, fed in place otherwise. */
export default function LossPlot({ points, smoothed, scale }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(null);
  const theme = useThemeClass();
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
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--ink-2'),
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
    font: '12px ui-sans-serif, system-ui',
  };
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
      { stroke: color('--edge'), width: 1, points: { show: false } },
      { stroke: color('--accent'), width: 2.5, points: { show: false } },
    ],
  };
}

/** Changes whenever the page turns dark or light. */
function useThemeClass(): string {
  const [theme, setTheme] = useState('');
  useEffect(() => {
    const root = document.documentElement;
    const read = () => setTheme(root.classList.contains('dark') ? 'dark' : 'light');
    read();
    const observer = new MutationObserver(read);
    observer.observe(root, { attributeFilter: ['class'] });
    return () => observer.disconnect();
  }, []);
  return theme;
}
