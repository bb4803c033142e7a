// What is done with a receiver before it gets its first frame: the viewer page opens sealed frames
// there. One page, one way; set before any connection is made, and in few lines, because the page
// imports this first of all.

export type ReceiverHook = (receiver: RTCRtpReceiver, kind: 'video' | 'audio') => void;

let hook: ReceiverHook = () => {};

export function setReceiverHook(run: ReceiverHook): void {
  hook = run;
}

export function receiverOpened(receiver: RTCRtpReceiver, kind: string): void {
  hook(receiver, kind === 'video' ? 'video' : 'audio');
}
