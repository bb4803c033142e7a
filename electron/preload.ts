// The one function that our pages get from the shell: ask for a port to the engine. Ports cannot
// cross the bridge between the two worlds, so the port itself arrives as a message on the window,
// as does the name of a part of the studio that a link asked to see.

import { contextBridge, ipcRenderer } from 'electron';

ipcRenderer.on('port', (signal) => {
  window.postMessage({ type: 'morphinePort' }, window.location.origin, [...signal.ports]);
});

ipcRenderer.on('place', (_signal, place: unknown) => {
  window.postMessage({ type: 'morphinePlace', place: String(place) }, window.location.origin);
});

contextBridge.exposeInMainWorld('morphine', {
  /** Asks for a (new) port; it comes as a `morphinePort` message of this window. */
  requestPort: () => ipcRenderer.send('requestPort'),
});
