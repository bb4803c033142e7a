"""Lets the peer of the motion figures judge a clip, and hands over what it saw. Never changes the peer.
usage: openCv.py PEER CLIP -> JSON line {"samplesMs", "boxes"}; with a third argument, a file, the gray
pictures of 640x360 that the peer judges are written there instead."""

import importlib.util
import io
import json
import sys

import cv2
import numpy

FRAME_COUNT_MAX = 601


class Listening:
    """numpy, remembering the samples of the last percentile: the peer's total comes last."""

    seen = None

    def __getattr__(self, name):
        return getattr(numpy, name)

    def percentile(self, samples, share):
        Listening.seen = list(samples)
        return numpy.percentile(samples, share)


def write_frames(clip, path):
    capture = cv2.VideoCapture(clip)
    with open(path, "wb") as file:
        for _ in range(FRAME_COUNT_MAX):
            is_there, frame = capture.read()
            if not is_there:
                break
            gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
            file.write(cv2.resize(gray, (640, 360), interpolation=cv2.INTER_LINEAR).tobytes())


def judge(peer, clip):
    spec = importlib.util.spec_from_file_location("peer", peer)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.np = Listening()
    boxes = io.StringIO()
    module.run(clip, "absdiff", 1, boxes)
    lines = [json.loads(line) for line in boxes.getvalue().splitlines()]
    print(json.dumps({"samplesMs": Listening.seen, "boxes": lines}))


if __name__ == "__main__":
    if len(sys.argv) > 3:
        write_frames(sys.argv[2], sys.argv[3])
    else:
        judge(sys.argv[1], sys.argv[2])
