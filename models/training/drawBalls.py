"""Draws crops of things that move: balls, limbs, heads and noise, four pictures each.

It must never read a photograph or a clip: everything here is drawn. Positions are pixels of the
640x360 picture that vision works on, from the middle of a 48x48 crop. Surprising: the crop's middle
lies where a motion finder would put it, between the last two places of the thing, not on the thing.
"""
import math

import torch
import torch.nn.functional as F

SIDE = 48
FRAMES = 4
SUBSTEPS = 3
BALL, LIMB, NOISE = 0, 1, 2

_axis = torch.arange(SIDE).float() - (SIDE - 1) / 2
GRID_Y, GRID_X = torch.meshgrid(_axis, _axis, indexing="ij")


def uniform(count, low, high):
    return torch.rand(count) * (high - low) + low


def background(count):
    """Soft noise, stripes and hard edges, larger than the crop so that it can be moved."""
    side = SIDE + 16
    picture = torch.zeros(count, 1, side, side)
    for cells, strength in ((3, 40.0), (8, 22.0), (20, 10.0), (64, 5.0)):
        part = torch.randn(count, 1, cells, cells) * strength * torch.rand(count, 1, 1, 1)
        picture += F.interpolate(part, size=(side, side), mode="bilinear", align_corners=False)
    axis = torch.arange(side).float() - side / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    for _ in range(3):
        angle = uniform(count, 0, math.pi)[:, None, None]
        along = x * torch.cos(angle) + y * torch.sin(angle) + uniform(count, -25, 25)[:, None, None]
        height = (torch.randn(count) * 45 * (torch.rand(count) < 0.5))[:, None, None]
        picture[:, 0] += height * torch.sigmoid(along * 1.5)
    angle = uniform(count, 0, math.pi)[:, None, None]
    along = x * torch.cos(angle) + y * torch.sin(angle)
    pitch = uniform(count, 4, 16)[:, None, None]
    height = (uniform(count, 0, 30) * (torch.rand(count) < 0.35))[:, None, None]
    picture[:, 0] += height * torch.sin(along * 2 * math.pi / pitch)
    return picture + uniform(count, 50, 190)[:, None, None, None]


def moved(picture, dx, dy):
    """Cuts the crop out of the larger background, displaced by parts of a pixel."""
    side = picture.shape[-1]
    x = (GRID_X[None] + dx[:, None, None]) / (side / 2)
    y = (GRID_Y[None] + dy[:, None, None]) / (side / 2)
    return F.grid_sample(picture, torch.stack([x, y], -1), align_corners=False)[:, 0]


def times(frame, exposure):
    """Moments of one exposure, in pictures before the last one."""
    for step in range(SUBSTEPS):
        yield frame - (FRAMES - 1) - exposure * (1 - (step + 0.5) / SUBSTEPS)


class Thing:
    """Something that is painted only on the crops that have it: most have little."""

    def paint(self, canvas, frame, exposure, present):
        chosen = present.nonzero()[:, 0]
        if len(chosen) == 0:
            return canvas
        alpha, colour = self.look(chosen, frame, exposure[chosen])
        painted = canvas.clone()
        painted[chosen] = canvas[chosen] * (1 - alpha) + colour * alpha
        return painted


class Capsule(Thing):
    """A limb, a torso or (with no length) a head: moves, turns, has round ends."""

    def __init__(self, count, x, y, length, width, speed, turn):
        self.x, self.y, self.length, self.width = x, y, length, width
        self.vx, self.vy = speed
        self.angle = uniform(count, 0, 2 * math.pi)
        self.turn = turn
        self.luma = uniform(count, 10, 245)
        self.shade = uniform(count, -25, 25)

    def look(self, chosen, frame, exposure):
        x, y, length, width, vx, vy, luma, shade = (
            one[chosen][:, None, None]
            for one in (
                *(self.x, self.y, self.length, self.width),
                *(self.vx, self.vy, self.luma, self.shade),
            )
        )
        alpha = 0
        for at in times(frame, exposure):
            tau = at[:, None, None]
            angle = (self.angle[chosen] + self.turn[chosen] * at)[:, None, None]
            ax, ay = x + vx * tau, y + vy * tau
            px, py = GRID_X[None] - ax, GRID_Y[None] - ay
            dx, dy = torch.cos(angle), torch.sin(angle)
            along = (px * dx + py * dy).clamp(min=0)
            along = torch.minimum(along, length)
            distance = torch.hypot(px - along * dx, py - along * dy)
            alpha = alpha + torch.sigmoid((width - distance) * 2)
        return alpha / SUBSTEPS, luma + shade * GRID_X[None] / 24


class Balls(Thing):
    def __init__(self, count, x, y, radius, speed, fall):
        self.x, self.y, self.radius = x, y, radius
        self.vx, self.vy = speed
        self.fall = fall
        self.luma = uniform(count, 15, 245)
        self.light = uniform(count, 0, 45)
        self.seam = uniform(count, 0, 60) * (torch.rand(count) < 0.6)
        self.seam_angle = uniform(count, 0, math.pi)
        self.spin = uniform(count, -0.5, 0.5)

    def look(self, chosen, frame, exposure):
        x, y, radius, vx, vy, fall, luma, light, seam = (
            one[chosen][:, None, None]
            for one in (
                *(self.x, self.y, self.radius, self.vx, self.vy, self.fall),
                *(self.luma, self.light, self.seam),
            )
        )
        alpha, colour = 0, 0
        for at in times(frame, exposure):
            tau = at[:, None, None]
            px = GRID_X[None] - (x + vx * tau)
            py = GRID_Y[None] - (y + vy * tau + 0.5 * fall * tau * tau)
            alpha = alpha + torch.sigmoid((radius - torch.hypot(px, py)) * 2)
            angle = (self.seam_angle[chosen] + self.spin[chosen] * at)[:, None, None]
            across = (px * torch.cos(angle) + py * torch.sin(angle)) / radius
            colour = colour + (-px - py) / radius * light - seam * torch.exp(-((across * 5) ** 2))
        return alpha / SUBSTEPS, luma + colour / SUBSTEPS


def speeds(count, top):
    """Most things are slow, some are very fast."""
    size = top * torch.rand(count) ** 1.6
    angle = uniform(count, 0, 2 * math.pi)
    return size * torch.cos(angle), size * torch.sin(angle)


def camera(frames):
    """What a codec and a sensor add: blur, noise, blocks that stand still."""
    count = frames.shape[0]
    sigma = float(torch.rand(1)) * 1.6 + 0.3
    reach = torch.arange(-4, 5).float()
    kernel = torch.exp(-(reach**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    flat = frames.reshape(-1, 1, SIDE, SIDE)
    flat = F.conv2d(F.pad(flat, (4, 4, 0, 0), mode="replicate"), kernel.view(1, 1, 1, 9))
    flat = F.conv2d(F.pad(flat, (0, 0, 4, 4), mode="replicate"), kernel.view(1, 1, 9, 1))
    frames = flat.reshape(count, FRAMES, SIDE, SIDE)
    frames = frames + torch.randn_like(frames) * uniform(count, 0, 3.5)[:, None, None, None]
    frames = frames + uniform(count, -1.5, 1.5)[:, None, None, None] * torch.randn(count, FRAMES, 1, 1)
    holds = uniform(count, 0, 5)[:, None, None] * (torch.rand(count) < 0.6)[:, None, None]
    kept = [frames[:, 0]]
    for frame in range(1, FRAMES):
        change = (frames[:, frame] - kept[-1]).abs()[:, None]
        block = F.interpolate(F.avg_pool2d(change, 8), scale_factor=8, mode="nearest")[:, 0]
        kept.append(torch.where(block < holds, kept[-1], frames[:, frame]))
    return torch.stack(kept, 1).clamp(0, 255).round()


def draw(count):
    """Returns planes (count, 4, 48, 48), classes, offsets and radii in pixels."""
    exposure = uniform(count, 0.15, 0.95)
    kind = torch.multinomial(torch.tensor([0.42, 0.43, 0.15]), count, replacement=True)
    is_ball, is_limb = kind == BALL, kind == LIMB

    radius = torch.exp(uniform(count, math.log(3.0), math.log(15.0)))
    speed = speeds(count, 22.0)
    # The finder's place: between where it is and where it was, give or take.
    lag = uniform(count, 0.0, 0.7)
    spread = (radius * 0.7).clamp(min=2)
    x = (speed[0] * lag + torch.randn(count) * spread * 0.6).clamp(-14, 14)
    y = (speed[1] * lag + torch.randn(count) * spread * 0.6).clamp(-14, 14)
    ball = Balls(count, x, y, radius, speed, uniform(count, 0, 0.9) * (torch.rand(count) < 0.7))

    # The limb that the crop is about: its round end or its middle lies near the middle.
    width = uniform(count, 2.5, 11)
    has_torso = is_limb & (torch.rand(count) < 0.45)
    # Alone, a short one could not be told from a ball.
    length = torch.where(has_torso, uniform(count, 0, 1.2), uniform(count, 2.2, 8)) * width
    limb_speed = speeds(count, 10.0)
    limb = Capsule(
        count, torch.randn(count) * 5, torch.randn(count) * 5, length, width, limb_speed,
        torch.randn(count) * 0.12,
    )
    middle = torch.rand(count) < 0.4
    half = length * uniform(count, 0.2, 0.8) * middle
    limb.x = limb.x - half * torch.cos(limb.angle)
    limb.y = limb.y - half * torch.sin(limb.angle)
    # Heads: a short limb with a torso that goes with it.
    torso = Capsule(
        count, limb.x + torch.randn(count) * 2, limb.y + width * uniform(count, 1.5, 3),
        uniform(count, 10, 50), width * uniform(count, 0.9, 2.4), limb_speed, torch.zeros(count),
    )
    torso.angle = uniform(count, 1.1, 2.0)
    others = []
    for _ in range(2):
        where = uniform(count, 0, 2 * math.pi)
        far = torch.where(is_ball, radius, torch.zeros(count)) + uniform(count, 3, 26)
        other = Capsule(
            count, far * torch.cos(where) + torch.where(is_ball, x, torch.zeros(count)),
            far * torch.sin(where) + torch.where(is_ball, y, torch.zeros(count)),
            uniform(count, 4, 60), uniform(count, 2.5, 12), speeds(count, 8.0),
            torch.randn(count) * 0.1,
        )
        away = is_ball & (torch.rand(count) < 0.85)
        other.angle = torch.where(away, where + torch.randn(count) * 0.7, other.angle)
        others.append((other, ((kind != NOISE) & (torch.rand(count) < 0.4)).float()))

    ground = background(count)
    drift = torch.randn(2, count) * 0.5 * (torch.rand(count) < 0.7)
    shake = torch.randn(FRAMES, 2, count) * 0.35 * (torch.rand(count) < 0.6)
    shown = []
    for frame in range(FRAMES):
        at = frame - (FRAMES - 1)
        place = drift * at + shake[frame]
        canvas = moved(ground, place[0], place[1])
        for other, present in others:
            canvas = other.paint(canvas, frame, exposure, present)
        canvas = torso.paint(canvas, frame, exposure, has_torso.float())
        canvas = limb.paint(canvas, frame, exposure, is_limb.float())
        shown.append(ball.paint(canvas, frame, exposure, is_ball.float()))
    frames = camera(torch.stack(shown, 1))
    return planes(frames), kind, torch.stack([x, y], 1), radius


def planes(frames):
    """The last picture less its mean, then the three last differences, newest first."""
    last = frames[:, 3]
    mean = last.mean((1, 2), keepdim=True)
    return torch.stack(
        [last - mean, last - frames[:, 2], frames[:, 2] - frames[:, 1], frames[:, 1] - frames[:, 0]],
        1,
    ).clamp(-127, 127)
