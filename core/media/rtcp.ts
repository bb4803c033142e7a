// RTCP bytes.

/** One instant on the publisher's clock (NTP, RFC 3550 section 4) and on a track's RTP clock. */
export type SenderClock = { ntpSeconds: number; ntpFraction: number; rtpTimestamp: number };
