"""Trains the demo's own detector (players and ball) and writes it as ONNX.

It must never see the held-out folder before it evaluates. Needs PyTorch 1.13 or newer and numpy;
nothing else. Method: CenterNet (Zhou et al. 2019, "Objects as Points"): a heat map per class, a
size and an offset, all at a quarter of the input; no anchors, no non-maximum suppression.

usage: train.py --train FOLDER[,FOLDER...] --held FOLDER --minutes N --out FILE.onnx [--resume F.pt]
"""
import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

WIDTH, HEIGHT, STRIDE = 512, 288, 4
SCALE = WIDTH / 1280
CROP_W, CROP_H = 256, 160


def conv(inputs, outputs, stride=1, kernel=3):
    padding = kernel // 2
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)]
    return nn.Sequential(*layers, nn.BatchNorm2d(outputs), nn.ReLU())


class Detector(nn.Module):
    """0.1 M weights; only Conv, Relu, Resize (nearest), Add and Sigmoid in the graph.

    Widths are multiples of 16: others cost more time on AVX-512 processors than they save work.
    """

    def __init__(self):
        super().__init__()
        self.s2 = conv(3, 16, 2)
        self.s4 = nn.Sequential(conv(16, 16, 2), conv(16, 16))
        self.s8 = nn.Sequential(conv(16, 48, 2), conv(48, 48))
        self.s16 = nn.Sequential(conv(48, 48, 2), conv(48, 48), conv(48, 48))
        self.up16 = conv(48, 48, kernel=1)
        self.up8 = conv(48, 16, kernel=1)
        self.head = conv(16, 32)
        self.heat = nn.Conv2d(32, 2, 1)
        self.size = nn.Conv2d(32, 2, 1)
        self.offset = nn.Conv2d(32, 2, 1)
        nn.init.constant_(self.heat.bias, -4.0)

    def forward(self, picture):
        s4 = self.s4(self.s2(picture))
        s8 = self.s8(s4)
        s16 = self.s16(s8)
        s8 = s8 + F.interpolate(self.up16(s16), scale_factor=2.0, mode="nearest")
        s4 = s4 + F.interpolate(self.up8(s8), scale_factor=2.0, mode="nearest")
        head = self.head(s4)
        return torch.sigmoid(self.heat(head)), self.size(head), self.offset(head)


class Frames:
    """Pixels (N x H x W x 3, memory-mapped) and labels in input pixels."""

    def __init__(self, folders):
        self.pixels, self.labels, self.index = [], [], []
        for number, folder in enumerate(folders):
            flat = np.memmap(f"{folder}/frames.rgb", dtype=np.uint8, mode="r")
            self.pixels.append(flat.reshape(-1, HEIGHT, WIDTH, 3))
            with open(f"{folder}/labels.jsonl") as lines:
                rows = [json.loads(line) for line in lines]
            assert len(rows) == len(self.pixels[-1]), folder
            self.labels.append([self.row(one) for one in rows])
            self.index += [(number, i) for i in range(len(rows))]

    @staticmethod
    def row(one):
        """Rows of (class, centre x, centre y, width, height, visible), class 1 is the ball."""
        ball = one["ball"]
        if ball is None:
            rows = [(1, -1e6, -1e6, 1, 1, 0)]
        else:
            size = 2 * ball["radius"]
            rows = [(1, ball["x"], ball["y"], size, size, 1 if ball["visible"] else 0)]
        for p in one["players"]:
            middle = (p["x"] + p["width"] / 2, p["y"] + p["height"] / 2)
            rows.append((0, *middle, p["width"], p["height"], 1))
        out = np.array(rows, np.float32)
        out[:, 1:5] *= SCALE
        return out

    def __len__(self):
        return len(self.index)

    def get(self, i):
        folder, frame = self.index[i]
        return self.pixels[folder][frame], self.labels[folder][frame]


def crop_of(frames, chance):
    """A random crop, half of them around the ball; flipped and recoloured."""
    picture, rows = frames.get(chance.integers(len(frames)))
    left = chance.integers(0, WIDTH - CROP_W + 1)
    top = chance.integers(0, HEIGHT - CROP_H + 1)
    if rows[0, 1] > -1e5 and chance.random() < 0.6:
        left = int(np.clip(rows[0, 1] - chance.uniform(16, CROP_W - 16), 0, WIDTH - CROP_W))
        top = int(np.clip(rows[0, 2] - chance.uniform(16, CROP_H - 16), 0, HEIGHT - CROP_H))
    image = picture[top : top + CROP_H, left : left + CROP_W].astype(np.float32)
    rows = rows.copy()
    rows[:, 1] -= left
    rows[:, 2] -= top
    if chance.random() < 0.5:
        image = image[:, ::-1]
        rows[:, 1] = CROP_W - rows[:, 1]
    mix = np.eye(3, dtype=np.float32) + chance.normal(0, 0.04, (3, 3)).astype(np.float32)
    gain, lift = np.float32(chance.uniform(0.85, 1.15)), np.float32(chance.uniform(-12, 12))
    image = image @ mix * gain + lift
    if chance.random() < 0.3:
        image = image + chance.normal(0, 4, image.shape).astype(np.float32)
    return np.clip(image, 0, 255).transpose(2, 0, 1), rows


def targets_of(rows):
    """Heat (2), size (2), offset (2), where sizes count (1), where heat counts (2)."""
    w, h = CROP_W // STRIDE, CROP_H // STRIDE
    out = np.zeros((9, h, w), np.float32)
    out[7:9] = 1
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    for kind, x, y, width, height, visible in rows:
        kind = int(kind)
        gx, gy = x / STRIDE, y / STRIDE
        if not (-1 < gx < w + 1 and -1 < gy < h + 1):
            continue
        ix, iy = int(np.floor(gx)), int(np.floor(gy))
        if not visible:
            out[7 + kind][(np.abs(xs - ix) < 3) & (np.abs(ys - iy) < 3)] = 0
            continue
        sigma_x = 0.7 if kind else max(0.7, width / STRIDE / 6)
        sigma_y = 0.7 if kind else max(0.7, height / STRIDE / 6)
        bell = np.exp(-((xs - ix) ** 2) / (2 * sigma_x**2) - ((ys - iy) ** 2) / (2 * sigma_y**2))
        out[kind] = np.maximum(out[kind], bell)
        if 0 <= ix < w and 0 <= iy < h:
            out[kind, iy, ix] = 1
            out[2:6, iy, ix] = (width / STRIDE, height / STRIDE, gx - ix, gy - iy)
            out[6, iy, ix] = 1
    return out


def loss_of(outputs, target):
    heat, size, offset = outputs
    wanted, counts = target[:, 0:2], target[:, 7:9]
    heat = heat.clamp(1e-4, 1 - 1e-4)
    hit = (wanted >= 0.999).float()
    good = -torch.log(heat) * (1 - heat) ** 2 * hit
    bad = -torch.log(1 - heat) * heat**2 * (1 - wanted) ** 4 * (1 - hit)
    weight = torch.tensor([1.0, 4.0]).view(1, 2, 1, 1)
    number = hit.sum().clamp(min=1)
    focal = ((good + bad) * counts * weight).sum() / number
    where = target[:, 6:7]
    sizes = ((size - target[:, 2:4]).abs() * where).sum() / number
    offsets = ((offset - target[:, 4:6]).abs() * where).sum() / number
    return focal + 0.15 * sizes + 0.8 * offsets


def train(net, frames, minutes, rate, seed):
    chance = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-4)
    begun, step, mean = time.time(), 0, None
    net.train()
    while True:
        part = (time.time() - begun) / (minutes * 60)
        if part >= 1:
            return step
        lift = min(1.0, step / 40)
        for group in optimiser.param_groups:
            group["lr"] = rate * lift * (0.5 + 0.5 * np.cos(np.pi * part)) + 1e-5
        batch = [crop_of(frames, chance) for _ in range(16)]
        pictures = torch.from_numpy(np.stack([one[0] for one in batch])) / 255
        target = torch.from_numpy(np.stack([targets_of(one[1]) for one in batch]))
        loss = loss_of(net(pictures), target)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        mean = loss.item() if mean is None else 0.95 * mean + 0.05 * loss.item()
        step += 1
        if step % 50 == 0:
            print(f"step {step} loss {mean:.3f} {time.time() - begun:.0f} s", flush=True)


def decode(heat, size, offset, kind, least):
    """Peaks of a heat map as (score, centre x, centre y, width, height) in input pixels."""
    peak = F.max_pool2d(heat[None, kind], 3, 1, 1)[0] == heat[kind]
    ys, xs = torch.nonzero(peak & (heat[kind] >= least), as_tuple=True)
    found = [
        (
            heat[kind, y, x].item(),
            (x + offset[0, y, x]).item() * STRIDE,
            (y + offset[1, y, x]).item() * STRIDE,
            size[0, y, x].item() * STRIDE,
            size[1, y, x].item() * STRIDE,
        )
        for y, x in zip(ys, xs)
    ]
    return sorted(found, reverse=True)


def overlap(a, b):
    ix = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    iy = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    both = max(0, ix) * max(0, iy)
    return both / (a[2] * a[3] + b[2] * b[3] - both + 1e-9)


def average_precision(found, wanted):
    found.sort(key=lambda one: -one[0])
    hits = np.cumsum([one[1] for one in found])
    precision = hits / np.arange(1, len(found) + 1)
    recall = hits / max(1, wanted)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * best))


def evaluate(net, frames, least=0.4):
    """Ball within 8 px of the 1280-wide picture at `least`; players by AP at overlap 0.5."""
    net.eval()
    seen = right = found = shown = hidden_false = 0
    errors, people, wanted = [], [], 0
    for i in range(len(frames)):
        picture, rows = frames.get(i)
        tensor = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            heat, size, offset = (one[0] for one in net(tensor))
        balls = decode(heat, size, offset, 1, least)[:1]
        _, bx, by, _, _, visible = rows[0]
        near = [np.hypot(b[1] - bx, b[2] - by) / SCALE for b in balls]
        if visible:
            shown += 1
        if near:
            seen += 1
            if near[0] <= 8:
                right += 1
                found += 1 if visible else 0
                errors.append(near[0])
            elif not visible:
                hidden_false += 1
        boxes = [row[1:5] for row in rows[1:]]
        wanted += len(boxes)
        taken = set()
        for score, *box in decode(heat, size, offset, 0, 0.05):
            best = max(range(len(boxes)), key=lambda j: overlap(box, boxes[j]))
            ok = best not in taken and overlap(box, boxes[best]) >= 0.5
            if ok:
                taken.add(best)
            people.append((score, 1 if ok else 0))
    return {
        "frames": len(frames),
        "ballVisibleFrames": shown,
        "ballRecallWithin8Px": round(found / max(1, shown), 4),
        "ballPrecisionWithin8Px": round(right / max(1, seen), 4),
        "ballMedianErrorPx": round(float(np.median(errors)), 2) if errors else None,
        "ballFalseWhileHidden": hidden_false,
        "playerAp50": round(average_precision(people, wanted), 4),
    }


def export(net, path):
    """Pixels go in as 0..255: the division is folded into the first convolution."""
    net.eval()
    first = net.s2[0]
    with torch.no_grad():
        first.weight.mul_(1 / 255)
    names = {"input_names": ["picture"], "output_names": ["heat", "size", "offset"]}
    shape = torch.zeros(1, 3, HEIGHT, WIDTH)
    torch.onnx.export(net, shape, path, opset_version=12, do_constant_folding=True, **names)
    with torch.no_grad():
        first.weight.mul_(255)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", required=True)
    parser.add_argument("--held", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--resume")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    net = Detector()
    if args.resume:
        net.load_state_dict(torch.load(args.resume))
    frames = Frames(args.train.split(","))
    print(f"{len(frames)} frames, {sum(p.numel() for p in net.parameters())} weights", flush=True)
    steps = train(net, frames, args.minutes, args.rate, args.seed)
    torch.save(net.state_dict(), args.out.replace(".onnx", ".pt"))
    export(net, args.out)
    print(json.dumps({"steps": steps, **evaluate(net, Frames([args.held]))}), flush=True)


main()
