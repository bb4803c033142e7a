// A camera for tests and benches: starts rtspCamera.py beside this file and says on which port it
// answers. Whoever starts it ends it. The system's own Python has GStreamer's bindings; others on the
// path rarely do.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const PYTHON = '/usr/bin/python3';
const hasServer =
  spawnSync(PYTHON, [
    '-c',
    'import gi; gi.require_version("GstRtspServer","1.0"); from gi.repository import GstRtspServer, Gst; ' +
      'Gst.init(None); assert Gst.ElementFactory.find("x264enc")',
  ]).status === 0;

/** Why there is no camera here, or false. */
export const rtspCameraSkip: string | false = hasServer
  ? false
  : 'GStreamer’s RTSP server is not installed (gir1.2-gst-rtsp-server-1.0, python3-gi)';

/** Starts the camera; its user is `camera`, its password `s3cret`. */
export async function startRtspCamera(): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(PYTHON, [join(import.meta.dirname, 'rtspCamera.py')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}
