// A detector's input of pictures, by the fastest way that fits their shape; of parts of pictures by
// the plain one. The values that are handed out are the same memory each time.

import { FastInput } from './fastInput.ts';
import {
  type InputShape,
  InputWriter,
  type Picture,
  type Region,
  type Scaling,
} from './picture.ts';

export class ModelInput {
  readonly #shape: InputShape;
  readonly #writer: InputWriter;
  readonly #pictures: WebAssembly.Memory | null;
  #values: Float32Array | null = null;
  #fast: FastInput | null = null;
  #key = '';

  /** @param pictures the memory in which pictures with an address lie */
  constructor(shape: InputShape, pictures: WebAssembly.Memory | null = null) {
    this.#pictures = pictures;
    this.#shape = shape;
    this.#writer = new InputWriter(shape);
  }

  /** The input of this picture or part, channel planes, and how it lies in it. */
  of(picture: Picture, region?: Region | null): { values: Float32Array; scaling: Scaling } {
    if (region) return this.#plain(picture, region);
    const pictures = picture.address === undefined ? null : this.#pictures;
    const key = `${FastInput.keyOf(picture)} ${pictures ? 'shared' : 'own'}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#fast = FastInput.for(picture, this.#shape, pictures);
    }
    if (this.#fast) return { scaling: this.#fast.write(picture), values: this.#fast.values };
    return this.#plain(picture);
  }

  #plain(picture: Picture, region?: Region): { values: Float32Array; scaling: Scaling } {
    const { width, height } = this.#shape;
    this.#values ??= new Float32Array(3 * width * height);
    return { scaling: this.#writer.write(picture, this.#values, region), values: this.#values };
  }
}
