// Figure `joinloaded`: a click in a page that is loaded already, to the first presented frame: the
// building of a peer connection, WHEP, ICE, DTLS and the first key frame, without navigation and
// script. Ours opens the viewer page's own connection; the peer's page has its session with Janus
// before the click, which costs ours nothing and spares the peer two requests.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { type BenchContext, type Measured, notMeasured } from './figure.ts';
import { measurePeerJoinLoaded } from './janus.ts';
import { servePages, takeLoadedJoins } from './linkPage.ts';

const JOINS = { short: 5, full: 40 };

export async function measureJoinLoaded(context: BenchContext): Promise<Measured[]> {
  const browser = await context.browser();
  if (!browser) return [notMeasured('joinloaded', 'no browser with H.264')];
  const { studio } = await context.studio('demo:?barcode=1');
  const page = waitingPage(await pageScript(), studio.facts().whep ?? '');
  const server = await servePages({ '/': page });
  const perRound = context.isFull ? JOINS.full : JOINS.short;
  const rounds = await takeLoadedJoins(browser, `${server.origin}/`, perRound);
  server.close();
  await context.quiet();
  const peer = await measurePeerJoinLoaded(context, browser, perRound);
  const remarks = [`${perRound} joins a round, warm browser; from the click in a loaded page`];
  return [{ figure: 'joinloaded', rounds, remarks, peer }];
}

function waitingPage(script: string, whepUrl: string): string {
  return `<!doctype html><title>loaded</title>
<style>body { margin: 0 } video { width: 100vw }</style>
<button value="${whepUrl}">watch</button><video autoplay muted playsinline></video>
<script>${script}</script>`;
}

/** The viewer page's connection code as one script. */
async function pageScript(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'morphine-loaded-'));
  try {
    await build({
      ...{ root: import.meta.dirname, configFile: false, logLevel: 'error' },
      build: {
        outDir: folder,
        lib: {
          entry: join(import.meta.dirname, 'loadedPage.ts'),
          ...{ name: 'page', formats: ['iife'], fileName: () => 'page.js' },
        },
      },
    });
    return readFileSync(join(folder, 'page.js'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
