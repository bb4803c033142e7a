// What OBS's own files say of it, before it is asked: whether it is here, whether its WebSocket
// server is switched on, on which port. The password in them is not read: the owner gives it.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObsFound } from '../../core/contract/obs.ts';

export const OBS_PORT_DEFAULT = 4455;

export type ObsFilesAt = {
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
};

/** Looks into OBS's configuration folder; what cannot be read says nothing. */
export async function findObs(at: ObsFilesAt): Promise<ObsFound> {
  const folder = folderOf(at);
  const isInstalled = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  // OBS 30 and later keeps it beside its plugins, earlier ones in their global settings.
  const found =
    fromJson(await textOf(join(folder, 'plugin_config', 'obs-websocket', 'config.json'))) ??
    fromIni(await textOf(join(folder, 'global.ini')));
  const nothing = { isServerOn: null, port: OBS_PORT_DEFAULT, needsPassword: null };
  return { isInstalled, ...(found ?? nothing) };
}

function folderOf({ platform, env }: ObsFilesAt): string {
  if (platform === 'win32') return join(env.APPDATA ?? '', 'obs-studio');
  const home = env.HOME ?? '';
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'obs-studio');
  return join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'obs-studio');
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

type Found = Omit<ObsFound, 'isInstalled'>;

function fromJson(text: string): Found | null {
  try {
    const { server_enabled: isOn, server_port: port, auth_required: auth } = JSON.parse(text);
    return found(isOn === true, port, auth === true);
  } catch {
    return null;
  }
}

function fromIni(text: string): Found | null {
  const [, part] = /\[OBSWebSocket\]([^[]*)/.exec(text) ?? [];
  if (part === undefined) return null;
  const read = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(part)?.[1]?.trim();
  return found(
    read('ServerEnabled') === 'true',
    Number(read('ServerPort')),
    read('AuthRequired') !== 'false',
  );
}

function found(isServerOn: boolean, port: unknown, needsPassword: boolean): Found {
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  return { isServerOn, port: isPort ? port : OBS_PORT_DEFAULT, needsPassword };
}
