// A setting that a person must change; the relay then ends with exit code 2. The entries know by
// which flag their person gave it, so this file names settings and never flags.

export type RelaySetting =
  | 'host'
  | 'port'
  | 'publicUrl'
  | 'certificateFile'
  | 'keyFile'
  | 'dataFolder'
  | 'databaseUrl'
  | 'redisUrl'
  | 'relayKey'
  | 'nodeUrl'
  | 'owners'
  | 'iceServers'
  | 'udpPort'
  | 'announce'
  | 'acme'
  | 'openIdIssuer';

export class BadRelaySetting extends Error {
  readonly setting: RelaySetting;

  /** @param message one sentence that names the value and the fix */
  constructor(setting: RelaySetting, message: string) {
    super(message);
    this.name = 'BadRelaySetting';
    this.setting = setting;
  }
}
