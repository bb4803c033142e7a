// What a channel's link answers besides media and facts: its page with title, state and picture in
// the head, that picture, and the manifest that lets the page be installed. Reads of a channel, and
// changes nothing.

import type { ServerResponse } from 'node:http';
import { isId } from '../core/wire/signing.ts';
import { manifestOf, type PageTemplate, type UnfurledChannel, unfurled } from './unfurl.ts';

export type ChannelPageOptions = {
  template: PageTemplate;
  /** Public address without a trailing slash. */
  publicUrl: string;
  channelOf(channelId: string): UnfurledChannel;
};

/**
 * Answers a GET or HEAD of `/s/{id}`, `/poster/{id}.jpg`, `/still/{id}/{market}.jpg` or
 * `/manifest/{id}.webmanifest`.
 */
export async function answerChannelPage(
  options: ChannelPageOptions,
  response: ServerResponse,
  request: { path: string; withBody: boolean },
): Promise<boolean> {
  if (request.path.startsWith('/still/')) return answerStill(options, response, request);
  const [, kind, channelId = ''] =
    /^\/(s|poster|manifest)\/([0-9a-f]{32})(?:\.jpg|\.webmanifest)?\/?$/.exec(request.path) ?? [];
  if (!isId(channelId)) return false;
  const channel = options.channelOf(channelId);
  const send = (type: string, body: string | Uint8Array, cache: string) => {
    response.writeHead(200, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': cache,
    });
    response.end(request.withBody ? body : undefined);
    return true;
  };
  if (kind === 'poster' && request.path.endsWith('.jpg')) {
    const poster = channel?.poster;
    // Its address changes with the picture, so that it may be kept.
    return poster ? send('image/jpeg', poster.jpeg, 'public, max-age=300') : false;
  }
  if (kind === 'manifest' && request.path.endsWith('.webmanifest')) {
    return send('application/manifest+json', manifestOf(channel, channelId), 'no-cache');
  }
  if (kind !== 's' || request.path.includes('.')) return false;
  const html = await options.template.html();
  if (html === null) return false;
  const { publicUrl: url } = options;
  const page = unfurled(html, { channel, channelId, url });
  return send('text/html; charset=utf-8', page, 'no-cache');
}

/** The frame that decided a market, with what a page needs to check that the studio signed it. */
function answerStill(
  options: ChannelPageOptions,
  response: ServerResponse,
  request: { path: string; withBody: boolean },
): boolean {
  const [, channelId = '', marketId = ''] =
    /^\/still\/([0-9a-f]{32})\/([0-9a-f]{32})\.jpg$/.exec(request.path) ?? [];
  const still = options.channelOf(channelId)?.stills?.of(marketId);
  if (!still) return false;
  response.writeHead(200, {
    'Content-Type': 'image/jpeg',
    'Content-Length': still.jpeg.length,
    // A correction may change it.
    'Cache-Control': 'no-cache',
    'X-Captured-Us': String(still.captureUs),
    'X-Signature': still.signature,
    'X-Public-Key': still.publicKey,
  });
  response.end(request.withBody ? still.jpeg : undefined);
  return true;
}
