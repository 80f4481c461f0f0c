"""A ring unrolled around its centre: powder diffraction, irises, the sun's corona."""

import numpy as np

from gridsample import scipy as ndimage  # was: from scipy import ndimage


def to_polar(index, center, angles):
    """Return where a pixel of the unrolled picture (radius, angle) comes from."""
    radius, theta = index[0], 2 * np.pi * index[1] / angles
    return center[0] + radius * np.sin(theta), center[1] + radius * np.cos(theta)


def unroll(image, center, radii, angles):
    """Return (radii, angles), by a function of the index."""
    return ndimage.geometric_transform(image, to_polar, (radii, angles), order=3, extra_arguments=(center, angles))


def profile(image, center, angle, length):
    """Return what lies on a line from the centre."""
    radius = np.linspace(0, length, 4 * length)
    return ndimage.map_coordinates(image, [center[0] + radius * np.sin(angle), center[1] + radius * np.cos(angle)], order=1)


def main():
    """Unroll three rings, and cut through them."""
    y, x = np.indices((90, 100)) - np.array([44.0, 51.0]).reshape(2, 1, 1)
    rings = np.cos(np.hypot(y, x) / 3) + 0.1 * np.arctan2(y, x)
    return np.concatenate([unroll(rings, (44, 51), 40, 180).ravel(), profile(rings, (44, 51), 0.7, 40)])


if __name__ == "__main__":
    print(main().shape)
