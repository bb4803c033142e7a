// The cameras of this computer with their pictures, for as long as somebody chooses one. They are
// opened small, and let go with the choice: the page that owns the camera needs it next.

import { useEffect, useState } from 'react';
import type { TextKey } from '../../ui/texts.ts';

export type CameraView = { id: string; title: string; stream: MediaStream | null };

export type Cameras = {
  state: 'looking' | 'mustAsk' | 'shown' | 'none';
  /** Why there is none to see; null while all is well. */
  reason: TextKey | null;
  cameras: readonly CameraView[];
  /** By a person's press: the browser asks them. */
  show(): void;
};

/** Pictures that are opened at once; further cameras are named only. */
const PICTURES_MAX = 4;
const SMALL = { width: { ideal: 320 }, height: { ideal: 180 }, frameRate: { ideal: 15 } };

export function useCameras(): Cameras {
  const [view, setView] = useState<Omit<Cameras, 'show'>>({
    ...{ state: 'looking', reason: null, cameras: [] },
  });
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => {
    let isOver = false;
    const streams: MediaStream[] = [];
    async function look(): Promise<void> {
      if (!navigator.mediaDevices) {
        setView({ state: 'none', reason: 'studio.firstRun.camera.insecure', cameras: [] });
        return;
      }
      if (!isAsked && !(await mayLook('camera'))) {
        if (!isOver) setView({ state: 'mustAsk', reason: null, cameras: [] });
        return;
      }
      const seen = await openCameras(streams, () => isOver);
      if (!isOver) setView(seen);
    }
    void look();
    return () => {
      isOver = true;
      for (const stream of streams) letGo(stream);
    };
  }, [isAsked]);
  return { ...view, show: () => setIsAsked(true) };
}

/** Whether the browser would show devices without asking anybody. */
export async function mayLook(name: 'camera' | 'microphone'): Promise<boolean> {
  try {
    return (
      (await navigator.permissions.query({ name } as PermissionDescriptor)).state === 'granted'
    );
  } catch {
    return false;
  }
}

export function letGo(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

async function openCameras(
  streams: MediaStream[],
  isOver: () => boolean,
): Promise<Omit<Cameras, 'show'>> {
  const open = async (video: MediaTrackConstraints) => {
    const stream = await navigator.mediaDevices.getUserMedia({ video });
    if (isOver()) letGo(stream);
    else streams.push(stream);
    return stream;
  };
  let first: MediaStream;
  try {
    first = await open(SMALL);
  } catch (cause) {
    return { state: 'none', reason: reasonOf(cause), cameras: [] };
  }
  const firstId = first.getVideoTracks()[0]?.getSettings().deviceId ?? '';
  const devices = await navigator.mediaDevices.enumerateDevices();
  const cameras: CameraView[] = [];
  for (const { kind, deviceId, label } of devices) {
    if (kind !== 'videoinput' || isOver()) continue;
    const isShown = cameras.length < PICTURES_MAX;
    const another = () => open({ ...SMALL, deviceId: { exact: deviceId } }).catch(() => null);
    const stream = deviceId === firstId ? first : isShown ? await another() : null;
    cameras.push({ id: deviceId, title: label, stream });
  }
  return { state: 'shown', reason: null, cameras };
}

function reasonOf(cause: unknown): TextKey {
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'NotAllowedError') return 'studio.firstRun.camera.refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') {
    return 'studio.firstRun.camera.none';
  }
  return 'studio.firstRun.camera.busy';
}
