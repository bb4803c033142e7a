// The frame x-ray: the last frames as a waterfall with the chosen one in numbers beside it, frozen
// when somebody wants to look, saved as a trace for tools. It shows what was measured and says what
// was not; it changes nothing in the show.

import { Download, Pause, Play } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { FRAMES_KEPT } from '../../../core/contract/frames.ts';
import type { StudioState } from '../../../core/contract/state.ts';
import { Button } from '../../ui/Button.tsx';
import { Figure } from '../../ui/Figure.tsx';
import { text } from '../../ui/texts.ts';
import { Modal } from '../Modal.tsx';
import { closeDialog } from '../opened.ts';
import { say } from '../store.ts';
import { msText, StageTable } from './StageTable.tsx';
import { saveTrace } from './saveTrace.ts';
import { type ShownFrames, useFrames } from './useFrames.ts';
import { paintWaterfall, rowAt } from './waterfall.ts';
import { lengthUs, newestWhole, STAGES, stageShares, WAYS, type XrayFrame } from './xrayFrames.ts';
import './xray.css';

const FAR_STEP = 30;

export function Xray({ state }: { state: StudioState }) {
  const [isFrozen, setFrozen] = useState(false);
  const shown = useFrames(isFrozen);
  const { frames } = shown;
  // By its own time: it stays the same frame while others come.
  const [chosenUs, setChosenUs] = useState<number | null>(null);
  const found = frames.findIndex(({ captureUs }) => captureUs === chosenUs);
  const at = found === -1 ? newestWhole(frames) : found;
  const shares = useMemo(() => stageShares(frames), [frames]);
  const choose = (index: number) => setChosenUs(frames[index]?.captureUs ?? null);
  return (
    <Modal title={text('studio.xray')} onClose={closeDialog}>
      <div className="xray" data-frames={frames.length} data-frozen={isFrozen}>
        <p className="xray-lead">{text('studio.xray.lead')}</p>
        <div className="xray-tools">
          <Button size="dense" aria-pressed={isFrozen} onClick={() => setFrozen(!isFrozen)}>
            {isFrozen ? (
              <Play size={14} aria-hidden="true" />
            ) : (
              <Pause size={14} aria-hidden="true" />
            )}
            {text(isFrozen ? 'studio.xray.resume' : 'studio.xray.freeze')}
          </Button>
          <Button
            size="dense"
            disabled={frames.length === 0}
            onClick={() => {
              saveTrace({ ...shown, events: state.events });
              say(text('studio.xray.exported'), '');
            }}
          >
            <Download size={14} aria-hidden="true" />
            {text('studio.xray.export')}
          </Button>
          <Standing shown={shown} isFrozen={isFrozen} />
        </div>
        {shown.isAway ? <p role="status">{text('studio.xray.away')}</p> : null}
        {frames.length === 0 ? (
          <p className="xray-waiting">{text('studio.xray.waiting')}</p>
        ) : (
          <div className="xray-body">
            <Waterfall frames={frames} at={at} onChoose={choose} />
            <div className="xray-numbers">
              <FrameName frame={frames[at]} at={at} count={frames.length} />
              <StageTable frame={frames[at]} shares={shares} />
              <Reasons frame={frames[at]} />
            </div>
          </div>
        )}
      </div>
    </Modal>
  );
}

function Standing({ shown, isFrozen }: { shown: ShownFrames; isFrozen: boolean }) {
  const { page, relay } = shown.uncertaintyUs;
  const within = (us: number | null) =>
    us === null ? text('studio.xray.clocks.none') : `${msText(us)} ms`;
  const count = text('studio.xray.count', { count: shown.frames.length, kept: FRAMES_KEPT });
  return (
    <p className="xray-standing">
      <Figure>{isFrozen ? `${count}, ${text('studio.xray.frozen')}` : count}</Figure>
      <Figure>{text('studio.xray.clocks', { page: within(page), relay: within(relay) })}</Figure>
    </p>
  );
}

type WaterfallProps = {
  frames: readonly XrayFrame[];
  at: number;
  onChoose: (index: number) => void;
};

function Waterfall({ frames, at, onChoose }: WaterfallProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const described = useId();
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const paint = () => paintWaterfall(element, { frames, rows: FRAMES_KEPT, selected: at });
    paint();
    const watching = new ResizeObserver(paint);
    watching.observe(element);
    return () => watching.disconnect();
  }, [frames, at]);
  function press(key: KeyboardEvent): void {
    const next = keyIndex(key.key, at, frames.length);
    if (next === undefined) return;
    key.preventDefault();
    onChoose(next);
  }
  return (
    <div className="xray-fall">
      <div className="xray-ways" aria-hidden="true">
        {WAYS.map((way) => (
          <span key={way}>{text(`studio.xray.way.${way}`)}</span>
        ))}
      </div>
      <div
        className="xray-canvas"
        role="slider"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={text('studio.xray.frames')}
        aria-describedby={described}
        aria-valuemin={1}
        aria-valuemax={frames.length}
        aria-valuenow={at + 1}
        aria-valuetext={frameWords(frames[at], at, frames.length)}
        onKeyDown={press}
        onPointerDown={(point) => {
          onChoose(rowAt(point.currentTarget, point.clientY, { frames, rows: FRAMES_KEPT }));
        }}
        onPointerMove={(point) => {
          onChoose(rowAt(point.currentTarget, point.clientY, { frames, rows: FRAMES_KEPT }));
        }}
      >
        <canvas ref={canvas} />
      </div>
      <p id={described} className="visuallyHidden">
        {text('studio.xray.frames.keys')}
      </p>
    </div>
  );
}

/** Where a key leads; undefined: it is no key of ours. */
function keyIndex(key: string, at: number, count: number): number | undefined {
  const within = (next: number) => Math.min(count - 1, Math.max(0, next));
  if (key === 'ArrowUp' || key === 'ArrowLeft') return within(at - 1);
  if (key === 'ArrowDown' || key === 'ArrowRight') return within(at + 1);
  if (key === 'PageUp') return within(at - FAR_STEP);
  if (key === 'PageDown') return within(at + FAR_STEP);
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}

function frameWords(frame: XrayFrame | undefined, at: number, count: number): string {
  if (frame === undefined) return '';
  const length = `${msText(lengthUs(frame))} ms`;
  const size = `${(frame.bytes / 1024).toFixed(1)} KiB`;
  const words = text('studio.xray.frame', { number: at + 1, count, length, size });
  return frame.isKeyFrame ? `${words}, ${text('studio.xray.frame.key')}` : words;
}

type FrameNameProps = { frame: XrayFrame | undefined; at: number; count: number };

function FrameName({ frame, at, count }: FrameNameProps) {
  return (
    <p className="xray-frame">
      <Figure>{frameWords(frame, at, count)}</Figure>
      <Figure>{text('studio.xray.frame.rtp', { rtp: frame?.rtpTimestamp ?? '–' })}</Figure>
    </p>
  );
}

/** Why stages of this frame have no times; those of one reason in one line. */
function Reasons({ frame }: { frame: XrayFrame | undefined }) {
  if (frame === undefined) return null;
  const byReason = new Map<string, string[]>();
  for (const { id } of STAGES) {
    if (frame.spans[id] !== undefined) continue;
    const reason = text(`studio.xray.${id}.none`);
    byReason.set(reason, [...(byReason.get(reason) ?? []), text(`studio.xray.${id}`)]);
  }
  if (byReason.size === 0) return null;
  return (
    <div className="xray-reasons">
      <p>{text('studio.xray.why')}</p>
      <ul>
        {[...byReason].map(([reason, stages]) => (
          <li key={reason}>
            {stages.join(', ')}: {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}
