// Bars over a line of time with marks and shaded parts: what stands, what does not (hatched, so
// that it is told apart without colour). Its words say all that it shows; nothing in it is a
// control.

import { useId } from 'react';
import './fairness.css';

const WIDTH = 480;
const HEIGHT = 56;

type Column = { good?: number; bad?: number; other?: number };
type Mark = { at: number; words: string };

type ScopeBarsProps = {
  columns: readonly Column[];
  label: string;
  /** Places are 0 to 1 from the left. */
  shades?: readonly { from: number; to: number; words: string }[];
  marks: readonly Mark[];
  ticks: readonly Mark[];
};

export function ScopeBars({ columns, label, shades = [], marks, ticks }: ScopeBarsProps) {
  const hatch = useId();
  const sumOf = ({ good = 0, bad = 0, other = 0 }: Column) => good + bad + other;
  const most = Math.max(1, ...columns.map(sumOf));
  const wide = WIDTH / columns.length;
  return (
    <div className="scope" role="img" aria-label={label}>
      <Words marks={marks} kind="mark" />
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <defs>
          <pattern id={hatch} width="5" height="5" patternUnits="userSpaceOnUse">
            <path d="M-1 6 6 -1" className="scope-hatch" />
          </pattern>
        </defs>
        {shades.map(({ from, to, words }) => (
          <rect
            key={words}
            className="scope-shade"
            x={from * WIDTH}
            y={0}
            // What is short on this scale is still seen.
            width={Math.max(2, (to - from) * WIDTH)}
            height={HEIGHT}
          />
        ))}
        {columns.map((column, at) => (
          <Bar
            // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place.
            key={at}
            {...{ column, hatch, most }}
            x={at * wide + 0.5}
            width={wide - 1}
          />
        ))}
        {marks.map(({ at, words }) => (
          <line key={words} className="scope-mark" x1={at * WIDTH} x2={at * WIDTH} y1={0} y2="56" />
        ))}
      </svg>
      <Words marks={ticks} kind="tick" />
    </div>
  );
}

type BarProps = { column: Column; hatch: string; most: number; x: number; width: number };

/** At least two units high: one among thousands is seen, too. */
function Bar({ column: { good = 0, bad = 0, other = 0 }, hatch, most, x, width }: BarProps) {
  const tall = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 4)));
  const [goodTall, badTall, otherTall] = [tall(good), tall(bad), tall(other)];
  const at = { x, width };
  return (
    <>
      {good === 0 ? null : (
        <rect className="scope-good" {...at} y={HEIGHT - goodTall} height={goodTall} />
      )}
      {bad === 0 ? null : (
        <g>
          <rect
            className="scope-bad"
            {...at}
            y={HEIGHT - goodTall - badTall}
            height={badTall}
            fill={`url(#${hatch})`}
          />
        </g>
      )}
      {other === 0 ? null : (
        <rect
          className="scope-other"
          {...at}
          y={HEIGHT - goodTall - badTall - otherTall}
          height={otherTall}
        />
      )}
    </>
  );
}

/** Beside the drawing, so that they are never stretched with it. */
function Words({ marks, kind }: { marks: readonly Mark[]; kind: 'mark' | 'tick' }) {
  return (
    <div className={`scope-words scope-words-${kind}`} aria-hidden="true">
      {marks.map(({ at, words }) => (
        <span key={words} {...placed(at)}>
          {words}
        </span>
      ))}
    </div>
  );
}

/** Under its place, and inside the drawing at its ends. */
function placed(at: number) {
  if (at > 0.85) return { style: { right: `${100 * (1 - at)}%` } };
  return { style: { left: `${100 * at}%` }, ...(at > 0.1 ? { className: 'scope-middle' } : {}) };
}
