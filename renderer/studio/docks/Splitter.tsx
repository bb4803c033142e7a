// The line between two parts of the window: dragged with a pointer, moved with the arrow keys
// (Shift: further), Home and End for least and most, Enter or a double click to give it back to the
// page. What it measures is the part that it belongs to.

import {
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  useEffect,
  useRef,
  useState,
} from 'react';

const STEP_PX = 16;
const FAR_STEP_PX = 64;

type SplitterProps = {
  /** What a screen reader says. */
  name: string;
  /** The element whose size it changes, and in which direction. */
  target: () => HTMLElement | null;
  axis: 'width' | 'height';
  /** -1 when the target lies after the line: dragging towards the start makes it larger. */
  direction: 1 | -1;
  minPx: number;
  maxPx: () => number;
  /** null: as it comes. */
  onSize: (px: number | null) => void;
};

export function Splitter(props: SplitterProps) {
  const { name, target, axis, direction, minPx, maxPx, onSize } = props;
  const drag = useRef<{ fromPx: number; sizePx: number } | null>(null);
  const sizePx = useSizePx(target, axis);
  const within = (px: number) => Math.round(Math.min(maxPx(), Math.max(minPx, px)));
  const positionPx = (pointer: PointerEvent) =>
    axis === 'width' ? pointer.clientX : pointer.clientY;
  function press(key: KeyboardEvent): void {
    const size = keySize(key, { axis, direction, sizePx: measure(target(), axis), minPx, maxPx });
    if (size === undefined) return;
    key.preventDefault();
    onSize(size === null ? null : within(size));
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be dragged.
    <div
      className={`splitter splitter-${axis}`}
      role="separator"
      tabIndex={0}
      aria-label={name}
      title={name}
      aria-orientation={axis === 'width' ? 'vertical' : 'horizontal'}
      aria-valuenow={sizePx}
      aria-valuemin={minPx}
      aria-valuemax={Math.max(sizePx, Math.round(maxPx()))}
      onKeyDown={press}
      onDoubleClick={() => onSize(null)}
      onPointerDown={(pointer) => {
        if (pointer.button !== 0) return;
        pointer.currentTarget.setPointerCapture(pointer.pointerId);
        drag.current = { fromPx: positionPx(pointer), sizePx: measure(target(), axis) };
      }}
      onPointerMove={(pointer) => {
        if (drag.current === null) return;
        const movedPx = (positionPx(pointer) - drag.current.fromPx) * direction;
        if (movedPx !== 0) onSize(within(drag.current.sizePx + movedPx));
      }}
      onPointerUp={() => {
        drag.current = null;
      }}
      onPointerCancel={() => {
        drag.current = null;
      }}
    />
  );
}

/** What a chosen size is to the style sheet, which heeds it where there is room. */
export function sizeStyle(sizePx: number | null): CSSProperties | undefined {
  return sizePx === null ? undefined : ({ '--size': `${sizePx}px` } as CSSProperties);
}

type Measured = Pick<SplitterProps, 'axis' | 'direction' | 'minPx' | 'maxPx'> & { sizePx: number };

/** What a key asks for: a size, null for "as it comes", undefined when it is no key of ours. */
function keySize(key: KeyboardEvent, measured: Measured): number | null | undefined {
  const { axis, direction, sizePx, minPx, maxPx } = measured;
  const [less, more] = axis === 'width' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  const step = (key.shiftKey ? FAR_STEP_PX : STEP_PX) * direction;
  if (key.key === less) return sizePx - step;
  if (key.key === more) return sizePx + step;
  if (key.key === 'Home') return minPx;
  if (key.key === 'End') return maxPx();
  return key.key === 'Enter' ? null : undefined;
}

function measure(element: HTMLElement | null, axis: 'width' | 'height'): number {
  return element === null ? 0 : Math.round(element.getBoundingClientRect()[axis]);
}

/** The target's size as it is on the screen, for `aria-valuenow`. */
function useSizePx(target: () => HTMLElement | null, axis: 'width' | 'height'): number {
  const [sizePx, setSizePx] = useState(0);
  const find = useRef(target);
  find.current = target;
  // Not a layout effect: the part around a line is there only after those.
  useEffect(() => {
    const element = find.current();
    if (element === null) return;
    const look = () => setSizePx(measure(element, axis));
    const watching = new ResizeObserver(look);
    watching.observe(element);
    look();
    return () => watching.disconnect();
  }, [axis]);
  return sizePx;
}
