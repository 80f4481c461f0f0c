"""The command line tool: pictures come out right, and every mistake is one line that names it."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import gridsample
from gridsample._grid_sample import MODES, PADDING_MODES
from gridsample._modes import BOUNDARIES, KERNELS
from gridsample.cli import commands
from gridsample.cli.commands import app
from gridsample.files.images import read_image, write_image

RNG = np.random.default_rng(3)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def warp(tmp_path):
    """Warp an array with the given options and return the picture that comes out."""

    def warp(picture, *options, suffix=".npy"):
        write_image(tmp_path / f"in{suffix}", picture, overwrite=True)
        result = run("warp", tmp_path / f"in{suffix}", *options, "-o", tmp_path / f"out{suffix}", "--force")
        assert result.exit_code == 0, result.output
        return read_image(tmp_path / f"out{suffix}")

    return warp


def blob(shape, x, y):
    """Return a soft dot at (x, y) pixels from the centre, to the right and down."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    squared = (columns - (shape[1] - 1) / 2 - x) ** 2 + (rows - (shape[0] - 1) / 2 - y) ** 2
    return np.exp(-squared / 2 / 1.5**2).astype("float32")


def centre_of(picture):
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    height, width = picture.shape
    weights = picture / picture.sum()
    return (weights * (columns - (width - 1) / 2)).sum(), (weights * (rows - (height - 1) / 2)).sum()


# Geometry


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "mitchell"])  # which smooths
@pytest.mark.parametrize("padding", PADDING_MODES)
def test_no_options_change_nothing(warp, mode, padding):
    picture = RNG.integers(0, 256, (5, 8, 3), "uint8")
    np.testing.assert_array_equal(warp(picture, "--mode", mode, "--padding", padding, suffix=".png"), picture)


@pytest.mark.parametrize(("degrees", "turns", "size"), [(90, 1, "5x3"), (-90, -1, "5x3"), (180, 2, "3x5"), (450, 1, "5x3")])
@pytest.mark.parametrize("align", ["--align-corners", "--no-align-corners"])
def test_rotation_is_counter_clockwise(warp, degrees, turns, size, align):
    picture = np.arange(15, dtype="uint16").reshape(3, 5)
    np.testing.assert_array_equal(warp(picture, "--rotate", degrees, "--size", size, align), np.rot90(picture, turns))


def test_pixels_stay_square_in_pictures_that_are_not(warp):
    turned = warp(blob((41, 81), 12, 0), "--rotate", 30, "--mode", "bicubic")
    expected = 12 * np.cos(np.radians(30)), -12 * np.sin(np.radians(30))  # up is negative
    np.testing.assert_allclose(centre_of(turned), expected, atol=0.01)
    np.testing.assert_allclose(turned.sum(), blob((41, 81), 12, 0).sum(), rtol=1e-3)


def test_scale_magnifies(warp):
    larger = warp(blob((41, 81), 8, -3), "--scale", 1.5, "--mode", "bicubic")
    np.testing.assert_allclose(centre_of(larger), (12, -4.5), atol=0.01)
    np.testing.assert_allclose(larger.sum(), blob((41, 81), 0, 0).sum() * 1.5**2, rtol=1e-3)


def test_translation_is_in_output_pixels_and_comes_last(warp):
    picture = RNG.random((6, 7)).astype("float32")
    moved = warp(picture, "--translate", "2,-1")
    np.testing.assert_allclose(moved[:-1, 2:], picture[1:, :-2], atol=1e-6)
    np.testing.assert_allclose(moved[-1], 0, atol=1e-12)
    np.testing.assert_allclose(moved[:, :2], 0, atol=1e-12)
    np.testing.assert_allclose(
        centre_of(warp(blob((61, 61), 5, 0), "--rotate", 90, "--scale", 2, "--translate=-4,3.5")), (-4, -6.5), atol=0.01
    )


def test_size_is_a_frame_about_the_same_centre(warp):
    picture = RNG.integers(0, 256, (6, 8), "uint8")
    np.testing.assert_array_equal(warp(picture, "--size", "4x4"), picture[1:-1, 2:-2])
    np.testing.assert_array_equal(warp(picture, "--size", "8x10", "--padding", "border"), np.pad(picture, 1, "edge"))


@pytest.mark.parametrize(("align", "pad"), [("--no-align-corners", "symmetric"), ("--align-corners", "reflect")])
def test_align_corners_chooses_the_mirror(warp, align, pad):
    picture = RNG.integers(0, 256, (6, 8), "uint8")
    wide = warp(picture, "--size", "10x12", "--padding", "reflection", align)
    np.testing.assert_array_equal(wide, np.pad(picture, 2, pad))


def test_every_boundary_is_a_padding(warp):
    picture = RNG.integers(0, 256, (6, 8), "uint8")
    for padding, pad in (("wrap", "wrap"), ("reflection_center", "reflect"), ("reflection_edge", "symmetric")):
        np.testing.assert_array_equal(warp(picture, "--size", "10x12", "--padding", padding), np.pad(picture, 2, pad))
    filled = warp(picture, "--size", "10x12", "--padding", "constant", "--fill", 200)
    np.testing.assert_array_equal(filled, np.pad(picture, 2, constant_values=200))


def test_one_pixel(warp):
    for align in ("--align-corners", "--no-align-corners"):
        assert warp(np.array([[7]], "uint8"), "--rotate", 33, "--scale", 2, align).tolist() == [[7]]


@pytest.mark.parametrize("leading", [(), (1,)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("align", [False, True])
def test_grid(warp, tmp_path, leading, dtype, align):
    picture = RNG.random((5, 6, 2)).astype("float32")
    grid = RNG.uniform(-1.2, 1.2, (*leading, 4, 3, 2)).astype(dtype)
    np.save(tmp_path / "grid.npy", grid)
    read = warp(picture, "--grid", tmp_path / "grid.npy", "--align-corners" if align else "--no-align-corners")
    positions = grid.reshape(1, 4, 3, 2).astype("float64" if dtype == "float64" else "float32")
    wanted = gridsample.grid_sample(picture.transpose(2, 0, 1)[None], positions, align_corners=align)
    np.testing.assert_array_equal(read, wanted[0].transpose(1, 2, 0))


@pytest.mark.parametrize("leading", [(), (1,)])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_volume(tmp_path, leading, channels, dtype, mode):
    volume = (RNG.random((4, 5, 6, *channels)) * 255).astype(dtype)
    grid = RNG.uniform(-1.2, 1.2, (*leading, 2, 3, 7, 3)).astype("float32")
    np.save(tmp_path / "volume.npy", volume)
    np.save(tmp_path / "grid.npy", grid)
    result = run(
        *("warp", tmp_path / "volume.npy", "--grid", tmp_path / "grid.npy", "-o", tmp_path / "out.npy", "--mode", mode),
    )
    assert result.exit_code == 0, result.output
    count = f", {channels[0]} channel{'s' * (channels[0] > 1)}" if channels else ""
    assert f"volume.npy (4 x 5 x 6 volume{count}, {dtype}) -> " in result.stdout
    assert f"out.npy (2 x 3 x 7 volume{count}, {dtype}), {mode}" in result.stdout
    planes = np.moveaxis(volume.reshape(1, 4, 5, 6, -1), -1, 1).astype("float32")
    wanted = np.moveaxis(gridsample.grid_sample(planes, grid.reshape(1, 2, 3, 7, 3), mode)[0], 0, -1)
    wanted = (wanted.clip(0, 255).round() if dtype == "uint8" else wanted).astype(dtype)
    found = np.load(tmp_path / "out.npy")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, wanted.reshape(2, 3, 7, *channels))


def test_volumes_are_arrays_in_npy_files(tmp_path):
    np.save(tmp_path / "volume.npy", np.zeros((4, 5, 6)))
    np.save(tmp_path / "plane.npy", np.zeros((4, 5)))
    np.save(tmp_path / "grid.npy", np.zeros((2, 3, 4, 3)))
    write_image(tmp_path / "photo.png", np.zeros((4, 6, 3), "uint8"))
    for picture, out, words in (
        ("volume.npy", "out.tif", ["out.tif: expected a .npy file", "volume"]),
        ("photo.png", "out.npy", ["photo.png: expected a .npy file", "volume"]),
        ("plane.npy", "out.npy", ["plane.npy: expected a volume", "(4, 5)"]),
        ("volume.npy", "grid.npy", ["grid.npy: there is such a file already", "--force"]),
    ):
        result = run("warp", tmp_path / picture, "--grid", tmp_path / "grid.npy", "-o", tmp_path / out)
        assert_error(result, 1, *words)


def test_without_such_a_grid_npy_files_are_pictures(tmp_path):
    np.save(tmp_path / "volume.npy", np.zeros((4, 5, 6)))
    result = run("warp", tmp_path / "volume.npy", "--rotate", 90, "-o", tmp_path / "out.npy")
    assert "volume.npy (4 x 5, 6 channels, float64) -> " in result.stdout


@pytest.mark.parametrize("first", [False, True], ids=["last", "first"])
def test_flow(warp, tmp_path, first):
    picture = RNG.integers(0, 256, (5, 6), "uint8")
    flow = np.zeros((5, 6, 2), "float32")
    flow[..., 0], flow[..., 1] = 2, -1  # each output pixel reads two to the right of it and one above
    np.save(tmp_path / "flow.npy", np.moveaxis(flow, -1, 0) if first else flow)
    read = warp(picture, "--flow", tmp_path / "flow.npy")
    np.testing.assert_array_equal(read[1:, :-2], picture[:-1, 2:])
    assert not read[0].any()


# Values


@pytest.mark.parametrize(
    ("suffix", "dtype", "channels"),
    [
        (".png", "uint8", 4),
        (".png", "uint16", 1),
        (".tif", "uint16", 3),
        (".tif", "float32", 1),
        (".tif", "int32", 2),
        (".npy", "bool", 3),
        (".npy", "int8", 7),
        (".npy", "float16", 1),
        (".npy", "int64", 1),
        (".npy", "uint64", 1),
        (".npy", "float64", 2),
    ],
)
def test_dtype_and_channels_are_kept(warp, suffix, dtype, channels):
    picture = (RNG.random((6, 7, channels)) * 100).astype(dtype)
    picture = picture[..., 0] if channels == 1 else picture
    turned = warp(picture, "--rotate", 180, suffix=suffix)
    assert turned.dtype == picture.dtype
    # The sine of 180 degrees is not quite 0, which a float64 can tell.
    np.testing.assert_allclose(turned, picture[::-1, ::-1], rtol=1e-12 if dtype == "float64" else 0)


def test_whole_numbers_round_half_to_even(warp):
    assert warp(np.array([[0, 1, 2, 3]], "uint8"), "--translate=-0.5,0").tolist() == [[0, 2, 2, 2]]


def test_overshoot_saturates(warp):
    for dtype in ("uint8", "uint16", "int16"):
        limits = np.iinfo(dtype)
        step = np.repeat(np.array([[limits.min, limits.max]], dtype), 8, axis=1)
        shifted = warp(step, "--translate", "0.5,0", "--mode", "bicubic", "--padding", "border").astype(int)
        assert shifted.min() == limits.min
        assert shifted.max() == limits.max
        assert (np.diff(shifted[0]) >= 0).all()


def test_numbers_that_no_float_holds_are_refused(tmp_path):
    np.save(tmp_path / "x.npy", np.array([[2**60]]))
    assert_error(run("warp", tmp_path / "x.npy", "-o", tmp_path / "y.npy"), 1, "2**53", "int64")


# Messages


def assert_error(result, code, *words):
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    message = result.stderr.strip()
    assert message.startswith("error: ")
    assert "\n" not in message
    assert "Traceback" not in message
    for word in words:
        assert str(word) in message


def test_one_line_says_what_was_done(tmp_path):
    write_image(tmp_path / "in.png", np.zeros((4, 6, 3), "uint8"))
    result = run("warp", tmp_path / "in.png", "-o", tmp_path / "out.tif", "--mode", "cubic", "--threads", 1)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1
    for word in (
        "in.png (4 x 6, 3 channels, uint8) -> ",
        "out.tif (4 x 6, 3 channels, uint8), ",
        "cubic",
        "zeros",
        "sampled in",
        " ms",
    ):
        assert word in result.stdout


def test_threads(tmp_path):
    before = gridsample.get_num_threads()
    write_image(tmp_path / "in.png", np.zeros((4, 6), "uint8"))
    try:
        assert run("warp", tmp_path / "in.png", "-o", tmp_path / "out.png", "--threads", 1).exit_code == 0
        assert gridsample.get_num_threads() == 1
    finally:
        gridsample.set_num_threads(before)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--mode", "bicubi"], ["--mode", "did you mean 'bicubic'?", *MODES]),
        (["--padding", "mirror"], ["--padding", "'mirror'", *PADDING_MODES]),
        (["--size", "10"], ["--size", "HxW", "'10'"]),
        (["--size", "0x4"], ["--size", "'0x4'"]),
        (["--translate", "3"], ["--translate", "DX,DY", "'3'"]),
        (["--translate", "3,up"], ["--translate", "DX,DY", "'3,up'"]),
        (["--translate", "nan,0"], ["--translate", "finite"]),
        (["--size", "1234567890x4"], ["--size", "up to 9 digits", "'1234567890x4'"]),
        (["--rotate", "much"], ["--rotate", "expected a number", "'much'"]),
        (["--rotate", "inf"], ["--rotate", "finite", "got inf, 1, 0,0"]),
        (["--scale", "0"], ["--scale", "above 0"]),
        (["--scale", "-2"], ["--scale", "above 0"]),
        (["--threads", "0"], ["--threads", "1 to 1024", "'0'"]),
        (["--threads", "100000"], ["--threads", "1 to 1024", "'100000'"]),
        (["--threads", "some"], ["--threads", "1 to 1024", "'some'"]),
        (["--fill", "white"], ["--fill", "expected a number", "'white'"]),
        (["--fill", "3"], ["--fill", "--padding constant"]),
        (["--grid", "g.npy", "--flow", "f.npy"], ["--grid", "--flow", "one of them"]),
        (["--grid", "g.npy", "--rotate", "3"], ["--grid", "leave out", "--rotate"]),
        (["--flow", "f.npy", "--size", "3x3"], ["--flow", "leave out", "--size"]),
        (["--rotat", "3"], ["--rotat", "warp --help"]),
    ],
)
def test_usage_errors(tmp_path, options, words):
    assert_error(run("warp", tmp_path / "none.png", "-o", tmp_path / "out.png", *options), 2, *words)


def test_missing_arguments_and_unknown_commands():
    assert_error(run("warp"), 2, "PICTURE")
    assert_error(run("warp", "in.png"), 2, "--output")
    assert_error(run("wrap"), 2, "wrap")
    assert_error(run("demo", "-o", "demo.jpg"), 2, "--output", ".png", "demo.jpg")


def test_file_errors(tmp_path):
    picture, out = tmp_path / "in.png", tmp_path / "out.png"
    write_image(picture, np.zeros((4, 6, 3), "uint8"))
    assert_error(run("warp", tmp_path / "none.png", "-o", out), 1, "none.png", "no such file")
    assert_error(run("warp", tmp_path / "in.bmp", "-o", out), 1, "in.bmp", ".png, .jpg, .jpeg, .tif, .tiff, .npy")
    assert_error(run("warp", picture, "-o", tmp_path / "out.gif"), 1, "out.gif", ".png")
    assert_error(run("warp", picture, "-o", tmp_path / "no" / "out.png"), 1, "no", "create it first")
    assert_error(run("warp", picture, "-o", picture), 1, "in.png", "there is such a file already", "--force")
    assert_error(run("warp", picture, "-o", out, "--grid", tmp_path / "no.npy"), 1, "no.npy", "no such file")
    write_image(tmp_path / "float.npy", np.zeros((4, 6)))
    assert_error(run("warp", tmp_path / "float.npy", "-o", tmp_path / "out.jpg"), 1, "out.jpg", "float64", "use .tif or .npy")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["float.npy", "in.png"]


@pytest.mark.parametrize("option", ["--grid", "--flow"])
@pytest.mark.parametrize(
    "array", [np.zeros((4, 6)), np.zeros((4, 6, 3)), np.zeros((2, 4, 6, 2)), np.zeros((4, 6, 2), complex), np.zeros((0, 6, 2))]
)
def test_bad_grids_and_flows(tmp_path, option, array):
    write_image(tmp_path / "in.png", np.zeros((4, 6, 3), "uint8"))
    np.save(tmp_path / "where.npy", array)
    result = run("warp", tmp_path / "in.png", "-o", tmp_path / "out.png", option, tmp_path / "where.npy")
    assert_error(result, 1, "where.npy", f"expected a {option[2:]}", array.shape, array.dtype)


def test_fill_that_the_picture_cannot_hold(tmp_path):
    write_image(tmp_path / "in.png", np.zeros((4, 6, 3), "uint8"))
    result = run("warp", tmp_path / "in.png", "-o", tmp_path / "out.png", "--padding", "constant", "--fill", 300)
    assert_error(result, 1, "--fill", "0 to 255", "uint8", "got 300")


def test_flow_of_another_size(tmp_path):
    write_image(tmp_path / "in.png", np.zeros((4, 6, 3), "uint8"))
    np.save(tmp_path / "flow.npy", np.zeros((6, 4, 2)))
    result = run("warp", tmp_path / "in.png", "-o", tmp_path / "out.png", "--flow", tmp_path / "flow.npy")
    assert_error(result, 1, "flow.npy", "(4, 6, 2)", "(6, 4, 2)")


def test_more_memory_than_there_is(tmp_path, monkeypatch):
    def full(*_):
        raise MemoryError("Unable to allocate 7.28 TiB")

    write_image(tmp_path / "in.png", np.zeros((4, 6, 3), "uint8"))
    monkeypatch.setattr(commands, "affine_positions", full)
    result = run("warp", tmp_path / "in.png", "-o", tmp_path / "out.png", "--size", "1000000x1000000")
    assert_error(result, 1, "--size: 1000000x1000000", "memory", "smaller")


@pytest.mark.parametrize(
    ("option", "array", "share", "advice"),
    [
        ("--grid", np.full((4, 6, 2), 3.0), "100%", "--flow"),  # a flow
        ("--grid", np.full((4, 6, 2), np.nan), "100%", "from -1 to 1"),
        ("--grid", np.repeat([[[0.5], [1.5], [1.5]]], 2, axis=-1), "67%", "x first"),
        ("--grid", np.repeat([[[0.5], [1.5]]], 2, axis=-1), None, None),
        ("--flow", np.full((4, 6, 2), 3.0), "88%", "pixels"),
        ("--flow", np.full((4, 6, 2), 1.0), None, None),
    ],
)
def test_note_that_little_is_inside(tmp_path, option, array, share, advice):
    write_image(tmp_path / "in.png", np.zeros((4, 6, 3), "uint8"))
    np.save(tmp_path / "where.npy", array)
    result = run("warp", tmp_path / "in.png", "-o", tmp_path / "out.png", option, tmp_path / "where.npy")
    assert result.exit_code == 0
    if share is None:
        assert result.stderr == ""
    else:
        assert result.stderr.startswith(f"note: {share} of the positions of {tmp_path / 'where.npy'} are outside")
        assert advice in result.stderr
        assert result.stderr.count("\n") == 1


def test_force_replaces(tmp_path):
    path = tmp_path / "x.png"
    write_image(path, np.array([[1, 2]], "uint8"))
    assert run("warp", path, "-o", path, "--rotate", 180, "--force").exit_code == 0
    assert read_image(path).tolist() == [[2, 1]]


def test_interrupted(tmp_path, monkeypatch):
    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    write_image(tmp_path / "in.png", np.zeros((4, 6), "uint8"))
    monkeypatch.setattr(gridsample, "grid_sample", interrupt)
    result = run("warp", tmp_path / "in.png", "-o", tmp_path / "out.png")
    assert (result.exit_code, result.stderr.strip()) == (130, "interrupted")
    assert [file.name for file in tmp_path.iterdir()] == ["in.png"]


# Other commands


def test_info_shows_the_tables():
    result = run("info")
    assert result.exit_code == 0
    for word in (gridsample.__version__, np.__version__, gridsample.cpu_info()["isa"], *MODES, *KERNELS, *BOUNDARIES):
        assert word in result.stdout


def test_version_and_help():
    assert run("--version").stdout == f"gridsample {gridsample.__version__}\n"
    for arguments in ([], ["--help"]):
        result = run(*arguments)
        assert result.exit_code == 0
        for command in ("warp", "info", "demo"):
            assert command in result.stdout


def test_demo_offers_what_it_takes():
    result = run("demo", "--help")
    assert ".png" in result.stdout
    assert ".jpg" not in result.stdout


def test_demo(tmp_path):
    path = tmp_path / "demo.png"
    result = run("demo", "-o", path)
    assert result.exit_code == 0, result.output
    assert str(path) in result.stdout
    assert "sampled in" in result.stdout
    with Image.open(path) as sheet:
        assert sheet.size == (1290, 2022)
        assert len(np.unique(np.asarray(sheet))) > 200
    assert path.stat().st_size < 700_000
    assert_error(run("demo", "-o", path), 1, "demo.png", "--force")
