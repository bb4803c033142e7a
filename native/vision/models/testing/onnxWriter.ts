// Writes small ONNX files: a protobuf writer for the handful of messages that a graph needs (field
// numbers from onnx.proto, IR version 8, opset 13). Used by tests, which need networks with known
// answers and may not carry those of others.

type Attribute = { name: string; ints: number[] } | { name: string; int: number };
export type GraphNode = {
  type: string;
  inputs: string[];
  outputs: string[];
  attributes?: Attribute[];
};
export type NamedTensor = { name: string; dims: number[]; values: Float32Array };
export type Graph = {
  nodes: GraphNode[];
  constants: NamedTensor[];
  inputs: { name: string; dims: number[] }[];
  outputs: { name: string; dims: number[] }[];
};

const FLOAT = 1;

/** The graph as the bytes of an ONNX file. */
export function onnxBytes(graph: Graph): Buffer {
  const opset = message(field(2, 13));
  const body = message(
    ...graph.nodes.map((node) => field(1, nodeBytes(node))),
    field(2, 'test'),
    ...graph.constants.map((tensor) => field(5, tensorBytes(tensor))),
    ...graph.inputs.map((input) => field(11, valueBytes(input))),
    ...graph.outputs.map((output) => field(12, valueBytes(output))),
  );
  return message(field(1, 8), field(8, opset), field(7, body));
}

function nodeBytes({ type, inputs, outputs, attributes = [] }: GraphNode): Buffer {
  return message(
    ...inputs.map((name) => field(1, name)),
    ...outputs.map((name) => field(2, name)),
    field(4, type),
    ...attributes.map((attribute) =>
      field(
        5,
        'ints' in attribute
          ? message(
              field(1, attribute.name),
              ...attribute.ints.map((value) => field(8, value)),
              field(20, 7),
            )
          : message(field(1, attribute.name), field(3, attribute.int), field(20, 2)),
      ),
    ),
  );
}

function tensorBytes({ name, dims, values }: NamedTensor): Buffer {
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return message(
    ...dims.map((dim) => field(1, dim)),
    field(2, FLOAT),
    field(8, name),
    field(9, raw),
  );
}

function valueBytes({ name, dims }: { name: string; dims: number[] }): Buffer {
  const shape = message(...dims.map((dim) => field(1, message(field(1, dim)))));
  const type = message(field(1, message(field(1, FLOAT), field(2, shape))));
  return message(field(1, name), field(2, type));
}

function message(...fields: Buffer[]): Buffer {
  return Buffer.concat(fields);
}

function field(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === 'number') return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** A box that a made network sees, in input pixels; the score is that on a white picture. */
export type MadeBox = { x: number; y: number; width: number; height: number; scores: number[] };

/**
 * A network in the layout of YOLOv8 and YOLO11 that sees the given boxes: scores grow with the mean
 * brightness of the picture, so that it answers what it is shown. `values` replaces what it says.
 */
export function madeYolov8(options: {
  width: number;
  height: number;
  classes: number;
  boxes: readonly MadeBox[];
  fill?: number;
}): Buffer {
  const { width, height, classes, boxes, fill = 0 } = options;
  const cells = [8, 16, 32].reduce((sum, side) => sum + (width / side) * (height / side), 0);
  const dims = [1, 4 + classes, cells];
  const places = new Float32Array((4 + classes) * cells).fill(fill);
  const scores = new Float32Array((4 + classes) * cells);
  boxes.forEach((box, index) => {
    // Any cell may say any box; these are spread over the three grids.
    const cell = Math.floor(((index + 0.5) * cells) / boxes.length);
    const { x, y } = box;
    const numbers = [x + box.width / 2, y + box.height / 2, box.width, box.height];
    for (const [plane, value] of numbers.entries()) places[plane * cells + cell] = value;
    for (const [plane, value] of box.scores.entries()) scores[(4 + plane) * cells + cell] = value;
  });
  return onnxBytes({
    inputs: [{ name: 'images', dims: [1, 3, height, width] }],
    outputs: [{ name: 'output0', dims }],
    constants: [
      { name: 'places', dims, values: places },
      { name: 'scores', dims, values: scores },
    ],
    nodes: [
      {
        ...{ type: 'ReduceMean', inputs: ['images'], outputs: ['mean'] },
        attributes: [
          { name: 'axes', ints: [0, 1, 2, 3] },
          { name: 'keepdims', int: 0 },
        ],
      },
      { type: 'Mul', inputs: ['scores', 'mean'], outputs: ['lit'] },
      { type: 'Add', inputs: ['places', 'lit'], outputs: ['output0'] },
    ],
  });
}

/** What a manifest says of such a network. */
export function madeEntry(id: string, labels: readonly string[], side: number, sha256: string) {
  return {
    ...{ id, file: `${id}.onnx`, sha256, layout: 'yolov8', licence: 'MIT', labels },
    input: {
      ...{ name: 'images', width: side, height: side, channels: 'RGB', scale: 1 / 255 },
      ...{ fit: 'letterbox', pad: 114 },
    },
  };
}
