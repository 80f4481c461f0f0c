"""A page on a table made a rectangle: the four corners are known, the homography follows."""

import numpy as np

from gridsample import opencv as cv2  # was: import cv2


def perspective_of(corners, targets):
    """Return the homography that takes four corners (x, y) to four others."""
    rows, right = [], []
    for (x, y), (u, v) in zip(corners, targets, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(rows, right), 1).reshape(3, 3)


def four_point_transform(image, corners):
    """Cut out what is between four corners: top left, top right, bottom right, bottom left."""
    tl, tr, br, bl = np.asarray(corners, float)
    width = int(max(np.hypot(*(br - bl)), np.hypot(*(tr - tl))))
    height = int(max(np.hypot(*(tr - br)), np.hypot(*(tl - bl))))
    targets = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
    return cv2.warpPerspective(image, perspective_of([tl, tr, br, bl], targets), (width, height), flags=cv2.INTER_CUBIC)


def main():
    """Scan a tilted page of stripes."""
    y, x = np.indices((120, 160))
    table = np.dstack([127 + 100 * np.sin((x + 0.3 * y) / 6), 127 + 100 * np.cos((y - 0.2 * x) / 8), 0.5 * x]).astype(np.uint8)
    return four_point_transform(table, [(30, 20), (130, 28), (140, 100), (18, 90)])


if __name__ == "__main__":
    print(main().shape)
