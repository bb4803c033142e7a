// A list of any length of which only the rows in sight stand in the page. All rows have one height,
// so that where each lies is known without drawing it. One stop of the Tab key; inside, arrow keys,
// Page up and down, Home and End move, and Enter does what a press on a row does. A screen reader
// is told the row's number and, once it is known, how many there are.

import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { rowAfterKey, rowWindow, scrolledTo } from './rowWindow.ts';

/** As in history.css. */
const ROW_PX = 44;
/** So many rows before the end of what is here, more is asked for. */
const ROWS_AHEAD = 60;

type RowListProps<Item> = {
  label: string;
  items: readonly Item[];
  keyOf: (item: Item) => string;
  /** The cells of a row. The same item must give the same cells. */
  cells: (item: Item) => ReactNode;
  /** What Enter or a press does. */
  onChoose: (item: Item) => void;
  /** Whether nothing is missing at the end. */
  isWhole: boolean;
  /** The end of what is here is near. */
  onNearEnd: () => void;
};

export function RowList<Item>(props: RowListProps<Item>) {
  const { label, items, keyOf, cells, onChoose, isWhole, onNearEnd } = props;
  const box = useRef<HTMLDivElement>(null);
  const { seen, look } = useSeenRows(box, items.length);
  const { active, setActive, press } = useKeys({ box, items, onChoose, isWhole });
  const id = useId();
  const isNear = !isWhole && seen.to + ROWS_AHEAD >= items.length;
  useEffect(() => {
    if (isNear) onNearEnd();
  }, [isNear, onNearEnd]);
  const shown = items.slice(seen.from, seen.to);
  const isActiveShown = active >= seen.from && active < seen.to;
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a table cannot lie where they are put.
    <div
      ref={box}
      className="rowList"
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={isWhole ? items.length : -1}
      aria-activedescendant={isActiveShown ? `${id}-${active}` : undefined}
      onScroll={look}
      onKeyDown={press}
    >
      <div className="rowList-all" role="presentation" style={{ height: items.length * ROW_PX }}>
        {shown.map((item, at) => (
          <Row
            key={keyOf(item)}
            id={`${id}-${seen.from + at}`}
            index={seen.from + at}
            item={item}
            cells={cells}
            isActive={seen.from + at === active}
            onPress={(index) => {
              setActive(index);
              onChoose(item);
            }}
          />
        ))}
      </div>
    </div>
  );
}

type RowProps<Item> = {
  id: string;
  index: number;
  item: Item;
  cells: (item: Item) => ReactNode;
  isActive: boolean;
  onPress: (index: number) => void;
};

function RowOf<Item>({ id, index, item, cells, isActive, onPress }: RowProps<Item>) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: as above.
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names its row.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid hears the keys.
    <div
      id={id}
      role="row"
      className="rowList-row"
      aria-rowindex={index + 1}
      aria-selected={isActive}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      onClick={() => onPress(index)}
    >
      {cells(item)}
    </div>
  );
}

type RowCellProps = {
  look: string;
  title?: string;
  children: ReactNode;
} & { [Attribute in `data-${string}`]?: string };

/** One cell of a row. */
export function RowCell({ look, ...rest }: RowCellProps) {
  // biome-ignore lint/a11y/useSemanticElements: as above.
  // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names its row.
  return <span role="gridcell" className={look} {...rest} />;
}

/** Scrolling draws only the rows that came. */
const Row = memo(RowOf, (one, other) => {
  const isSame = one.item === other.item && one.index === other.index;
  return isSame && one.isActive === other.isActive && one.cells === other.cells;
}) as typeof RowOf;

/** The rows to draw for where the list is scrolled to and how tall it is. */
function useSeenRows(box: { current: HTMLDivElement | null }, count: number) {
  const [seen, setSeen] = useState({ from: 0, to: 0 });
  const look = useCallback(() => {
    const list = box.current;
    if (list === null) return;
    const next = rowWindow(list.scrollTop, list.clientHeight, ROW_PX, count);
    setSeen((now) => (now.from === next.from && now.to === next.to ? now : next));
  }, [box, count]);
  useLayoutEffect(look, [look]);
  useEffect(() => {
    const watching = new ResizeObserver(look);
    if (box.current !== null) watching.observe(box.current);
    return () => watching.disconnect();
  }, [box, look]);
  return { seen, look };
}

type Keyed<Item> = {
  box: { current: HTMLDivElement | null };
  items: readonly Item[];
  onChoose: (item: Item) => void;
  isWhole: boolean;
};

/** End means the very end: what is not here yet is followed until another key is pressed. */
function useKeys<Item>({ box, items, onChoose, isWhole }: Keyed<Item>) {
  const [active, setActive] = useState(0);
  const isFollowing = useRef(false);
  const goTo = useCallback(
    (row: number) => {
      const list = box.current;
      if (list === null) return;
      const at = { scrollTopPx: list.scrollTop, heightPx: list.clientHeight, rowPx: ROW_PX };
      list.scrollTop = scrolledTo(row, at);
      setActive(row);
    },
    [box],
  );
  useEffect(() => {
    if (isFollowing.current && items.length > 0) goTo(items.length - 1);
    if (isWhole) isFollowing.current = false;
  }, [items.length, isWhole, goTo]);
  useEffect(() => {
    const stop = () => {
      isFollowing.current = false;
    };
    const list = box.current;
    for (const kind of ['wheel', 'pointerdown'] as const) {
      list?.addEventListener(kind, stop, { passive: true });
    }
    return () => {
      for (const kind of ['wheel', 'pointerdown'] as const) list?.removeEventListener(kind, stop);
    };
  }, [box]);
  function press(key: KeyboardEvent): void {
    const list = box.current;
    if (list === null || key.ctrlKey || key.metaKey || key.altKey) return;
    const item = items[active];
    if (key.key === 'Enter' && item !== undefined) {
      key.preventDefault();
      // Elsewhere on this page Enter opens the first suggestion.
      key.stopPropagation();
      onChoose(item);
      return;
    }
    const size = { count: items.length, heightPx: list.clientHeight, rowPx: ROW_PX };
    const next = rowAfterKey(key.key, active, size);
    if (next === undefined) return;
    key.preventDefault();
    isFollowing.current = key.key === 'End' && !isWhole;
    goTo(next);
  }
  return { active, setActive, press };
}
