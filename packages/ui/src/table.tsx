import type { ReactNode } from 'react';
import { cn } from './cn.ts';

export type Column = {
  label: string;
  /** Only screen readers hear the heading. */
  hideLabel?: boolean;
  /** Left out where there is no room. */
  wideOnly?: boolean;
};

/** Rows under headings; the first cell names its row. Scrolls by itself where it is wider than its place. */
export function Table(props: {
  /** For screen readers. */
  caption: string;
  columns: readonly Column[];
  rows: readonly { key: string | number; cells: readonly ReactNode[] }[];
  className?: string;
}) {
  const look = (at: number) =>
    cn('py-2', at < props.columns.length - 1 && 'pr-4', props.columns[at]?.wideOnly && 'max-sm:hidden');
  return (
    <div className={cn('overflow-x-auto', props.className)}>
      <table className="w-full text-left text-sm tabular-nums">
        <caption className="sr-only">{props.caption}</caption>
        <thead className="text-ink-2">
          <tr>
            {props.columns.map(({ label, hideLabel }, at) => (
              <th key={label} scope="col" className={cn(look(at), 'font-normal')}>
                {hideLabel ? <span className="sr-only">{label}</span> : label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(({ key, cells: [head, ...cells] }) => (
            <tr key={key} className="border-line border-t">
              <th scope="row" className={cn(look(0), 'font-medium')}>
                {head}
              </th>
              {cells.map((cell, at) => (
                <td key={props.columns[at + 1]?.label} className={look(at + 1)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
