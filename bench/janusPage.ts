// The page that watches the peer: as little as its HTTP API allows. It asks with plain text bodies,
// so that the browser sends no preflight, and waits for events while it asks, so that no round trip
// is added to what Janus itself needs.

/**
 * @param api Janus' HTTP base address
 * @param isWaiting true: it asks for the picture when its button is clicked; its session stands
 */
export function janusPage(api: string, isWaiting = false): string {
  return `<!doctype html><title>peer</title>
<style>body { margin: 0 } video { width: 100vw }</style>
${isWaiting ? '<button>watch</button>' : ''}<video autoplay muted playsinline></video>
<script type="module">
const button = document.querySelector('button');
const clicked = button && new Promise((done) => button.addEventListener('click', ({ timeStamp }) => {
  window.benchClickMs = timeStamp;
  done();
}));
const api = ${JSON.stringify(api)};
const ask = async (path, body) => {
  const transaction = Math.random().toString(36).slice(2);
  const answer = await fetch(api + path, { method: 'POST', body: JSON.stringify({ ...body, transaction }) });
  return answer.json();
};
const session = '/' + (await ask('', { janus: 'create' })).data.id;
const events = (async function* () {
  for (;;) yield* await (await fetch(api + session + '?maxev=10')).json();
})();
const attach = { janus: 'attach', plugin: 'janus.plugin.streaming' };
const handle = session + '/' + (await ask(session, attach)).data.id;
await clicked;
const peer = new RTCPeerConnection();
peer.ontrack = ({ track }) => {
  document.querySelector('video').srcObject = new MediaStream([track]);
};
peer.onicecandidate = ({ candidate }) => {
  ask(handle, { janus: 'trickle', candidate: candidate ?? { completed: true } });
};
ask(handle, { janus: 'message', body: { request: 'watch', id: 1 } });
for await (const event of events) {
  if (!event.jsep) continue;
  await peer.setRemoteDescription(event.jsep);
  await peer.setLocalDescription();
  const { type, sdp } = peer.localDescription;
  ask(handle, { janus: 'message', body: { request: 'start' }, jsep: { type, sdp } });
}
</script>`;
}
