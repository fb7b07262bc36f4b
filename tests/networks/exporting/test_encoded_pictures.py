"""Whole files become the pixels that lowres itself decodes, whatever their kind, size and transparency."""

import io

import numpy as np
import pytest
from PIL import Image

from lowres.files.pictures.picture_file import decode_picture

SIZE = (10, 14)


@pytest.fixture(scope="module")
def decode():
    """Decode one file's bytes by the graph."""
    import tensorflow

    from lowres.networks.exporting.encoded_pictures import decoded_pictures

    return lambda content, fit: decoded_pictures(tensorflow.constant([content]), SIZE, fit).numpy()[0]


def picture(width, height, mode="RGB"):
    """Soft blobs of colour, as photographs have, and not noise, of which JPEG keeps nothing."""
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / 3 + shift) + np.cos(columns / 4 - shift) for shift in range(4)]
    pixels = np.stack(waves, axis=-1)[..., : len(Image.new(mode, (1, 1)).getbands())]
    return Image.fromarray(np.rint(60 * pixels + 127).astype(np.uint8).squeeze())


def encoded(image, kind):
    stream = io.BytesIO()
    image.save(stream, kind, **({"quality": 95} if kind == "jpeg" else {}))
    return stream.getvalue()


@pytest.mark.parametrize("fit", ["squash", "crop", "pad"])
@pytest.mark.parametrize(
    ("width", "height", "mode", "kind"),
    [
        (14, 10, "RGB", "png"),
        (14, 10, "RGB", "jpeg"),
        (31, 17, "RGB", "png"),
        (9, 20, "RGBA", "png"),
        (20, 20, "L", "png"),
        (33, 21, "L", "jpeg"),
    ],
)
def test_the_graph_reads_files_as_lowres_does(decode, tmp_path, fit, width, height, mode, kind):
    content = encoded(picture(width, height, mode), kind)
    (tmp_path / "picture").write_bytes(content)
    expected = decode_picture(tmp_path / "picture", SIZE[::-1], fit).astype(int)
    found = decode(content, fit).astype(int)
    assert found.shape == (*SIZE, 3)
    # Pillow rounds after rows and again after columns; at one size nothing is resampled and nothing may differ.
    assert np.abs(found - expected).max() <= (0 if (width, height) == SIZE[::-1] else 2)
