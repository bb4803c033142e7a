// Reads offers from strangers and gives the library only what was understood: every line it gets
// matches a pattern here, the rest is left out. So a hostile or broken SDP ends in a sentence and a
// status, not in native code. It knows one video and one audio section, which is all we speak.

import { OfferRefused } from './offerRefused.ts';

/** Larger offers are refused unread; browsers send 4 to 8 KiB. */
export const OFFER_LENGTH_MAX = 65_536;

const SECTIONS_MAX = 4;
const LINES_MAX = 1000;
const LINE_LENGTH_MAX = 1024;
const CANDIDATES_MAX = 32;

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export type OfferedCodec = { payloadType: number; name: string; parameters: string };

export type OfferedSection = {
  kind: 'video' | 'audio' | 'application';
  mid: string;
  direction: Direction;
  codecs: OfferedCodec[];
  /** Header extension identifiers by URI. */
  extensions: Map<string, number>;
  ssrcs: number[];
  /** Names of the MediaStreams that the track belongs to; a lone `-` is none. */
  streams: string[];
  isSimulcast: boolean;
};

export type Offer = {
  sections: OfferedSection[];
  iceUserFragment: string;
  /** The offer with understood lines only. */
  sdp: string;
};

/** UDP candidates with a literal address: names, mDNS among them, would be looked up natively. */
const CANDIDATE = new RegExp(
  [
    '^a=candidate:[\\w+/]{1,32} [12] (?:udp|UDP) \\d{1,10} [0-9a-fA-F.:]{2,45} \\d{1,5}',
    ' typ (?:host|srflx|prflx|relay)(?: [\\w.:-]{1,64}){0,24}$',
  ].join(''),
);

/** Session- and section-level lines that may pass. */
const KEPT_LINES: readonly RegExp[] = [
  /^v=0$/,
  /^s=[\x20-\x7e]{0,64}$/,
  /^t=0 0$/,
  /^m=(video|audio|application) \d{1,5} [A-Z/]{3,24}( [\w-]{1,32}){1,64}$/,
  /^c=IN IP[46] [0-9a-fA-F.:]{2,45}$/,
  /^a=group:BUNDLE( [\w.~-]{1,32}){1,8}$/,
  /^a=ice-ufrag:[\w+/=-]{4,256}$/,
  /^a=ice-pwd:[\w+/=-]{22,256}$/,
  /^a=ice-options:[\w -]{1,64}$/,
  /^a=ice-lite$/,
  /^a=fingerprint:sha-(1|224|256|384|512) [0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19,63}$/,
  /^a=setup:(actpass|active|passive)$/,
  /^a=mid:[\w.~-]{1,32}$/,
  /^a=(sendrecv|sendonly|recvonly|inactive)$/,
  /^a=rtpmap:\d{1,3} [\w.-]{1,32}\/\d{1,6}(\/\d)?$/,
  /^a=rtcp-fb:(\d{1,3}|\*) [\w -]{1,64}$/,
  /^a=fmtp:\d{1,3} [\x21-\x7e][\x20-\x7e]{0,500}$/,
  /^a=ssrc:\d{1,10} [\x21-\x7e][\x20-\x7e]{0,200}$/,
  /^a=msid:[\x21-\x7e]{1,128}( [\x21-\x7e]{1,128})?$/,
  /^a=rtcp-mux$/,
  /^a=rtcp-rsize$/,
  /^a=bundle-only$/,
  /^a=sctp-port:\d{1,5}$/,
  /^a=max-message-size:\d{1,9}$/,
  CANDIDATE,
  /^a=end-of-candidates$/,
];

/** Reads and cleans an offer. Throws OfferRefused: 400 for bad SDP, 413 for size, 422 for shape. */
export function parseOffer(text: string): Offer {
  if (text.length > OFFER_LENGTH_MAX) {
    throw new OfferRefused(413, 'Offer too large', `The offer may have ${OFFER_LENGTH_MAX} bytes.`);
  }
  const lines = readLines(text);
  const starts = lines.flatMap((line, index) => (line.startsWith('m=') ? [index] : []));
  if (starts.length === 0) throw malformed('It has no media section (m= line).');
  if (starts.length > SECTIONS_MAX) {
    throw new OfferRefused(422, 'Too many tracks', 'Send one video and one audio track at most.');
  }
  const session = lines.slice(0, starts[0]);
  const sections = starts.map((start, index) =>
    readSection(lines.slice(start, starts[index + 1]), session),
  );
  if (new Set(sections.map((section) => section.mid)).size !== sections.length) {
    throw malformed('Two media sections have the same a=mid.');
  }
  const mids = sections.map((section) => section.mid).join(' ');
  const kept = keptLines(lines, starts[0] ?? 0);
  const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mids}`];
  return {
    sections,
    iceUserFragment: firstValue(lines, 'a=ice-ufrag:') ?? '',
    sdp: `${[...head, ...kept].join('\r\n')}\r\n`,
  };
}

function malformed(detail: string): OfferRefused {
  return new OfferRefused(400, 'Malformed SDP', `The offer cannot be read. ${detail}`);
}

function readLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.at(-1) === '') lines.pop();
  if (lines[0] !== 'v=0') throw malformed('It does not start with v=0.');
  if (lines.length > LINES_MAX) throw malformed(`It has more than ${LINES_MAX} lines.`);
  for (const line of lines) {
    if (!/^[a-z]=[^\p{Cc}]*$/u.test(line))
      throw malformed('A line is not of the form letter=value.');
    if (line.length > LINE_LENGTH_MAX) throw malformed('A line is too long.');
  }
  return lines;
}

function keptLines(lines: readonly string[], firstSection: number): string[] {
  let candidateCount = 0;
  return lines.filter((line, index) => {
    // The head is written anew; attributes of the session level stay.
    if (index < firstSection && (!line.startsWith('a=') || line.startsWith('a=group')))
      return false;
    if (line.startsWith('a=candidate:') && ++candidateCount > CANDIDATES_MAX) return false;
    return KEPT_LINES.some((pattern) => pattern.test(line));
  });
}

function firstValue(lines: readonly string[], prefix: string): string | undefined {
  return lines.find((line) => line.startsWith(prefix))?.slice(prefix.length);
}

function readSection(lines: readonly string[], session: readonly string[]): OfferedSection {
  const first = lines[0] ?? '';
  const kind = /^m=(video|audio|application) /.exec(first)?.[1];
  if (kind !== 'video' && kind !== 'audio' && kind !== 'application') {
    throw new OfferRefused(
      422,
      'Unsupported media',
      'Only video, audio and application are known.',
    );
  }
  if (!KEPT_LINES.some((pattern) => pattern.test(first))) throw malformed('An m= line is damaged.');
  const both = [...lines, ...session];
  const required = ['a=ice-ufrag:', 'a=ice-pwd:', 'a=fingerprint:', 'a=setup:'];
  for (const prefix of required) {
    const line = both.find((candidate) => candidate.startsWith(prefix));
    if (!line || !KEPT_LINES.some((pattern) => pattern.test(line))) {
      throw malformed(`A valid ${prefix.slice(0, -1)} is missing.`);
    }
  }
  const mid = firstValue(lines, 'a=mid:');
  if (!mid || !/^[\w.~-]{1,32}$/.test(mid)) throw malformed('A section has no valid a=mid.');
  if (kind !== 'application' && !lines.includes('a=rtcp-mux')) {
    throw new OfferRefused(422, 'RTCP must be multiplexed', 'Offer a=rtcp-mux in every section.');
  }
  return {
    kind,
    mid,
    direction: readDirection(lines) ?? readDirection(session) ?? 'sendrecv',
    codecs: readCodecs(lines, first),
    extensions: readExtensions(lines),
    ssrcs: readSsrcs(lines),
    streams: readStreams(lines),
    isSimulcast: lines.some((line) => line.startsWith('a=simulcast:') || line.startsWith('a=rid:')),
  };
}

function readDirection(lines: readonly string[]): Direction | undefined {
  for (const direction of ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const) {
    if (lines.includes(`a=${direction}`)) return direction;
  }
  return undefined;
}

function readCodecs(lines: readonly string[], first: string): OfferedCodec[] {
  const listed = new Set(first.split(' ').slice(3));
  const codecs: OfferedCodec[] = [];
  for (const line of lines) {
    const match = /^a=rtpmap:(\d{1,3}) (\S+)$/.exec(line);
    const [, number, name] = match ?? [];
    if (!number || !name || !listed.has(number) || Number(number) > 127) continue;
    const parameters = firstValue(lines, `a=fmtp:${number} `) ?? '';
    codecs.push({ payloadType: Number(number), name: name.toLowerCase(), parameters });
  }
  return codecs;
}

function readExtensions(lines: readonly string[]): Map<string, number> {
  const extensions = new Map<string, number>();
  for (const line of lines) {
    const [, id, uri] = /^a=extmap:(\d{1,3})(?:\/\w+)? (\S+)/.exec(line) ?? [];
    if (id && uri) extensions.set(uri, Number(id));
  }
  return extensions;
}

function readSsrcs(lines: readonly string[]): number[] {
  const ssrcs = new Set<number>();
  for (const line of lines) {
    const [, ssrc] = /^a=ssrc:(\d{1,10}) /.exec(line) ?? [];
    if (ssrc && Number(ssrc) <= 0xffffffff) ssrcs.add(Number(ssrc));
  }
  return [...ssrcs];
}

function readStreams(lines: readonly string[]): string[] {
  const streams = lines.flatMap((line) => /^a=(?:ssrc:\d+ )?msid:(\S+)/.exec(line)?.[1] ?? []);
  return [...new Set(streams)].filter((name) => name !== '-');
}

/** Profiles that can carry or decode Constrained Baseline, best first. */
const H264_PROFILES = ['42e0', '42', '4d', '64'];

/** The payload type for H.264 with packetization-mode 1, or OfferRefused 422. */
export function chooseH264(section: OfferedSection): { payloadType: number; parameters: string } {
  const usable = section.codecs.filter(
    (codec) =>
      codec.name === 'h264/90000' && /(^|;)\s*packetization-mode=1\s*(;|$)/.test(codec.parameters),
  );
  for (const profile of H264_PROFILES) {
    for (const codec of usable) {
      const [, id] = /profile-level-id=([0-9a-f]{6})/i.exec(codec.parameters) ?? [];
      if (!id?.toLowerCase().startsWith(profile)) continue;
      const rest = 'packetization-mode=1;level-asymmetry-allowed=1';
      return {
        payloadType: codec.payloadType,
        parameters: `profile-level-id=${id.toLowerCase()};${rest}`,
      };
    }
  }
  throw new OfferRefused(
    422,
    'No common video codec',
    'Offer H.264 Constrained Baseline (profile-level-id 42e01f) with packetization-mode=1.',
  );
}

/** The payload type for Opus, or OfferRefused 422. */
export function chooseOpus(section: OfferedSection): number {
  const codec = section.codecs.find(({ name }) => name === 'opus/48000/2');
  if (codec) return codec.payloadType;
  throw new OfferRefused(422, 'No common audio codec', 'Offer Opus (opus/48000/2).');
}

/** At most one section of each kind and at least one of video or audio; else OfferRefused 422. */
export function requireOneOfEach(offer: Offer): {
  video: OfferedSection | undefined;
  audio: OfferedSection | undefined;
} {
  for (const kind of ['video', 'audio', 'application'] as const) {
    if (offer.sections.filter((section) => section.kind === kind).length > 1) {
      throw new OfferRefused(
        422,
        'Too many tracks',
        `The offer has more than one ${kind} section.`,
      );
    }
  }
  const video = offer.sections.find((section) => section.kind === 'video');
  const audio = offer.sections.find((section) => section.kind === 'audio');
  if (!video && !audio) {
    throw new OfferRefused(422, 'No media', 'The offer has neither a video nor an audio section.');
  }
  return { video, audio };
}

/** An SDP without candidate lines. Offers go out so: early checks by the answerer break DTLS. */
export function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=(candidate:[^\r\n]*|end-of-candidates)\r?\n/gm, '');
}

export type RemoteCandidate = { candidate: string; mid: string };

/**
 * Reads a trickle ICE fragment (RFC 8840). Candidates that are not understood, mDNS names among
 * them, are left out. Throws OfferRefused 400 when the text is no fragment.
 */
export function parseFragment(text: string): {
  iceUserFragment: string;
  candidates: RemoteCandidate[];
} {
  if (text.length > OFFER_LENGTH_MAX) {
    throw new OfferRefused(413, 'Fragment too large', 'Send fewer candidates in one request.');
  }
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line !== '');
  const isFragment = lines.every((line) => /^[a-z]=[^\p{Cc}]*$/u.test(line));
  const iceUserFragment = firstValue(lines, 'a=ice-ufrag:');
  if (!isFragment || !iceUserFragment) {
    throw new OfferRefused(400, 'Malformed fragment', 'Send a=ice-ufrag and a=candidate lines.');
  }
  let mid = '0';
  const candidates: RemoteCandidate[] = [];
  for (const line of lines) {
    if (line.startsWith('a=mid:')) mid = line.slice('a=mid:'.length, 70);
    const isCandidate = line.startsWith('a=candidate:');
    if (!isCandidate || candidates.length >= CANDIDATES_MAX) continue;
    if (CANDIDATE.test(line)) {
      candidates.push({ candidate: line.slice(2), mid });
    }
  }
  return { iceUserFragment, candidates };
}

/** Adds a copy of every host candidate for each address that the server is known by outside. */
export function withAnnouncedAddresses(sdp: string, addresses: readonly string[]): string {
  const line = /^a=candidate:\S+ (\d) UDP (\d+) \S+ (\d+) typ host.*\r\n/gm;
  const ports = new Set<string>();
  return sdp.replace(
    line,
    (candidate: string, component: string, priority: string, port: string) => {
      if (ports.has(port)) return candidate;
      ports.add(port);
      const added = addresses.map(
        (address, index) =>
          `a=candidate:out${index} ${component} UDP ${priority} ${address} ${port} typ host\r\n`,
      );
      return added.join('') + candidate;
    },
  );
}
