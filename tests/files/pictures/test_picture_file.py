"""Each kind of picture file against the pixels it was written from, by hand or by NumPy."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from lowres.errors import RequestTooLarge
from lowres.files.pictures.picture_file import (
    UNREADABLE,
    decode_picture,
    decode_sent_picture,
    picture_size,
    quiet_pillow,
    to_canvas,
)

WIDTH, HEIGHT = 12, 8


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def saved(folder, image, name="picture.png", **options):
    image.save(folder / name, **options)
    return folder / name


def decoded(path, fit="squash"):
    return decode_picture(path, picture_size(path), fit)


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp"])
def test_lossless_formats_keep_every_pixel(name, colours, tmp_path):
    options = {"lossless": True} if name.endswith("webp") else {}
    pixels = decoded(saved(tmp_path, Image.fromarray(colours), name, **options))
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, colours)


def test_jpeg_comes_close(tmp_path):
    smooth = np.indices((HEIGHT, WIDTH)).sum(0).astype(np.uint8)[..., None].repeat(3, 2) * 10
    pixels = decoded(saved(tmp_path, Image.fromarray(smooth), "a.jpg", quality=98))
    assert np.abs(pixels.astype(int) - smooth).max() <= 3


def test_a_palette_is_looked_up(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.putdata([0, 1]) if not hasattr(image, "putpixel") else image.putpixel((1, 0), 1)
    np.testing.assert_array_equal(decoded(saved(tmp_path, image)), [[[10, 20, 30], [200, 100, 0]]])


def test_a_transparent_palette_entry_becomes_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.putpixel((1, 0), 1)
    for name in ("a.png", "a.gif"):
        pixels = decoded(saved(tmp_path, image, name, transparency=1))
        np.testing.assert_array_equal(pixels, [[[10, 20, 30], [255, 255, 255]]])


def test_alpha_is_laid_over_white(tmp_path):
    rgba = np.array([[[100, 0, 200, 255], [100, 0, 200, 0], [100, 0, 200, 51]]], np.uint8)
    pixels = decoded(saved(tmp_path, Image.fromarray(rgba)))
    # 51 / 255 is a fifth: 0.2 * 100 + 0.8 * 255 = 224, 0.8 * 255 = 204, 0.2 * 200 + 0.8 * 255 = 244.
    np.testing.assert_array_equal(pixels, [[[100, 0, 200], [255, 255, 255], [224, 204, 244]]])


def test_grey_with_alpha(tmp_path):
    pixels = decoded(saved(tmp_path, Image.fromarray(np.array([[[9, 255], [9, 0]]], np.uint8), "LA")))
    np.testing.assert_array_equal(pixels, [[[9, 9, 9], [255, 255, 255]]])


def test_grey_and_black_and_white_get_three_channels(tmp_path):
    grey = np.array([[0, 7, 255]], np.uint8)
    np.testing.assert_array_equal(decoded(saved(tmp_path, Image.fromarray(grey))), grey[..., None].repeat(3, 2))
    bits = Image.fromarray(np.array([[0, 255, 255]], np.uint8)).convert("1")
    np.testing.assert_array_equal(decoded(saved(tmp_path, bits)), [[[0] * 3, [255] * 3, [255] * 3]])


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_sixteen_bit_grey_is_scaled_by_its_full_range(name, tmp_path):
    deep = np.array([[0, 257, 32768, 65535]], np.uint16)
    pixels = decoded(saved(tmp_path, Image.fromarray(deep), name))
    assert pixels[0, :, 0].tolist() == [0, 1, 128, 255]
    assert (pixels == pixels[..., :1]).all()


def test_cmyk_is_turned_into_light(tmp_path):
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = decoded(saved(tmp_path, ink, "a.tif"))
    assert red.reshape(-1, 3)[0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("orientation", "turned"),
    [
        (1, lambda a: a),
        (2, lambda a: a[:, ::-1]),
        (3, lambda a: a[::-1, ::-1]),
        (4, lambda a: a[::-1]),
        (5, lambda a: a.transpose(1, 0, 2)),
        (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda a: np.rot90(a)),
    ],
)
def test_exif_orientation_is_applied(orientation, turned, colours, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(colours), exif=exif)
    upright = turned(colours)
    assert picture_size(path) == (upright.shape[1], upright.shape[0])
    np.testing.assert_array_equal(decoded(path), upright)


def test_the_first_of_several_frames_is_taken(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = saved(tmp_path, frames[0], "a.gif", save_all=True, append_images=frames[1:])
    assert decoded(path)[0, 0].tolist() == [255, 0, 0]


def test_floating_point_and_32_bit_pixels_are_refused(tmp_path):
    path = saved(tmp_path, Image.fromarray(np.ones((2, 2), np.float32)), "a.tif")
    with pytest.raises(ValueError, match="floating-point numbers; save it with 8 or 16 bits"):
        decoded(path)
    path = saved(tmp_path, Image.fromarray(np.full((2, 2), 70_000, np.int32)), "b.tif")
    with pytest.raises(ValueError, match="its pixels have 32 bits; save it with 8 or 16"):
        decoded(path)


def test_squashing_crops_nothing_and_averages():
    halves = np.zeros((100, 400, 3), np.uint8)
    halves[:, 200:] = 200
    squashed = to_canvas(Image.fromarray(halves), (20, 20), "squash")
    assert squashed.shape == (20, 20, 3)
    assert (squashed[:, :8] == 0).all()
    assert (squashed[:, 12:] == 200).all()


def test_shrinking_is_antialiased():
    # Black and white columns a pixel wide: without a filter, every kept pixel would be black or white.
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    shrunk = to_canvas(Image.fromarray(stripes), (8, 8), "squash")
    assert np.abs(shrunk[:, 1:-1].astype(int) - 127).max() < 8


def test_cropping_takes_the_middle():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 250
    np.testing.assert_array_equal(to_canvas(Image.fromarray(wide), (10, 10), "crop"), np.full((10, 10, 3), 250))


def test_padding_keeps_the_shape_and_fills_with_the_mean():
    tall = np.zeros((20, 10, 3), np.uint8)
    tall[:10] = 200
    padded = to_canvas(Image.fromarray(tall), (20, 20), "pad")
    assert (padded[:, :5] == 100).all()
    assert (padded[:, 15:] == 100).all()
    np.testing.assert_array_equal(padded[:, 5:15], tall)


def test_padding_fits_a_canvas_that_is_no_square():
    striped = np.zeros((10, 10, 3), np.uint8)
    striped[:, ::2] = 100
    padded = to_canvas(Image.fromarray(striped), (30, 10), "pad")
    np.testing.assert_array_equal(padded[:, 10:20], striped)
    assert (padded[:, :10] == 50).all()
    assert (padded[:, 20:] == 50).all()


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (1, 1)])
def test_extreme_shapes_come_out_whole(fit, size):
    assert to_canvas(Image.new("RGB", size, "red"), (32, 24), fit).shape == (24, 32, 3)


def test_a_large_jpeg_is_decoded_small_and_stays_true(tmp_path):
    ramp = np.linspace(0, 255, 1600).astype(np.uint8)
    wide = np.broadcast_to(ramp[None, :, None], (1200, 1600, 3))
    path = saved(tmp_path, Image.fromarray(wide), "a.jpg", quality=95)
    pixels = decode_picture(path, (64, 48), "squash")
    expected = wide.reshape(48, 25, 64, 25, 3).mean((1, 3))
    assert np.abs(pixels - expected).max() < 4


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.gif", "a.tif", "a.webp", "a.bmp"])
def test_truncated_files_are_unreadable(name, tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    with quiet_pillow(), pytest.raises(UNREADABLE):
        decode_picture(cut(saved(tmp_path, noise, name)), (64, 64), "squash")


@pytest.mark.parametrize("content", [b"", b"this is text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_files_that_are_no_pictures_are_unreadable(content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UNREADABLE):
        decode_picture(tmp_path / "a.png", (8, 8), "squash")
    with pytest.raises(UNREADABLE):
        picture_size(tmp_path / "a.png")


def test_every_way_of_harming_a_picture_is_a_picture_or_unreadable(colours, tmp_path):
    """Anything else would end a study with a stack trace instead of the file's name."""
    random = np.random.default_rng(3)
    for name in ("PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"):
        stream = io.BytesIO()
        Image.fromarray(colours).save(stream, name)
        for _ in range(60):
            content = bytearray(stream.getvalue())
            for place in random.integers(0, len(content), 3):
                content[place] = random.integers(0, 256)
            (tmp_path / "a").write_bytes(content)
            with quiet_pillow():
                try:
                    assert decode_picture(tmp_path / "a", (8, 8), "squash").shape == (8, 8, 3)
                except UNREADABLE:
                    continue


def test_an_immense_picture_is_read_quietly_and_a_bomb_is_refused(tmp_path, monkeypatch):
    path = saved(tmp_path, Image.new("L", (100, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 6_000)
    with pytest.raises(Image.DecompressionBombWarning):
        decoded(path)
    with quiet_pillow():
        assert decoded(path).shape == (100, 100, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000)
    with quiet_pillow(), pytest.raises(UNREADABLE, match="decompression bomb"):
        decoded(path)


def test_other_warnings_are_heard_again_afterwards():
    with quiet_pillow():
        pass
    with pytest.raises(Image.DecompressionBombWarning):
        warnings.warn("large", Image.DecompressionBombWarning, stacklevel=1)


def test_sent_bytes_become_what_their_file_becomes(colours, tmp_path):
    for name, options in (("a.png", {}), ("a.jpg", {"quality": 90}), ("a.gif", {})):
        path = saved(tmp_path, Image.fromarray(colours), name, **options)
        sent, size = decode_sent_picture(path.read_bytes(), (6, 6), "crop", WIDTH * HEIGHT)
        assert size == picture_size(path)
        np.testing.assert_array_equal(sent, decode_picture(path, (6, 6), "crop"))


def test_sent_pictures_of_too_many_pixels_are_not_decoded(colours, tmp_path):
    content = saved(tmp_path, Image.fromarray(colours)).read_bytes()
    with pytest.raises(
        RequestTooLarge, match=f"at most {WIDTH * HEIGHT - 1} pixels, got {WIDTH} x {HEIGHT} in its header"
    ):
        decode_sent_picture(content[:60], (6, 6), "squash", WIDTH * HEIGHT - 1)


def test_other_kinds_are_not_tried(colours, tmp_path):
    content = saved(tmp_path, Image.fromarray(colours), "a.ppm").read_bytes()
    with pytest.raises(UNREADABLE, match="cannot identify image file"):
        decode_sent_picture(content, (6, 6), "squash", 1000)
