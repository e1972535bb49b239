'use client';

import { useEffect, useState } from 'react';
import type UPlot from 'uplot';

/** Changes whenever the page turns dark or light: a plot is then made anew, as its colours are drawn, not styled. */
export function useTheme(): 'dark' | 'light' {
  const [theme, setTheme] = useState<'dark' | 'light'>('light');
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

/** A colour of the theme as it is now. @param name of the custom property */
export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** What the axes of all plots have in common, in the colours of the theme as it is now. */
export function plotAxis(): UPlot.Axis {
  return {
    stroke: themeColor('--ink-2'),
    grid: { stroke: themeColor('--line'), width: 1 },
    ticks: { show: false },
    font: '12px ui-sans-serif, system-ui',
  };
}
