"""CT slices, thicker than their pixels are wide, resampled to cubic voxels, as every tutorial on lung nodules does first."""

import numpy as np

from gridsample import scipy as ndimage  # was: from scipy import ndimage


def resample(scan, spacing, new_spacing=(1, 1, 1)):
    """Return a scan (z, y, x) with voxels of another size, and the size that they really have."""
    factor = np.array(spacing) / new_spacing
    new_shape = np.round(scan.shape * factor)
    real_factor = new_shape / scan.shape
    return ndimage.zoom(scan, real_factor, mode="nearest"), np.array(spacing) / real_factor


def main():
    """Resample a ball in Hounsfield units."""
    z, y, x = np.indices((28, 40, 40)) - np.array([13.5, 19.5, 19.5]).reshape(3, 1, 1, 1)
    scan = np.where((2.5 * z) ** 2 + (0.7 * y) ** 2 + (0.7 * x) ** 2 < 100, 60, -1000).astype(np.float32)
    volume, _ = resample(scan, (2.5, 0.7, 0.7))
    return volume


if __name__ == "__main__":
    print(main().shape)
