'use client';

import { useEffect, useRef, useState } from 'react';
import UPlot from 'uplot';

export type LikenessPoint = { step: number; likeness: number };
const HEIGHT = 208;

/** Likeness over the steps, with a point for every checkpoint. Made anew when theme or points change: they are few. */
export default function LikenessPlot({ points }: { points: readonly LikenessPoint[] }) {
  const box = useRef<HTMLDivElement>(null);
  const dark = useIsDark();
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
  }, [data, dark]);

  return <div ref={box} style={{ height: HEIGHT }} className="overflow-hidden" />;
}

function options(width: number): UPlot.Options {
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
    cursor: { y: false },
    scales: { x: { time: false }, y: { range: [0, 100] } },
    axes: [
      { ...axis, size: 30 },
      { ...axis, size: 52, values: (_, values) => values.map((value) => `${value} %`) },
    ],
    series: [
      {},
      {
        stroke: color('--accent'),
        width: 2,
        points: { show: true, size: 8, fill: color('--surface'), stroke: color('--accent'), width: 2 },
      },
    ],
  };
}

function useIsDark(): boolean {
  const [dark, setDark] = useState(false);
  useEffect(() => {
    const root = document.documentElement;
    const read = () => setDark(root.classList.contains('dark'));
    read();
    const observer = new MutationObserver(read);
    observer.observe(root, { attributeFilter: ['class'] });
    return () => observer.disconnect();
  }, []);
  return dark;
}
