// For tests: a server that speaks obs-websocket 5 (docs/generated/protocol.md) as far as the studio
// asks, with a small OBS behind it; and ways of not being one.

import { createHash, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';

const messageSchema = z.object({
  op: z.number(),
  d: z
    .looseObject({
      rpcVersion: z.number().optional(),
      authentication: z.string().optional(),
      requestType: z.string().optional(),
      requestId: z.string().optional(),
      requestData: z.record(z.string(), z.unknown()).optional(),
    })
    .default({}),
});

const HELLO = 0;
const IDENTIFY = 1;
const IDENTIFIED = 2;
const EVENT = 5;
const REQUEST = 6;
const RESPONSE = 7;

export type TestObsServer = {
  address: string;
  /** The small OBS: what it would show. */
  obs: {
    service: { streamServiceType: string; streamServiceSettings: Record<string, unknown> };
    parameters: Map<string, string>;
    inputs: string[];
    scene: string;
    isStreaming: boolean;
    outputBytes: number;
    skippedFrames: number;
  };
  /** Requests in order, without data. */
  asked: string[];
  emit(type: string, data: Record<string, unknown>): void;
  close(): Promise<void>;
};

/** @param as `silent`: accepts and never greets, as servers of older protocols do */
export async function openTestObsServer(options: {
  password: string;
  version?: string;
  inputKinds?: string[];
  port?: number;
  as?: 'obs' | 'silent' | 'olderRpc';
}): Promise<TestObsServer> {
  const { password, version = '30.1.2', as = 'obs' } = options;
  const server = new WebSocketServer({
    ...{ host: '127.0.0.1', port: options.port ?? 0 },
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  await new Promise((done) => server.once('listening', done));
  const asked: string[] = [];
  const obs: TestObsServer['obs'] = {
    service: {
      streamServiceType: 'rtmp_common',
      streamServiceSettings: { service: 'Elsewhere', key: 'the-old-key' },
    },
    parameters: new Map([
      ['Output/Mode', 'Simple'],
      ['SimpleOutput/StreamEncoder', 'x264'],
      ['SimpleOutput/x264Settings', 'of the owner'],
    ]),
    inputs: ['Camera'],
    ...{ scene: 'Match', isStreaming: false, outputBytes: 0, skippedFrames: 0 },
  };
  const kinds = options.inputKinds ?? ['browser_source', 'ffmpeg_source'];
  const answer = createAnswers(obs, version, kinds);
  const sockets = new Set<WebSocket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    if (as === 'silent') return;
    const challenge = { challenge: randomBytes(32).toString('base64'), salt: 'salt' };
    const say = (op: number, d: object) => socket.send(JSON.stringify({ op, d }));
    say(HELLO, {
      ...{ obsWebSocketVersion: '5.3.0', rpcVersion: 1 },
      ...(password === '' ? {} : { authentication: challenge }),
    });
    socket.on('message', (bytes) => {
      const { op, d } = messageSchema.parse(JSON.parse(String(bytes)));
      if (op === IDENTIFY) {
        const isRight = password === '' || d.authentication === proofOf(password, challenge);
        if (as === 'olderRpc') socket.close(4010, 'Your requested RPC version is not supported.');
        else if (!isRight) socket.close(4009, 'Authentication failed.');
        else say(IDENTIFIED, { negotiatedRpcVersion: 1 });
      }
      if (op !== REQUEST) return;
      const { requestType = '', requestId, requestData = {} } = d;
      asked.push(requestType);
      const answered = answer(requestType, requestData);
      const isRefused = typeof answered === 'string';
      const requestStatus = isRefused
        ? { result: false, code: 500, comment: answered }
        : { result: true, code: 100 };
      const responseData = isRefused ? undefined : answered;
      say(RESPONSE, { requestType, requestId, requestStatus, responseData });
    });
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    obs,
    asked,
    emit(eventType, eventData) {
      for (const socket of sockets) {
        socket.send(JSON.stringify({ op: EVENT, d: { eventType, eventIntent: 1, eventData } }));
      }
    },
    close() {
      for (const socket of sockets) socket.terminate();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

function proofOf(password: string, { salt, challenge }: { salt: string; challenge: string }) {
  const hash = (text: string) => createHash('sha256').update(text).digest('base64');
  return hash(hash(password + salt) + challenge);
}

/** A small OBS and what is asked of it. A refusal is a text, else it is the response's data. */
type Small = { obs: TestObsServer['obs']; obsVersion: string; inputKinds: string[] };
type Answer = (small: Small, data: Record<string, unknown>) => Record<string, unknown> | string;

const nameOf = (data: Record<string, unknown>) => `${data.parameterCategory}/${data.parameterName}`;

const ANSWERS: Record<string, Answer> = {
  GetVersion: ({ obsVersion }) => ({ obsVersion, obsWebSocketVersion: '5.3.0', rpcVersion: 1 }),
  GetSceneList: ({ obs }) => ({
    currentProgramSceneName: obs.scene,
    scenes: [{ sceneName: 'Break' }, { sceneName: 'Match' }],
  }),
  GetCurrentProgramScene: ({ obs }) => ({ currentProgramSceneName: obs.scene }),
  SetCurrentProgramScene: ({ obs }, data) => {
    obs.scene = String(data.sceneName);
    return {};
  },
  GetStreamStatus: ({ obs }) => ({
    ...{ outputActive: obs.isStreaming, outputBytes: obs.outputBytes },
    ...{ outputSkippedFrames: obs.skippedFrames, outputTotalFrames: 900 },
  }),
  StartStream: ({ obs }) => {
    obs.isStreaming = true;
    return {};
  },
  StopStream: ({ obs }) => {
    obs.isStreaming = false;
    return {};
  },
  GetStreamServiceSettings: ({ obs }) => obs.service,
  SetStreamServiceSettings: ({ obs }, data) => {
    if (obs.isStreaming) return 'You cannot change stream service settings while streaming.';
    obs.service = data as typeof obs.service;
    return {};
  },
  GetProfileParameter: ({ obs }, data) => ({
    parameterValue: obs.parameters.get(nameOf(data)) ?? null,
    defaultParameterValue: null,
  }),
  SetProfileParameter: ({ obs }, data) => {
    if (data.parameterValue === null) obs.parameters.delete(nameOf(data));
    else obs.parameters.set(nameOf(data), String(data.parameterValue));
    return {};
  },
  GetInputKindList: ({ inputKinds }) => ({ inputKinds }),
  GetVideoSettings: () => ({ baseWidth: 1280, baseHeight: 720 }),
  GetInputList: ({ obs }) => ({ inputs: obs.inputs.map((inputName) => ({ inputName })) }),
  CreateInput: ({ obs }, data) => {
    obs.inputs.push(String(data.inputName));
    return { sceneItemId: 2 };
  },
  SetInputSettings: () => ({}),
  RemoveInput: ({ obs }, data) => {
    obs.inputs = obs.inputs.filter((name) => name !== data.inputName);
    return {};
  },
};

function createAnswers(obs: TestObsServer['obs'], obsVersion: string, inputKinds: string[]) {
  const small = { obs, obsVersion, inputKinds };
  return (type: string, data: Record<string, unknown>) =>
    ANSWERS[type]?.(small, data) ?? `This server knows no ${type}.`;
}
