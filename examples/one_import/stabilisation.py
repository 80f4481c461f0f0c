"""The shake of a video undone: the path of the camera is smoothed, and each frame moved by the difference."""

import numpy as np

from gridsample import opencv as cv2  # was: import cv2


def smooth(trajectory, radius=5):
    """Return the moving average of a path (frames, 3)."""
    kernel = np.ones(2 * radius + 1) / (2 * radius + 1)
    padded = np.pad(trajectory, ((radius, radius), (0, 0)), "edge")
    return np.column_stack([np.convolve(column, kernel, mode="valid") for column in padded.T])


def fix_border(frame):
    """Magnify by 4% about the middle, so that the black rim is outside."""
    height, width = frame.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 0, 1.04)
    return cv2.warpAffine(frame, matrix, (width, height))


def stabilise(frames, motions):
    """Return steady frames; a motion is (dx, dy, radians) from the frame before."""
    trajectory = np.cumsum(motions, axis=0)
    steady = []
    for frame, (dx, dy, da) in zip(frames, motions + smooth(trajectory) - trajectory, strict=True):
        matrix = np.array([[np.cos(da), -np.sin(da), dx], [np.sin(da), np.cos(da), dy]])
        steady.append(fix_border(cv2.warpAffine(frame, matrix, (frame.shape[1], frame.shape[0]))))
    return np.stack(steady)


def main():
    """Steady a film of a still picture."""
    y, x = np.indices((60, 80))
    picture = np.dstack([127 + 100 * np.sin(x / 9), 127 + 100 * np.cos(y / 8), x + y]).astype(np.uint8)
    motions = np.random.default_rng(0).normal(0, (1.5, 1.5, 0.01), (12, 3))
    return stabilise([picture] * 12, motions)


if __name__ == "__main__":
    print(main().shape)
