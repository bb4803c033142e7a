// The program as viewers get it, with vision's boxes over it. The picture is a WebRTC reader like
// any other; only its offer and answer travel by RPC, and its facts by a data channel beside it.

import { fromBinary } from '@bufbuild/protobuf';
import { Eye, EyeOff, Users, Volume2, VolumeX } from 'lucide-react';
import { type CSSProperties, useEffect, useRef, useState } from 'react';
import { realTimers } from '../../core/base/clock.ts';
import type { StudioState } from '../../core/contract/state.ts';
import { FrameFactsSchema } from '../../core/wire/gen/facts_pb.js';
import { IconButton } from '../ui/Button.tsx';
import { createOverlayPainter, type OverlayPainter } from '../ui/overlayPainter.ts';
import { StateDot } from '../ui/StateDot.tsx';
import { type TextKey, text } from '../ui/texts.ts';
import type { WhepSession } from '../ui/whepConnection.ts';
import { createWhepPlayer, type PlayerState } from '../ui/whepPlayer.ts';
import { DrawingLayer } from './drawing/DrawingLayer.tsx';
import { lightZones } from './drawing/lights.ts';
import { toggleBoxes, toggleSound, toggleViewers, useProgramView } from './programView.ts';
import { Said } from './Secret.tsx';
import { studio, usePage } from './store.ts';
import { ViewersBadge, viewersSession } from './ViewersPicture.tsx';
import { rememberPresented } from './xray/presentedFrames.ts';

/** Offer and answer by RPC. */
async function previewSession(offerSdp: string): Promise<WhepSession> {
  const { sessionId, answerSdp } = await studio.preview.watch({ offerSdp });
  return {
    answerSdp,
    leave() {
      studio.preview.leave({ sessionId }).catch(() => {
        // The engine ends sessions that no longer answer by itself.
      });
    },
  };
}

export function Program({ state }: { state: StudioState }) {
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<OverlayPainter>(null);
  const isConnected = usePage((page) => page.connection.state === 'connected');
  const [player, setPlayer] = useState<PlayerState>('connecting');
  const { hasBoxes, isMuted, isViewers } = useProgramView();
  // Viewers have no picture before the show: nothing is asked for, and nothing else is shown.
  const isWanted = isConnected && (!isViewers || state.show.state === 'live');

  useEffect(() => {
    if (!isWanted || video.current === null || canvas.current === null) return;
    const own = createOverlayPainter({
      ...{ canvas: canvas.current, video: video.current },
      ...(isViewers ? {} : { onPainted: rememberPresented }),
    });
    painter.current = own;
    const playing = createWhepPlayer({
      video: video.current,
      signalling: isViewers ? viewersSession : previewSession,
      timers: realTimers,
      onState: setPlayer,
      onAnalytics(bytes) {
        try {
          const facts = fromBinary(FrameFactsSchema, bytes);
          own.push(facts);
          if (!isViewers) lightZones(facts);
        } catch {
          // A torn message of a latest-wins channel; the next one is 33 ms away.
        }
      },
    });
    return () => {
      playing.close();
      own.close();
      painter.current = null;
    };
  }, [isWanted, isViewers]);

  // A connection that came anew has a painter of its own.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above.
  useEffect(
    () => painter.current?.setMode(hasBoxes ? 'live' : 'off'),
    [hasBoxes, isWanted, isViewers],
  );

  const { width, height } = state.source;
  const aspect = { '--picture-aspect': width > 0 && height > 0 ? width / height : 16 / 9 };
  return (
    <main className="program" aria-label={text('studio.program')}>
      <div className="program-frame" style={aspect as CSSProperties}>
        <video
          ref={video}
          className="program-video"
          hidden={isViewers && state.show.state !== 'live'}
          muted={isMuted}
          autoPlay
          playsInline
        />
        <canvas ref={canvas} className="program-canvas" />
        <PlayerWords player={player} reason={state.source.reason} />
        {isViewers ? (
          <ViewersBadge state={state} />
        ) : (
          <>
            <DrawingLayer state={state} isShown={hasBoxes} />
            <SceneWords vision={state.vision} />
          </>
        )}
        <div className="program-controls">
          <IconButton
            name={text(isViewers ? 'studio.viewersSee.off' : 'studio.viewersSee.on')}
            aria-pressed={isViewers}
            onClick={toggleViewers}
          >
            <Users size={16} />
          </IconButton>
          <IconButton
            name={text(hasBoxes ? 'studio.program.boxes.off' : 'studio.program.boxes.on')}
            aria-pressed={hasBoxes}
            onClick={toggleBoxes}
          >
            {hasBoxes ? <Eye size={16} /> : <EyeOff size={16} />}
          </IconButton>
          <IconButton
            name={text(isMuted ? 'studio.program.sound.on' : 'studio.program.sound.off')}
            aria-pressed={!isMuted}
            onClick={toggleSound}
          >
            {isMuted ? <VolumeX size={16} /> : <Volume2 size={16} />}
          </IconButton>
        </div>
      </div>
    </main>
  );
}

type Vision = StudioState['vision'];

/** What is the matter with the picture, in a word each; nothing while nothing is. */
function sceneWords({ scene, places }: Vision): TextKey[] {
  return [
    ...(scene.isBlack ? (['studio.scene.black'] as const) : []),
    // A black picture is still, too.
    ...(scene.isFrozen && !scene.isBlack ? (['studio.scene.frozen'] as const) : []),
    ...(scene.isCameraMoving ? (['studio.scene.moving'] as const) : []),
    ...(scene.isReplay ? (['studio.scene.replay'] as const) : []),
    ...(places.state === 'lost' ? (['studio.scene.lost'] as const) : []),
  ];
}

function SceneWords({ vision }: { vision: Vision }) {
  return (
    <ul className="program-scene" aria-label={text('studio.scene')} aria-live="polite">
      {sceneWords(vision).map((key) => (
        <li key={key}>
          <StateDot tone="warn">{text(key)}</StateDot>
        </li>
      ))}
    </ul>
  );
}

function PlayerWords({ player, reason }: { player: PlayerState; reason: string }) {
  if (player === 'live') return null;
  return (
    <div className="program-words" role="status">
      <p>{player === 'notLive' ? text('studio.program.noPicture') : text(`player.${player}`)}</p>
      {reason === '' ? null : (
        <p className="program-reason">
          <Said>{reason}</Said>
        </p>
      )}
    </div>
  );
}
