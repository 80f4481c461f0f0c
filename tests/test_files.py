"""Pictures in files: what goes in comes out, a bad path says what is wrong, and a failed write leaves nothing behind."""

import io
import os
import stat

import numpy as np
import pytest
import tifffile
from PIL import Image

from gridsample.files import _codecs
from gridsample.files._atomic import replacing
from gridsample.files._codecs import FORMATS
from gridsample.files.images import SUFFIXES, check_holds, check_output, read_array, read_image, write_image

RNG = np.random.default_rng(7)
EVERY = [
    (suffix, dtype, channels)
    for row in FORMATS
    for suffix in row.suffixes
    for dtype, counts in row.holds.items()
    for channels in counts or (1, 2, 3, 4, 6)
]


def noise(dtype, channels, height=5, width=7):
    shape = (height, width) if channels == 1 else (height, width, channels)
    if np.dtype(dtype).kind == "f":
        return RNG.normal(size=shape).astype(dtype)
    if dtype == "bool":
        return RNG.random(shape) > 0.5
    limits = np.iinfo(dtype)
    return RNG.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize(("suffix", "dtype", "channels"), EVERY)
def test_round_trip(tmp_path, suffix, dtype, channels):
    path = tmp_path / f"picture{suffix}"
    picture = noise(dtype, channels)
    if suffix in (".jpg", ".jpeg"):
        picture = np.full_like(picture, 90)
        picture[:, 4:] = 180
    write_image(path, picture)
    read = read_image(path)
    assert read.dtype == picture.dtype
    assert read.shape == picture.shape
    np.testing.assert_allclose(read.astype(float), picture.astype(float), atol=12 if suffix in (".jpg", ".jpeg") else 0)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".npy"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 4, 3), (2, 3, 2), (1, 1, 3), (4, 4, 4)])
def test_round_trip_of_sizes_that_look_like_channels(tmp_path, suffix, shape):
    picture = np.arange(np.prod(shape), dtype="uint8").reshape(shape)
    write_image(tmp_path / f"x{suffix}", picture)
    np.testing.assert_array_equal(read_image(tmp_path / f"x{suffix}"), picture)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_one_channel_is_grey(tmp_path, suffix):
    write_image(tmp_path / f"x{suffix}", np.full((4, 5, 1), 9, "uint8"))
    assert read_image(tmp_path / f"x{suffix}").shape == (4, 5)


def test_foreign_byte_order_and_strides(tmp_path):
    picture = noise("uint16", 3)
    write_image(tmp_path / "x.tif", picture.astype(">u2")[::-1, ::2])
    np.testing.assert_array_equal(read_image(tmp_path / "x.tif"), picture[::-1, ::2])


def test_upper_case_extension(tmp_path):
    write_image(tmp_path / "X.PNG", np.zeros((2, 2), "uint8"))
    assert read_image(tmp_path / "X.PNG").shape == (2, 2)


def test_photo_is_turned_upright(tmp_path):
    stored = np.zeros((20, 30), "uint8")
    stored[:, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was on its side: turn clockwise to show
    Image.fromarray(stored).save(tmp_path / "x.jpg", exif=exif, quality=95)
    shown = read_image(tmp_path / "x.jpg")
    np.testing.assert_allclose(shown.astype(int), np.rot90(stored, -1).astype(int), atol=12)


@pytest.mark.parametrize(("transparency", "channels"), [(None, 3), (1, 4)])
def test_palette_becomes_colours(tmp_path, transparency, channels):
    picture = Image.fromarray(np.array([[0, 1], [1, 0]], "uint8"), "L").convert("P")
    picture.putpalette([10, 20, 30, 40, 50, 60])
    options = {} if transparency is None else {"transparency": transparency}
    picture.putdata([0, 1, 1, 0])
    picture.save(tmp_path / "x.png", **options)
    read = read_image(tmp_path / "x.png")
    assert read.shape == (2, 2, channels)
    assert read[0, 0, :3].tolist() == [10, 20, 30]
    assert read[0, 1, :3].tolist() == [40, 50, 60]
    if channels == 4:
        assert read[..., 3].tolist() == [[255, 0], [0, 255]]


def test_other_kinds_of_png_and_jpeg(tmp_path):
    Image.fromarray(np.eye(3, dtype=bool)).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(read_image(tmp_path / "bits.png"), np.eye(3, dtype="uint8") * 255)
    Image.fromarray(np.array([[5, 6]], "uint8")).save(tmp_path / "grey.png", transparency=6)
    assert read_image(tmp_path / "grey.png").tolist() == [[[5, 255], [6, 0]]]
    Image.new("CMYK", (4, 4), (0, 0, 0, 0)).save(tmp_path / "print.jpg")
    assert read_image(tmp_path / "print.jpg").shape == (4, 4, 3)


def test_kinds_of_tiff(tmp_path):
    planes = noise("uint16", 3)
    tifffile.imwrite(tmp_path / "planar.tif", np.moveaxis(planes, -1, 0), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_image(tmp_path / "planar.tif"), planes)
    inverted = np.array([[0, 255]], "uint8")
    tifffile.imwrite(tmp_path / "inverted.tif", inverted, photometric="miniswhite")
    assert read_image(tmp_path / "inverted.tif").tolist() == [[255, 0]]
    colours = np.zeros((3, 256), "uint16")
    colours[:, 1] = 0x1234, 0x5678, 0x9ABC
    tifffile.imwrite(tmp_path / "palette.tif", np.array([[0, 1]], "uint8"), photometric="palette", colormap=colours)
    assert read_image(tmp_path / "palette.tif").tolist() == [[[0, 0, 0], [0x12, 0x56, 0x9A]]]
    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 4, 5), "uint8"), photometric="minisblack")
    with pytest.raises(ValueError, match=r"stack\.tif: .*expected one picture"):
        read_image(tmp_path / "stack.tif")


def test_sixteen_bit_colour_png_is_refused_not_truncated(tmp_path):
    path = tmp_path / "deep.png"
    # The first bytes of such a file: signature, header chunk, width, height, bit depth 16, colour type 2.
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x10\2\0\0\0")
    with pytest.raises(ValueError, match=r"deep\.png: .*16 bits per channel.*\.tif"):
        read_image(path)


def test_bad_files_to_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.png: there is no such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(ValueError, match=r"x\.gif: unknown extension '\.gif'; expected one of " + ", ".join(SUFFIXES)):
        read_image(tmp_path / "x.gif")
    with pytest.raises(ValueError, match="photo: no extension; expected one of"):
        read_image(tmp_path / "photo")
    for suffix in SUFFIXES:
        path = tmp_path / f"damaged{suffix}"
        path.write_bytes(b"nothing of the kind")
        with pytest.raises(ValueError, match=rf"damaged\{suffix}: cannot be read: [^<]*$"):
            read_image(path)
        path.write_bytes(b"")
        with pytest.raises(ValueError, match=rf"damaged\{suffix}: cannot be read: "):
            read_image(path)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ValueError, match=r"folder\.png: .*it is a folder"):
        read_image(tmp_path / "folder.png")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_truncated_file(tmp_path, suffix):
    path = tmp_path / f"cut{suffix}"
    write_image(path, noise("uint8", 3, 60, 80))
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(ValueError, match=rf"cut\{suffix}: cannot be read: "):
        read_image(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read and write everything")
def test_permissions(tmp_path):
    path = tmp_path / "x.png"
    write_image(path, np.zeros((2, 2), "uint8"))
    path.chmod(0)
    with pytest.raises(PermissionError, match=r"x\.png: the file may not be read"):
        read_image(path)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match=r"y\.png: the folder .* may not be written to"):
            check_output(tmp_path / "y.png")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "array",
    [np.zeros(3), np.zeros((2, 2, 2, 2)), np.zeros((0, 4)), np.zeros((2, 2), complex), np.array([["a"]])],
    ids=["1-D", "4-D", "empty", "complex", "text"],
)
def test_arrays_that_are_no_picture(tmp_path, array):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(ValueError, match=r"x\.npy: expected (a picture|real numbers)"):
        read_image(tmp_path / "x.npy")


def test_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "x.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"x\.npy: cannot be read: .*allow_pickle"):
        read_array(tmp_path / "x.npy")


def test_read_array(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(24.0).reshape(1, 2, 3, 4))
    np.testing.assert_array_equal(read_array(tmp_path / "x.npy"), np.arange(24.0).reshape(1, 2, 3, 4))
    with pytest.raises(ValueError, match=r"x\.png: expected a \.npy file"):
        read_array(tmp_path / "x.png")


@pytest.mark.parametrize(
    ("name", "dtype", "channels", "advice"),
    [
        ("x.png", "float32", 3, r"use \.tif or \.npy"),
        ("x.jpg", "float32", 1, r"use \.tif or \.npy"),
        ("x.jpg", "uint8", 4, r"use \.png or \.tif or \.npy"),
        ("x.jpg", "uint16", 1, r"use \.png or \.tif or \.npy"),
        ("x.png", "uint16", 3, r"use \.tif or \.npy"),
        ("x.png", "uint8", 5, r"use \.tif or \.npy"),
        ("x.tif", "bool", 3, r"use \.npy"),
    ],
)
def test_pictures_that_a_format_cannot_hold(tmp_path, name, dtype, channels, advice):
    picture = noise(dtype, channels)
    with pytest.raises(
        ValueError, match=rf"{name}: \w+ cannot hold dtype {dtype} with {channels} channels?, only .*; {advice}"
    ):
        check_holds(tmp_path / name, picture)
    with pytest.raises(ValueError, match="cannot hold"):
        write_image(tmp_path / name, picture)
    assert not list(tmp_path.iterdir())


def test_bad_places_to_write(tmp_path):
    picture = np.zeros((2, 2), "uint8")
    with pytest.raises(FileNotFoundError, match=r"x\.png: there is no folder .*nowhere; create it first"):
        write_image(tmp_path / "nowhere" / "x.png", picture)
    with pytest.raises(ValueError, match=r"x\.webp: unknown extension"):
        write_image(tmp_path / "x.webp", picture)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ValueError, match="it is a folder"):
        write_image(tmp_path / "folder.png", picture)
    with pytest.raises(ValueError, match=r"x\.png: expected a picture"):
        write_image(tmp_path / "x.png", np.zeros((2, 0), "uint8"))


def test_a_file_that_is_there_stays_unless_told(tmp_path):
    path = tmp_path / "x.png"
    write_image(path, np.zeros((2, 2), "uint8"))
    with pytest.raises(FileExistsError, match=r"x\.png: there is such a file already"):
        write_image(path, np.ones((2, 2), "uint8"))
    assert read_image(path).max() == 0
    write_image(path, np.ones((2, 2), "uint8"), overwrite=True)
    assert read_image(path).min() == 1
    assert [file.name for file in tmp_path.iterdir()] == ["x.png"]


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("broken"),
        KeyboardInterrupt(),
        OSError(28, "No space left on device"),
        OSError("4 requested and 0 written"),  # NumPy's
    ],
)
def test_a_failed_write_changes_nothing(tmp_path, monkeypatch, failure):
    path = tmp_path / "x.npy"
    path.write_bytes(b"before")

    def write_half(file: io.BufferedWriter, *_args, **_options):
        file.write(b"half of")
        raise failure

    monkeypatch.setattr(_codecs.np.lib.format, "write_array", write_half)
    with pytest.raises(type(failure)) as caught:
        write_image(path, np.zeros((2, 2)), overwrite=True)
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["x.npy"]
    if isinstance(failure, OSError):
        assert str(path) in str(caught.value)


def test_replacing_keeps_permissions_and_links(tmp_path):
    real, link = tmp_path / "real.npy", tmp_path / "link.npy"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link.symlink_to(real)
    with replacing(link) as file:
        file.write(b"new")
        assert real.read_bytes() == b"old"
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    with replacing(tmp_path / "other.npy"):
        pass
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    assert (tmp_path / "other.npy").stat().st_mode == ordinary.stat().st_mode
