// Runs inside the network between two hosts and carries connections from one address to another, as a
// router with a forwarded port does: each TCP port by a stream, each UDP port by a socket per sender.
// What it is not told of does not pass, so leaving UDP out is a network that blocks UDP.
//
//   node streetForwarder.ts '{"from":"198.51.100.1","to":"10.213.7.1","tcp":[443],"udp":[50000]}'

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

type Task = { from: string; to: string; tcp: number[]; udp: number[] };
const { from, to, tcp, udp } = JSON.parse(process.argv[2] ?? '') as Task;

for (const port of tcp) {
  const server = createServer((near) => {
    const far = connect(port, to);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await once(server.listen(port, from), 'listening');
}
for (const port of udp) {
  const outer = createSocket({ type: 'udp4', recvBufferSize: 2 << 20 });
  const inner = new Map<string, Socket>();
  outer.on('message', (bytes, sender) => {
    const name = `${sender.address}:${sender.port}`;
    let own = inner.get(name);
    if (!own) {
      own = createSocket({ type: 'udp4', recvBufferSize: 2 << 20 });
      own.on('message', (answer) => outer.send(answer, sender.port, sender.address));
      own.on('error', () => {});
      inner.set(name, own);
    }
    own.send(bytes, port, to);
  });
  outer.on('error', () => {});
  outer.bind(port, from);
  await once(outer, 'listening');
}
process.stdout.write('ready\n');
// Whoever started it holds its stdin; when that ends, so does this.
process.stdin.on('end', () => process.exit(0)).resume();
