// How the pages are built: each into its own folder, with hashed assets and no inline script,
// so that one strict Content-Security-Policy serves all. Used by the build script and by nothing
// at run time; it takes the repository's folder as a parameter because it may run bundled.

import react from '@vitejs/plugin-react';
import type { InlineConfig, Plugin } from 'vite';

export const pageNames = [
  'studio',
  'viewer',
  'capture',
  'check',
  'overlay',
  'dock',
  'crew',
] as const;
export type PageName = (typeof pageNames)[number];

/**
 * Where a page's assets are asked for. The studio is at / in a browser and at its own scheme in
 * the window, the capture page at /capture/, so both are relative; the viewer page stands at
 * /s/{channel}, the one that checks bets at /check/{channel}, the crew's at /crew/{channel} and the
 * overlay at /overlay/{channel}, so their assets are absolute. Docks stand at /dock/ of the studio.
 */
const BASE: Record<PageName, string> = {
  studio: './',
  viewer: '/',
  capture: './',
  check: '/check/',
  overlay: '/overlay/',
  dock: './',
  crew: '/crew/',
};

/**
 * @param repository folder of the repository, with `/` or the platform's separators
 * @returns what `vite.build` takes; the page lands in `out/renderer/{page}`
 */
export function pageConfig(page: PageName, repository: string): InlineConfig {
  return {
    configFile: false,
    root: `${repository}/renderer/${page}`,
    base: BASE[page],
    logLevel: 'warn',
    plugins: page === 'viewer' ? [react(), fetchAhead()] : [react()],
    build: {
      outDir: `${repository}/out/renderer/${page}`,
      emptyOutDir: true,
      target: 'es2022',
      // Nothing becomes a data: URL or an inline script; the policy of the servers allows neither.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 900,
    },
  };
}

/** The code that the entry runs later is fetched together with it, last in line, not yet run. */
function fetchAhead(): Plugin {
  return {
    name: 'fetch-ahead',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { chunk }) =>
        (chunk?.dynamicImports ?? []).map((fileName) => ({
          tag: 'link',
          attrs: {
            rel: 'preload',
            as: 'script',
            crossorigin: true,
            fetchpriority: 'low',
            href: `${BASE.viewer}${fileName}`,
          },
          injectTo: 'head',
        })),
    },
  };
}
