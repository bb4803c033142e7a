// Runs in a page of the bench that is loaded and waits: a click opens one WHEP connection with the
// viewer page's own code. The address stands in the button.

import { httpSignalling, openWhepConnection, showStream } from '../renderer/ui/whepConnection.ts';

const button = document.querySelector('button');
const video = document.querySelector('video');
button?.addEventListener('click', ({ timeStamp }) => {
  (window as { benchClickMs?: number }).benchClickMs = timeStamp;
  const signalling = httpSignalling(button.value);
  const connection = openWhepConnection({ signalling, hasAnalytics: true });
  void connection.answered.then(() => video && showStream(video, connection.stream));
});
