// For tests only: a small certificate authority that speaks ACME (RFC 8555) over real HTTP, strict
// about what a client must do: signatures, fresh nonces, the URL in each signature, the proof at the
// client's own port. It signs with openssl. A stand-in for the outside world, never more.

import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, type JsonWebKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** `payload` null: POST-as-GET (RFC 8555 section 6.3). */
type Signed = { jwk: JsonWebKey; payload: Record<string, unknown> | null };
type Order = { name: string; token: string; jwk: JsonWebKey; state: string; chain: string };

export type AcmeAuthority = {
  directoryUrl: string;
  /** Certificates given so far. */
  givenCount(): number;
  /** What was asked for at the client's challenge port. */
  asked: string[];
  close(): Promise<void>;
};

/**
 * @param folder for its keys
 * @param challengePort where it asks, on this machine, for a proof of any name
 */
export async function openAcmeAuthority(
  folder: string,
  challengePort: number,
): Promise<AcmeAuthority> {
  const authority = new Authority(folder, challengePort);
  const server = createServer((request, response) => {
    authority.answer(request, response).catch((error: unknown) => {
      problem(response, 500, 'serverInternal', String(error));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  authority.base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    directoryUrl: `${authority.base}/directory`,
    givenCount: () => authority.given,
    asked: authority.asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

class Authority {
  base = '';
  given = 0;
  readonly asked: string[] = [];
  readonly #folder: string;
  readonly #challengePort: number;
  readonly #nonces = new Set<string>();
  readonly #accounts = new Map<string, JsonWebKey>();
  readonly #orders: Order[] = [];

  constructor(folder: string, challengePort: number) {
    this.#folder = folder;
    this.#challengePort = challengePort;
    const files = ['-keyout', join(folder, 'ca.key'), '-out', join(folder, 'ca.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl(['req', '-x509', '-days', '900', '-subj', '/CN=Test authority', ...curve, ...files]);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const nonce = randomBytes(12).toString('base64url');
    this.#nonces.add(nonce);
    response.setHeader('Replay-Nonce', nonce);
    const path = request.url ?? '';
    if (path === '/directory') {
      const names = ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange'];
      json(response, 200, Object.fromEntries(names.map((name) => [name, `${this.base}/${name}`])));
    } else if (path === '/newNonce') response.writeHead(200).end();
    else {
      const signed = this.#read(path, await bodyOf(request));
      if (typeof signed === 'string') problem(response, 400, signed, signed);
      else await this.#act(path, signed, response);
    }
  }

  /** A word of RFC 8555's errors, or what was signed. */
  #read(path: string, body: string): Signed | string {
    const jws = JSON.parse(body) as { protected: string; payload: string; signature: string };
    const head = JSON.parse(Buffer.from(jws.protected, 'base64url').toString());
    if (!this.#nonces.delete(head.nonce)) return 'badNonce';
    if (head.url !== this.base + path) return 'unauthorized';
    const jwk = head.jwk ?? this.#accounts.get(head.kid);
    if (!jwk || (head.jwk !== undefined) !== (path === '/newAccount')) return 'accountDoesNotExist';
    const isSigned = verify(
      'sha256',
      Buffer.from(`${jws.protected}.${jws.payload}`),
      { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(jws.signature, 'base64url'),
    );
    if (!isSigned) return 'malformed';
    const text = Buffer.from(jws.payload, 'base64url').toString();
    return { jwk, payload: text === '' ? null : JSON.parse(text) };
  }

  async #act(path: string, { jwk, payload }: Signed, response: ServerResponse): Promise<void> {
    const [, verb = '', number = '0'] = path.split('/');
    const order = this.#orders[Number(number)];
    if (verb === 'newAccount') {
      if (payload?.termsOfServiceAgreed !== true) {
        problem(response, 403, 'userActionRequired', 'Agree to the terms.');
        return;
      }
      const account = `${this.base}/account/${thumbprintOf(jwk)}`;
      this.#accounts.set(account, jwk);
      response.setHeader('Location', account);
      json(response, 201, { status: 'valid' });
    } else if (verb === 'newOrder') {
      const { identifiers } = payload as { identifiers: [{ value: string }] };
      const [{ value }] = identifiers;
      const token = randomBytes(16).toString('base64url');
      const made = { name: value, token, jwk, state: 'pending', chain: '' };
      const at = this.#orders.push(made) - 1;
      response.setHeader('Location', `${this.base}/order/${at}`);
      json(response, 201, this.#orderView(made, at));
    } else if (!order) problem(response, 404, 'malformed', 'No such order.');
    else if (verb === 'order') json(response, 200, this.#orderView(order, Number(number)));
    else if (verb === 'authz') json(response, 200, this.#authorization(order, Number(number)));
    else if (verb === 'challenge') {
      if (payload) await this.#prove(order);
      const { challenges } = this.#authorization(order, Number(number));
      json(response, 200, challenges[0]);
    } else if (verb === 'finalize') {
      this.#sign(order, String(payload?.csr));
      json(response, 200, this.#orderView(order, Number(number)));
    } else response.writeHead(200, { 'Content-Type': 'application/pem-chain' }).end(order.chain);
  }

  #orderView(order: Order, at: number) {
    return {
      status: order.state,
      identifiers: [{ type: 'dns', value: order.name }],
      authorizations: [`${this.base}/authz/${at}`],
      finalize: `${this.base}/finalize/${at}`,
      ...(order.state === 'valid' ? { certificate: `${this.base}/certificate/${at}` } : {}),
    };
  }

  #authorization(order: Order, at: number) {
    const status = order.state === 'ready' || order.state === 'valid' ? 'valid' : order.state;
    const url = `${this.base}/challenge/${at}`;
    const detail = `${order.name} did not show the proof`;
    const error = status === 'invalid' ? { error: { type: 'unauthorized', detail } } : {};
    const challenge = { type: 'http-01', url, token: order.token, status, ...error };
    return {
      status,
      identifier: { type: 'dns', value: order.name },
      challenges: [challenge],
    };
  }

  /** RFC 8555 section 8.3. */
  async #prove(order: Order): Promise<void> {
    const path = `/.well-known/acme-challenge/${order.token}`;
    this.asked.push(path);
    const proof = await fetch(`http://127.0.0.1:${this.#challengePort}${path}`)
      .then((answer) => answer.text())
      .catch(() => '');
    order.state = proof === `${order.token}.${thumbprintOf(order.jwk)}` ? 'ready' : 'invalid';
  }

  #sign(order: Order, csr: string): void {
    if (order.state !== 'ready') throw new Error('The order is not ready');
    const file = (name: string) => join(this.#folder, name);
    writeFileSync(file('csr.der'), Buffer.from(csr, 'base64url'));
    const by = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'];
    const what = ['-req', '-inform', 'DER', '-in', file('csr.der'), '-days', '90'];
    openssl(['x509', ...what, '-copy_extensions', 'copy', ...by, '-out', file('leaf.pem')]);
    const leaf = readFileSync(file('leaf.pem'), 'utf8');
    order.chain = leaf + readFileSync(file('ca.pem'), 'utf8');
    order.state = 'valid';
    this.given++;
  }
}

/** RFC 7638. */
function thumbprintOf({ crv, kty, x, y }: JsonWebKey): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, kind: string, detail: string): void {
  response
    .writeHead(status, { 'Content-Type': 'application/problem+json' })
    .end(JSON.stringify({ type: `urn:ietf:params:acme:error:${kind}`, detail }));
}

function openssl(args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}
