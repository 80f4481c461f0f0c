"""Straight lines made straight again: a calibrated camera's pictures without the distortion of its lens."""

import numpy as np

from gridsample import opencv as cv2  # was: import cv2

CAMERA = np.array([[130.0, 0, 79.5], [0, 130.0, 59.5], [0, 0, 1]])
DISTORTION = np.array([-0.28, 0.09, 0.001, -0.0005, 0.0])


def main():
    """Straighten a chessboard of smooth squares, with some more of the rim in view."""
    y, x = np.indices((120, 160))
    board = (127 + 100 * np.sin(x / 8) * np.sin(y / 8)).astype(np.uint8)
    wider = CAMERA.copy()
    wider[[0, 1], [0, 1]] *= 0.9
    return np.stack([cv2.undistort(board, CAMERA, DISTORTION), cv2.undistort(board, CAMERA, DISTORTION, None, wider)])


if __name__ == "__main__":
    print(main().shape)
