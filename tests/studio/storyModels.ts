// The models' shelf of a story: one that came with the studio and runs, one to be downloaded that
// takes a few looks, one that is not offered. Never shipped.

import type { ModelCard, ModelShelf } from '../../core/contract/modelCards.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';

function card(id: string, changes: Partial<ModelCard>): ModelCard {
  return {
    ...{ id, title: id, use: 'detector', layout: 'yolox', state: 'absent', reason: '' },
    ...{ receivedBytes: 0, bytes: 3_660_092, sha256: 'a'.repeat(64), licence: 'Apache-2.0' },
    ...{ licenceUrl: 'https://www.apache.org/licenses/LICENSE-2.0', isAccepted: true },
    ...{ source: '', url: '', trainedOn: '', measured: '', golden: '', isRemovable: false },
    ...changes,
  };
}

export function storyModels(calls: string[]): Handlers['models'] {
  const cards = [
    card('demo-players-ball', {
      ...{ title: 'Demo: players and ball', state: 'shipped', layout: 'centernet' },
      ...{ licence: 'MIT', licenceUrl: '', source: 'Our own, trained on drawn frames of demo:' },
      trainedOn: '2,100 drawn and encoded frames of demo:; it has never seen a photo',
      measured: '5.4 ms median on the CPU (one thread, 2 vCPU shared with other work)',
      golden: 'Drawn frames it never saw: ball recall 1.000, players AP50 0.965',
    }),
    card('yolox-nano-416', {
      ...{ title: 'YOLOX-nano 416', isAccepted: false, url: 'https://example.org/yolox.onnx' },
      source: 'Megvii-BaseDetection/YOLOX, trained on COCO 2017; not shipped, fetched by its owner',
      trainedOn: 'COCO 2017 (annotations CC BY 4.0); COCO AP 25.8 by its authors',
      measured: '13.7 ms median on the CPU (one thread, 2 vCPU with AVX-512)',
      golden: 'All sure boxes of three photos within the tolerance (overlap 0.9, score 0.06)',
    }),
    card('pp-tinypose-128x96', {
      ...{ title: 'PP-TinyPose 128x96', use: 'pose', layout: 'heatmaps' },
      reason: 'Nobody offers this file for download; import yours.',
      source: 'PaddlePaddle/PaddleDetection, configs/keypoint/tiny_pose',
      golden: 'Mean OKS 0.900 on 7 labelled people of three COCO photos',
    }),
  ];
  const cardOf = (id: string) => {
    const found = cards.find((one) => one.id === id);
    if (!found) throw new RpcError('notFound', `There is no model "${id}".`);
    return found;
  };
  const shelf: ModelShelf = {
    models: cards,
    notOurs: [
      {
        name: 'YOLOv8, YOLO11 and other Ultralytics models',
        reason: 'They are AGPL-3.0. Your own export works: import it with the layout yolov8.',
      },
    ],
    running: [
      {
        ...{ id: 'demo-players-ball', use: 'detector', state: 'running', reason: '' },
        ...{ provider: 'cpu', medianMs: 5.4 },
        refusals: [
          { provider: 'cuda', reason: 'there is no NVIDIA GPU', medianMs: null },
          { provider: 'webgpu', reason: 'slower than the CPU: 31.0 ms', medianMs: 31 },
        ],
      },
    ],
    decoder: { name: 'software', reason: '' },
    cuda: { state: 'possible', reason: '' },
  };
  return {
    list() {
      for (const one of cards) {
        if (one.state !== 'downloading') continue;
        one.receivedBytes = Math.min(one.bytes, one.receivedBytes + one.bytes / 4);
        if (one.receivedBytes === one.bytes)
          Object.assign(one, { state: 'here', isRemovable: true });
      }
      return structuredClone(shelf);
    },
    accept({ id }) {
      calls.push(`models.accept ${id}`);
      cardOf(id).isAccepted = true;
    },
    download({ id }) {
      calls.push(`models.download ${id}`);
      if (!cardOf(id).isAccepted) throw new RpcError('refused', 'Accept the licence first.');
      Object.assign(cardOf(id), { state: 'downloading', receivedBytes: 1 });
    },
    stop({ id }) {
      cardOf(id).state = 'absent';
    },
    import({ path }) {
      calls.push(`models.import ${path}`);
      if (!path.endsWith('.onnx')) {
        throw new RpcError('refused', 'file: a file name ending in .onnx beside the manifest.');
      }
      cards.push(card('stranger', { state: 'here', isRemovable: true, source: 'Brought by you' }));
      return { id: 'stranger' };
    },
    remove({ id }) {
      calls.push(`models.remove ${id}`);
      cards.splice(cards.indexOf(cardOf(id)), 1);
    },
    retry: () => void calls.push('models.retry'),
    installCuda: () => {
      shelf.cuda = { state: 'installing', reason: '' };
    },
  };
}
