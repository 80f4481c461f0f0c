"""Pictures for training turned, shifted and zoomed at random, channel by channel, as Keras did it."""

import numpy as np

from gridsample import scipy as ndimage  # was: from scipy import ndimage


def apply_affine_transform(x, theta=0.0, tx=0.0, ty=0.0, zoom=1.0, fill_mode="nearest"):
    """Transform a picture (H, W, C) about its middle: degrees, rows, columns, factor."""
    angle = np.deg2rad(theta)
    matrix = np.array([[np.cos(angle), -np.sin(angle), tx], [np.sin(angle), np.cos(angle), ty], [0, 0, 1]])
    matrix = matrix @ np.diag([zoom, zoom, 1])
    middle = np.array([[1, 0, x.shape[0] / 2 - 0.5], [0, 1, x.shape[1] / 2 - 0.5], [0, 0, 1]])
    matrix = middle @ matrix @ np.linalg.inv(middle)
    channels = [
        ndimage.affine_transform(channel, matrix[:2, :2], matrix[:2, 2], order=1, mode=fill_mode, cval=0.0)
        for channel in np.moveaxis(x, -1, 0)
    ]
    return np.stack(channels, axis=-1)


def main():
    """Make three variants of a picture, the last by SciPy's own turns and shifts."""
    picture = np.random.default_rng(0).random((48, 56, 3)).astype(np.float32)
    first = apply_affine_transform(picture, theta=20, tx=3, ty=-2, zoom=0.9)
    second = apply_affine_transform(picture, theta=-35, zoom=1.2, fill_mode="constant")
    third = ndimage.shift(ndimage.rotate(picture, 15, reshape=False, mode="mirror"), (2.5, -3.5, 0), mode="mirror")
    return np.stack([first, second, third])


if __name__ == "__main__":
    print(main().shape)
