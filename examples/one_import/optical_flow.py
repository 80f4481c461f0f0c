"""A frame moved along an optical flow, as in OpenCV's own sample of it."""

import numpy as np

from gridsample import opencv as cv2  # was: import cv2


def warp_flow(image, flow):
    """Move each pixel along its flow."""
    h, w = flow.shape[:2]
    flow = -flow
    flow[:, :, 0] += np.arange(w)
    flow[:, :, 1] += np.arange(h)[:, np.newaxis]
    return cv2.remap(image, flow, None, cv2.INTER_LINEAR)


def main():
    """Let a picture swirl for five frames."""
    y, x = np.indices((72, 96), np.float32)
    frame = np.dstack([127 + 100 * np.sin(x / 7), 127 + 100 * np.cos(y / 5), 2 * x]).astype(np.uint8)
    flow = np.dstack([(y - 36) / 20, (48 - x) / 20])
    for _ in range(5):
        frame = warp_flow(frame, flow)
    return frame


if __name__ == "__main__":
    print(main().shape)
