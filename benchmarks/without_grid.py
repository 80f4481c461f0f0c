"""Maps without a grid, and resizing, beside those who do the same: ``python benchmarks/without_grid.py``.

Everyone is called in the same process, one after the other, on the same arrays with as many threads (SciPy and scikit-image
have one); printed are the medians of the peer's time over gridsample's, round by round, and how far the results are apart.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import kornia_rs
import numpy as np
import scipy
import SimpleITK as sitk
import skimage
import torch
from kornia_rs import imgproc
from scipy import ndimage
from skimage import transform

import gridsample
from gridsample import opencv
from gridsample import scipy as ours
from gridsample.bench.measure import Settings, time_interleaved

THREADS = 2
os.environ["RAYON_NUM_THREADS"] = str(THREADS)  # of kornia-rs, which looks when it is first called

RNG = np.random.default_rng(0)
HD = (1920, 1080)
TURN = cv2.getRotationMatrix2D((960, 540), 20, 1.1)
TILT = np.vstack([TURN, [1e-5, -2e-5, 1]])
CAMERA = np.array([[1500.0, 0, 960], [0, 1500, 540], [0, 0, 1]])
BARREL = np.array([-0.2, 0.05, 0.001, -0.002, 0.01])
TURN_3D = np.array([[0.9, -0.2, 0.1], [0.2, 0.95, 0.05], [-0.1, 0.03, 0.97]])

Call = Callable[[], np.ndarray]


class Row(NamedTuple):
    """One case: ours first."""

    what: str
    calls: dict[str, Call]


def photographs() -> Iterator[Row]:
    """Affine and perspective maps of a photograph; the same affine map through a grid."""
    photo = RNG.integers(0, 256, (1080, 1920, 3), dtype=np.uint8)
    affine = gridsample.Transform.affine(TURN, inverse=True)
    exact = affine.coords(HD[::-1])  # of which the results are the same
    grid = exact.astype(np.float32)
    for image in (photo, photo.astype(np.float32)):
        for flags, kernel in ((cv2.INTER_LINEAR, "linear"), (cv2.INTER_CUBIC, "cubic")):
            calls: dict[str, Call] = {
                "gridsample": lambda image=image, flags=flags: opencv.warpAffine(image, TURN, HD, flags=flags),
                "OpenCV": lambda image=image, flags=flags: cv2.warpAffine(image, TURN, HD, flags=flags),
                **{
                    f"through a {at.dtype} grid": lambda image=image, kernel=kernel, at=at: gridsample.sample(
                        image, at, kernel, "constant", channels="last"
                    )
                    for at in (exact, grid)
                },
                "making a float32 grid": lambda image=image, kernel=kernel: gridsample.sample(
                    image, affine.coords(HD[::-1]).astype(np.float32), kernel, "constant", channels="last"
                ),
            }
            tilts: dict[str, Call] = {
                "gridsample": lambda image=image, flags=flags: opencv.warpPerspective(image, TILT, HD, flags=flags),
                "OpenCV": lambda image=image, flags=flags: cv2.warpPerspective(image, TILT, HD, flags=flags),
            }
            if kernel == "linear" and image is photo:  # all that kornia-rs has, whatever it is asked for
                calls["kornia-rs"] = lambda: imgproc.warp_affine(photo, TURN.ravel().tolist(), HD[::-1], "bilinear")
                tilts["kornia-rs"] = lambda: imgproc.warp_perspective(photo, TILT.ravel().tolist(), HD[::-1], "bilinear")
            elif kernel == "linear":
                back = np.linalg.inv(np.vstack([TURN, [0, 0, 1]]))
                calls["scikit-image"] = lambda image=image, back=back: transform.warp(image, back, order=1, preserve_range=True)
            yield Row(f"warpAffine 1080p {image.dtype} {kernel}", calls)
            yield Row(f"warpPerspective 1080p {image.dtype} {kernel}", tilts)
    turn = gridsample.Transform.polar(HD[::-1], (960, 540), 540)
    unrolled: dict[str, Call] = {
        "gridsample": lambda: gridsample.sample(photo, turn, "linear", "constant", size=HD[::-1], channels="last"),
        "OpenCV": lambda: cv2.warpPolar(photo, HD, (960, 540), 540, cv2.INTER_LINEAR),
    }
    yield Row("warpPolar 1080p uint8 linear", unrolled)
    lens: dict[str, Call] = {
        "gridsample": lambda: opencv.undistort(photo, CAMERA, BARREL),
        "OpenCV": lambda: cv2.undistort(photo, CAMERA, BARREL),
    }
    yield Row("undistort 1080p uint8 linear", lens)
    x, y = np.ascontiguousarray(grid[..., 1]), np.ascontiguousarray(grid[..., 0])
    remaps: dict[str, Call] = {
        "gridsample": lambda: opencv.remap(photo, x, y, cv2.INTER_LINEAR),
        "OpenCV": lambda: cv2.remap(photo, x, y, cv2.INTER_LINEAR),
    }
    yield Row("remap 1080p uint8 linear", remaps)


CROPS = 200
"""Of one size, one after the other: a single one takes microseconds."""


def each(call: Call) -> Call:
    """Return what does a call as often as there are crops."""
    return lambda: [call() for _ in range(CROPS)][-1]


def crops() -> Iterator[Row]:
    """Small pictures, as of faces and letters, of which one call may take less than what it checks."""
    for size in (16, 32, 64, 112, 224):
        turn = cv2.getRotationMatrix2D((size / 2, size / 2), 10, 1.0)
        places = np.mgrid[:size, :size] + RNG.uniform(0, 0.7, (2, size, size))
        y, x = (np.ascontiguousarray(one, np.float32) for one in places)
        for dtype in (np.uint8, np.float32):
            crop = RNG.integers(0, 256, (size, size, 3)).astype(dtype)
            calls: dict[str, dict[str, Call]] = {
                name: {
                    "gridsample": lambda crop=crop, call=call: call(opencv, crop),
                    "OpenCV": lambda crop=crop, call=call: call(cv2, crop),
                }
                for name, call in (
                    ("warpAffine", lambda cv, crop, turn=turn, size=size: cv.warpAffine(crop, turn, (size, size))),
                    ("remap", lambda cv, crop, x=x, y=y: cv.remap(crop, x, y, cv2.INTER_LINEAR)),
                )
            }
            for name, both in calls.items():
                yield Row(f"{name} {size}x{size} {crop.dtype} linear", {who: each(call) for who, call in both.items()})


def volumes() -> Iterator[Row]:
    """Affine maps and displacements of a volume of 128³ float32."""
    volume = RNG.random((128, 128, 128), dtype=np.float32)
    coords = np.indices(volume.shape).astype(np.float32)
    coords += 2 * np.sin(coords[::-1] / 9)
    for order in (1, 3):
        yield Row(
            f"map_coordinates 128³ order {order}",
            {
                "gridsample": lambda order=order: ours.map_coordinates(volume, coords, order=order),
                "SciPy": lambda order=order: ndimage.map_coordinates(volume, coords, order=order),
            },
        )
    frames = RNG.random((20, 24, 26, 28), dtype=np.float32)
    scattered = RNG.uniform(0, np.array(frames.shape)[:, None] - 1, (4, 100_000))
    for order in (0, 1, 3):
        yield Row(
            f"map_coordinates of four axes, order {order}",
            {
                "gridsample": lambda order=order: ours.map_coordinates(frames, scattered, order=order),
                "SciPy": lambda order=order: ndimage.map_coordinates(frames, scattered, order=order),
            },
        )
    offset = np.array([3.0, -2.0, 5.0])
    exact = np.einsum("ij,jzyx->izyx", TURN_3D, np.indices(volume.shape)) + offset[:, None, None, None]
    itk = sitk.GetImageFromArray(volume)
    transform = sitk.AffineTransform(TURN_3D[::-1, ::-1].ravel().tolist(), offset[::-1].tolist())
    yield Row(
        "affine_transform 128³ order 1",
        {
            "gridsample": lambda: ours.affine_transform(volume, TURN_3D, offset, order=1),
            "SciPy": lambda: ndimage.affine_transform(volume, TURN_3D, offset, order=1),
            "SimpleITK": lambda: sitk.GetArrayFromImage(sitk.Resample(itk, itk, transform, sitk.sitkLinear, 0.0)),
            **{
                f"through a {at.dtype} grid": lambda at=at: ours.map_coordinates(volume, at, order=1)
                for at in (exact, exact.astype(np.float32))
            },
        },
    )


def resizes() -> Iterator[Row]:
    """Resize planar float32 images of 1080p to half and to one and a half."""
    image = RNG.random((1, 3, 1080, 1920), dtype=np.float32)
    tensor = torch.from_numpy(image)
    for mode, antialias in (
        ("nearest", False),
        ("bilinear", False),
        ("bicubic", False),
        ("area", False),
        ("bilinear", True),
        ("bicubic", True),
    ):
        for size in ((540, 960), (1620, 2880)):
            calls: dict[str, Call] = {
                "gridsample": lambda m=mode, a=antialias, s=size: gridsample.interpolate(image, s, mode=m, antialias=a),
                "torch": lambda m=mode, a=antialias, s=size: torch.nn.functional.interpolate(
                    tensor, size=s, mode=m, antialias=a
                ).numpy(),
            }
            yield Row(f"interpolate {mode}{' antialias' if antialias else ''} to {size[0]}x{size[1]}", calls)


def compare(row: Row) -> str:
    """Return one line of the table."""
    results = {name: call().astype(np.float64) for name, call in row.calls.items()}
    times = {name: np.array(found) for name, found in time_interleaved(row.calls, Settings(budget=2)).items()}
    parts = []
    for name in row.calls:
        if name != "gridsample":
            off = np.abs(results[name] - results["gridsample"])
            ratio = np.median(times[name] / times["gridsample"])
            parts.append(f"{name} {ratio:.2f}x (apart: {np.median(off):.0e} median, {off.max():.0e} at most)")
    return f"{row.what:45}" + "; ".join(parts)


def main() -> None:
    """Print the table, for the groups named on the command line or for all."""
    groups = {"photographs": photographs, "crops": crops, "volumes": volumes, "resizes": resizes}
    parser = argparse.ArgumentParser(description="Time maps without a grid, and resizing, beside those who do the same.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(groups)}; else all")
    chosen = parser.parse_args().groups or groups
    if unknown := {*chosen} - {*groups}:
        parser.error(f"GROUP: unknown {', '.join(sorted(unknown))}; expected {', '.join(groups)}")
    versions = f"OpenCV {cv2.__version__}, kornia-rs {kornia_rs.__version__}, scikit-image {skimage.__version__}"
    versions += f", SciPy {scipy.__version__}, SimpleITK {sitk.Version_VersionString()}, PyTorch {torch.__version__}"
    gridsample.set_num_threads(THREADS)
    cv2.setNumThreads(THREADS)
    torch.set_num_threads(THREADS)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(THREADS)
    print(f"{versions} over gridsample {gridsample.__version__}, {THREADS} threads")
    for name in chosen:
        for row in groups[name]():
            print(compare(row), flush=True)


if __name__ == "__main__":
    main()
