// Which camera and microphone a person chose, in this browser: chosen where the studio asks, used
// by the page that owns them. A camera is carried over once; from then on it stands in a scene.

const CAMERA = 'camera';
const MICROPHONE = 'microphone';

export function keptMicrophone(): string {
  return localStorage.getItem(MICROPHONE) ?? '';
}

export function keepMicrophone(deviceId: string): void {
  localStorage.setItem(MICROPHONE, deviceId);
}

/** For the next opening of the page that owns it. */
export function proposeCamera(deviceId: string): void {
  localStorage.setItem(CAMERA, deviceId);
}

/** What was proposed since it was asked last; null: nothing was. */
export function takeProposedCamera(): string | null {
  const deviceId = localStorage.getItem(CAMERA);
  localStorage.removeItem(CAMERA);
  return deviceId;
}
