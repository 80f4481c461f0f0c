"""Elastic deformation of training images.

P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks applied to visual document
analysis", 2003.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from gridsample.scipy import map_coordinates  # was: from scipy.ndimage import map_coordinates


def elastic_transform(image, alpha, sigma, random_state):
    """Move each pixel by smoothed noise: ``alpha`` says how far, ``sigma`` how smooth."""
    shape = image.shape
    dx = gaussian_filter(random_state.rand(*shape) * 2 - 1, sigma, mode="constant", cval=0) * alpha
    dy = gaussian_filter(random_state.rand(*shape) * 2 - 1, sigma, mode="constant", cval=0) * alpha
    x, y = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    indices = np.reshape(y + dy, (-1, 1)), np.reshape(x + dx, (-1, 1))
    return map_coordinates(image, indices, order=1, mode="reflect").reshape(shape)


def main():
    """Bend a checkerboard."""
    board = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((16, 16)))
    return elastic_transform(board, 34, 4, np.random.RandomState(0))


if __name__ == "__main__":
    print(main().shape)
