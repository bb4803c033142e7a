// The classifier of motion crops, opened: count x 4 x 48 x 48 in, what each crop shows out. It runs
// in the thread that asks, a fraction of a millisecond per crop; who may not wait asks elsewhere.

import type { ClassifyCrops } from '../moriarty/ballFinder.ts';
import { LayoutError } from './layouts/layout.ts';
import { openModelFile } from './runtime.ts';

const PLANES = 4;
const SIDE = 48;

export type BallClassifier = { classify: ClassifyCrops; close(): Promise<void> };

/**
 * Opens the file on the CPU.
 *
 * @throws Error when it is no model, or one with other outputs than kinds, offset and radius
 */
export async function openBallClassifier(path: string): Promise<BallClassifier> {
  const open = await openModelFile(path, 'cpu');
  const classify: ClassifyCrops = async (crops, count) => {
    const dims = [count, PLANES, SIDE, SIDE];
    const outputs = await open.run({ crops: { dims, data: crops } });
    const [kinds, offset, radius] = [
      ...[['kinds', 3] as const, ['offset', 2] as const, ['radius', 1] as const],
    ].map(([name, width]) => {
      const output = outputs[name];
      if (output?.data.length === count * width) return output.data;
      throw new LayoutError(`output ${name} of ${count} x ${width} numbers was expected`);
    });
    if (!kinds || !offset || !radius) throw new LayoutError('three outputs were expected');
    return { kinds, offset, radius };
  };
  await classify(new Float32Array(PLANES * SIDE * SIDE), 1);
  return { classify, close: () => open.close() };
}
