// How near a network's poses lie to people's labels on real photos, crops from the labelled boxes.
// Used by a test and by the bench.

import type { Model } from '../manifest.ts';
import { openPoseSession } from '../poseSession.ts';
import { keypointSimilarity } from './keypointSimilarity.ts';
import { readPhoto, readShared } from './photo.ts';

type Labels = {
  images: { id: number; file: string; width: number; height: number }[];
  annotations: {
    image_id: number;
    bbox: [number, number, number, number];
    area: number;
    keypoints: number[];
    num_keypoints: number;
  }[];
};

/** Object keypoint similarity of each labelled person, 0..1. */
export async function similaritiesOf(model: Model): Promise<number[]> {
  const labels = readShared<Labels>('media/keypoints_gt.json');
  const session = await openPoseSession(model, { allowed: [] });
  const found: number[] = [];
  for (const image of labels.images) {
    const picture = readPhoto(image.file, image.width, image.height);
    for (const person of labels.annotations) {
      if (person.image_id !== image.id || person.num_keypoints === 0) continue;
      const [x, y, width, height] = person.bbox;
      const box = {
        ...{ x: x / picture.width, y: y / picture.height },
        ...{ width: width / picture.width, height: height / picture.height },
      };
      const [pose = []] = (await session.look(picture, [box])).poses;
      const places = pose.map((one) => ({ x: one.x * picture.width, y: one.y * picture.height }));
      const similarity = keypointSimilarity(places, person.keypoints, person.area);
      if (similarity !== null) found.push(similarity);
    }
  }
  await session.close();
  return found;
}
