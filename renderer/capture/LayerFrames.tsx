// The layers as frames over the picture: dragged to move, dragged at the corner to scale; with the
// keyboard arrows move, Shift and arrows scale, Delete removes.

import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { text } from '../ui/texts.ts';
import type { CaptureSession } from './captureSession.ts';
import { type Layer, moveLayer, removeLayer, resizeLayer, type Scene } from './scene.ts';

/** One press of an arrow moves by this part of the picture. */
const KEY_STEP = 0.02;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-KEY_STEP, 0],
  ArrowRight: [KEY_STEP, 0],
  ArrowUp: [0, -KEY_STEP],
  ArrowDown: [0, KEY_STEP],
};

/** What a layer is called: its kind, its words, or the picture's name. */
export function nameOf(layer: Layer): string {
  const kind = text(`capture.layer.${layer.kind}`);
  if (layer.kind === 'text' && layer.words !== '') return `${kind}: ${layer.words}`;
  // The number in front makes names of equal files differ.
  return layer.kind === 'image' ? `${kind}: ${layer.name.replace(/^\d+ /, '')}` : kind;
}

export function LayerFrames({ session, scene }: { session: CaptureSession; scene: Scene }) {
  return (
    <div className="layerFrames">
      {scene.layers.map((layer) => (
        <LayerFrame key={layer.id} session={session} scene={scene} layer={layer} />
      ))}
    </div>
  );
}

type FrameProps = { session: CaptureSession; scene: Scene; layer: Layer };

function LayerFrame({ session, scene, layer }: FrameProps) {
  const last = useRef<{ x: number; y: number; isCorner: boolean } | null>(null);

  function grasp(press: PointerEvent<HTMLElement>): void {
    const isCorner = press.target !== press.currentTarget;
    last.current = { x: press.clientX, y: press.clientY, isCorner };
    press.currentTarget.setPointerCapture(press.pointerId);
  }

  function drag(move: PointerEvent<HTMLElement>): void {
    const from = last.current;
    const picture = move.currentTarget.parentElement?.getBoundingClientRect();
    if (!from || !picture || picture.width === 0) return;
    const byX = (move.clientX - from.x) / picture.width;
    const byY = (move.clientY - from.y) / picture.height;
    last.current = { x: move.clientX, y: move.clientY, isCorner: from.isCorner };
    const change = from.isCorner ? resizeLayer : moveLayer;
    session.setScene(change(scene, layer.id, byX, byY));
  }

  function press(key: KeyboardEvent): void {
    const by = ARROWS[key.key];
    if (by) {
      const change = key.shiftKey ? resizeLayer : moveLayer;
      session.setScene(change(scene, layer.id, by[0], by[1]));
    } else if (key.key === 'Delete') session.setScene(removeLayer(scene, layer.id));
    else return;
    key.preventDefault();
  }

  return (
    <button
      type="button"
      className="layerFrame"
      aria-label={text('capture.layer.frame', { name: nameOf(layer) })}
      style={{
        left: `${layer.x * 100}%`,
        top: `${layer.y * 100}%`,
        width: `${layer.width * 100}%`,
        height: `${layer.height * 100}%`,
      }}
      onPointerDown={grasp}
      onPointerMove={drag}
      onPointerUp={() => {
        last.current = null;
      }}
      onKeyDown={press}
    >
      <span className="layerFrame-corner" aria-hidden="true" />
    </button>
  );
}
