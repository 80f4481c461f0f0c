"""Two images aligned: an optimiser turns and moves one until it looks like the other."""

import numpy as np
from scipy.optimize import minimize

from gridsample.scipy import affine_transform  # was: from scipy.ndimage import affine_transform


def move(image, parameters):
    """Turn an image about its middle by an angle in radians, and shift it by rows and columns."""
    angle, rows, columns = parameters
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    center = (np.array(image.shape) - 1) / 2
    return affine_transform(image, matrix, offset=center - matrix @ center + [rows, columns], order=1, mode="nearest")


def register(fixed, moving):
    """Return the angle and the shifts that make ``moving`` most like ``fixed``."""
    result = minimize(lambda p: np.mean((move(moving, p) - fixed) ** 2), [0, 0, 0], method="Powell")
    return result.x


def main():
    """Find back a known motion."""
    rows, columns = np.indices((60, 64))
    moving = np.exp(-((rows - 25) ** 2) / 80 - (columns - 36) ** 2 / 200) + 0.5 * np.exp(
        -((rows - 40) ** 2 + (columns - 20) ** 2) / 40
    )
    fixed = move(moving, (0.15, 2.3, -1.7))
    return register(fixed, moving).round(2)


if __name__ == "__main__":
    print(main())
