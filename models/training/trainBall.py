"""Trains the classifier of motion crops: ball, limb or noise; where the ball's middle lies; its radius.

It learns from drawn crops only (drawBalls.py); real clips are for measuring (bench/ball.ts).
The minutes are of one core, so that a busy machine gives the same file's worth of training.
usage: trainBall.py --minutes N --out FILE.onnx [--seed N]
"""
import argparse
import json
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

from drawBalls import BALL, SIDE, draw

BATCH = 96
KEPT_BATCHES = 700
STEPS_PER_DRAWING = 6


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()

        def block(into, out, stride, size=3):
            conv = nn.Conv2d(into, out, size, stride, size // 2, bias=False)
            return [conv, nn.BatchNorm2d(out), nn.ReLU()]

        self.body = nn.Sequential(
            *block(4, 16, 2, 5), *block(16, 24, 2), *block(24, 32, 1), *block(32, 48, 2),
            *block(48, 40, 1), *block(40, 16, 1, 1),
        )
        self.head = nn.Sequential(nn.Linear(16 * 36, 32), nn.ReLU(), nn.Linear(32, 6))

    def forward(self, crops):
        out = self.head(self.body(crops / 32).flatten(1))
        kinds = torch.softmax(out[:, :3], 1)
        return kinds, out[:, 3:5] * 16, torch.exp(out[:, 5:6])

    def raw(self, crops):
        return self.head(self.body(crops / 32).flatten(1))


def turned(crops, offset):
    """Mirrors and negatives: a ball stays a ball."""
    if torch.rand(1) < 0.5:
        crops, offset = crops.flip(3), offset * torch.tensor([-1.0, 1.0])
    if torch.rand(1) < 0.3:
        crops, offset = crops.flip(2), offset * torch.tensor([1.0, -1.0])
    if torch.rand(1) < 0.5:
        crops = -crops
    gain = torch.rand(crops.shape[0], 1, 1, 1) * 0.7 + 0.5
    return crops * gain, offset


def loss_of(out, kind, offset, radius):
    is_ball = kind == BALL
    loss = F.cross_entropy(out[:, :3], kind, weight=torch.tensor([1.0, 1.3, 1.0]))
    if is_ball.any():
        loss = loss + F.smooth_l1_loss(out[is_ball, 3:5], offset[is_ball] / 16, beta=0.05) * 2
        loss = loss + F.smooth_l1_loss(out[is_ball, 5], torch.log(radius[is_ball]), beta=0.1) * 0.5
    return loss


def train(net, minutes, rate):
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-3)
    begun, kept, steps = time.process_time(), [], 0
    while (share := (time.process_time() - begun) / (minutes * 60)) < 1:
        crops, *truth = draw(BATCH)
        kept.append((crops.to(torch.int8), *truth))
        if len(kept) > KEPT_BATCHES:
            kept.pop(0)
        warm = min(1.0, steps / 200)
        for group in optimiser.param_groups:
            group["lr"] = rate * warm * (1 - share) ** 1.0 + 1e-5
        net.train()
        for turn in range(STEPS_PER_DRAWING):
            chosen = kept[-1] if turn == 0 else kept[int(torch.randint(len(kept), (1,)))]
            crops, kind, offset, radius = chosen
            crops, offset = turned(crops.float(), offset)
            optimiser.zero_grad()
            loss = loss_of(net.raw(crops), kind, offset, radius)
            loss.backward()
            optimiser.step()
            steps += 1
        if steps % 400 == 0:
            print(f"{time.process_time() - begun:5.0f} s, step {steps}, loss {float(loss):.3f}", flush=True)
    return steps, steps // STEPS_PER_DRAWING * BATCH


def evaluate(net, batches=40):
    net.eval()
    scores, truth, errors, ratios = [], [], [], []
    with torch.no_grad():
        for _ in range(batches):
            crops, kind, offset, radius = draw(BATCH)
            kinds, place, size = net(crops)
            scores.append(kinds[:, BALL])
            truth.append(kind == BALL)
            is_ball = kind == BALL
            errors.append((place - offset)[is_ball].norm(dim=1))
            ratios.append((size[:, 0] / radius)[is_ball].log().abs())
    scores, truth = torch.cat(scores), torch.cat(truth)
    found = {}
    for least in (0.5, 0.8, 0.95):
        told = scores >= least
        right = (told & truth).sum().item()
        found[f"drawnAt{least}"] = {
            "recall": round(right / truth.sum().item(), 4),
            "precision": round(right / max(1, told.sum().item()), 4),
        }
    found["medianErrorPixels"] = round(torch.cat(errors).median().item(), 2)
    found["medianRadiusFactor"] = round(torch.cat(ratios).median().exp().item(), 3)
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=13)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    net = Classifier()
    print(f"{sum(p.numel() for p in net.parameters())} weights", flush=True)
    steps, drawn = train(net, args.minutes, args.rate)
    net.eval()
    torch.save(net.state_dict(), args.out.replace(".onnx", ".pt"))
    torch.onnx.export(
        net, torch.zeros(2, 4, SIDE, SIDE), args.out, opset_version=12, do_constant_folding=True,
        input_names=["crops"], output_names=["kinds", "offset", "radius"],
        dynamic_axes={name: {0: "count"} for name in ("crops", "kinds", "offset", "radius")},
    )
    torch.manual_seed(99_991)
    print(json.dumps({"steps": steps, "crops": drawn, **evaluate(net)}), flush=True)


main()
