// Why an offer was refused, in words for the peer's developer. It carries the HTTP status that
// WHIP (RFC 9725) and WHEP answer with and never any secret of the request.

export class OfferRefused extends Error {
  readonly status: number;
  readonly title: string;

  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.name = 'OfferRefused';
    this.status = status;
    this.title = title;
  }
}
